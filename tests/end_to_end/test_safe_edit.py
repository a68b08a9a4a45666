"""The workshop's section on key policies, from start to end, each step checked by the AWS CLI."""

from __future__ import annotations

import base64
import json

import pytest

from tests.pty_terminal import PtyTerminal

BUCKET = "kms-workshop"
CONTEXT = f"aws:s3:arn=arn:aws:s3:::{BUCKET}/SampleFile-KMS.txt"
ENDPOINT = "vpce-0a1b2c3d4e5f67890"
PLAINTEXT = base64.b64encode(b"secret").decode()


@pytest.fixture
def key(embedded) -> str:
    return str(embedded.control.key("alias/ImportedCMK").metadata["KeyId"])


def find(terminal: PtyTerminal) -> None:
    terminal.send("/", "imp")
    terminal.wait_for("❯ ImportedCMK")
    terminal.send("enter")
    terminal.settle()


def prose(terminal: PtyTerminal, words: str) -> None:
    """Wait for words that may wrap."""
    terminal.wait_for(lambda text: words in " ".join(text.split()))


def save(terminal: PtyTerminal, *, says: str) -> None:
    """Ctrl-s, read what it does, y, and wait for what the service holds."""
    terminal.send("ctrl+s")
    terminal.wait_for("After this save")
    prose(terminal, says)
    terminal.send("y")
    prose(terminal, "holds your policy, read back")


def add_template(terminal: PtyTerminal, number: int, *filled: str) -> None:
    """Open the editor and add the template of that place in the list, with its fields typed."""
    terminal.send("e")
    terminal.wait_for("Ctrl-s Review")
    terminal.wait_for('"Statement"')
    terminal.send("ctrl+t")
    terminal.wait_for("Only from this account")
    terminal.send(*["j"] * number, "enter")
    terminal.wait_for("draft kept")
    for field in filled:
        terminal.wait_for("Type over what is selected")
        terminal.send(field)


def test_the_section_from_finding_the_key_to_the_endpoint(kmstui, aws, embedded, key):
    # The policies that this test puts back are in no trail: kmstui would tell of them.
    embedded.control.deny("cloudtrail:LookupEvents")
    terminal = kmstui()
    find(terminal)
    terminal.send("enter")
    terminal.wait_for("Enable IAM User Permissions")

    def encrypt(*more: str, who: str = "instance", fails: bool = False):
        return aws("kms", "encrypt", "--key-id", key, "--plaintext", PLAINTEXT, *more,
                   who=who, fails=fails)  # fmt: skip

    secret = encrypt()["CiphertextBlob"]

    # Allow the instance's role to encrypt only.
    terminal.send("I")
    terminal.wait_for("Take a KMS action from which role?")
    terminal.send("enter")
    terminal.wait_for("Take which action")
    terminal.send("enter")
    terminal.wait_for("kms:CancelKeyDeletion")
    save(terminal, says="cannot Decrypt with")
    refused = aws("kms", "decrypt", "--key-id", key, "--ciphertext-blob", secret, fails=True)
    assert "AccessDenied" in refused
    encrypt()

    original = embedded.control.key(key).policy

    # Only from the account: the partner's grant of the policy is of no use any more.
    partner = embedded.environment_for("partner")["AWS_ACCESS_KEY_ID"]
    assert partner
    opened = json.loads(original)
    opened["Statement"].append(
        {
            "Sid": "Partner",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::290417736502:root"},
            "Action": ["kms:GenerateDataKey*", "kms:Decrypt", "kms:DescribeKey"],
            "Resource": "*",
        }
    )
    embedded.control.change_key(key, policy=json.dumps(opened))
    arn = embedded.control.key(key).metadata["Arn"]
    data_key = ("kms", "generate-data-key", "--key-id", arn, "--key-spec", "AES_256")
    aws(*data_key, who="partner")
    add_template(terminal, 0)
    save(terminal, says="other account")
    assert "AccessDenied" in aws(*data_key, who="partner", fails=True)
    encrypt()
    embedded.control.change_key(key, policy=original)

    # Only from the role.
    encrypt(who="admin")
    add_template(terminal, 1)
    save(terminal, says="gains Decrypt")
    assert "AccessDenied" in encrypt(who="admin", fails=True)
    encrypt()
    aws("kms", "describe-key", "--key-id", key, who="admin")
    embedded.control.change_key(key, policy=original)

    # Only with the encryption context of the bucket.
    add_template(terminal, 2, BUCKET)
    save(terminal, says="Who gains and who loses")
    encrypt("--encryption-context", CONTEXT)
    assert "AccessDenied" in encrypt(fails=True)
    assert "AccessDenied" in encrypt(
        "--encryption-context", "aws:s3:arn=arn:aws:s3:::elsewhere/x", fails=True
    )
    embedded.control.change_key(key, policy=original)

    # Dangerous operations only with MFA.
    alias = ("kms", "schedule-key-deletion", "--key-id", key, "--pending-window-in-days", "30")
    add_template(terminal, 3, "userA")
    save(terminal, says="Who gains and who loses")
    assert "AccessDenied" in aws(*alias, who="user", fails=True)
    aws("kms", "describe-key", "--key-id", key, who="user")
    embedded.control.change_key(key, policy=original)

    # Only through the VPC endpoint; administration from anywhere.
    add_template(terminal, 4, ENDPOINT)
    save(terminal, says="Who gains and who loses")
    assert "AccessDenied" in encrypt(fails=True)
    aws("kms", "get-key-policy", "--key-id", key, "--policy-name", "default")
    embedded.control.set_network("10.0.0.5", ENDPOINT, "vpc-0a1b2c3d")
    encrypt()

    # Tag, list, untag.
    def tags() -> dict[str, str]:
        listed = aws("kms", "list-resource-tags", "--key-id", key)["Tags"]
        return {each["TagKey"]: each["TagValue"] for each in listed}

    terminal.send("t", "project=kmsworkshop env=dev", "enter", "enter")
    prose(terminal, "now has env=dev project=kmsworkshop")
    assert tags() == {"project": "kmsworkshop", "env": "dev"}
    terminal.send("u", "env", "enter", "enter")
    prose(terminal, "has no tag env any more")
    assert tags() == {"project": "kmsworkshop"}
    terminal.send("q")
    assert terminal.wait_exit() == 0


def test_the_second_of_two_people_is_stopped_shown_the_difference_and_can_merge(
    kmstui, aws, embedded, key
):
    terminal = kmstui()
    find(terminal)
    add_template(terminal, 0)
    theirs = json.loads(embedded.control.key(key).policy)
    theirs["Statement"].append(
        {
            "Sid": "Theirs",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{embedded.account}:role/orders-api"},
            "Action": "kms:DescribeKey",
            "Resource": "*",
        }
    )
    aws("kms", "put-key-policy", "--key-id", key, "--policy-name", "default",
        "--policy", json.dumps(theirs), who="admin")  # fmt: skip
    terminal.send("ctrl+s")
    prose(terminal, "changed by someone else since you opened it; nothing was sent")
    terminal.send("y", "m")
    prose(terminal, "Both changes can be merged")
    terminal.send("tab", "tab")
    terminal.wait_for('"Sid": "Theirs"')
    assert json.loads(embedded.control.key(key).policy) == theirs
    terminal.send("y")
    terminal.wait_for("After this save")
    terminal.send("y")
    prose(terminal, "holds your policy, read back")
    answer = aws("kms", "get-key-policy", "--key-id", key, "--policy-name", "default")
    sids = {each["Sid"] for each in json.loads(answer["Policy"])["Statement"]}
    assert sids == {"Enable IAM User Permissions", "Theirs", "Only from this account"}


def test_two_programs_that_save_one_key_at_the_same_moment_lose_nobodys_change(
    kmstui, embedded, key
):
    first, second = kmstui(), kmstui()
    for terminal, template in ((first, 0), (second, 1)):
        find(terminal)
        add_template(terminal, template)
        terminal.send("ctrl+s")
        terminal.wait_for("After this save")
    embedded.control.throttle("PutKeyPolicy", times=None)
    first.send("y")
    prose(first, "waiting to look again and send it again")
    second.send("y")
    prose(second, "another kmstui is saving this policy")
    embedded.control.clear_faults()
    prose(first, "holds your policy, read back")
    prose(second, "Both changes can be merged")
    second.send("y")
    second.wait_for("After this save")
    second.send("y")
    prose(second, "holds your policy, read back")
    sids = {each["Sid"] for each in json.loads(embedded.control.key(key).policy)["Statement"]}
    assert {"Only from this account", "Use by the role"} < sids


def test_ones_own_editor_is_opened_and_what_it_leaves_is_taken_even_when_it_fails(
    start, embedded, key, tmp_path
):
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i "s/Enable IAM User Permissions/By hand/" "$1"\nexit 3\n')
    editor.chmod(0o700)
    terminal = start(env={**embedded.environment, "VISUAL": str(editor)})
    terminal.wait_for("ImportedCMK")
    find(terminal)
    terminal.send("E")
    terminal.wait_for('"Sid": "By hand"')
    prose(terminal, "ended with exit code 3; the text is what it left in its file")
    terminal.wait_for("draft kept")
    save(terminal, says="Sid")
    assert "By hand" in embedded.control.key(key).policy
