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
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from kmstui.demo.access.context import Call, Result
from kmstui.demo.errors import AwsError, invalid_state, not_found, unsupported
from kmstui.demo.kms import paging
from kmstui.demo.kms.keys import DAY, EmbeddedKey, expiration, require_customer_key
from kmstui.demo.kms.records import Material, material_id
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
    """ListKeyRotations; with ALL_KEY_MATERIAL the first material too, and one that is pending."""
    if not key.symmetric:
        raise unsupported(f"{call.operation} is valid for symmetric encryption keys only.")
    everything = call.parameters.get("IncludeKeyMaterial") == "ALL_KEY_MATERIAL"
    chosen = [each for each in key.history if everything or each.rotated_at is not None]
    named = [(f"{position:06d}", material) for position, material in enumerate(chosen)]
    page, end = paging.cut(
        f"rotations/{key.id}",
        named,
        call.parameters,
        paging.LIST_KEY_ROTATIONS,
        lambda entry: entry[0],
    )
    return {"Rotations": [_entry(key, material) for _, material in page], **end}


def _entry(key: EmbeddedKey, material: Material) -> dict[str, Any]:
    state = "CURRENT" if material is key.materials[-1] else "NON_CURRENT"
    entry: dict[str, Any] = {
        "KeyId": key.arn,
        "KeyMaterialId": material.id,
        "KeyMaterialState": "PENDING_ROTATION" if material.pending else state,
    }
    if material.rotated_at is not None:
        entry["RotationDate"] = round(material.rotated_at, 3)
        entry["RotationType"] = material.kind
    if material.imported is not None:
        entry["ImportState"] = "IMPORTED" if material.imported else "PENDING_IMPORT"
    if material.imported:
        entry.update(expiration(material.expires))
    if material.description:
        entry["KeyMaterialDescription"] = material.description
    return entry


def rotate_key_on_demand(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """RotateKeyOnDemand: at most 25 times in a key's life; imported material must be there."""
    _require_rotatable(call, key)
    if sum(material.kind == "ON_DEMAND" for material in key.history) >= MAXIMUM_ON_DEMAND:
        raise AwsError(
            "LimitExceededException",
            f"{key.arn} has been rotated on demand {MAXIMUM_ON_DEMAND} times, which is the most.",
        )
    if key.origin != "EXTERNAL":
        key.history.append(Material(material_id(f"{key.arn}/{len(key.history)}"), None))
    elif not key.history[-1:] or not key.history[-1].pending:
        raise invalid_state(f"{key.arn} has no key material that is pending rotation.")
    new = key.history[-1]
    new.pending, new.rotated_at, new.kind = False, time.time(), "ON_DEMAND"
    return {"KeyId": key.arn}


def _require_rotatable(call: Call, key: EmbeddedKey) -> None:
    require_customer_key(call.operation, key)
    on_demand = call.operation == "RotateKeyOnDemand"
    if key.origin != "AWS_KMS" and not (on_demand and key.origin == "EXTERNAL"):
        raise unsupported(
            f"{key.arn} origin is {key.origin} which is not valid for this operation."
        )
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
        expires = call.parameters.get("ValidTo")
        model = call.parameters.get("ExpirationModel", "KEY_MATERIAL_EXPIRES")
        if (model == "KEY_MATERIAL_EXPIRES") != (expires is not None):
            raise AwsError(
                "ValidationException",
                "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES, and "
                "only then.",
            )
        material = _imported(call, key, _unwrap(offer, call.blob("EncryptedKeyMaterial")))
        material.imported = True
        material.expires = None if expires is None else float(expires)
        material.description = call.parameters.get("KeyMaterialDescription", material.description)
        if key.key_state == "PendingImport" and not key.waits_for_import:
            key.key_state = "Enabled"
        return {"KeyId": key.arn, "KeyMaterialId": material.id}

    def delete_imported_key_material(self, call: Call, stores: Stores, key: EmbeddedKey) -> Result:
        """DeleteImportedKeyMaterial: the key waits for material again; one pending is forgotten."""
        _require_external(key)
        named = call.parameters.get("KeyMaterialId")
        held = [each for each in key.history if each.id == named] if named else key.materials[-1:]
        if named and not held:
            raise not_found(f"Key material {named} is not associated with {key.arn}.")
        for material in held:
            material.imported, material.expires = False, None
            if material.pending:
                key.history.remove(material)
        if key.key_state in {"Enabled", "Disabled"} and key.waits_for_import:
            key.key_state = "PendingImport"
        return {"KeyId": key.arn, **({"KeyMaterialId": held[0].id} if held else {})}


def _imported(call: Call, key: EmbeddedKey, material: bytes) -> Material:
    """The entry of a material that is being imported, new or known.

    Only a key's first one is truly used, as with rotations of AWS's own material here.
    """
    made = material_id(f"{key.arn}/{material.hex()}")
    known = next((each for each in key.history if each.id == made), None)
    default = "EXISTING_KEY_MATERIAL" if key.history else "NEW_KEY_MATERIAL"
    is_new = call.parameters.get("ImportType", default) == "NEW_KEY_MATERIAL"
    if is_new == (known is not None) or call.parameters.get("KeyMaterialId", made) != made:
        raise AwsError(
            "IncorrectKeyMaterialException",
            "The key material is already associated with the key."
            if is_new
            else "The key material is not the material that was imported into this key before.",
        )
    if known is None:
        known = Material(made, None, pending=bool(key.history))
        if key.history and key.history[-1].pending:
            raise invalid_state(f"{key.arn} already has key material that is pending rotation.")
        if not key.history:
            key.key_material = material
        key.history.append(known)
    return known


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
