"""Imported key material of the embedded KMS: really unwrapped and used, gone when it expires."""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

from tests.control import ControlledKms
from tests.embedded import client

FOR_EVER = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}


def wrap(algorithm: str, public_key: bytes, secret: bytes) -> bytes:
    public = serialization.load_der_public_key(public_key)
    assert isinstance(public, rsa.RSAPublicKey)
    digest = hashes.SHA1() if algorithm.endswith("SHA_1") else hashes.SHA256()
    oaep = padding.OAEP(padding.MGF1(digest), digest, None)
    if algorithm.startswith("RSAES"):
        return public.encrypt(secret, oaep)
    key = os.urandom(32)
    return public.encrypt(key, oaep) + aes_key_wrap_with_padding(key, secret)


def take(
    kms: Any, key: str, secret: bytes, algorithm: str = "RSAES_OAEP_SHA_256", **more: Any
) -> dict[str, Any]:
    offer = kms.get_parameters_for_import(
        KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec="RSA_2048"
    )
    wrapped = wrap(algorithm, offer["PublicKey"], secret)
    asked = {**FOR_EVER, **more}
    return dict(
        kms.import_key_material(
            KeyId=key, ImportToken=offer["ImportToken"], EncryptedKeyMaterial=wrapped, **asked
        )
    )


def made(kms: Any, **members: Any) -> str:
    return str(kms.create_key(Origin="EXTERNAL", **members)["KeyMetadata"]["KeyId"])


def state(kms: Any, key: str) -> str:
    return str(kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"])


def materials(kms: Any, key: str) -> list[tuple[str, str]]:
    listed = kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    return [(each["KeyMaterialState"], each["ImportState"]) for each in listed]


@pytest.mark.parametrize("algorithm", ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"])
def test_what_was_imported_is_what_encrypts(kms: Any, algorithm: str) -> None:
    key, secret = made(kms), os.urandom(32)
    take(kms, key, secret, algorithm)
    assert state(kms, key) == "Enabled"
    blob = kms.encrypt(KeyId=key, Plaintext=b"hello")["CiphertextBlob"]
    # moto's ciphertext: key ID, nonce, tag, text.
    head, iv, tag, text = blob[:36], blob[36:48], blob[48:64], blob[64:]
    opened = Cipher(algorithms.AES(secret), modes.GCM(iv, tag)).decryptor()
    opened.authenticate_additional_data(b"")
    assert opened.update(text) + opened.finalize() == b"hello"
    assert head.decode() == key


def test_rsa_ec_and_hmac_material(kms: Any, refused: Any) -> None:
    private = rsa.generate_private_key(65537, 2048)
    der = private.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    signing = made(kms, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    assert refused(
        kms.get_parameters_for_import,
        KeyId=signing, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_4096",
    )[0] == "UnsupportedOperationException"  # fmt: skip
    assert "KeyMaterialId" not in take(kms, signing, der, "RSA_AES_KEY_WRAP_SHA_256")
    signed = kms.sign(KeyId=signing, Message=b"m", SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256")[
        "Signature"
    ]
    private.public_key().verify(signed, b"m", padding.PKCS1v15(), hashes.SHA256())

    curve = ec.generate_private_key(ec.SECP256R1())
    der = curve.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    elliptic = made(kms, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    take(kms, elliptic, der, "RSA_AES_KEY_WRAP_SHA_1")
    signed = kms.sign(KeyId=elliptic, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    curve.public_key().verify(signed, b"m", ec.ECDSA(hashes.SHA256()))

    secret = os.urandom(48)
    mac = made(kms, KeySpec="HMAC_384", KeyUsage="GENERATE_VERIFY_MAC")
    take(kms, mac, secret)
    answer = kms.generate_mac(KeyId=mac, Message=b"m", MacAlgorithm="HMAC_SHA_384")["Mac"]
    assert answer == hmac.new(secret, b"m", hashlib.sha384).digest()
    for key, wrong in ((mac, os.urandom(32)), (mac, os.urandom(48))):
        assert refused(take, kms=kms, key=key, secret=wrong)[0] == "IncorrectKeyMaterialException"


def test_a_second_material_waits_and_the_first_still_decrypts(kms: Any, refused: Any) -> None:
    key, first, second = made(kms), os.urandom(32), os.urandom(32)
    take(kms, key, first)
    old = kms.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
    assert refused(kms.rotate_key_on_demand, KeyId=key)[0] == "KMSInvalidStateException"
    take(kms, key, second, ImportType="NEW_KEY_MATERIAL", KeyMaterialDescription="2027")
    assert materials(kms, key) == [("CURRENT", "IMPORTED"), ("PENDING_ROTATION", "IMPORTED")]
    kms.rotate_key_on_demand(KeyId=key)
    assert materials(kms, key) == [("NON_CURRENT", "IMPORTED"), ("CURRENT", "IMPORTED")]
    new = kms.encrypt(KeyId=key, Plaintext=b"new")["CiphertextBlob"]
    assert [kms.decrypt(CiphertextBlob=each)["Plaintext"] for each in (old, new)] == [
        b"old",
        b"new",
    ]
    # Any material of its own that is gone makes the key wait.
    listed = kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    kms.delete_imported_key_material(KeyId=key, KeyMaterialId=listed[0]["KeyMaterialId"])
    assert state(kms, key) == "PendingImport"
    take(kms, key, first)
    assert state(kms, key) == "Enabled"


def test_material_expires(kms: Any, refused: Any) -> None:
    key, secret = made(kms), os.urandom(32)
    soon = datetime.now(UTC) + timedelta(seconds=1)
    take(kms, key, secret, ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=soon)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["ExpirationModel"] == "KEY_MATERIAL_EXPIRES"
    while state(kms, key) == "Enabled":
        time.sleep(0.02)
    assert state(kms, key) == "PendingImport"
    assert refused(kms.encrypt, KeyId=key, Plaintext=b"x")[0] == "KMSInvalidStateException"
    assert materials(kms, key) == [("CURRENT", "PENDING_IMPORT")]
    for late in (timedelta(days=366), timedelta(days=-1)):
        expires = {"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": datetime.now(UTC) + late}
        assert refused(take, kms=kms, key=key, secret=secret, **expires)[0] == "ValidationException"


def test_each_key_of_a_set_is_imported_into_before_it_rotates(
    embedded: ControlledKms, kms: Any, refused: Any
) -> None:
    key, first, second = made(kms, MultiRegion=True), os.urandom(32), os.urandom(32)
    take(kms, key, first)
    kms.replicate_key(KeyId=key, ReplicaRegion="eu-central-1")
    there = client(embedded, "kms", region="eu-central-1")
    assert state(there, key) == "PendingImport"
    take(there, key, first)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert there.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    new = {"ImportType": "NEW_KEY_MATERIAL"}
    assert (
        refused(take, kms=there, key=key, secret=second, **new)[0]
        == "UnsupportedOperationException"
    )
    take(kms, key, second, **new)
    assert materials(kms, key)[-1][0] == "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
    assert refused(kms.rotate_key_on_demand, KeyId=key)[0] == "KMSInvalidStateException"
    take(there, key, second)
    assert materials(kms, key)[-1] == ("PENDING_ROTATION", "IMPORTED")
    kms.rotate_key_on_demand(KeyId=key)
    assert materials(there, key) == [("NON_CURRENT", "IMPORTED"), ("CURRENT", "IMPORTED")]
