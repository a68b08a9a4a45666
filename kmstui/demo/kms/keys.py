"""KMS keys of the embedded account, held where moto looks for them: specs, states, metadata.

moto's own ``Key`` makes an RSA key pair for every key; :class:`EmbeddedKey`, which stands in its
place, makes its material when it is first used, so that 100,000 keys cost little.
https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from kmstui.demo.errors import AwsError, unsupported
from kmstui.demo.kms.records import GrantRecord, LastUse, Material, RotationPlan, material_id

_RSA = ("RSA_2048", "RSA_3072", "RSA_4096")
_RSA_SIGNING = tuple(
    f"RSASSA_{scheme}_SHA_{bits}" for scheme in ("PKCS1_V1_5", "PSS") for bits in (256, 384, 512)
)
_HMAC = ("HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512")
_ML_DSA = ("ML_DSA_44", "ML_DSA_65", "ML_DSA_87")
_ML_KEM = ("ML_KEM_512", "ML_KEM_768", "ML_KEM_1024")
_SIGNING = {
    **dict.fromkeys(_RSA, _RSA_SIGNING),
    "ECC_NIST_P256": ("ECDSA_SHA_256",),
    "ECC_SECG_P256K1": ("ECDSA_SHA_256",),
    "ECC_NIST_P384": ("ECDSA_SHA_384",),
    "ECC_NIST_P521": ("ECDSA_SHA_512",),
    "ECC_NIST_EDWARDS25519": ("ED25519_SHA_512", "ED25519_PH_SHA_512"),
    **dict.fromkeys(_ML_DSA, ("ML_DSA_SHAKE_256",)),
    "SM2": ("SM2DSA",),
}
SYMMETRIC = "SYMMETRIC_DEFAULT"
_USAGES = {
    SYMMETRIC: ("ENCRYPT_DECRYPT",),
    **dict.fromkeys(_RSA, ("ENCRYPT_DECRYPT", "SIGN_VERIFY")),
    "ECC_NIST_P256": ("SIGN_VERIFY", "KEY_AGREEMENT"),
    "ECC_SECG_P256K1": ("SIGN_VERIFY",),
    "ECC_NIST_P384": ("SIGN_VERIFY", "KEY_AGREEMENT"),
    "ECC_NIST_P521": ("SIGN_VERIFY", "KEY_AGREEMENT"),
    "ECC_NIST_EDWARDS25519": ("SIGN_VERIFY",),
    **dict.fromkeys(_HMAC, ("GENERATE_VERIFY_MAC",)),
    "SM2": ("ENCRYPT_DECRYPT", "SIGN_VERIFY", "KEY_AGREEMENT"),
    **dict.fromkeys(_ML_DSA, ("SIGN_VERIFY",)),
    **dict.fromkeys(_ML_KEM, ("ENCAPSULATE_DECAPSULATE",)),
}
SPECS = tuple(_USAGES)
_ALGORITHMS_MEMBER = {
    "ENCRYPT_DECRYPT": "EncryptionAlgorithms",
    "SIGN_VERIFY": "SigningAlgorithms",
    "GENERATE_VERIFY_MAC": "MacAlgorithms",
    "KEY_AGREEMENT": "KeyAgreementAlgorithms",
    "ENCAPSULATE_DECAPSULATE": "EncapsulationAlgorithms",
}


def allowed_usages(spec: str) -> tuple[str, ...]:
    """The usages a key of this spec can be made for, the default first."""
    return _USAGES[spec]


def algorithms(spec: str, usage: str) -> tuple[str, ...]:
    """The algorithms of a key of this spec and usage."""
    if usage == "ENCRYPT_DECRYPT":
        own = {SYMMETRIC: (SYMMETRIC,), "SM2": ("SM2PKE",)}
        return own.get(spec, ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"))
    if usage == "SIGN_VERIFY":
        return _SIGNING[spec]
    if usage == "GENERATE_VERIFY_MAC":
        return (f"HMAC_SHA_{spec.removeprefix('HMAC_')}",)
    return ("ECDH",) if usage == "KEY_AGREEMENT" else ("ML_KEM",)


DAY = 86_400.0

_Value = TypeVar("_Value")


class _MadeOnce(Generic[_Value]):
    """An attribute that few keys have: made when it is first asked for.

    ``setdefault`` lets one thread win, which ``functools.cached_property`` does not.
    """

    def __init__(self, make: Callable[[EmbeddedKey], _Value]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, key: EmbeddedKey, owner: type) -> _Value:
        made: _Value = vars(key).setdefault(self._name, self._make(key))
        return made


def _first_materials(key: EmbeddedKey) -> list[Material]:
    return [] if key.origin == "EXTERNAL" else [Material(material_id(f"{key.arn}/0"), None)]


def _private_key(key: EmbeddedKey) -> Any:
    from moto.kms.utils import generate_private_key

    return generate_private_key(key.key_spec)


@dataclass(eq=False, kw_only=True)
class EmbeddedKey:
    """A KMS key as DescribeKey tells of it.

    Attributes that moto reads keep moto's names; the others have the API's.
    """

    id: str
    account_id: str
    region: str
    policy: str
    creation_date: float
    key_spec: str = SYMMETRIC
    key_usage: str = "ENCRYPT_DECRYPT"
    description: str = ""
    origin: str = "AWS_KMS"
    key_manager: str = "CUSTOMER"
    multi_region: bool = False
    arn: str = field(init=False)

    # These stay with the class until they are set: 100,000 keys cost little.
    extra: bool = field(default=False, init=False)
    """Whether this is one of the keys filled in behind."""
    shared_policy: str | None = field(default=None, init=False)
    """The read-only policy AWS_RAM, when Resource Access Manager made one."""
    deletes_at: float | None = field(default=None, init=False)
    deletion_window: int | None = field(default=None, init=False)
    primary_region: str = field(default="", init=False)
    replica_regions: tuple[str, ...] = field(default=(), init=False)
    updating_until: float = field(default=0.0, init=False)
    """When a change of the primary Region has come to its end."""
    last_use: LastUse | None = field(default=None, init=False)
    shared_with: tuple[str, ...] = field(default=(), init=False)
    """The accounts with which Resource Access Manager shares the key."""
    custom_key_store: str = field(default="", init=False)
    cloud_hsm_cluster: str = field(default="", init=False)
    external_key: str = field(default="", init=False)
    """The key's ID in an external key manager."""
    state_before: str = field(default="Enabled", init=False)
    """The state to which it returns when its custom key store is connected again."""

    grants = _MadeOnce[dict[str, GrantRecord]](lambda key: {})
    """Grants by id."""
    rotation = _MadeOnce(lambda key: RotationPlan())
    """The plan of automatic rotation."""
    history = _MadeOnce(_first_materials)
    """Key materials, oldest first."""
    private_key = _MadeOnce(_private_key)
    """Asymmetric material; moto signs with it."""

    def __post_init__(self) -> None:
        self.arn = f"arn:aws:kms:{self.region}:{self.account_id}:key/{self.id}"
        self.key_state = "Enabled" if self.origin != "EXTERNAL" else "PendingImport"
        self.tags: dict[str, str] = {}
        self.alias_names: tuple[str, ...] = ()

    @property
    def enabled(self) -> bool:
        """Whether the key can be used, as DescribeKey says it."""
        return self.key_state == "Enabled"

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The algorithms that the key's spec and usage give it."""
        return algorithms(self.key_spec, self.key_usage)

    @property
    def symmetric(self) -> bool:
        """Whether this is a symmetric encryption key."""
        return self.key_spec == SYMMETRIC

    @property
    def materials(self) -> list[Material]:
        """The materials that belong to the key for good, the current one last."""
        return [material for material in self.history if not material.pending]

    @property
    def waits_for_import(self) -> bool:
        """Whether material that was imported, or is to be, is not in KMS."""
        held = self.materials
        return self.origin == "EXTERNAL" and not (held and all(each.imported for each in held))

    @property
    def key_material(self) -> bytes:
        """The current symmetric material; moto encrypts with it."""
        return self.materials[-1].secret

    @property
    def is_replica(self) -> bool:
        """Whether it is a multi-Region key and not the primary one of its set."""
        return self.multi_region and self.region != self.primary_region

    def share_material_of(self, other: EmbeddedKey) -> None:
        """Be of the same material as ``other``, as related multi-Region keys are.

        What was imported must be imported into each of them.
        """
        if other.origin == "EXTERNAL":
            self.history = [
                replace(each, imported=False, expires=None, description="")
                for each in other.history
            ]
            return
        self.history = other.history
        if other.has_pair:
            self.private_key = other.private_key

    def follow_materials(self) -> None:
        """Forget imported material that has expired; be usable only while all of it is there.

        https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-import-key-material.html
        """
        if self.origin != "EXTERNAL":
            return
        for material in [*self.history]:
            if material.expires is not None and material.expires <= time.time():
                material.imported, material.expires = False, None
                if material.pending and not self.is_replica:
                    self.history.remove(material)
        if self.key_state in {"Enabled", "Disabled"} and self.waits_for_import:
            self.key_state = "PendingImport"
        elif self.key_state == "PendingImport" and not self.waits_for_import:
            self.key_state = "Enabled"

    @property
    def has_pair(self) -> bool:
        """Whether moto has arithmetic for this key's public and private half."""
        return self.key_spec.startswith(("RSA", "ECC_NIST_P", "ECC_SECG"))

    def metadata(self) -> dict[str, Any]:
        """The KeyMetadata structure of DescribeKey."""
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
        result[_ALGORITHMS_MEMBER[self.key_usage]] = list(self.algorithms)
        if self.symmetric and self.origin in ("AWS_KMS", "EXTERNAL") and self.materials:
            result["CurrentKeyMaterialId"] = self.materials[-1].id
        result.update(self._state_members())
        return result

    def _state_members(self) -> dict[str, Any]:
        members: dict[str, Any] = {}
        if self.key_state == "PendingDeletion" and self.deletes_at is not None:
            members["DeletionDate"] = round(self.deletes_at, 3)
        if self.key_state == "PendingReplicaDeletion" and self.deletion_window is not None:
            members["PendingDeletionWindowInDays"] = self.deletion_window
        if self.origin == "EXTERNAL" and not self.waits_for_import:
            dates = [each.expires for each in self.materials if each.expires is not None]
            members.update(expiration(min(dates, default=None)))
        if self.custom_key_store:
            members["CustomKeyStoreId"] = self.custom_key_store
        if self.cloud_hsm_cluster:
            members["CloudHsmClusterId"] = self.cloud_hsm_cluster
        if self.external_key:
            members["XksKeyConfiguration"] = {"Id": self.external_key}
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
            # While the primary Region changes, both show as replicas.
            "MultiRegionKeyType": "REPLICA"
            if self.is_replica or self.key_state == "Updating"
            else "PRIMARY",
            "PrimaryKey": entry(self.primary_region),
            "ReplicaKeys": [entry(region) for region in self.replica_regions],
        }


def expiration(date: float | None) -> dict[str, Any]:
    """Whether and when imported material expires, as DescribeKey and ListKeyRotations say it."""
    if date is None:
        return {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
    return {"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": round(date, 3)}


def new_key_id(*, multi_region: bool = False) -> str:
    """A key ID in KMS's form: a UUID, or ``mrk-`` and 32 hexadecimal digits."""
    return f"mrk-{uuid.uuid4().hex}" if multi_region else str(uuid.uuid4())


def tag_list(tags: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Tags in KMS's own form (TagKey, TagValue)."""
    return [{"TagKey": key, "TagValue": value} for key, value in tags]


def require_customer_key(operation: str, key: EmbeddedKey) -> None:
    """Raise UnsupportedOperationException for a key that AWS manages."""
    if key.key_manager == "AWS":
        raise unsupported(f"{operation} is not valid for AWS managed key {key.arn}.")


_USAGE_OF_OPERATION = {
    **dict.fromkeys(("Encrypt", "Decrypt", "ReEncrypt"), "ENCRYPT_DECRYPT"),
    **dict.fromkeys(("GenerateDataKey", "GenerateDataKeyWithoutPlaintext"), "ENCRYPT_DECRYPT"),
    **dict.fromkeys(
        ("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"), "ENCRYPT_DECRYPT"
    ),
    **dict.fromkeys(("Sign", "Verify"), "SIGN_VERIFY"),
    **dict.fromkeys(("GenerateMac", "VerifyMac"), "GENERATE_VERIFY_MAC"),
    "DeriveSharedSecret": "KEY_AGREEMENT",
    **dict.fromkeys(("Encapsulate", "Decapsulate"), "ENCAPSULATE_DECAPSULATE"),
}


def require_usage(operation: str, key: EmbeddedKey) -> None:
    """Raise InvalidKeyUsageException when the key was made for something else."""
    if key.key_usage != _USAGE_OF_OPERATION.get(operation, key.key_usage):
        raise wrong_usage(operation, key)


def wrong_usage(operation: str, key: EmbeddedKey) -> AwsError:
    """KMS's InvalidKeyUsageException."""
    return AwsError(
        "InvalidKeyUsageException",
        f"{key.arn} key usage is {key.key_usage} which is not valid for {operation}.",
    )
