"""What the evaluation needs to know of an action."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from kmstui.policy.iam.vocabulary import ActionInfo, knowledge


@lru_cache(maxsize=1024)
def action_info(action: str) -> ActionInfo | None:
    """What is known of an action written in any case; None where it is none of KMS's."""
    return knowledge().action(action)


@lru_cache(maxsize=1)
def _keys_of_few() -> frozenset[str]:
    """The `kms:` condition keys that belong to the requests of a minority of the actions.

    A key that most actions have, and one has not, is more likely a gap in the tables than a
    fact about that action.
    """
    actions = [info for info in knowledge().actions.values() if not info.iam_only]
    holders = Counter(key for info in actions for key in info.condition_keys)
    return frozenset(
        key for key, count in holders.items() if key.startswith("kms:") and count * 2 < len(actions)
    )


@lru_cache(maxsize=512)
def absent_keys(action: str) -> frozenset[str]:
    """The `kms:` condition keys that requests for `action` never carry.

    One that ends in a colon stands for all keys that begin so. Source: Service Authorization
    Reference, "Actions, resources, and condition keys for AWS Key Management Service", and KMS
    Developer Guide, "AWS KMS condition keys". Of an action that is not known, nothing is known
    to be absent.
    """
    info = action_info(action)
    if info is None or info.iam_only:
        return frozenset()
    return _keys_of_few() - info.condition_keys


@lru_cache(maxsize=1)
def key_actions() -> tuple[str, ...]:
    """Every action that a key policy governs, in AWS's own case, sorted."""
    actions = knowledge().actions.values()
    return tuple(sorted(info.name for info in actions if not info.iam_only))


@lru_cache(maxsize=512)
def canonical_action(action: str) -> str:
    """An action in AWS's own case, with the `kms:` that people leave out."""
    if ":" not in action and action != "*":
        action = f"kms:{action}"
    info = action_info(action)
    return action if info is None else info.name
