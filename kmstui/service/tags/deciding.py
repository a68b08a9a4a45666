"""Whose IAM policies decide by the tags of keys, as far as those were read.

Key policies cannot: aws:ResourceTag is not supported in them (KMS Developer Guide, "ABAC for AWS
KMS"). A change of such a tag changes what the identity may do with the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kmstui.model import Arn, Identity
from kmstui.policy.evaluation import CompiledStatement, compile_identity_policy
from kmstui.policy.iam import Truth, key_actions
from kmstui.service.inventory import Store
from kmstui.service.tags.change import TagChange

_TAG = "aws:resourcetag/"


@dataclass(frozen=True, slots=True)
class TagDecisions:
    """What of a change of tags bears on access."""

    key_ids: tuple[str, ...] = ()
    """Keys of which a tag changes by which somebody's access is decided."""
    tags: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    """Whose: `role/app`."""
    looked_at: int = 0
    """The roles and users whose IAM policies were read."""


def tag_decisions(
    changes: Iterable[TagChange], identities: Iterable[Identity], store: Store
) -> TagDecisions:
    """Which of the changes those identities' policies decide by."""
    identities = tuple(identities)
    asked = [
        (_short(identity.arn), statement, tags)
        for identity in identities
        for statement in _statements(identity)
        if (tags := _tags_of(statement))
    ]
    key_ids, names, whose = dict[str, None](), dict[str, None](), dict[str, None]()
    for change in changes if asked else ():
        key = store.keys.get(change.key_id)
        if key is None or not change.will_be_sent:
            continue
        changed = {name.lower(): name for name, _ in change.after}
        for who, statement, tags in asked:
            found = tags.intersection(changed)
            if found and statement.covers_resource(key.arn, lambda _: None) is not Truth.NO:
                key_ids[change.key_id] = whose[who] = None
                names |= dict.fromkeys(changed[name] for name in sorted(found))
    return TagDecisions(tuple(key_ids), tuple(names), tuple(whose), len(identities))


def _statements(identity: Identity) -> Iterator[CompiledStatement]:
    boundary = () if identity.boundary is None else (identity.boundary,)
    for policy in (*identity.policies, *boundary):
        # Few ask for a tag, and taking all of them apart would be felt.
        if _TAG in policy.text.lower():
            yield from compile_identity_policy(policy.text, policy.name).statements


def _tags_of(statement: CompiledStatement) -> frozenset[str]:
    """The tags of a key, in lower case, by which a statement decides about an action of keys."""
    asked = {key for each in statement.conditions for key in (each.key, *each.variable_keys)}
    tags = frozenset(key.removeprefix(_TAG) for key in asked if key.startswith(_TAG))
    return tags if tags and any(map(statement.covers_action, key_actions())) else frozenset()


def _short(arn: str) -> str:
    parsed = Arn.maybe(arn)
    return parsed.resource if parsed else arn
