"""Key material that people import: wrapping keys and tokens, imports, expiry, deletion.

https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html and
multi-region-keys-import.html. The wrapping keys are real ones, the material is really unwrapped,
and the key encrypts, signs or authenticates with it from then on.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap_with_padding

from kmstui.demo.access.context import Call, Result
from kmstui.demo.errors import AwsError, invalid_state, not_found, unsupported
from kmstui.demo.kms.keys import DAY, EmbeddedKey
from kmstui.demo.kms.records import Material, material_id
from kmstui.demo.kms.store import Stores

_HASHES: dict[str, type[hashes.SHA1] | type[hashes.SHA256]] = {
    "SHA_1": hashes.SHA1,
    "SHA_256": hashes.SHA256,
}
_SIZES = {"RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096}
_OAEP = "RSAES_OAEP_"
_HYBRID = "RSA_AES_KEY_WRAP_"
_MAC_BYTES = {"HMAC_224": 28, "HMAC_256": 32, "HMAC_384": 48, "HMAC_512": 64}
_CURVES = {
    "ECC_NIST_P256": "secp256r1",
    "ECC_NIST_P384": "secp384r1",
    "ECC_NIST_P521": "secp521r1",
    "ECC_SECG_P256K1": "secp256k1",
}
_LONGEST_DAYS = 365


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
        wrapping_spec = str(call.parameters.get("WrappingKeySpec"))
        if wrapping_spec not in _SIZES or not _suits(key.key_spec, algorithm, wrapping_spec):
            raise unsupported(
                f"WrappingAlgorithm {algorithm} with WrappingKeySpec {wrapping_spec} is not "
                f"supported for key material of {key.key_spec}."
            )
        wrapping = rsa.generate_private_key(65537, _SIZES[wrapping_spec])
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
        """ImportKeyMaterial: the first is in use at once, another waits for its rotation."""
        _require_external(key)
        offer = self._offers.get(_name(call.blob("ImportToken")))
        if offer is None or offer.key_arn != key.arn:
            raise AwsError("InvalidImportTokenException", "The import token is not valid.")
        if offer.expires < time.time():
            raise AwsError("ExpiredImportTokenException", "The import token has expired.")
        expires = _expiry(call)
        secret = _unwrap(offer, call.blob("EncryptedKeyMaterial"))
        pair = _checked(key, secret)
        material = _imported(call, stores, key, secret)
        material.imported, material.expires = True, expires
        material.description = call.parameters.get("KeyMaterialDescription", material.description)
        if pair is not None:
            key.private_key = pair
        key.follow_materials()
        answer = {"KeyId": key.arn}
        return {**answer, "KeyMaterialId": material.id} if key.symmetric else answer

    def delete_imported_key_material(self, call: Call, stores: Stores, key: EmbeddedKey) -> Result:
        """DeleteImportedKeyMaterial: the key waits for material again; one pending is forgotten."""
        _require_external(key)
        named = call.parameters.get("KeyMaterialId")
        held = [each for each in key.history if each.id == named] if named else key.materials[-1:]
        if named and not held:
            raise not_found(f"Key material {named} is not associated with {key.arn}.")
        for material in held:
            material.imported, material.expires = False, None
            if material.pending and not key.is_replica:
                for each in related_keys(stores, key):
                    each.history[:] = [other for other in each.history if other.id != material.id]
        key.follow_materials()
        answer = {"KeyId": key.arn}
        return {**answer, "KeyMaterialId": held[0].id} if held and key.symmetric else answer


def related_keys(stores: Stores, key: EmbeddedKey) -> Iterator[EmbeddedKey]:
    """The key itself, or each of its set where it is a multi-Region key."""
    if not key.multi_region:
        yield key
        return
    for region in (key.primary_region, *key.replica_regions):
        found = stores.of(key.account_id, region).keys.get(key.id)
        if found is not None:
            yield found


def is_everywhere(stores: Stores, key: EmbeddedKey, material: Material) -> bool:
    """Whether the material has been imported into each key of the set."""
    return all(
        each.imported
        for related in related_keys(stores, key)
        for each in related.history
        if each.id == material.id
    )


def _suits(spec: str, algorithm: str, wrapping_spec: str) -> bool:
    """Whether material of a key spec may be wrapped so.

    https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-get-public-key-and-token.html
    """
    if spec.startswith("ML_"):
        return False
    if spec.startswith("RSA"):
        return algorithm.startswith(_HYBRID)
    if spec == "ECC_NIST_P521" and wrapping_spec == "RSA_2048":
        return algorithm.startswith(_HYBRID)
    direct = algorithm.startswith(_OAEP)
    return direct or (spec.startswith("ECC") and algorithm.startswith(_HYBRID))


def _expiry(call: Call) -> float | None:
    date = call.parameters.get("ValidTo")
    model = call.parameters.get("ExpirationModel", "KEY_MATERIAL_EXPIRES")
    if (model == "KEY_MATERIAL_EXPIRES") != (date is not None):
        raise AwsError(
            "ValidationException",
            "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES, and "
            "only then.",
        )
    if date is None:
        return None
    if not 0 < float(date) - time.time() <= _LONGEST_DAYS * DAY:
        raise AwsError(
            "ValidationException",
            f"ValidTo must be a date in the future, at most {_LONGEST_DAYS} days from now.",
        )
    return float(date)


def _imported(call: Call, stores: Stores, key: EmbeddedKey, secret: bytes) -> Material:
    """The entry of a material that is being imported, new or known."""
    parameters = call.parameters
    made = material_id(f"{key.account_id}/{key.id}/{hashlib.sha256(secret).hexdigest()}")
    known = next((each for each in key.history if each.secret == secret), None)
    if not key.symmetric:
        for member in ("ImportType", "KeyMaterialId", "KeyMaterialDescription"):
            if parameters.get(member) is not None:
                raise AwsError(
                    "ValidationException", f"{member} is for symmetric encryption keys only."
                )
    default = "NEW_KEY_MATERIAL" if not key.history else "EXISTING_KEY_MATERIAL"
    is_new = parameters.get("ImportType", default) == "NEW_KEY_MATERIAL"
    if is_new and parameters.get("KeyMaterialId"):
        raise AwsError("ValidationException", "New key material has no KeyMaterialId yet.")
    if is_new and key.is_replica:
        raise unsupported(f"{key.arn} is a replica: import new key material into the primary key.")
    named = known.id if known else made
    if is_new == (known is not None) or parameters.get("KeyMaterialId", named) != named:
        raise AwsError(
            "IncorrectKeyMaterialException",
            "The key material is already associated with the key."
            if is_new
            else "The key material is not the material that was imported into this key before.",
        )
    if known is not None:
        return known
    if key.history and key.history[-1].pending:
        raise invalid_state(f"{key.arn} already has key material that is pending rotation.")
    new = Material(made, None, pending=bool(key.history), imported=False, secret=secret)
    for related in related_keys(stores, key):
        related.history.append(new if related is key else replace(new))
    return new


def _require_external(key: EmbeddedKey) -> None:
    if key.origin != "EXTERNAL":
        raise unsupported(
            f"{key.arn} origin is {key.origin} which is not valid for this operation."
        )


def _name(token: bytes) -> str:
    return hashlib.sha256(token).hexdigest()


def _unwrap(offer: _Offer, wrapped: bytes) -> bytes:
    """Unwrap material: by RSAES-OAEP, or an AES key by that and the rest by RFC 5649."""
    digest = _HASHES[re.sub(rf"^({_OAEP}|{_HYBRID})", "", offer.algorithm)]()
    oaep = padding.OAEP(mgf=padding.MGF1(digest), algorithm=digest, label=None)
    size = offer.wrapping.key_size // 8
    try:
        if not offer.algorithm.startswith(_HYBRID):
            return offer.wrapping.decrypt(wrapped, oaep)
        aes = offer.wrapping.decrypt(wrapped[:size], oaep)
        return aes_key_unwrap_with_padding(aes, wrapped[size:])
    except (ValueError, InvalidUnwrap) as error:
        raise AwsError(
            "InvalidCiphertextException", "The wrapped key material cannot be unwrapped."
        ) from error


def _checked(key: EmbeddedKey, secret: bytes) -> Any:
    """The key pair that the material is, as moto keeps one, or None of a symmetric key.

    Raises IncorrectKeyMaterialException where it is not of the key's spec.
    """
    spec = key.key_spec
    if key.symmetric or spec in _MAC_BYTES:
        wanted = 32 if key.symmetric else _MAC_BYTES[spec]
        if len(secret) != wanted:
            raise AwsError(
                "IncorrectKeyMaterialException",
                f"Key material of {spec} must be {wanted * 8} bits long.",
            )
        return None
    return _pair(spec, secret)


def _pair(spec: str, der: bytes) -> Any:
    from moto.kms.utils import ECDSAPrivateKey, RSAPrivateKey

    wrong = AwsError(
        "IncorrectKeyMaterialException",
        f"The key material is no DER-encoded PKCS #8 private key of {spec}.",
    )
    try:
        private = serialization.load_der_private_key(der, None)
    except (ValueError, TypeError) as error:
        raise wrong from error
    pair: Any
    if isinstance(private, rsa.RSAPrivateKey) and spec == f"RSA_{private.key_size}":
        # Its constructor would look for two large primes first.
        pair = object.__new__(RSAPrivateKey)
        pair.key_size = private.key_size
    elif isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name == _CURVES.get(
        spec
    ):
        pair = ECDSAPrivateKey(spec)
    else:
        raise wrong
    pair.private_key = private
    return pair
