"""Cryptographic operations: authorization and usage are checked here, moto does the work."""

from __future__ import annotations

import base64
import os
from contextlib import suppress
from types import SimpleNamespace

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto.core.exceptions import JsonRESTError
from moto.kms.utils import HEADER_LEN, KEY_ID_LEN, generate_hmac
from moto.kms.utils import decrypt as moto_decrypt

from kmstui.demo.access.authorization import require_by_identity, require_on_key
from kmstui.demo.access.context import Call, Result
from kmstui.demo.errors import AwsError, unsupported, validation
from kmstui.demo.kms.keys import EmbeddedKey, require_usage, wrong_usage
from kmstui.demo.kms.members import is_dry_run, lower_first
from kmstui.demo.kms.states import require_state
from kmstui.demo.kms.store import Stores, find_key


def encrypt(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    plaintext = call.blob("Plaintext")
    algorithm = _algorithm(call, key, "EncryptionAlgorithm", key.algorithms)
    blob = _moto_encrypt(stores, key, plaintext, _context(call, "EncryptionContext"))
    return {"CiphertextBlob": _text(blob), "KeyId": key.arn, "EncryptionAlgorithm": algorithm}


def decrypt(call: Call, stores: Stores) -> Result:
    """Decrypt: the key is named in the ciphertext, and in the request when it is asymmetric."""
    if _ignores_ciphertext(call):
        return _only_judged(call, _named_key(call, stores, "KeyId"))
    blob = call.blob("CiphertextBlob")
    key = _key_of_ciphertext(call, stores, blob)
    named = call.parameters.get("KeyId")
    if named is not None:
        wanted = find_key(stores, call.account, call.region, named, alias_allowed=True)
        if wanted is not key:
            require_on_key(call, wanted)
            raise AwsError(
                "IncorrectKeyException",
                "The key ID in the request does not identify a CMK that can perform this "
                "operation.",
            )
    require_on_key(call, key)
    require_state("Decrypt", key)
    require_usage(call.operation, key)
    plaintext = _moto_decrypt(key, blob, _context(call, "EncryptionContext"))
    return {
        "KeyId": key.arn,
        "Plaintext": _text(plaintext),
        "EncryptionAlgorithm": key.algorithms[0],
    }


def _ignores_ciphertext(call: Call) -> bool:
    """Whether only the permission is asked about: a dry run with IGNORE_CIPHERTEXT.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
    """
    modifiers = call.parameters.get("DryRunModifiers") or ()
    return is_dry_run(call.operation, call.parameters) and "IGNORE_CIPHERTEXT" in modifiers


def _named_key(call: Call, stores: Stores, member: str) -> EmbeddedKey:
    named = call.parameters.get(member)
    if named is None:
        raise validation("null", lower_first(member), "Member must not be null")
    return find_key(stores, call.account, call.region, named, alias_allowed=True)


def _only_judged(call: Call, key: EmbeddedKey) -> Result:
    require_on_key(call, key)
    require_state(call.operation, key)
    require_usage(call.operation, key)
    return {}


def re_encrypt(call: Call, stores: Stores) -> Result:
    """ReEncrypt: kms:ReEncryptFrom on the source key, kms:ReEncryptTo on the destination."""
    ignored = _ignores_ciphertext(call)
    blob = call.blob("CiphertextBlob")
    source = (
        _named_key(call, stores, "SourceKeyId")
        if ignored
        else _key_of_ciphertext(call, stores, blob)
    )
    target = _named_key(call, stores, "DestinationKeyId")
    require_on_key(call, source, "kms:ReEncryptFrom")
    require_on_key(call, target, "kms:ReEncryptTo")
    for key in (source, target):
        require_state("ReEncrypt", key)
        require_usage(call.operation, key)
    if ignored:
        return {}
    plaintext = _moto_decrypt(source, blob, _context(call, "SourceEncryptionContext"))
    again = _moto_encrypt(stores, target, plaintext, _context(call, "DestinationEncryptionContext"))
    return {
        "CiphertextBlob": _text(again),
        "SourceKeyId": source.arn,
        "KeyId": target.arn,
        "SourceEncryptionAlgorithm": source.algorithms[0],
        "DestinationEncryptionAlgorithm": target.algorithms[0],
    }


def generate_data_key(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """GenerateDataKey and GenerateDataKeyWithoutPlaintext: symmetric keys only."""
    if not key.symmetric:
        raise wrong_usage(call.operation, key)
    plaintext = os.urandom(_data_key_length(call))
    blob = _moto_encrypt(stores, key, plaintext, _context(call, "EncryptionContext"))
    answer = {"CiphertextBlob": _text(blob), "KeyId": key.arn}
    if call.operation == "GenerateDataKey":
        answer["Plaintext"] = _text(plaintext)
    return answer


generate_data_key_without_plaintext = generate_data_key


def _data_key_length(call: Call) -> int:
    spec, count = call.parameters.get("KeySpec"), call.parameters.get("NumberOfBytes")
    if (spec is None) == (count is None):
        raise AwsError("ValidationException", "Please specify either number of bytes or key spec.")
    if spec is not None:
        return {"AES_256": 32, "AES_128": 16}[spec]
    return int(count or 0)


def generate_random(call: Call, stores: Stores) -> Result:
    require_by_identity(call, "kms:GenerateRandom")
    return {"Plaintext": _text(os.urandom(call.parameters.get("NumberOfBytes") or 32))}


def sign(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """Sign, over a raw message."""
    algorithm = _algorithm(call, key, "SigningAlgorithm", key.algorithms)
    _require_moto_pair(key)
    signature = key.private_key.sign(call.blob("Message"), algorithm)
    return {"KeyId": key.arn, "Signature": _text(signature), "SigningAlgorithm": algorithm}


def verify(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    algorithm = _algorithm(call, key, "SigningAlgorithm", key.algorithms)
    _require_moto_pair(key)
    if not key.private_key.verify(call.blob("Message"), call.blob("Signature"), algorithm):
        raise AwsError("KMSInvalidSignatureException", "")
    return {"KeyId": key.arn, "SignatureValid": True, "SigningAlgorithm": algorithm}


def generate_mac(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    algorithm, mac = _mac(call, key)
    return {"KeyId": key.arn, "Mac": mac, "MacAlgorithm": algorithm}


def verify_mac(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    algorithm, mac = _mac(call, key)
    if base64.b64decode(mac) != call.blob("Mac"):
        raise AwsError("KMSInvalidMacException", "")
    return {"KeyId": key.arn, "MacValid": True, "MacAlgorithm": algorithm}


def _mac(call: Call, key: EmbeddedKey) -> tuple[str, str]:
    algorithm = _algorithm(call, key, "MacAlgorithm", key.algorithms)
    return algorithm, generate_hmac(
        key=key.key_material, message=call.blob("Message"), mac_algorithm=algorithm
    )


def get_public_key(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """GetPublicKey, of asymmetric keys."""
    if key.symmetric or key.key_usage == "GENERATE_VERIFY_MAC":
        raise unsupported(f"{key.arn} has no public key: it is symmetric.")
    _require_moto_pair(key)
    answer: Result = {
        "KeyId": key.arn,
        "PublicKey": _text(key.private_key.public_key()),
        "CustomerMasterKeySpec": key.key_spec,
        "KeySpec": key.key_spec,
        "KeyUsage": key.key_usage,
    }
    listed = key.metadata()
    for member in ("EncryptionAlgorithms", "SigningAlgorithms", "KeyAgreementAlgorithms"):
        if member in listed:
            answer[member] = listed[member]
    return answer


def derive_shared_secret(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """DeriveSharedSecret with ECDH."""
    _require_moto_pair(key)
    try:
        peer = serialization.load_der_public_key(call.blob("PublicKey"))
        secret = key.private_key.private_key.exchange(ec.ECDH(), peer)
    except ValueError as error:
        raise AwsError(
            "ValidationException", "The public key is not on the curve of the KMS key."
        ) from error
    return {
        "KeyId": key.arn,
        "SharedSecret": _text(secret),
        "KeyAgreementAlgorithm": "ECDH",
        "KeyOrigin": key.origin,
    }


def _require_moto_pair(key: EmbeddedKey) -> None:
    if not key.has_pair:
        raise unsupported(f"The embedded KMS has no {key.key_spec} arithmetic.")


def _algorithm(call: Call, key: EmbeddedKey, member: str, known: tuple[str, ...]) -> str:
    chosen = call.parameters.get(member) or (known[0] if member == "EncryptionAlgorithm" else None)
    if chosen not in known:
        raise AwsError(
            "InvalidKeyUsageException",
            f"Algorithm {chosen} and key spec {key.key_spec} are incompatible.",
        )
    return str(chosen)


def _text(blob: bytes) -> str:
    return base64.b64encode(blob).decode()


def _context(call: Call, member: str) -> dict[str, str]:
    return dict(call.parameters.get(member) or {})


def _key_of_ciphertext(call: Call, stores: Stores, blob: bytes) -> EmbeddedKey:
    """The key that moto's ciphertext header names, in the caller's account or another."""
    if len(blob) <= HEADER_LEN:
        raise AwsError("InvalidCiphertextException", "")
    key_id = blob[:KEY_ID_LEN].decode("utf-8", "replace")
    for store in (stores.of(call.account, call.region), *stores.all()):
        if store.region == call.region and key_id in store.keys:
            return store.keys[key_id]
    raise AwsError(
        "AccessDeniedException",
        "The ciphertext refers to a customer master key that does not exist, does not exist in "
        "this region, or you are not allowed to access.",
    )


def _moto_encrypt(
    stores: Stores, key: EmbeddedKey, plaintext: bytes, context: dict[str, str]
) -> bytes:
    backend = stores.of(key.account_id, key.region).backend
    blob, _ = backend.encrypt(key.id, plaintext, context)
    return bytes(blob)


def _moto_decrypt(key: EmbeddedKey, blob: bytes, context: dict[str, str]) -> bytes:
    """Open a ciphertext with whichever material of the key made it."""
    for material in reversed(key.materials):
        with suppress(JsonRESTError):
            held = SimpleNamespace(key_material=material.secret)
            plaintext, _ = moto_decrypt({key.id: held}, blob, context)
            return bytes(plaintext)
    raise AwsError("InvalidCiphertextException", "")
