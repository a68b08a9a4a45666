"""Three accounts in five Regions in one list, some denied or out of reach, seen from outside."""

from __future__ import annotations

import json

import boto3
import pytest

from kmstui.cli import run
from kmstui.demo import EmbeddedOptions
from kmstui.demo.world.elsewhere import ANALYTICS, DENIED_REGION, REGIONS
from tests.control import ControlledKms
from tests.scripting.bench import Outcome

PROFILES = ("workshop", "analytics", "sandbox")
UNREACHABLE = "us-west-2"


@pytest.fixture(scope="module")
def everywhere():
    with ControlledKms.start(EmbeddedOptions(elsewhere=True)) as server:
        yield server


@pytest.fixture
def profiles(everywhere, tmp_path):
    path = tmp_path / "aws-config"
    everywhere.write_profiles(path)
    return path


@pytest.fixture
def kms(everywhere, profiles, monkeypatch):
    """KMS of an account in a Region, as any other program has it."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(profiles))

    def client(profile, region):
        session = boto3.Session(profile_name=profile, region_name=region)
        return session.client("kms", endpoint_url=everywhere.endpoint_url)

    return client


def key_of(client, alias):
    return client.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]


def test_a_tag_and_a_policy_are_changed_across_accounts_and_regions(
    start, everywhere, profiles, kms
):
    everywhere.control.fault("close", "kms:ListKeys", region=UNREACHABLE)
    env = {"AWS_ENDPOINT_URL": everywhere.endpoint_url, "AWS_CONFIG_FILE": str(profiles)}
    terminal = start(
        "--profile", ",".join(PROFILES), "--region", ",".join(REGIONS),
        env=env, columns=160, rows=45,
    )  # fmt: skip
    terminal.wait_for("3 accounts · 5 Regions")
    terminal.wait_for(f" {UNREACHABLE}: No connection on kms:ListKeys")
    terminal.wait_for("1 more: see W.")
    terminal.send("!")
    terminal.wait_for(f" {DENIED_REGION}: AccessDenied on kms:ListKeys")
    terminal.send("escape")
    terminal.send("/", "alias:app region:us-east-1", "enter")
    terminal.wait_for("3 of ")
    terminal.send("*")
    terminal.wait_for("3 marked")
    terminal.send("t", "owner=me", "enter")
    terminal.wait_for("3 keys of 3 will change")
    terminal.send("enter")
    terminal.wait_for("3 keys: 3 done.")
    terminal.send("escape")
    for profile in PROFILES:
        there, elsewhere = kms(profile, "us-east-1"), kms(profile, "eu-central-1")
        tags = there.list_resource_tags(KeyId=key_of(there, "alias/app"))["Tags"]
        assert {"TagKey": "owner", "TagValue": "me"} in tags
        others = elsewhere.list_resource_tags(KeyId=key_of(elsewhere, "alias/app"))
        assert "owner" not in json.dumps(others)

    terminal.send("*", "/", "ctrl+u", "alias:logs account:530184227963 region:eu-central-1")
    terminal.send("enter")
    terminal.wait_for("1 of ")
    terminal.send("e")
    terminal.wait_for("Ctrl-s Review")
    terminal.wait_for('"Enable IAM User Permissions"')
    terminal.send(*["down"] * 5, "end", "left", "left", " Mine", "ctrl+s")
    # The review says whose key it is.
    terminal.wait_for("Review alias/logs, 530184227963 eu-central-1")
    terminal.wait_for("After this save")
    terminal.send("y")
    analytics = kms("analytics", "eu-central-1")
    key_id = key_of(analytics, "alias/logs")
    terminal.wait_for(
        lambda _: 'Mine"' in analytics.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]
    )
    other = kms("workshop", "eu-central-1")
    stored = other.get_key_policy(KeyId=key_of(other, "alias/logs"), PolicyName="default")
    assert 'Mine"' not in stored["Policy"]


@pytest.fixture
def kmstui(everywhere, profiles, tmp_path, monkeypatch, capsys):
    """Runs a command over the analytics and sandbox accounts, as a shell does."""
    (tmp_path / "config.toml").touch()
    monkeypatch.setenv("KMSTUI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("KMSTUI_STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", everywhere.endpoint_url)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(profiles))
    everywhere.control.reset()

    def begin(*arguments):
        capsys.readouterr()
        code = run([*arguments, "--profile", "analytics,sandbox"])
        told = capsys.readouterr()
        return Outcome(code, told.out, told.err)

    return begin


def tags_of(client, alias):
    tags = client.list_resource_tags(KeyId=key_of(client, alias))["Tags"]
    return {each["TagKey"]: each["TagValue"] for each in tags}


def test_a_command_tags_over_each_connection_and_takes_it_back_everywhere(kmstui, kms):
    two = ("--region", "us-east-1,eu-central-1", "--format", "json", "--yes")
    done = kmstui("tag", "owner=me", "--filter", "alias:app region:us-east-1", *two)
    assert done.code == 0, done.err
    assert [each["region"] for each in done.rows] == ["us-east-1"] * 2
    assert len({each["account"] for each in done.rows}) == 2
    done = kmstui("tag", "team=a", "alias/logs", *two)
    assert (done.code, len(done.rows)) == (0, 4)
    for profile in ("analytics", "sandbox"):
        there, elsewhere = kms(profile, "us-east-1"), kms(profile, "eu-central-1")
        assert tags_of(there, "alias/app")["owner"] == "me"
        assert "owner" not in tags_of(elsewhere, "alias/app")
        assert tags_of(elsewhere, "alias/logs")["team"] == "a"
    done = kmstui("undo", *two)
    assert (done.code, len(done.rows)) == (0, 4)
    for profile in ("analytics", "sandbox"):
        assert "team" not in tags_of(kms(profile, "eu-central-1"), "alias/logs")
        assert tags_of(kms(profile, "us-east-1"), "alias/app")["owner"] == "me"


def test_a_denied_region_is_a_line_and_the_others_are_tagged(kmstui, kms):
    regions = f"us-east-1,{DENIED_REGION}"
    done = kmstui(
        "tag", "owner=me", "--filter", "alias:app", "--region", regions, "--format", "json", "--yes"
    )
    assert (done.code, len(done.rows)) == (2, 3)
    assert f"{DENIED_REGION}: AccessDenied on kms:ListKeys" in done.err
    assert tags_of(kms("sandbox", "us-east-1"), "alias/app")["owner"] == "me"


def test_a_plan_holds_the_keys_of_every_connection_and_each_gets_its_policy(kmstui, kms, tmp_path):
    regions = ("--region", "us-east-1,eu-central-1")
    policy = json.loads(kmstui("policy", "get", "alias/app", *regions, "--format", "json").out)
    assert len(policy) == 4
    folder = tmp_path / "policies"
    folder.mkdir()
    text = json.loads(policy[0]["policy"])
    text["Id"] = "planned"
    account = policy[0]["account"]
    (folder / "app.json").write_text(json.dumps(text), "utf-8")
    plan = str(tmp_path / "plan.json")
    allowed = ("--allow-outside", "--allow-lockout", "--allow-errors")
    done = kmstui("policy", "plan", str(folder), "--out", plan, *regions, "--format", "json")
    assert done.code == 3, done.err
    assert len({(each["account"], each["region"]) for each in done.rows}) == 4
    # What is right in one account gives access to another in the other.
    assert {each["state"] for each in done.rows if each["account"] != account} == {"needs"}
    done = kmstui("policy", "apply", plan, "--yes", *allowed, *regions, "--format", "json")
    stored = [each for each in done.rows if each["state"] == "stored"]
    assert {each["region"] for each in stored if each["account"] == account} == {
        "us-east-1", "eu-central-1",
    }  # fmt: skip
    profile = "analytics" if account == ANALYTICS else "sandbox"
    for region in ("us-east-1", "eu-central-1"):
        client = kms(profile, region)
        found = client.get_key_policy(KeyId=key_of(client, "alias/app"), PolicyName="default")
        assert json.loads(found["Policy"])["Id"] == "planned"
