"""`kmstui policy` against the embedded KMS; what is stored is what boto3 reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kmstui.scripting import Streams
from kmstui.scripting.putting import called_off
from tests.control import ControlledKms
from tests.embedded import aws_environment, embedded, embedded_server
from tests.scripting.bench import Terminal
from tests.scripting.embedded_commands import Kmstui, kmstui, put_by_boto3, stored_policy

__all__ = ["aws_environment", "embedded", "embedded_server", "kmstui"]

ALIAS = "alias/ImportedCMK"


@pytest.fixture
def policy(embedded: ControlledKms) -> dict[str, Any]:
    return stored_policy(embedded, ALIAS)


@pytest.fixture
def write(tmp_path: Path):
    def write(policy: object, name: str = "new.json") -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(policy, indent=4), encoding="utf-8")
        return path

    return write


def allow(who: str, *actions: str, sid: str = "New") -> dict[str, Any]:
    principal = {"AWS": who}
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": list(actions),
        "Resource": "*",
    }


def with_statement(policy: dict[str, Any], statement: dict[str, Any]) -> dict[str, Any]:
    return {**policy, "Statement": [*policy["Statement"], statement]}


def test_get_prints_what_is_stored_and_writes_it_to_a_file(kmstui: Kmstui, policy, tmp_path):
    assert json.loads(kmstui("policy", "get", ALIAS).out) == policy
    path = tmp_path / "got.json"
    assert kmstui("policy", "get", ALIAS, path).code == 0
    assert json.loads(path.read_text()) == policy


def test_a_put_is_reviewed_sent_and_read_back(kmstui: Kmstui, embedded, policy, write):
    account = embedded.account
    wider = with_statement(policy, allow(f"arn:aws:iam::{account}:root", "kms:Sign"))
    new = write(wider)

    seen = kmstui("policy", "diff", ALIAS, new)
    assert seen.code == 3
    assert "Yes: you can put this policy again." in seen.out
    assert '+      "Sid": "New",' in seen.out

    refused = kmstui("policy", "put", ALIAS, new)
    assert refused.code == 1
    assert "--yes puts it without asking" in refused.err
    assert stored_policy(embedded, ALIAS) == policy

    done = kmstui("policy", "put", ALIAS, new, "--yes")
    assert (done.code, done.err) == (0, "")
    assert "holds your policy, read back." in done.out
    assert stored_policy(embedded, ALIAS) == wider

    again = kmstui("policy", "put", ALIAS, new, "--yes")
    assert again.code == 0
    assert "means this already; nothing was sent." in again.out
    assert kmstui("policy", "diff", ALIAS, new).code == 0


def test_access_outside_the_account_needs_its_own_option(kmstui: Kmstui, embedded, policy, write):
    new = write(with_statement(policy, allow("arn:aws:iam::290417736502:root", "kms:Decrypt")))
    refused = kmstui("policy", "put", ALIAS, new, "--yes", "--format", "json")
    assert refused.code == 1
    assert "--allow-outside allows it" in refused.err
    told = json.loads(refused.out)
    assert told["concerns"] == ["--allow-outside"]
    assert "290417736502" in told["outside"][0]
    assert told["put"]["end"] == "not_put"
    assert stored_policy(embedded, ALIAS) == policy
    done = kmstui("policy", "put", ALIAS, new, "--yes", "--allow-outside")
    assert done.code == 0
    assert len(stored_policy(embedded, ALIAS)["Statement"]) == len(policy["Statement"]) + 1


def test_a_lock_out_needs_its_own_option_and_kms_has_the_last_word(
    kmstui: Kmstui, embedded, policy, write
):
    locked = {
        **policy,
        "Statement": [allow(f"arn:aws:iam::{embedded.account}:role/KeyAdministrator", "kms:*")],
    }
    new = write(locked)
    refused = kmstui("policy", "put", ALIAS, new, "--yes")
    assert refused.code == 1
    assert "It locks you out, or may." in refused.err
    assert "--allow-lockout" in refused.err
    by_kms = kmstui("policy", "put", ALIAS, new, "--yes", "--allow-lockout")
    assert by_kms.code == 1
    assert "--bypass-policy-lockout-safety-check" in by_kms.err
    assert stored_policy(embedded, ALIAS) == policy
    words = ("--allow-lockout", "--bypass-policy-lockout-safety-check")
    wrong = kmstui("policy", "put", ALIAS, new, "--yes", *words, "alias/another")
    assert wrong.code == 2
    assert stored_policy(embedded, ALIAS) == policy
    done = kmstui("policy", "put", ALIAS, new, "--yes", *words, ALIAS)
    assert done.code == 4, "whoever is locked out cannot read it back"
    assert "Accepted, but" in done.err
    assert stored_policy(embedded, ALIAS) == locked


def test_a_put_on_a_base_that_somebody_changed_is_refused(kmstui: Kmstui, embedded, policy, write):
    base = write(policy, "base.json")
    root = f"arn:aws:iam::{embedded.account}:root"
    new = write(with_statement(policy, allow(root, "kms:Sign")))
    theirs = with_statement(policy, allow(root, "kms:Verify", sid="Theirs"))
    put_by_boto3(embedded, ALIAS, theirs)
    refused = kmstui("policy", "put", ALIAS, new, "--base", base, "--yes")
    assert refused.code == 3
    assert "somebody else has changed it. Nothing was sent" in refused.err
    assert stored_policy(embedded, ALIAS) == theirs


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ('{"Version": ', 1, "not valid JSON"),
        ('{"Version": "2012-10-17", "Statement": []}', 1, "--allow-errors"),
    ],
)
def test_what_is_no_policy_is_not_sent(
    kmstui: Kmstui, embedded, policy, tmp_path, text, code, said
):
    path = tmp_path / "bad.json"
    path.write_text(text)
    done = kmstui("policy", "put", ALIAS, path, "--yes")
    assert done.code == code
    assert said in done.err
    assert stored_policy(embedded, ALIAS) == policy


def test_read_only_and_a_key_of_aws_are_sentences(kmstui: Kmstui, policy, write):
    new = write(with_statement(policy, allow("arn:aws:iam::290417736502:root", "kms:Decrypt")))
    done = kmstui("--read-only", "policy", "put", ALIAS, new, "--yes")
    assert done.code == 2
    assert "Read-only mode" in done.err
    done = kmstui("policy", "put", "alias/aws/ebs", new, "--yes")
    assert done.code == 2
    assert "is managed by AWS: nobody else can change its policy." in done.err


def test_what_an_editor_leaves_is_reviewed_and_put_and_kept_as_a_draft_until_then(
    kmstui: Kmstui, embedded, policy, write, monkeypatch
):
    wider = with_statement(policy, allow(f"arn:aws:iam::{embedded.account}:root", "kms:Sign"))
    new = write(wider)
    monkeypatch.setenv("VISUAL", f"cp {new}")
    refused = kmstui("policy", "edit", ALIAS)
    assert refused.code == 1
    assert stored_policy(embedded, ALIAS) == policy
    monkeypatch.setenv("VISUAL", "true")
    told = kmstui("policy", "edit", ALIAS)
    assert "There is an unsaved draft" in told.err
    assert told.code == 0
    monkeypatch.setenv("VISUAL", f"cp {new}")
    assert kmstui("policy", "edit", ALIAS, "--yes").code == 0
    assert stored_policy(embedded, ALIAS) == wider
    monkeypatch.setenv("VISUAL", "false")
    failed = kmstui("policy", "edit", ALIAS, "--yes")
    assert failed.code == 2
    assert "ended with 1, so nothing was put" in failed.err


@pytest.mark.parametrize(
    ("typed", "sends"),
    [("ImportedCMK", True), ("alias/ImportedCMK", True), ("yes", False), ("", False)],
)
def test_on_a_terminal_the_alias_is_typed_with_its_prefix_or_without(typed, sends):
    streams = Streams(Terminal(f"{typed}\n"), Terminal(), Terminal())
    assert (called_off("Put it?", "ImportedCMK", streams) == "") is sends
