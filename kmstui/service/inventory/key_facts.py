"""What is known of a key without asking, what only a call can tell, and how it is asked."""

from __future__ import annotations

from dataclasses import replace

from kmstui.model import Fact, Grant, GrantsRead, Key, KeyMetadata, LastUsage, Rotation
from kmstui.policy.iam import account_of, is_known
from kmstui.service.ports import Gateway, Urgency

PENDING_DELETION = ("PendingDeletion", "PendingReplicaDeletion")
_CUSTOM_STORES = ("AWS_CLOUDHSM", "EXTERNAL_KEY_STORE")


def never_rotates(metadata: KeyMetadata) -> str:
    """Why KMS has no rotation for a key of this kind, as a sentence; empty where it may have one.

    Source: KMS Developer Guide, "Rotate AWS KMS keys".
    """
    spec = metadata.spec
    if spec not in ("SYMMETRIC_DEFAULT", "") and is_known("kms:KeySpec", spec):
        return f"Only symmetric encryption keys rotate, and this one is {spec}."
    if metadata.custom_key_store_id or metadata.origin in _CUSTOM_STORES:
        return "Keys of a custom key store do not rotate."
    return ""


def rotation_word(key: Key) -> str:
    """`on`, `off`, `never` where the kind of key forbids it, `stopped`; empty where nobody knows.

    KMS rotates what AWS manages each year, and nothing that is pending deletion (KMS API Reference,
    GetKeyRotationStatus).
    """
    metadata = key.metadata
    if metadata is not None:
        if key.is_aws_managed:
            return "on"
        if never_rotates(metadata) or metadata.origin == "EXTERNAL":
            return "never"
        if metadata.state in PENDING_DELETION:
            return "stopped"
    rotation = key.rotation
    return "" if rotation is None else "on" if rotation else "off"


def is_unread(key: Key, fact: Fact) -> bool:
    """Whether nobody has asked KMS for a fact of this key, and nothing else tells it."""
    if key.facts.get(fact) is not None:
        return False
    if fact is Fact.LAST_USE:
        # GetKeyLastUsage: "Cross-account use: No".
        return not key.sharer
    if fact is Fact.ROTATION:
        return not rotation_word(key)
    if fact is Fact.ROTATIONS:
        return may_have_rotated(key)
    return True


def can_be_asked(key: Key, fact: Fact) -> bool:
    """Whether KMS has to be asked for a fact of this key, and it is known what kind of key it is.

    That kind may tell the fact, so a key that is about to be described is left until then.
    """
    return (key.metadata is not None or bool(key.problem)) and is_unread(key, fact)


def may_have_rotated(key: Key) -> bool:
    """Whether rotations can have added to what the key costs its owner."""
    metadata = key.metadata
    if metadata is None:
        return True
    free = key.fixed or metadata.state in PENDING_DELETION
    return not (free or never_rotates(metadata))


async def read_fact(
    gateway: Gateway, key: Key, fact: Fact, urgency: Urgency = Urgency.BACKGROUND
) -> LastUsage | Rotation | int | GrantsRead:
    """Ask KMS for one fact of a key; `Store.know` keeps it.

    Raises:
        ServiceError: it may not be read, or no answer came.
    """
    if fact is Fact.LAST_USE:
        return slim_usage(await gateway.last_usage(key.id, urgency))
    if fact is Fact.ROTATION:
        return await gateway.rotation_status(key.id, urgency)
    if fact is Fact.ROTATIONS:
        return await gateway.rotations(key.id, urgency)
    return grants_read(key, await gateway.list_grants(key.id, urgency))


def slim_usage(usage: LastUsage) -> LastUsage:
    """A last use as it is kept of many keys."""
    return replace(usage, event_id="", request_id="")


def slim_rotation(rotation: Rotation) -> Rotation:
    """A rotation as it is kept of many keys."""
    return replace(rotation, materials=(), materials_problem="")


def grants_read(key: Key, grants: tuple[Grant, ...]) -> GrantsRead:
    """How many grants a key has, and which other accounts have one."""
    accounts = {account_of(each.grantee) for each in grants}
    return GrantsRead(len(grants), tuple(sorted(accounts - {"", key.account})))
