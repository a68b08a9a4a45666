"""Actions in groups: what people call them, and which of them a policy treats alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache

from kmstui.policy.evaluation import CompiledPolicy
from kmstui.policy.iam import absent_keys, action_info, key_actions


class AccessGroup(StrEnum):
    """What a person may be able to do with a key."""

    ADMINISTER = "administer"
    ENCRYPT = "encrypt"
    DECRYPT = "decrypt"
    SIGN = "sign"
    GRANT = "grant"
    READ = "read"
    DELETE = "delete"


_GROUPS = {
    AccessGroup.ENCRYPT: (
        "Encrypt",
        "ReEncryptTo",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "Encapsulate",
    ),
    AccessGroup.DECRYPT: ("Decrypt", "ReEncryptFrom", "DeriveSharedSecret", "Decapsulate"),
    AccessGroup.SIGN: ("Sign", "Verify", "GenerateMac", "VerifyMac"),
    AccessGroup.GRANT: ("CreateGrant", "RevokeGrant", "RetireGrant"),
    AccessGroup.DELETE: ("ScheduleKeyDeletion", "DeleteImportedKeyMaterial"),
}
"""The groups whose members are listed; the others follow from an action's access level.

Source: KMS Developer Guide, "Permissions for AWS services in key policies" and "Allows key users
to use the KMS key"; data keys are made for encrypting.
"""
_GROUP_OF = {f"kms:{name}".lower(): group for group, names in _GROUPS.items() for name in names}


def group_of(action: str) -> AccessGroup:
    """The group of an action; one that is new to this program administers unless it reads."""
    listed = _GROUP_OF.get(action.lower())
    if listed is not None:
        return listed
    info = action_info(action)
    reads = info is not None and info.access_level in ("List", "Read")
    return AccessGroup.READ if reads else AccessGroup.ADMINISTER


def possible_actions(usage: str = "", spec: str = "") -> tuple[str, ...]:
    """The actions that a key of this usage and spec takes; all where they are not known."""
    infos = [info for action in key_actions() if (info := action_info(action)) is not None]
    return tuple(info.name for info in infos if info.works_with(usage, spec))


def action_classes(
    policies: Iterable[CompiledPolicy], actions: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    """The actions, in sets that every one of the policies treats alike.

    Two actions are alike when the same statements cover them, their requests may carry the same
    of the condition keys that occur, and they can be used from the same accounts.
    """
    policies = tuple(policies)
    keys = frozenset(
        key
        for policy in policies
        for statement in policy.statements
        for condition in statement.conditions
        for key in (condition.key, *condition.variable_keys)
    )
    classes: dict[object, list[str]] = {}
    for action in actions:
        info = action_info(action)
        absent = absent_keys(action)
        signature = (
            tuple(tuple(map(id, policy.covering(action))) for policy in policies),
            frozenset(
                key for key in keys if key in absent or f"{key.rpartition(':')[0]}:" in absent
            ),
            None if info is None else (info.cross_account, info.iam_only),
        )
        classes.setdefault(signature, []).append(action)
    return tuple(map(tuple, classes.values()))


_FAMILIES = (
    "GenerateDataKey",
    "ReEncrypt",
    "Create",
    "Delete",
    "Describe",
    "Disable",
    "Enable",
    "Get",
    "List",
    "Update",
)
"""Beginnings that AWS's own key policies write with a star."""


@lru_cache(maxsize=1024)
def actions_words(actions: frozenset[str], universe: tuple[str, ...] | None = None) -> str:
    """A set of actions as people read it: `all 47 actions`, `Decrypt, ReEncrypt*`.

    Args:
        actions: With their prefix, in AWS's own case.
        universe: What `all` means, which is not counted then, so that one number stands in all
            places; every action that a key policy can name where it is None.
    """
    whole = [name.removeprefix("kms:") for name in universe or key_actions()]
    names = {name.removeprefix("kms:") for name in actions}
    if names >= set(whole):
        return f"all {len(names)} actions" if universe is None else "all actions"
    left_out = [name for name in whole if name not in names]
    if len(names) > len(whole) / 2 and len(left_out) <= 4:
        return f"all actions but {', '.join(_folded(set(left_out), whole))}"
    return ", ".join(_folded(names, whole))


def _folded(names: set[str], whole: Sequence[str]) -> list[str]:
    """The names with `Prefix*` for each family that is complete, sorted."""
    found, rest = [], set(names)
    for prefix in _FAMILIES:
        family = {name for name in whole if name.startswith(prefix)}
        if len(family) > 1 and family <= rest:
            found.append(f"{prefix}*")
            rest -= family
    return sorted([*found, *rest])
