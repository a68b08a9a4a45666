"""The world is the workshop's, and the account around it is believable and awkward."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Any

import pytest

from tests.control import ControlledKms
from tests.embedded import client


@pytest.fixture
def keys(embedded: ControlledKms, admin: Any) -> list[Any]:
    listed = admin.list_keys(Limit=1000)["Keys"]
    return [embedded.control.key(key["KeyId"]) for key in listed]


def test_imported_cmk_is_as_the_workshop_leaves_it(kms: Any) -> None:
    metadata = kms.describe_key(KeyId="alias/ImportedCMK")["KeyMetadata"]
    assert metadata["Origin"] == "EXTERNAL"
    assert metadata["KeyState"] == "Enabled"
    policy = kms.get_key_policy(KeyId=metadata["KeyId"])["Policy"]
    # To the letter what the workshop's page prints.
    account = metadata["AWSAccountId"]
    assert policy == (
        '{\n  "Version" : "2012-10-17",\n  "Id" : "key-default-1",\n  "Statement" : [ {\n    '
        '"Sid" : "Enable IAM User Permissions",\n    "Effect" : "Allow",\n    "Principal" : {\n'
        f'      "AWS" : "arn:aws:iam::{account}:root"\n    }},\n    "Action" : "kms:*",\n    '
        '"Resource" : "*"\n  } ]\n}'
    )
    assert kms.list_resource_tags(KeyId=metadata["KeyId"])["Tags"] == []


def test_the_upload_that_the_workshop_prints_is_an_event_of_imported_cmk(
    embedded: ControlledKms, key_id: Any
) -> None:
    found = client(embedded, "cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": key_id("ImportedCMK")}]
    )["Events"]
    uploads = [
        each for each in found if "kms-workshop/SampleFile-KMS.txt" in each["CloudTrailEvent"]
    ]
    assert uploads
    last = client(embedded, "kms").get_key_last_usage(KeyId=key_id("ImportedCMK"))
    # CloudTrail tells whole seconds.
    newest = max(each["EventTime"] for each in uploads) - timedelta(seconds=1)
    assert last["KeyLastUsage"]["Timestamp"] >= newest


@pytest.mark.parametrize(
    ("alias", "words"),
    [
        ("workshop/account-only", '"kms:CallerAccount": "418259630147"'),
        ("workshop/role-only", '"NotPrincipal"'),
        ("workshop/encryption-context", '"kms:EncryptionContextKey"'),
        ("workshop/mfa", '"aws:MultiFactorAuthAge": "300"'),
        ("workshop/vpc-endpoint", "vpce-1xxxxxxxx1"),
    ],
)
def test_each_workshop_policy_has_its_key(embedded: ControlledKms, alias: str, words: str) -> None:
    policy = embedded.control.key(f"alias/{alias}").policy
    assert words in policy
    assert "your-ac" not in policy


def test_about_fifty_keys_of_every_kind_and_state(keys: list[Any]) -> None:
    def values(member: str) -> set[str]:
        return {key.metadata[member] for key in keys}

    assert 40 <= len(keys) <= 60
    assert values("KeyState") == {"Enabled", "Disabled", "PendingDeletion", "PendingImport"}
    assert values("KeyManager") == {"CUSTOMER", "AWS"}
    assert values("Origin") == {"AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"}
    assert {"SYMMETRIC_DEFAULT", "RSA_4096", "ECC_NIST_P384", "HMAC_256", "ML_DSA_65"} <= values(
        "KeySpec"
    )
    assert {"SIGN_VERIFY", "ENCRYPT_DECRYPT", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"} <= values(
        "KeyUsage"
    )
    names = [len(key.aliases) for key in keys]
    assert 0 in names
    assert 4 in names
    assert any(len(key.tags) == 50 for key in keys)


def test_a_long_policy_is_near_the_limit_and_still_good(
    embedded: ControlledKms, admin: Any
) -> None:
    held = embedded.control.key("alias/limits/long-policy")
    assert 31_000 < len(held.policy.encode()) <= 32_768
    admin.put_key_policy(KeyId=held.metadata["KeyId"], Policy=held.policy)


def test_hostile_text_is_really_there(embedded: ControlledKms, kms: Any) -> None:
    metadata = kms.describe_key(KeyId="alias/odd/markup")["KeyMetadata"]
    description = metadata["Description"]
    assert "[bold red]" in description
    assert "\x1b" in description
    assert "\u202e" in description
    assert len(description) > 500
    tags = kms.list_resource_tags(KeyId=metadata["KeyId"])["Tags"]
    assert any("[blink]" in tag["TagValue"] for tag in tags)
    assert any(unicodedata.category(c) == "Cc" for tag in tags for c in tag["TagValue"])


def test_every_other_policy_of_the_world_would_be_accepted(
    embedded: ControlledKms, keys: list[Any], admin: Any
) -> None:
    from botocore.exceptions import ClientError

    refusals = {}
    for key in keys:
        if key.metadata["KeyManager"] == "AWS":
            continue
        try:
            admin.put_key_policy(KeyId=key.metadata["KeyId"], Policy=key.policy)
        except ClientError as error:
            refusals[key.aliases[0]] = error.response["Error"]["Code"]
    assert refusals == {
        "alias/legacy/reports": "MalformedPolicyDocumentException",
        "alias/workshop/role-only": "AccessDeniedException",
    }


def test_ids_are_the_same_at_every_start(embedded: ControlledKms) -> None:
    key = embedded.control.key("alias/ImportedCMK").metadata["KeyId"]
    assert key == "57e318d6-4d5e-46a5-aea5-07e9922a78f9"
