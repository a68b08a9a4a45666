"""`kmstui lint` and `kmstui can` on the keys of an account, for scripts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

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


def test_a_command_reads_the_keys_of_the_demo_and_says_so(bare_environment):
    done = subprocess.run(
        [sys.executable, "-m", "kmstui", "can", "--demo", "me", "kms:Decrypt", "ImportedCMK"],
        env=bare_environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout
    assert done.stderr == "kmstui: a demo: no account has these keys.\n"


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


def test_a_change_of_tags_that_was_killed_is_finished_by_resume(run, embedded, bare_environment):
    # One at a time, so that it is killed in the middle.
    embedded.control.set_latency(1.0, "TagResource")
    environment = {**bare_environment, **embedded.environment_for("instance")}
    running = subprocess.Popen(
        [sys.executable, "-m", "kmstui", "tag", "killed=no", "--filter", "alias:orders", "--yes"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: "TagResource" in embedded.control.operations())
    running.kill()
    running.wait()
    embedded.control.set_latency(0, "TagResource")
    done = run("tag", "--resume", "--yes")
    assert done.returncode == 0, done.stderr
    found = json.loads(run("keys", "alias:orders", "--format", "json").stdout)
    states = {each["state"] for each in found if each["tags"].get("killed") != "no"}
    assert states <= {"PendingDeletion"}
    assert "No run was interrupted." in run("tag", "--resume").stderr


def until(so, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end, "it did not come to it"
        time.sleep(0.02)


def shell(words, cwd, *arguments):
    """How kmstui ends in a shell, with what it says on standard error."""
    command = f'"$0" -m kmstui "$@" {words}; echo ${{PIPESTATUS[0]}} >&3'
    done = subprocess.run(
        ["bash", "-c", f"{{ {command} ; }} 3>&1", sys.executable, *arguments],
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": str(cwd), "LANG": "C.UTF-8"},
    )
    *_, code = done.stdout.split()
    return int(code), done.stderr.decode()


@pytest.mark.parametrize("empty", [True, False])
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (">&-", None, ""),
        ("2>&-", None, ""),
        (">&- 2>&- <&-", None, ""),
        ("<&-", None, ""),
        (">/dev/full", 2, "kmstui: The output cannot be written: no space left on device.\n"),
        (">/dev/full 2>&1", 2, ""),
        ("| true", 141, ""),
    ],
)
def test_streams_that_are_closed_or_full_end_in_no_traceback(tmp_path, words, code, said, empty):
    policy = tmp_path / "policy.json"
    policy.write_text("" if empty else json.dumps({"Version": "2012-10-17", "Statement": []}))
    # Longer than a pipe holds, so that its end is met while there is more to write.
    names = ["policy.json"] * 2000
    found, told = shell(words, tmp_path, "lint", *names)
    assert (found, told) == (1 if code is None else code, said)
    if "<&-" in words:
        assert shell(words, tmp_path, "lint", "-") == (1, "")


def test_a_file_whose_name_is_no_text_is_linted(tmp_path):
    name = b"\xff\xfe.json"
    (tmp_path / os.fsdecode(name)).write_text('{"Version": "2012-10-17", "Statement": []}')
    for kind in ("text", "json", "sarif"):
        code, told = shell("", tmp_path, "lint", "--format", kind, os.fsdecode(name))
        assert (code, told) == (1, "")


@pytest.mark.parametrize("before", [(), ("lint",), ("can",), ("diff",)])
def test_a_name_that_begins_like_an_option_commands_no_terminal(tmp_path, before):
    code, told = shell("", tmp_path, *before, "--fi\x1b]52;c;eA==\x07", "b", "c")
    assert code == 2
    assert "\x1b" not in told
    assert "\\x1b]52" in told
