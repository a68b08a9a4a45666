"""Key states, deletion, rotation, creation, import, replication."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from tests.control import ControlledKms
from tests.embedded import client

DAY = 86_400


def _state(kms: Any, key: str) -> str:
    return str(kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"])


def test_pending_deletion_forbids_what_the_table_says(
    kms: Any, key_id: Any, refused: Any, embedded: ControlledKms
) -> None:
    key = key_id("sandbox/experiment-7")
    arn = embedded.control.key(key).metadata["Arn"]
    for call, more in (
        (kms.tag_resource, {"Tags": [{"TagKey": "a", "TagValue": "b"}]}),
        (kms.untag_resource, {"TagKeys": ["env"]}),
        (kms.enable_key, {}),
        (kms.update_key_description, {"Description": "x"}),
        (kms.schedule_key_deletion, {}),
        (kms.get_key_rotation_status, {}),
        (kms.encrypt, {"Plaintext": b"x"}),
    ):
        answer = refused(call, KeyId=key, **more)
        assert answer == ("KMSInvalidStateException", f"{arn} is pending deletion.")
    assert kms.get_key_policy(KeyId=key)["Policy"]
    assert kms.list_resource_tags(KeyId=key)["Tags"]
    kms.put_key_policy(KeyId=key, Policy=kms.get_key_policy(KeyId=key)["Policy"])


def test_deletion_is_scheduled_and_cancelled(kms: Any, key_id: Any, refused: Any) -> None:
    key = key_id("orders/api-staging")
    for days in (6, 31):
        code, _ = refused(kms.schedule_key_deletion, KeyId=key, PendingWindowInDays=days)
        assert code == "ValidationException"
    answer = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert answer["KeyState"] == "PendingDeletion"
    assert abs(answer["DeletionDate"].timestamp() - time.time() - 7 * DAY) < 60
    kms.cancel_key_deletion(KeyId=key)
    assert _state(kms, key) == "Disabled"
    assert refused(kms.cancel_key_deletion, KeyId=key)[1].endswith("is not pending deletion.")


def test_a_primary_with_replicas_waits_for_them(kms: Any, key_id: Any) -> None:
    key = key_id("global/sessions")
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=10)
    metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert metadata["KeyState"] == "PendingReplicaDeletion"
    assert metadata["PendingDeletionWindowInDays"] == 10
    assert "DeletionDate" not in metadata


def test_a_disabled_key_cannot_be_used(kms: Any, key_id: Any, refused: Any) -> None:
    key = key_id("orders/api")
    kms.disable_key(KeyId=key)
    code, message = refused(kms.encrypt, KeyId=key, Plaintext=b"x")
    assert code == "DisabledException"
    assert message.endswith("is disabled.")
    assert refused(kms.enable_key_rotation, KeyId=key)[0] == "DisabledException"
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}])
    kms.enable_key(KeyId=key)
    assert kms.encrypt(KeyId=key, Plaintext=b"x")


def test_pending_import(kms: Any, key_id: Any, refused: Any) -> None:
    key = key_id("workshop/pending-import")
    assert _state(kms, key) == "PendingImport"
    for call, more in ((kms.encrypt, {"Plaintext": b"x"}), (kms.enable_key, {})):
        code, message = refused(call, KeyId=key, **more)
        assert code == "KMSInvalidStateException"
        assert message.endswith("is pending import.")


def test_material_is_really_imported_and_deleted(kms: Any, key_id: Any, refused: Any) -> None:
    key = key_id("workshop/pending-import")
    offer = kms.get_parameters_for_import(
        KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
    )
    digest = hashes.SHA256()
    wrapped = serialization.load_der_public_key(offer["PublicKey"]).encrypt(  # type: ignore[union-attr]
        os.urandom(32), padding.OAEP(padding.MGF1(digest), digest, None)
    )
    taken = {"KeyId": key, "ImportToken": offer["ImportToken"], "EncryptedKeyMaterial": wrapped}
    kms.import_key_material(**taken, ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
    metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert metadata["KeyState"] == "Enabled"
    assert metadata["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE"
    assert kms.encrypt(KeyId=key, Plaintext=b"x")
    assert refused(kms.enable_key_rotation, KeyId=key)[0] == "UnsupportedOperationException"
    kms.delete_imported_key_material(KeyId=key)
    assert _state(kms, key) == "PendingImport"
    assert refused(
        kms.import_key_material, **{**taken, "ImportToken": b"other"}
    )[0] == "InvalidImportTokenException"  # fmt: skip


def test_rotation_has_a_period_and_a_next_date(kms: Any, key_id: Any, refused: Any) -> None:
    key = key_id("orders/api-staging")
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    assert refused(kms.enable_key_rotation, KeyId=key, RotationPeriodInDays=2561)
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    status = kms.get_key_rotation_status(KeyId=key)
    assert status["RotationPeriodInDays"] == 180
    assert abs(status["NextRotationDate"].timestamp() - time.time() - 180 * DAY) < 60
    kms.rotate_key_on_demand(KeyId=key)
    rotations = kms.list_key_rotations(KeyId=key)["Rotations"]
    assert [rotation["RotationType"] for rotation in rotations] == ["ON_DEMAND"]
    kms.disable_key_rotation(KeyId=key)
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)


def test_past_rotations_are_listed(kms: Any, key_id: Any) -> None:
    key = key_id("data-lake/raw")
    rotations = kms.list_key_rotations(KeyId=key)["Rotations"]
    assert [rotation["RotationType"] for rotation in rotations] == ["AUTOMATIC"] * 3
    materials = kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")
    states = [entry["KeyMaterialState"] for entry in materials["Rotations"]]
    assert states == ["NON_CURRENT"] * 3 + ["CURRENT"]


def test_an_asymmetric_key_does_not_rotate(kms: Any, key_id: Any, refused: Any) -> None:
    key = key_id("code/signing")
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    for call in (kms.enable_key_rotation, kms.rotate_key_on_demand, kms.list_key_rotations):
        assert refused(call, KeyId=key)[0] == "UnsupportedOperationException"


@pytest.mark.parametrize(
    ("spec", "usage", "member"),
    [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "EncryptionAlgorithms"),
        ("RSA_4096", "SIGN_VERIFY", "SigningAlgorithms"),
        ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY", "SigningAlgorithms"),
        ("ECC_NIST_P521", "KEY_AGREEMENT", "KeyAgreementAlgorithms"),
        ("HMAC_512", "GENERATE_VERIFY_MAC", "MacAlgorithms"),
        ("ML_DSA_44", "SIGN_VERIFY", "SigningAlgorithms"),
        ("ML_KEM_768", "ENCAPSULATE_DECAPSULATE", "EncapsulationAlgorithms"),
    ],
)
def test_keys_of_every_kind_can_be_made(kms: Any, spec: str, usage: str, member: str) -> None:
    made = kms.create_key(
        KeySpec=spec, KeyUsage=usage, Description="d", Tags=[{"TagKey": "a", "TagValue": "b"}]
    )["KeyMetadata"]
    assert made["KeySpec"] == spec
    assert made[member]
    assert kms.list_resource_tags(KeyId=made["KeyId"])["Tags"] == [{"TagKey": "a", "TagValue": "b"}]
    assert '"key-default-1"' in kms.get_key_policy(KeyId=made["KeyId"])["Policy"]


def test_a_key_of_an_impossible_kind_is_refused(kms: Any, refused: Any) -> None:
    code, message = refused(kms.create_key, KeySpec="HMAC_256", KeyUsage="SIGN_VERIFY")
    assert code == "ValidationException"
    assert "not compatible" in message


def test_a_key_cannot_be_made_with_a_policy_that_locks_out(kms: Any, refused: Any) -> None:
    policy = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":'
        '{"Service":"s3.amazonaws.com"},"Action":"kms:*","Resource":"*"}]}'
    )
    assert refused(kms.create_key, Policy=policy)[0] == "MalformedPolicyDocumentException"


def test_replication(embedded: ControlledKms, kms: Any, refused: Any) -> None:
    made = kms.create_key(MultiRegion=True)["KeyMetadata"]
    key = made["KeyId"]
    kms.replicate_key(KeyId=key, ReplicaRegion="eu-central-1", Description="replica")
    there = client(embedded, "kms", region="eu-central-1")
    blob = kms.encrypt(KeyId=key, Plaintext=b"shared")["CiphertextBlob"]
    assert there.decrypt(CiphertextBlob=blob)["Plaintext"] == b"shared"
    regions = kms.describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"]["ReplicaKeys"]
    assert [replica["Region"] for replica in regions] == ["eu-central-1"]
    again = refused(kms.replicate_key, KeyId=key, ReplicaRegion="eu-central-1")
    assert again[0] == "AlreadyExistsException"


def test_another_region_becomes_primary_and_both_keys_are_updating_for_a_moment(
    embedded: ControlledKms, kms: Any, refused: Any
) -> None:
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    kms.replicate_key(KeyId=key, ReplicaRegion="eu-central-1")
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=200)
    there = client(embedded, "kms", region="eu-central-1")
    wrong = refused(there.update_primary_region, KeyId=key, PrimaryRegion="eu-west-1")
    assert wrong[0] == "UnsupportedOperationException"
    there.disable_key(KeyId=key)
    rests = refused(kms.update_primary_region, KeyId=key, PrimaryRegion="eu-central-1")
    assert rests[0] == "DisabledException"
    there.enable_key(KeyId=key)
    kms.update_primary_region(KeyId=key, PrimaryRegion="eu-central-1")
    for each in (kms, there):
        metadata = each.describe_key(KeyId=key)["KeyMetadata"]
        assert metadata["KeyState"] == "Updating"
        assert metadata["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
        assert each.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
        assert refused(each.disable_key, KeyId=key)[0] == "KMSInvalidStateException"
    end = time.monotonic() + 20
    while there.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] != "Enabled":
        assert time.monotonic() < end
    shown = there.describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"]
    assert shown["MultiRegionKeyType"] == "PRIMARY"
    assert [each["Region"] for each in shown["ReplicaKeys"]] == ["eu-west-1"]
    assert there.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 200


def test_whoever_may_not_change_the_replica_may_not_make_it_primary(
    embedded: ControlledKms, kms: Any, refused: Any
) -> None:
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    kms.replicate_key(KeyId=key, ReplicaRegion="eu-central-1")
    there = client(embedded, "kms", region="eu-central-1")
    policy = json.loads(there.get_key_policy(KeyId=key)["Policy"])
    denied = {**policy["Statement"][0], "Effect": "Deny", "Action": "kms:UpdatePrimaryRegion"}
    policy["Statement"].append({**denied, "Sid": "Stays"})
    there.put_key_policy(KeyId=key, Policy=json.dumps(policy))
    refusal = refused(kms.update_primary_region, KeyId=key, PrimaryRegion="eu-central-1")
    assert refusal[0] == "AccessDeniedException"
    assert "arn:aws:kms:eu-central-1:" in refusal[1]


def test_last_usage_follows_use(kms: Any, key_id: Any) -> None:
    key = key_id("orders/api-staging")
    kms.encrypt(KeyId=key, Plaintext=b"x")
    usage = kms.get_key_last_usage(KeyId=key)
    assert usage["KeyLastUsage"]["Operation"] == "Encrypt"
    assert usage["TrackingStartDate"] >= usage["KeyCreationDate"]
    unused = kms.create_key()["KeyMetadata"]["KeyId"]
    assert kms.get_key_last_usage(KeyId=unused)["KeyLastUsage"] == {}


def test_cryptography(kms: Any, key_id: Any, refused: Any) -> None:
    symmetric, other = key_id("ImportedCMK"), key_id("orders/api")
    context = {"aws:s3:arn": "arn:aws:s3:::kms-workshop/SampleFile-KMS.txt"}
    data_key = kms.generate_data_key(KeyId=symmetric, KeySpec="AES_256", EncryptionContext=context)
    blob = data_key["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    assert opened["Plaintext"] == data_key["Plaintext"]
    assert refused(kms.decrypt, CiphertextBlob=blob)[0] == "InvalidCiphertextException"
    again = kms.re_encrypt(
        CiphertextBlob=blob, SourceEncryptionContext=context, DestinationKeyId=other
    )
    assert kms.decrypt(CiphertextBlob=again["CiphertextBlob"])["KeyId"].endswith(other)
    mac = {"KeyId": "alias/webhooks/hmac", "Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
    assert kms.verify_mac(**mac, Mac=kms.generate_mac(**mac)["Mac"])["MacValid"]
    signing = {"KeyId": "alias/tokens/es256", "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    assert kms.verify(**signing, Signature=kms.sign(**signing)["Signature"])["SignatureValid"]
    assert refused(kms.sign, **{**signing, "KeyId": symmetric})[0] == "InvalidKeyUsageException"
