"""Imported key material: GetParametersForImport, ImportKeyMaterial, DeleteImportedKeyMaterial.

https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html. The wrapping key is a
real one, and the material is really unwrapped with RSAES_OAEP.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from kmstui.demo.access.authorization import Call
from kmstui.demo.errors import ServiceError, unsupported, validation
from kmstui.demo.kms.keys import DAY, EmbeddedKey
from kmstui.demo.kms.store import Stores

_HASHES = {
    "RSAES_OAEP_SHA_1": hashes.SHA1,
    "RSAES_OAEP_SHA_256": hashes.SHA256,
}
_SIZES = {"RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096}


@dataclass(frozen=True, slots=True)
class _Offer:
    key_arn: str
    wrapping: rsa.RSAPrivateKey
    algorithm: str
    expires: float


class ImportOffers:
    """Import tokens handed out and the wrapping keys behind them; good for 24 hours."""

    def __init__(self) -> None:
        self._offers: dict[str, _Offer] = {}
        self._lock = threading.Lock()

    def parameters(self, call: Call, stores: Stores, key: EmbeddedKey) -> dict[str, Any]:
        """GetParametersForImport."""
        _require_external(key)
        algorithm = str(call.parameters.get("WrappingAlgorithm"))
        size = _SIZES.get(str(call.parameters.get("WrappingKeySpec")))
        if algorithm not in _HASHES or size is None:
            raise unsupported(
                f"WrappingAlgorithm {algorithm} with "
                f"{call.parameters.get('WrappingKeySpec')} is not supported here."
            )
        wrapping = rsa.generate_private_key(public_exponent=65537, key_size=size)
        token = secrets.token_bytes(64)
        expires = time.time() + DAY
        with self._lock:
            self._offers[_name(token)] = _Offer(key.arn, wrapping, algorithm, expires)
        public = wrapping.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return {
            "KeyId": key.arn,
            "ImportToken": base64.b64encode(token).decode(),
            "PublicKey": base64.b64encode(public).decode(),
            "ParametersValidTo": round(expires, 3),
        }

    def take_in(self, call: Call, stores: Stores, key: EmbeddedKey) -> dict[str, Any]:
        """ImportKeyMaterial."""
        _require_external(key)
        offer = self._offers.get(_name(_blob(call, "ImportToken")))
        if offer is None or offer.key_arn != key.arn:
            raise ServiceError("InvalidImportTokenException", "The import token is not valid.")
        if offer.expires < time.time():
            raise ServiceError("ExpiredImportTokenException", "The import token has expired.")
        material = _unwrap(offer, _blob(call, "EncryptedKeyMaterial"))
        if key.imported.present and material != key.key_material:
            raise ServiceError(
                "IncorrectKeyMaterialException",
                "The key material is not the material that was imported into this key before.",
            )
        expires = call.parameters.get("ValidTo")
        model = call.parameters.get("ExpirationModel", "KEY_MATERIAL_EXPIRES")
        if (model == "KEY_MATERIAL_EXPIRES") != (expires is not None):
            raise ServiceError(
                "ValidationException",
                "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES, and "
                "only then.",
            )
        key.key_material = material
        key.imported.present = True
        key.imported.expires = None if expires is None else float(expires)
        if key.key_state == "PendingImport":
            key.key_state = "Enabled"
        return {"KeyId": key.arn, "KeyMaterialId": key.history[-1].material_id}

    def delete(self, call: Call, stores: Stores, key: EmbeddedKey) -> dict[str, Any]:
        """DeleteImportedKeyMaterial: the key waits for material again."""
        _require_external(key)
        key.imported.present = False
        key.imported.expires = None
        if key.key_state in {"Enabled", "Disabled"}:
            key.key_state = "PendingImport"
        return {"KeyId": key.arn, "KeyMaterialId": key.history[-1].material_id}


def _require_external(key: EmbeddedKey) -> None:
    if key.origin != "EXTERNAL":
        raise unsupported(
            f"{key.arn} origin is {key.origin} which is not valid for this operation."
        )


def _blob(call: Call, member: str) -> bytes:
    value = call.parameters.get(member)
    if not isinstance(value, str):
        raise validation("null", member[0].lower() + member[1:], "Member must not be null")
    return base64.b64decode(value)


def _name(token: bytes) -> str:
    return hashlib.sha256(token).hexdigest()


def _unwrap(offer: _Offer, wrapped: bytes) -> bytes:
    digest = _HASHES[offer.algorithm]()
    oaep = padding.OAEP(mgf=padding.MGF1(digest), algorithm=digest, label=None)
    try:
        material = offer.wrapping.decrypt(wrapped, oaep)
    except ValueError as error:
        raise ServiceError(
            "InvalidCiphertextException", "The wrapped key material cannot be unwrapped."
        ) from error
    if len(material) != 32:
        raise ServiceError(
            "IncorrectKeyMaterialException", "Symmetric key material must be 256 bits long."
        )
    return material
