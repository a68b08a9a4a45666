"""What one action of a key's life cycle comes to on a key; values without any calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kmstui.model import Grant, Key, KeyMetadata, Rotation
from kmstui.service.keys.allowed import (
    DEFAULT_ROTATION_DAYS,
    DEFAULT_WINDOW_DAYS,
    WINDOW_DAYS,
    KeyAction,
    off_reason,
)
from kmstui.service.keys.grants import grant_facts
from kmstui.service.keys.lifecycle import OPERATIONS, ROTATION_OPERATIONS, replica_regions
from kmstui.service.runs import KeyChange

DESCRIPTION, ENABLE, DISABLE, ROTATION_ON, ROTATION_OFF, SCHEDULE, CANCEL = (
    OPERATIONS[action]
    for action in (
        KeyAction.DESCRIPTION,
        KeyAction.ENABLE,
        KeyAction.DISABLE,
        KeyAction.ROTATION_ON,
        KeyAction.ROTATION_OFF,
        KeyAction.SCHEDULE_DELETION,
        KeyAction.CANCEL_DELETION,
    )
)
CANCEL_AND_ENABLE = f"{CANCEL} {ENABLE}"
"""What takes back the deletion of a key that was enabled: KMS leaves it disabled."""

ACTIONS = {operation: action for action, operation in OPERATIONS.items()}

RUN_ACTIONS = tuple(ACTIONS[each] for each in (
    DESCRIPTION, ENABLE, DISABLE, ROTATION_ON, ROTATION_OFF, SCHEDULE, CANCEL
))  # fmt: skip
"""What can be done to many keys at once."""

NOT_BACK = (
    "A revoked grant cannot be brought back. Whoever may create grants can create one like it:"
    " ! has its grantee, operations and constraints."
)


@dataclass(frozen=True, slots=True)
class LifeCycleChange(KeyChange):
    """What happens to one key: `before` and `after` as the journal has them of a single change.

    Of grants, `before` has by its ID what each was, and `after` None.
    """

    operation: str = ""


@dataclass(frozen=True, slots=True)
class KeyNow:
    """What was read of a key: as much as its change is about."""

    key: Key
    metadata: KeyMetadata
    rotation: Rotation | None = None
    grants: tuple[Grant, ...] = ()


def wanted_of(action: KeyAction, value: str | int) -> dict[str, Any]:
    """What an action asks for, as the journal has it."""
    match action:
        case KeyAction.DESCRIPTION:
            return {"description": value}
        case KeyAction.ROTATION_ON:
            return {"rotation": True, "period_days": value}
        case KeyAction.ROTATION_OFF:
            return {"rotation": False, "period_days": None}
        case KeyAction.SCHEDULE_DELETION:
            return {"state": "PendingDeletion", "window_days": value}
        case KeyAction.ENABLE:
            return {"state": "Enabled"}
        case _:
            return {"state": "Disabled"}


def revocation(change: LifeCycleChange, grants: Sequence[Grant]) -> LifeCycleChange:
    """The change that revokes these grants of a key."""
    before = tuple((each.id, grant_facts(each)) for each in grants)
    after = tuple((each.id, None) for each in grants)
    note = "" if grants else "No such grant is on it."
    return replace(change, before=before, after=after, note=note)


def before_of(change: LifeCycleChange, now: KeyNow) -> dict[str, Any]:
    """How what a change is about was before it, as the journal has it."""
    metadata = now.metadata
    if change.operation == DESCRIPTION:
        return {"description": metadata.description}
    if now.rotation is not None:
        return {"rotation": now.rotation.enabled, "period_days": now.rotation.period_days}
    before: dict[str, Any] = {"state": metadata.state}
    if change.operation in (CANCEL, CANCEL_AND_ENABLE) and metadata.deletion:
        before["deletion"] = metadata.deletion.isoformat()
    return before


def _rotation_before(before: Mapping[str, Any]) -> tuple[str, dict[str, Any], str]:
    if before.get("rotation") is None:
        return "", {}, "Whether it rotated before is not known."
    if not before["rotation"]:
        return ROTATION_OFF, wanted_of(KeyAction.ROTATION_OFF, ""), ""
    days = before.get("period_days")
    note = "" if days else f"Its period before is not known: {DEFAULT_ROTATION_DAYS} days are set."
    return ROTATION_ON, wanted_of(KeyAction.ROTATION_ON, days or DEFAULT_ROTATION_DAYS), note


def opposite(change: LifeCycleChange, now: datetime) -> tuple[str, dict[str, Any], str]:
    """The operation that takes a change back, what it asks for, and what to know of it.

    Without an operation it cannot be, and the last says why.
    """
    before, operation = dict(change.before), change.operation
    if operation == DESCRIPTION:
        return DESCRIPTION, {"description": before["description"]}, ""
    if operation in ROTATION_OPERATIONS:
        return _rotation_before(before)
    if operation in (CANCEL, CANCEL_AND_ENABLE):
        days = _days_left(before, now)
        words = f"Its waiting period begins anew: {days} days."
        return SCHEDULE, wanted_of(KeyAction.SCHEDULE_DELETION, days), words
    was = before.get("state", "")
    taking_back = {
        (ENABLE, "Disabled"): (DISABLE, KeyAction.DISABLE),
        (DISABLE, "Enabled"): (ENABLE, KeyAction.ENABLE),
        (SCHEDULE, "Enabled"): (CANCEL_AND_ENABLE, KeyAction.ENABLE),
    }
    if found := taking_back.get((operation, was)):
        return found[0], wanted_of(found[1], ""), ""
    if operation == SCHEDULE:
        return CANCEL, wanted_of(KeyAction.CANCEL_DELETION, ""), ""
    return "", {}, f"It was {was or 'in a state that is not known'}, and cannot be made that."


def _days_left(before: Mapping[str, Any], now: datetime) -> int:
    """The waiting period that a cancelled deletion had left, as far as KMS takes it."""
    ends = before.get("deletion")
    if not ends:
        return DEFAULT_WINDOW_DAYS
    left = (datetime.fromisoformat(ends) - now).days + 1
    return min(max(left, WINDOW_DAYS[0]), WINDOW_DAYS[-1])


def already(change: LifeCycleChange, now: KeyNow) -> str:
    """What to say of a key that shows the change without it; "" where that says itself."""
    if change.operation == SCHEDULE and now.metadata.deletion is not None:
        return f"It is to be deleted on {now.metadata.deletion:%Y-%m-%d %H:%M} UTC already."
    if change.operation in (CANCEL, CANCEL_AND_ENABLE):
        return f"No deletion is scheduled: it is {now.metadata.state}."
    return ""


def reason(change: LifeCycleChange, now: KeyNow) -> str:
    """Why the change cannot or should not be made, as a sentence; or ""."""
    operation = CANCEL if change.operation == CANCEL_AND_ENABLE else change.operation
    off = off_reason(now.key, ACTIONS[operation])
    if off or operation != SCHEDULE or now.metadata.multi_region != "PRIMARY":
        return off
    replicas = replica_regions(now.metadata)[1:]
    if not replicas:
        return ""
    return (
        f"It is a primary key with replicas in {', '.join(replicas)}, and KMS deletes it only after"
        " they are gone: delete these first."
    )


def is_as(change: LifeCycleChange, now: KeyNow) -> bool:
    """Whether a key is as it was when the change was decided."""
    before = dict(change.before)
    if now.rotation is not None:
        return bool(before["rotation"] is now.rotation.enabled)
    if "description" in before:
        return bool(before["description"] == now.metadata.description)
    return bool(before["state"] == now.metadata.state)
