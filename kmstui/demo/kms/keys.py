"""KMS keys of the embedded account, held where moto looks for them: specs, states, metadata.

moto's own ``Key`` makes an RSA key pair for every key; :class:`EmbeddedKey`, which stands in its
place, makes its material when it is first used, so that 100,000 keys cost little.
https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html and
https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html (the table and its notes)
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from moto.kms.utils import generate_private_key

from kmstui.demo.errors import ServiceError, invalid_state

_RSA_SIGNING = (
    "RSASSA_PKCS1_V1_5_SHA_256",
    "RSASSA_PKCS1_V1_5_SHA_384",
    "RSASSA_PKCS1_V1_5_SHA_512",
    "RSASSA_PSS_SHA_256",
    "RSASSA_PSS_SHA_384",
    "RSASSA_PSS_SHA_512",
)
_ECC_SIGNING = {
    "ECC_NIST_P256": ("ECDSA_SHA_256",),
    "ECC_SECG_P256K1": ("ECDSA_SHA_256",),
    "ECC_NIST_P384": ("ECDSA_SHA_384",),
    "ECC_NIST_P521": ("ECDSA_SHA_512",),
    "ECC_NIST_EDWARDS25519": ("ED25519_SHA_512", "ED25519_PH_SHA_512"),
}
_RSA = ("RSA_2048", "RSA_3072", "RSA_4096")
_ECC_AGREEMENT = frozenset({"ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "SM2"})
_HMAC = ("HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512")
_ML_DSA = ("ML_DSA_44", "ML_DSA_65", "ML_DSA_87")
_ML_KEM = ("ML_KEM_512", "ML_KEM_768", "ML_KEM_1024")

SYMMETRIC = "SYMMETRIC_DEFAULT"
SPECS = (SYMMETRIC, *_RSA, *_ECC_SIGNING, *_HMAC, "SM2", *_ML_DSA, *_ML_KEM)
USAGES = (
    "ENCRYPT_DECRYPT",
    "SIGN_VERIFY",
    "GENERATE_VERIFY_MAC",
    "KEY_AGREEMENT",
    "ENCAPSULATE_DECAPSULATE",
)


@dataclass(frozen=True, slots=True)
class Algorithms:
    """What DescribeKey lists for a key; at most one of these is not empty."""

    encryption: tuple[str, ...] = ()
    signing: tuple[str, ...] = ()
    mac: tuple[str, ...] = ()
    agreement: tuple[str, ...] = ()
    encapsulation: tuple[str, ...] = ()


def allowed_usages(spec: str) -> tuple[str, ...]:
    """The usages a key of this spec can be made for, the default first."""
    if spec == SYMMETRIC:
        return ("ENCRYPT_DECRYPT",)
    if spec in _HMAC:
        return ("GENERATE_VERIFY_MAC",)
    if spec in _ML_DSA:
        return ("SIGN_VERIFY",)
    if spec in _ML_KEM:
        return ("ENCAPSULATE_DECAPSULATE",)
    if spec in _RSA or spec == "SM2":
        return (
            ("ENCRYPT_DECRYPT", "SIGN_VERIFY", "KEY_AGREEMENT")
            if spec == "SM2"
            else ("ENCRYPT_DECRYPT", "SIGN_VERIFY")
        )
    return ("SIGN_VERIFY", "KEY_AGREEMENT") if spec in _ECC_AGREEMENT else ("SIGN_VERIFY",)


def algorithms(spec: str, usage: str) -> Algorithms:
    """The algorithms of a key of this spec and usage."""
    if usage == "ENCRYPT_DECRYPT":
        return Algorithms(encryption=_encryption(spec))
    if usage == "SIGN_VERIFY":
        return Algorithms(signing=_signing(spec))
    if usage == "GENERATE_VERIFY_MAC":
        return Algorithms(mac=(f"HMAC_SHA_{spec.removeprefix('HMAC_')}",))
    if usage == "KEY_AGREEMENT":
        return Algorithms(agreement=("ECDH",))
    return Algorithms(encapsulation=("ML_KEM",))


def _encryption(spec: str) -> tuple[str, ...]:
    if spec == SYMMETRIC:
        return (SYMMETRIC,)
    return ("SM2PKE",) if spec == "SM2" else ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")


def _signing(spec: str) -> tuple[str, ...]:
    if spec in _RSA:
        return _RSA_SIGNING
    if spec in _ML_DSA:
        return ("ML_DSA_SHAKE_256",)
    return ("SM2DSA",) if spec == "SM2" else _ECC_SIGNING[spec]


DAY = 86_400.0


@dataclass(slots=True)
class Rotation:
    """One piece of key material and how it came to be current."""

    material_id: str
    rotated_at: float | None
    """None for the first material."""
    kind: str = "AUTOMATIC"


@dataclass(slots=True)
class GrantRecord:
    """A grant, with the members that ListGrants answers."""

    grant_id: str
    token: str
    key_arn: str
    name: str
    created: float
    grantee: str
    retiring: str
    issuing_account: str
    operations: tuple[str, ...]
    constraints: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LastUse:
    """The last successful cryptographic operation (GetKeyLastUsage)."""

    operation: str
    at: float
    event_id: str
    request_id: str


@dataclass(slots=True)
class RotationPlan:
    """Automatic rotation of a key."""

    enabled: bool = False
    period_days: int = 365
    since: float = 0.0


@dataclass(slots=True)
class Import:
    """Imported key material (Origin EXTERNAL)."""

    present: bool = False
    expires: float | None = None


class EmbeddedKey:
    """A KMS key as DescribeKey tells of it.

    Attributes that moto reads keep moto's names; the others have the API's.
    """

    def __init__(
        self,
        *,
        key_id: str,
        account: str,
        region: str,
        policy: str,
        created: float,
        spec: str = SYMMETRIC,
        usage: str = "ENCRYPT_DECRYPT",
        description: str = "",
        origin: str = "AWS_KMS",
        manager: str = "CUSTOMER",
        multi_region: bool = False,
    ) -> None:
        self.id = key_id
        self.account_id = account
        self.region = region
        self.arn = f"arn:aws:kms:{region}:{account}:key/{key_id}"
        self.policy = policy
        self.creation_date = created
        self.key_spec = spec
        self.key_usage = usage
        self.description = description
        self.origin = origin
        self.key_manager = manager
        self.multi_region = multi_region
        self.key_state = "Enabled" if origin != "EXTERNAL" else "PendingImport"
        self.tags: dict[str, str] = {}
        self.alias_names: tuple[str, ...] = ()

    extra: bool = False
    """Whether this is one of the keys filled in behind."""
    shared_policy: str | None = None
    """The read-only policy AWS_RAM, when Resource Access Manager made one."""
    deletes_at: float | None = None
    deletion_window: int | None = None
    primary_region: str = ""
    replica_regions: tuple[str, ...] = ()
    last_use: LastUse | None = None

    @property
    def enabled(self) -> bool:
        """Whether the key can be used, as DescribeKey says it."""
        return self.key_state == "Enabled"

    @property
    def algorithms(self) -> Algorithms:
        """The algorithms that the key's spec and usage give it."""
        return algorithms(self.key_spec, self.key_usage)

    @property
    def symmetric(self) -> bool:
        """Whether this is a symmetric encryption key."""
        return self.key_spec == SYMMETRIC

    # What few keys have is made when it is first asked for; ``setdefault`` lets one thread win.
    @property
    def grants(self) -> dict[str, GrantRecord]:
        """Grants by id."""
        made: dict[str, GrantRecord] = vars(self).setdefault("_grants", {})
        return made

    @property
    def rotation(self) -> RotationPlan:
        """The plan of automatic rotation."""
        made: RotationPlan = vars(self).setdefault("_rotation", RotationPlan())
        return made

    @property
    def history(self) -> list[Rotation]:
        """Key materials, oldest first."""
        if "_history" not in vars(self):
            vars(self).setdefault("_history", [Rotation(material_id(f"{self.arn}/0"), None)])
        made: list[Rotation] = vars(self)["_history"]
        return made

    @property
    def imported(self) -> Import:
        """What is known of imported material."""
        made: Import = vars(self).setdefault("_imported", Import())
        return made

    @property
    def key_material(self) -> bytes:
        """Symmetric material; moto encrypts with it."""
        if "_material" not in vars(self):
            vars(self).setdefault("_material", os.urandom(32))
        made: bytes = vars(self)["_material"]
        return made

    @key_material.setter
    def key_material(self, value: bytes) -> None:
        vars(self)["_material"] = value

    @property
    def private_key(self) -> Any:
        """Asymmetric material; moto signs with it."""
        if "_pair" not in vars(self):
            vars(self).setdefault("_pair", generate_private_key(self.key_spec))
        return vars(self)["_pair"]

    def share_material_of(self, other: EmbeddedKey) -> None:
        """Be of the same material as ``other``, as related multi-Region keys are."""
        self.key_material = other.key_material
        vars(self)["_history"] = other.history
        if other.has_pair:
            vars(self)["_pair"] = other.private_key

    @property
    def has_pair(self) -> bool:
        """Whether moto has arithmetic for this key's public and private half."""
        return self.key_spec.startswith(("RSA", "ECC_NIST_P", "ECC_SECG"))

    def metadata(self) -> dict[str, Any]:
        """The KeyMetadata structure of DescribeKey."""
        algorithms_ = self.algorithms
        result: dict[str, Any] = {
            "AWSAccountId": self.account_id,
            "KeyId": self.id,
            "Arn": self.arn,
            "CreationDate": round(self.creation_date, 3),
            "Enabled": self.enabled,
            "Description": self.description,
            "KeyUsage": self.key_usage,
            "KeyState": self.key_state,
            "Origin": self.origin,
            "KeyManager": self.key_manager,
            "CustomerMasterKeySpec": self.key_spec,
            "KeySpec": self.key_spec,
            "MultiRegion": self.multi_region,
        }
        for name, values in (
            ("EncryptionAlgorithms", algorithms_.encryption),
            ("SigningAlgorithms", algorithms_.signing),
            ("MacAlgorithms", algorithms_.mac),
            ("KeyAgreementAlgorithms", algorithms_.agreement),
            ("EncapsulationAlgorithms", algorithms_.encapsulation),
        ):
            if values:
                result[name] = list(values)
        if self.symmetric and self.key_state != "PendingImport":
            result["CurrentKeyMaterialId"] = self.history[-1].material_id
        result.update(self._state_members())
        return result

    def _state_members(self) -> dict[str, Any]:
        members: dict[str, Any] = {}
        if self.key_state == "PendingDeletion" and self.deletes_at is not None:
            members["DeletionDate"] = round(self.deletes_at, 3)
        if self.key_state == "PendingReplicaDeletion" and self.deletion_window is not None:
            members["PendingDeletionWindowInDays"] = self.deletion_window
        if self.origin == "EXTERNAL" and self.imported.present:
            expires = self.imported.expires
            members["ExpirationModel"] = (
                "KEY_MATERIAL_DOES_NOT_EXPIRE" if expires is None else "KEY_MATERIAL_EXPIRES"
            )
            if expires is not None:
                members["ValidTo"] = round(expires, 3)
        if self.multi_region:
            members["MultiRegionConfiguration"] = self._multi_region_members()
        return members

    def _multi_region_members(self) -> dict[str, Any]:
        def entry(region: str) -> dict[str, str]:
            return {
                "Arn": f"arn:aws:kms:{region}:{self.account_id}:key/{self.id}",
                "Region": region,
            }

        return {
            "MultiRegionKeyType": "PRIMARY" if self.region == self.primary_region else "REPLICA",
            "PrimaryKey": entry(self.primary_region),
            "ReplicaKeys": [entry(region) for region in self.replica_regions],
        }


def material_id(seed: str) -> str:
    """A key material ID: 64 hexadecimal digits."""
    return hashlib.sha256(seed.encode()).hexdigest()


def new_key_id(*, multi_region: bool = False) -> str:
    """A key ID in KMS's form: a UUID, or ``mrk-`` and 32 hexadecimal digits."""
    return f"mrk-{uuid.uuid4().hex}" if multi_region else str(uuid.uuid4())


def tag_list(tags: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Tags in KMS's own form (TagKey, TagValue)."""
    return [{"TagKey": key, "TagValue": value} for key, value in tags]


_PENDING_DELETION = frozenset({"PendingDeletion", "PendingReplicaDeletion"})

_CRYPTOGRAPHIC = frozenset(
    {"Decrypt", "Encrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
     "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "Sign", "Verify",
     "GenerateMac", "VerifyMac", "DeriveSharedSecret", "GetPublicKey", "Encapsulate",
     "Decapsulate"}
)  # fmt: skip
CRYPTOGRAPHIC = _CRYPTOGRAPHIC

# Note 1: DisabledException.
_NEEDS_ENABLED = _CRYPTOGRAPHIC | {
    "CreateGrant",
    "DisableKeyRotation",
    "EnableKeyRotation",
    "ReplicateKey",
    "RotateKeyOnDemand",
    "UpdatePrimaryRegion",
}
# Notes 2 and 3: pending deletion.
_NOT_PENDING_DELETION = _NEEDS_ENABLED | {
    "CreateAlias",
    "UpdateAlias",
    "DisableKey",
    "EnableKey",
    "GetKeyRotationStatus",
    "GetParametersForImport",
    "ImportKeyMaterial",
    "ScheduleKeyDeletion",
    "TagResource",
    "UntagResource",
    "UpdateKeyDescription",
}
# Note 5: pending import.
_NOT_PENDING_IMPORT = _CRYPTOGRAPHIC | {"CreateGrant", "DisableKey", "EnableKey", "ReplicateKey"}


def require_state(operation: str, key: EmbeddedKey) -> None:
    """Raise KMSInvalidStateException or DisabledException when the state forbids ``operation``."""
    state = key.key_state
    if operation == "CancelKeyDeletion":
        if state not in _PENDING_DELETION:
            raise invalid_state(f"{key.arn} is not pending deletion.")
        return
    if state in _PENDING_DELETION and operation in _NOT_PENDING_DELETION:
        words = "pending deletion" if state == "PendingDeletion" else "pending replica deletion"
        raise invalid_state(f"{key.arn} is {words}.")
    if state == "PendingImport" and operation in _NOT_PENDING_IMPORT:
        raise invalid_state(f"{key.arn} is pending import.")
    if state == "Disabled" and operation in _NEEDS_ENABLED:
        raise ServiceError("DisabledException", f"{key.arn} is disabled.")
    if state in {"Creating", "Updating"} and operation in _NOT_PENDING_DELETION:
        raise invalid_state(f"{key.arn} is {state.lower()}.")
    if state == "Unavailable" and operation in _CRYPTOGRAPHIC:
        raise ServiceError("KeyUnavailableException", f"{key.arn} is unavailable.", 500)
