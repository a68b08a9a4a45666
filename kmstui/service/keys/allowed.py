"""What can be done to a key, and what its state or its manager forbids."""

from __future__ import annotations

from enum import StrEnum

from kmstui.model import Key, KeyMetadata
from kmstui.service.inventory import never_rotates

DESCRIPTION_CHARACTERS = 8192
"""Source: KMS API Reference, UpdateKeyDescription."""
WINDOW_DAYS = range(7, 31)
"""Source: KMS API Reference, ScheduleKeyDeletion: 7 to 30 days."""
DEFAULT_WINDOW_DAYS = 30
ROTATION_DAYS = range(90, 2561)
"""Source: KMS API Reference, EnableKeyRotation: RotationPeriodInDays."""
DEFAULT_ROTATION_DAYS = 365
MOST_ROTATIONS_ON_DEMAND = 25
"""In a key's life. Source: KMS API Reference, RotateKeyOnDemand."""


class KeyAction(StrEnum):
    """What can be done to a key."""

    DESCRIPTION = "Description"
    ENABLE = "Enable"
    DISABLE = "Disable"
    ROTATION_ON = "Rotation on, or its period"
    ROTATION_OFF = "Rotation off"
    ROTATE_NOW = "Rotate now"
    REPLICATE = "Replicate"
    PRIMARY_REGION = "Make another Region primary"
    IMPORT_MATERIAL = "Import key material"
    DELETE_MATERIAL = "Delete imported key material"
    SCHEDULE_DELETION = "Schedule deletion"
    CANCEL_DELETION = "Cancel the deletion"


_ROTATIONS = (KeyAction.ROTATION_ON, KeyAction.ROTATION_OFF, KeyAction.ROTATE_NOW)
_PENDING_DELETION = ("PendingDeletion", "PendingReplicaDeletion")
_UNDER_WAY = ("Creating", "Updating")
_OUT_OF_USE = ("Disabled", "PendingImport", "Unavailable")


def days_in(text: str, allowed: range) -> int | None:
    """The number of days that a person typed, or None where it is none of those allowed."""
    digits = text.strip()
    if not digits.isdecimal() or len(digits) > len(str(allowed[-1])):
        return None
    return int(digits) if int(digits) in allowed else None


def description_problem(description: str) -> str:
    """Why KMS would refuse the description, as a sentence; empty when it would not."""
    if len(description) <= DESCRIPTION_CHARACTERS:
        return ""
    return (
        f"The description has {len(description):,} characters, and KMS takes "
        f"{DESCRIPTION_CHARACTERS:,}."
    )


def pending_deletion(metadata: KeyMetadata) -> bool:
    """Whether a deletion is scheduled, or waits for the key's replicas."""
    return metadata.state in _PENDING_DELETION


def off_reason(key: Key, action: KeyAction) -> str:
    """Why the action cannot be done, as a sentence; empty when it can, or when nobody knows.

    Of what DescribeKey tells, only the ID is required, and words may be newer than this program:
    KMS decides where they are missing or not known.

    Sources: KMS Developer Guide, "Key states of AWS KMS keys", "Rotate AWS KMS keys",
    "Multi-Region keys in AWS KMS".
    """
    metadata = key.metadata
    if key.fixed:
        return f"This key {key.fixed}: nobody else can change it."
    if metadata is None:
        return key.problem or "The key has not been described yet."
    return (
        _state_reason(metadata, action)
        or (_rotation_reason(key, metadata, action) if action in _ROTATIONS else "")
        or (_replication_reason(metadata) if action is KeyAction.REPLICATE else "")
        or (_primary_reason(metadata) if action is KeyAction.PRIMARY_REGION else "")
    )


def _state_reason(metadata: KeyMetadata, action: KeyAction) -> str:
    state = metadata.state
    if action is KeyAction.CANCEL_DELETION:
        return "" if pending_deletion(metadata) else "No deletion is scheduled."
    if pending_deletion(metadata):
        return "The key is pending deletion: cancel the deletion first."
    if state in _UNDER_WAY:
        return f"The key is {state}: KMS changes it at this moment. Refresh with r and try again."
    if action is KeyAction.ENABLE and state == "Enabled":
        return "The key is enabled already."
    if action is KeyAction.DISABLE and state == "Disabled":
        return "The key is disabled already."
    if action in (KeyAction.ENABLE, KeyAction.DISABLE) and state == "PendingImport":
        return "The key waits for its key material: import it first."
    if action in (*_ROTATIONS, KeyAction.REPLICATE) and state in _OUT_OF_USE:
        return f"The key is {state}: enable it first."
    return ""


def _rotation_reason(key: Key, metadata: KeyMetadata, action: KeyAction) -> str:
    if never := never_rotates(metadata):
        return never
    if metadata.origin == "EXTERNAL" and action is not KeyAction.ROTATE_NOW:
        return "Imported key material does not rotate by itself."
    if metadata.multi_region == "REPLICA":
        return "Rotation of a multi-Region key is set on its primary key."
    if action is KeyAction.ROTATION_OFF and key.rotation is False:
        return "Automatic rotation is off already."
    return ""


def _primary_reason(metadata: KeyMetadata) -> str:
    if not metadata.multi_region:
        return "Only multi-Region keys have a primary key."
    if len(metadata.replicas) < 2:
        return "It has no replica that could become the primary key: replicate it first."
    if metadata.multi_region == "PRIMARY" and metadata.state in _OUT_OF_USE:
        return f"The key is {metadata.state}: enable it first."
    return ""


def _replication_reason(metadata: KeyMetadata) -> str:
    if metadata.multi_region == "REPLICA":
        return "This is a replica: its primary key can be replicated."
    if metadata.multi_region:
        return ""
    return "Only a multi-Region key can be replicated, and a key cannot be made one afterwards."
