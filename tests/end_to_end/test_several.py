"""Three accounts in five Regions in one list, some denied or out of reach, seen from outside."""

from __future__ import annotations

import json

import boto3
import pytest

from kmstui.demo import EmbeddedOptions
from kmstui.demo.world.elsewhere import DENIED_REGION, REGIONS
from tests.control import ControlledKms

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
