"""A dry run is answered as AWS documents it, and does nothing.

https://docs.aws.amazon.com/kms/latest/developerguide/testing-permissions.html
"""

from __future__ import annotations

import json
from typing import Any

from kmstui.demo.kms.members import is_dry_run
from tests.control import ControlledKms

WOULD = "DryRunOperationException"
ALIAS = "alias/ImportedCMK"


def _key(admin: Any, **parameters: Any) -> str:
    return str(admin.create_key(**parameters)["KeyMetadata"]["KeyId"])


def _without_ciphertext(key: str) -> dict[str, Any]:
    return {"KeyId": key, "DryRun": True, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}


def test_what_would_go_well_is_refused_by_its_own_name(admin: Any, refused: Any) -> None:
    key = _key(admin)
    code, message = refused(admin.encrypt, KeyId=key, Plaintext=b"x", DryRun=True)
    assert (code, "would have succeeded" in message) == (WOULD, True)
    assert refused(admin.decrypt, **_without_ciphertext(key))[0] == WOULD
    assert refused(admin.generate_data_key, KeyId=key, KeySpec="AES_256", DryRun=True)[0] == WOULD
    pair = {"KeyId": key, "KeyPairSpec": "ECC_NIST_P256", "DryRun": True}
    assert refused(admin.generate_data_key_pair, **pair)[0] == WOULD


def test_re_encrypt_without_a_ciphertext(admin: Any, refused: Any) -> None:
    key = _key(admin)
    asked = {"SourceKeyId": key, "DestinationKeyId": key, "DryRun": True}
    modified = {**asked, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}
    assert refused(admin.re_encrypt, **modified)[0] == WOULD
    assert refused(admin.re_encrypt, **asked)[0] == "InvalidCiphertextException"


def test_without_a_ciphertext_the_key_must_be_named(admin: Any, refused: Any) -> None:
    asked = {"DryRun": True, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}
    assert refused(admin.decrypt, **asked)[0] == "ValidationException"


def test_a_grant_is_neither_made_nor_revoked_nor_retired(
    embedded: ControlledKms, admin: Any, refused: Any
) -> None:
    key = _key(admin)
    grantee = f"arn:aws:iam::{embedded.account}:role/KMSWorkshop-InstanceInitRole"
    asked = {"KeyId": key, "GranteePrincipal": grantee, "Operations": ["DescribeKey"]}
    assert refused(admin.create_grant, DryRun=True, **asked)[0] == WOULD
    assert admin.list_grants(KeyId=key)["Grants"] == []
    made = admin.create_grant(**asked)["GrantId"]
    arn = admin.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    assert refused(admin.revoke_grant, KeyId=key, GrantId=made, DryRun=True)[0] == WOULD
    assert refused(admin.retire_grant, KeyId=arn, GrantId=made, DryRun=True)[0] == WOULD
    assert len(admin.list_grants(KeyId=key)["Grants"]) == 1


def test_the_permission_comes_before_the_state_and_both_before_yes(
    embedded: ControlledKms, kms: Any, admin: Any, refused: Any, key_id: Any
) -> None:
    key = key_id("ImportedCMK")
    deny = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt"}
    stored = json.loads(admin.get_key_policy(KeyId=key)["Policy"])
    stored["Statement"].append({**deny, "Resource": "*"})
    embedded.control.change_key(ALIAS, policy=json.dumps(stored))
    code, message = refused(kms.decrypt, **_without_ciphertext(key))
    assert code == "AccessDeniedException"
    assert message.endswith("with an explicit deny in a resource-based policy")
    other = _key(admin)
    admin.disable_key(KeyId=other)
    assert refused(admin.decrypt, **_without_ciphertext(other))[0] == "DisabledException"


def test_it_counts_as_no_use_of_the_key(admin: Any, refused: Any) -> None:
    key = _key(admin)
    refused(admin.generate_data_key, KeyId=key, KeySpec="AES_256", DryRun=True)
    assert admin.get_key_last_usage(KeyId=key)["KeyLastUsage"] == {}


def test_operations_without_the_parameter_are_not_kept_from_doing_what_they_do() -> None:
    assert not is_dry_run("PutKeyPolicy", {"DryRun": True})
    assert not is_dry_run("Decrypt", {"DryRun": False})
