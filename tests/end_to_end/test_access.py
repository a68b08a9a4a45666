"""What kmstui says of access on a real terminal is what the AWS CLI is then allowed."""

from __future__ import annotations

import base64
import json
import re

import pytest
from botocore.exceptions import ClientError

from tests.embedded import client

ROLE = "KMSWorkshop-InstanceInitRole"
GAPS = "Not considered: service control policies"


def prose(text: str) -> str:
    """The screen as one line, so that a sentence is found though it wraps."""
    return " ".join(text.replace("│", " ").split())


def says(sentence):
    return lambda text: sentence in prose(text)


def take_decrypt(embedded) -> None:
    """The section's first exercise: take "Decrypt" out of the role's inline policy."""
    iam = client(embedded, "iam")
    (name,) = iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
    document = iam.get_role_policy(RoleName=ROLE, PolicyName=name)["PolicyDocument"]
    for statement in document["Statement"]:
        statement["Action"] = [each for each in statement["Action"] if each != "kms:Decrypt"]
    iam.put_role_policy(RoleName=ROLE, PolicyName=name, PolicyDocument=json.dumps(document))


def dry_runs(embedded):
    return [each for each in embedded.control.requests() if (each.parameters or {}).get("DryRun")]


def test_kms_knows_in_read_only_mode_what_was_taken_since_access_was_read(kmstui, embedded):
    terminal = kmstui("--read-only", rows=40)
    terminal.send("/", "alias:ImportedCMK", "enter")
    terminal.send("c")
    terminal.wait_for(lambda text: re.search(r"you: role/\S+ +some +\S*some +yes ", text))
    take_decrypt(embedded)
    terminal.send("K")
    terminal.wait_for("Read-only mode lets")
    assert dry_runs(embedded) == [], "nothing is sent before it is said what"
    terminal.send("enter")
    terminal.wait_for(says("Of 9 actions: 1 otherwise than predicted, 8 as predicted."))
    assert re.search(r"▲ Decrypt +yes +denied", terminal.text), terminal.text
    terminal.wait_for(says("because no identity-based policy allows the kms:Decrypt action"))
    sent = dry_runs(embedded)
    assert (len(sent), sent[-1].operation) == (8, "CreateGrant")
    assert client(embedded, "kms").list_grants(KeyId=sent[-1].parameters["KeyId"])["Grants"] == []


def test_the_workshop_role_less_decrypt(kmstui, embedded, aws):
    take_decrypt(embedded)
    terminal = kmstui(rows=40)
    terminal.send("/", "alias:ImportedCMK", "enter")
    terminal.send("p")
    terminal.wait_for(says("Encrypt: yes · Decrypt: no"))
    terminal.wait_for(says(f"policies decide, but no identity policy of role/{ROLE} allows them."))
    assert re.search(r"✖ Cannot Decrypt, ", prose(terminal.text)), terminal.text
    terminal.wait_for(says(GAPS))

    terminal.send("c")
    terminal.wait_for("you: role/")
    terminal.send("right", "w")
    terminal.wait_for("principal=me action=kms:")
    terminal.send("ctrl+u", "principal=me action=kms:Decrypt")
    terminal.wait_for(says(f"allows kms:Decrypt. principal=me action=kms:Decrypt {GAPS}"))
    assert "No: " in terminal.text

    text = base64.b64encode(b"x").decode()
    sealed = aws("kms", "encrypt", "--key-id", "alias/ImportedCMK", "--plaintext", text)
    refused = aws("kms", "decrypt", "--ciphertext-blob", sealed["CiphertextBlob"], fails=True)
    assert "AccessDeniedException" in refused


def allowed(kms, operation: str, **parameters) -> bool:
    """Whether KMS does it for the workshop's role."""
    try:
        getattr(kms, operation)(**parameters)
    except ClientError as refused:
        assert refused.response["Error"]["Code"] == "AccessDeniedException", refused
        return False
    return True


WORKSHOP = ("account-only", "encryption-context", "mfa", "vpc-endpoint")


def test_each_workshop_key_does_what_the_view_says(kmstui, embedded):
    """The role's calls come over no VPC endpoint, which the question says."""
    kms, admin = client(embedded, "kms"), client(embedded, "kms", "admin")
    terminal = kmstui()
    outcomes = []
    for name in WORKSHOP:
        key = f"alias/workshop/{name}"
        sealed = admin.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
        terminal.send("1", "/", "ctrl+u", f"alias:workshop/{name}", "enter", "c")
        shown = f"workshop/{name}"[:18]  # As much as its title has room for.
        terminal.wait_for(lambda text, shown=shown: shown in text and "you: role/" in text)
        terminal.send("w")
        for action, happens in (
            ("Encrypt", allowed(kms, "encrypt", KeyId=key, Plaintext=b"x")),
            ("Decrypt", allowed(kms, "decrypt", CiphertextBlob=sealed)),
        ):
            terminal.wait_for("principal=me")
            terminal.send("ctrl+u", f"principal=me action=kms:{action} aws:SourceVpce=")
            screen = terminal.wait_for(
                lambda text, action=action: re.search(
                    rf"(Yes|No|No, denied): .*kms:{action}\b.* principal=me.*{GAPS}", prose(text)
                )
            )
            said = re.search(r"(Yes|No, denied|No): ", prose(screen))
            assert said is not None
            assert (said[1] == "Yes") == happens, f"{key} {action}\n{screen}"
            outcomes.append(happens)
        terminal.send("escape")
        terminal.wait_until_gone("principal=me")
    assert True in outcomes and False in outcomes


def test_a_policy_that_denies_its_own_reading_makes_no_claim(kmstui, embedded):
    terminal = kmstui()
    terminal.send("/", "alias:workshop/role-only", "enter", "c")
    terminal.wait_for(says("✖ AccessDenied on kms:GetKeyPolicy"))
    with pytest.raises(ClientError):
        client(embedded, "kms").encrypt(KeyId="alias/workshop/role-only", Plaintext=b"x")


def test_from_all_findings_to_the_line(kmstui):
    terminal = kmstui(columns=120, rows=40)
    terminal.send("F")
    terminal.wait_for(lambda text: re.search(r"Findings of all keys  \d+ keys", text))
    # A frame of many lines comes in portions.
    terminal.wait_for("not read: AccessDenied on kms:GetKeyPolicy")
    rows = [line.lstrip("❯ ") for line in terminal.lines if re.search(r" KMS\d{3} ", line)]
    assert rows[0].startswith("✖")
    terminal.send("/", "kms516", "enter", "enter")
    terminal.wait_for("▲ KMS516 This Deny also stops AWS services")
    terminal.wait_for(lambda text: re.search(r"❯ +workshop/vpc-", text))
