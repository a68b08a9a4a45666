"""KMS keys of the embedded account, held where moto looks for them.

moto's own ``Key`` makes an RSA key pair for every key; :class:`EmbeddedKey`, which stands in its
place, makes its material when it is first used, so that 100,000 keys cost little.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from moto.kms.utils import generate_private_key

from kmstui.demo.kms.specs import SYMMETRIC, Algorithms, algorithms

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
