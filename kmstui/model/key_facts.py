"""What KMS tells of one key at a time: its rotation, its last use, its grants.

Each costs a call a key, GetKeyLastUsage at five a second in an account and Region (KMS Developer
Guide, "Request quotas"), so each is read when somebody wants to see, sort or filter by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """One entry of ListKeyRotations. Source: KMS API Reference, RotationsListEntry."""

    id: str
    """KeyMaterialId; empty where it was not told."""
    state: str = ""
    """KeyMaterialState: `CURRENT`, `NON_CURRENT`, `PENDING_ROTATION` …"""
    rotated: datetime | None = None
    """RotationDate: since when it is, or was, current; None of the first and of what is pending."""
    kind: str = ""
    """RotationType: `AUTOMATIC`, `ON_DEMAND`, or empty."""
    import_state: str = ""
    """`IMPORTED` or `PENDING_IMPORT`; empty of material that KMS made."""
    expiration_model: str = ""
    valid_to: datetime | None = None
    """When imported material expires."""
    description: str = ""

    @property
    def is_pending(self) -> bool:
        """Whether it was imported for a rotation that has not happened."""
        return self.state.startswith("PENDING")


@dataclass(frozen=True, slots=True)
class Rotation:
    """What GetKeyRotationStatus and ListKeyRotations return."""

    enabled: bool
    period_days: int | None = None
    next_rotation: datetime | None = None
    on_demand_started: datetime | None = None
    """When a rotation on demand that still runs was asked for."""
    materials: tuple[KeyMaterial, ...] = ()
    """All materials of the key, the newest first; the current one alone where they may not be
    listed and DescribeKey tells it."""
    materials_problem: str = ""
    """Why the materials could not be read, as a sentence; empty when they were."""

    @property
    def on_demand(self) -> tuple[datetime | None, ...]:
        """The times of completed rotations on demand."""
        return tuple(each.rotated for each in self.materials if each.kind == "ON_DEMAND")


@dataclass(frozen=True, slots=True)
class LastUsage:
    """What GetKeyLastUsage returns; `at` is None where no use was tracked."""

    at: datetime | None
    operation: str = ""
    tracking_since: datetime | None = None
    event_id: str = ""
    """CloudTrailEventId of that use."""
    request_id: str = ""
    """KmsRequestId of that use."""


@dataclass(frozen=True, slots=True)
class GrantsRead:
    """What ListGrants tells of a key, in short."""

    count: int
    outside: tuple[str, ...] = ()
    """Accounts other than the key's whose principals have one, sorted."""


class Fact(StrEnum):
    """One of the things that are read of a key when they are wanted, as a sentence names it."""

    LAST_USE = "last use"
    """GetKeyLastUsage."""
    ROTATION = "rotation"
    """GetKeyRotationStatus."""
    ROTATIONS = "rotations so far"
    """How many rotations ListKeyRotations lists."""
    GRANTS = "grants"
    """ListGrants."""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What was read of a key so far: None where it was not, text where it was refused.

    The text is a sentence that says why.
    """

    last_use: LastUsage | str | None = None
    """Without the IDs of event and request, which nobody sorts by."""
    rotation: Rotation | str | None = None
    """Without its materials."""
    rotations: int | str | None = None
    grants: GrantsRead | str | None = None

    def get(self, fact: Fact) -> object:
        """What was read, the reason why it was not, or None."""
        return getattr(self, fact.name.lower())

    def problem(self, fact: Fact) -> str:
        """Why it could not be read, as a sentence; empty where it was or nobody asked yet."""
        value = self.get(fact)
        return value if isinstance(value, str) else ""


NO_FACTS = KeyFacts()
"""Of a key of which nobody wanted any."""
