"""Key material: rotated, automatically or on demand, and imported.

https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html and importing-keys.html.
The wrapping key is a real one, and the material is really unwrapped with RSAES_OAEP.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from kmstui.demo.access.context import Call, Result
from kmstui.demo.errors import AwsError, unsupported
from kmstui.demo.kms import paging
from kmstui.demo.kms.keys import DAY, EmbeddedKey, Rotation, material_id, require_customer_key
from kmstui.demo.kms.store import Stores

MAXIMUM_ON_DEMAND = 25


def enable_key_rotation(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """EnableKeyRotation: every 90 to 2,560 days, 365 when not said."""
    _require_rotatable(call, key)
    period = call.parameters.get("RotationPeriodInDays", 365)
    if not key.rotation.enabled:
        key.rotation.since = time.time()
    key.rotation.enabled = True
    key.rotation.period_days = period
    return {}


def disable_key_rotation(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    _require_rotatable(call, key)
    key.rotation.enabled = False
    return {}


def get_key_rotation_status(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """GetKeyRotationStatus: false for a key that cannot rotate by itself, true for AWS's own."""
    plan = key.rotation
    answer: dict[str, Any] = {"KeyId": key.arn}
    if key.key_manager == "AWS":
        plan.enabled = True
        plan.since = plan.since or key.creation_date
    answer["KeyRotationEnabled"] = plan.enabled
    if plan.enabled:
        period = plan.period_days * DAY
        passed = max(0.0, time.time() - plan.since)
        answer["RotationPeriodInDays"] = plan.period_days
        answer["NextRotationDate"] = round(plan.since + (passed // period + 1) * period, 3)
    return answer


def list_key_rotations(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """ListKeyRotations; with IncludeKeyMaterial the first material too."""
    if not key.symmetric:
        raise unsupported(f"{call.operation} is valid for symmetric encryption keys only.")
    include = call.parameters.get("IncludeKeyMaterial", "ROTATIONS_ONLY")
    everything = include == "ALL_KEY_MATERIAL"
    chosen = [r for r in key.history if everything or r.rotated_at is not None]
    named = [(f"{position:06d}", rotation) for position, rotation in enumerate(chosen)]
    page, end = paging.cut(
        f"rotations/{key.id}",
        named,
        call.parameters,
        paging.LIST_KEY_ROTATIONS,
        lambda entry: entry[0],
    )
    return {"Rotations": _entries(key, page, with_state=everything), **end}


def _entries(
    key: EmbeddedKey, page: Sequence[tuple[str, Rotation]], *, with_state: bool
) -> list[dict[str, Any]]:
    entries = []
    for _, rotation in page:
        entry: dict[str, Any] = {"KeyId": key.arn, "KeyMaterialId": rotation.material_id}
        if rotation.rotated_at is not None:
            entry["RotationDate"] = round(rotation.rotated_at, 3)
            entry["RotationType"] = rotation.kind
        if with_state:
            current = rotation is key.history[-1]
            entry["KeyMaterialState"] = "CURRENT" if current else "NON_CURRENT"
        entries.append(entry)
    return entries


def rotate_key_on_demand(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """RotateKeyOnDemand: at most 25 times in a key's life."""
    _require_rotatable(call, key)
    if sum(rotation.kind == "ON_DEMAND" for rotation in key.history) >= MAXIMUM_ON_DEMAND:
        raise AwsError(
            "LimitExceededException",
            f"{key.arn} has been rotated on demand {MAXIMUM_ON_DEMAND} times, which is the most.",
        )
    new = material_id(f"{key.arn}/{len(key.history)}")
    key.history.append(Rotation(new, time.time(), "ON_DEMAND"))
    return {"KeyId": key.arn}


def _require_rotatable(call: Call, key: EmbeddedKey) -> None:
    require_customer_key(call.operation, key)
    if key.origin == "EXTERNAL":
        raise unsupported(f"{key.arn} origin is EXTERNAL which is not valid for this operation.")
    if not key.symmetric:
        raise unsupported(f"{call.operation} is valid for symmetric encryption keys only.")
    if key.multi_region and key.region != key.primary_region:
        raise unsupported(f"{key.arn} is a replica: set rotation on the primary key.")


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

    def get_parameters_for_import(self, call: Call, stores: Stores, key: EmbeddedKey) -> Result:
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

    def import_key_material(self, call: Call, stores: Stores, key: EmbeddedKey) -> Result:
        _require_external(key)
        offer = self._offers.get(_name(call.blob("ImportToken")))
        if offer is None or offer.key_arn != key.arn:
            raise AwsError("InvalidImportTokenException", "The import token is not valid.")
        if offer.expires < time.time():
            raise AwsError("ExpiredImportTokenException", "The import token has expired.")
        material = _unwrap(offer, call.blob("EncryptedKeyMaterial"))
        if key.imported.present and material != key.key_material:
            raise AwsError(
                "IncorrectKeyMaterialException",
                "The key material is not the material that was imported into this key before.",
            )
        expires = call.parameters.get("ValidTo")
        model = call.parameters.get("ExpirationModel", "KEY_MATERIAL_EXPIRES")
        if (model == "KEY_MATERIAL_EXPIRES") != (expires is not None):
            raise AwsError(
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

    def delete_imported_key_material(self, call: Call, stores: Stores, key: EmbeddedKey) -> Result:
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


def _name(token: bytes) -> str:
    return hashlib.sha256(token).hexdigest()


def _unwrap(offer: _Offer, wrapped: bytes) -> bytes:
    digest = _HASHES[offer.algorithm]()
    oaep = padding.OAEP(mgf=padding.MGF1(digest), algorithm=digest, label=None)
    try:
        material = offer.wrapping.decrypt(wrapped, oaep)
    except ValueError as error:
        raise AwsError(
            "InvalidCiphertextException", "The wrapped key material cannot be unwrapped."
        ) from error
    if len(material) != 32:
        raise AwsError(
            "IncorrectKeyMaterialException", "Symmetric key material must be 256 bits long."
        )
    return material
