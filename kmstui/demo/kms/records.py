"""What a key of the embedded KMS has beside its own members: materials, grants, its last use."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Material:
    """One piece of key material and how it came to be current."""

    id: str
    rotated_at: float | None
    """None for the first material, and for one that waits for its rotation."""
    kind: str = "AUTOMATIC"
    """How it was rotated: AUTOMATIC or ON_DEMAND."""
    imported: bool | None = None
    """Whether it is in KMS now, of a key with imported material; None of any other."""
    expires: float | None = None
    """When KMS deletes it; None for never."""
    description: str = ""
    pending: bool = False
    """Whether it was imported for a rotation on demand that nobody asked for yet."""
    secret: bytes = field(default_factory=lambda: os.urandom(32), repr=False)
    """What a symmetric key encrypts with, and what was imported of any other."""


@dataclass(slots=True)
class RotationPlan:
    """Automatic rotation of a key."""

    enabled: bool = False
    period_days: int = 365
    since: float = 0.0


@dataclass(slots=True)
class GrantRecord:
    """A grant, with the members that ListGrants returns."""

    grant_id: str
    token: str
    key_arn: str
    name: str
    created: float
    issuing_account: str
    operations: tuple[str, ...]
    grantee: str = ""
    retiring: str = ""
    grantee_service: str = ""
    """A service in the place of a grantee that is somebody of an account."""
    retiring_service: str = ""
    constraints: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LastUse:
    """The last successful cryptographic operation (GetKeyLastUsage)."""

    operation: str
    at: float
    event_id: str
    request_id: str


def material_id(seed: str) -> str:
    """A key material ID: 64 hexadecimal digits."""
    return hashlib.sha256(seed.encode()).hexdigest()
