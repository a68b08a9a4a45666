"""`kmstui lint` and `kmstui can` on the keys of an account, for scripts."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.fixture
def run(embedded, bare_environment):
    """Runs a command against the embedded KMS."""

    def begin(*arguments, who="instance"):
        return subprocess.run(
            [sys.executable, "-m", "kmstui", *arguments],
            env={**bare_environment, **embedded.environment_for(who)},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    return begin


def test_lint_of_one_key_by_alias(run):
    done = run("lint", "alias/ImportedCMK")
    assert (done.returncode, done.stderr) == (0, "")


def test_lint_finds_the_workshop_mistakes_that_kms_stored(run):
    done = run("lint", "--all", "--format", "json")
    assert done.returncode == 1
    found = {(each["file"], each["rule"]) for each in json.loads(done.stdout)}
    assert ("alias/workshop/vpc-endpoint", "KMS516") in found
    assert ("alias/workshop/vpc-endpoint", "KMS601") in found
    assert ("alias/workshop/account-only", "KMS520") in found
    # A key that may not be read is a sentence, and hides no other.
    assert "AccessDenied on kms:GetKeyPolicy" in done.stderr


def test_lint_of_a_key_that_does_not_exist(run):
    done = run("lint", "alias/nothing")
    assert done.returncode == 2
    assert done.stderr.startswith("kmstui lint: The policy of alias/nothing cannot be read: ")
    assert "Not found" in done.stderr


def test_can_says_yes_and_no_with_the_reason_and_what_was_not_considered(run):
    done = run("can", "me", "kms:Encrypt", "ImportedCMK")
    assert done.returncode == 0
    assert done.stdout.startswith("Yes: ")
    assert "Not considered: service control policies" in done.stdout
    assert "resource control policies (both: organizations:DescribeOrganization is denied)" in (
        done.stdout
    )
    done = run("can", "arn:aws:iam::290417736502:role/Stranger", "kms:Decrypt", "ImportedCMK")
    assert done.returncode == 1
    assert done.stdout.startswith("No: ")


def test_can_agrees_with_what_the_cli_is_allowed(run, aws, embedded):
    key = embedded.control.key("alias/workshop/role-only").metadata["KeyId"]
    done = run("can", "me", "kms:Encrypt", key)
    refused = aws("kms", "encrypt", "--key-id", key, "--plaintext", "aGVsbG8=", fails=True)
    assert "AccessDeniedException" in refused
    assert done.returncode != 0


def test_a_setting_that_cannot_be_read_is_a_sentence(run, monkeypatch, bare_environment):
    bare_environment["KMSTUI_READ_ONLY"] = "perhaps"
    done = run("lint", "alias/ImportedCMK")
    assert done.returncode == 2
    assert done.stderr == "kmstui: KMSTUI_READ_ONLY must be true or false, not 'perhaps'.\n"


def test_who_misspells_read_only_is_told_before_anything_starts(run, bare_environment):
    bare_environment["KMSTUI_READ_ONL"] = "1"
    done = run("can", "me", "kms:Encrypt", "ImportedCMK")
    assert done.returncode == 2
    assert done.stderr.startswith("kmstui: The environment has an unknown variable KMSTUI_READ_ONL")
