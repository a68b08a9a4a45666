"""What a role or user can do with one key, by its IAM policies and the key policy together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kmstui.model import Grant, Identity
from kmstui.policy.access.groups import actions_words, possible_actions
from kmstui.policy.access.table import KeyFacts, Mark, Part, access_row, classes_of
from kmstui.policy.evaluation import Policies, PolicyLike
from kmstui.policy.iam import NOTHING_KNOWN, Context, Principal


@dataclass(frozen=True, slots=True)
class RoleEffect:
    """What an identity can do with a key."""

    identity: Identity
    effects: tuple[Part, ...]
    """What it can first, then what depends, then what it cannot."""
    not_considered: tuple[str, ...]
    """Never empty."""

    def actions(self, *marks: Mark) -> tuple[str, ...]:
        """The actions that carry one of these marks, sorted."""
        found = (name for each in self.effects if each.mark in marks for name in each.actions)
        return tuple(sorted(found))

    @property
    def summary(self) -> str:
        """One line: `role app can Encrypt; cannot Decrypt`."""
        clauses = [
            f"{verb} {actions_words(frozenset(actions))}"
            for verb, actions in (
                ("can", self.actions(Mark.YES)),
                ("may under conditions", self.actions(Mark.CONDITIONAL, Mark.VIA_IAM)),
                ("cannot", self.actions(Mark.NO, Mark.DENIED)),
            )
            if actions
        ]
        return f"{self.identity.kind} {self.identity.name} {'; '.join(clauses)}"


_ORDER = (Mark.YES, Mark.CONDITIONAL, Mark.VIA_IAM, Mark.NO, Mark.DENIED)


def role_effect(
    identity: Identity,
    policy: PolicyLike,
    key: KeyFacts,
    *,
    grants: Sequence[Grant] | None = None,
    context: Context = NOTHING_KNOWN,
) -> RoleEffect:
    """Put an identity's policies together with a key policy.

    Raises:
        ValueError: the identity's ARN is no principal's.
    """
    principal = Principal.parse(identity.arn)
    policies = Policies.of_key(policy, grants).with_identity(identity)
    classes = classes_of(policies, possible_actions(key.usage, key.spec))
    row = access_row(principal, policies, key, classes, context)
    alike: dict[object, list[Part]] = {}
    for cell in row.cells:
        for part in cell.parts:
            decision = part.decision
            spans = tuple((each.source, each.span) for each in decision.deciding)
            near = () if decision.deciding else tuple(each.span for each in decision.near)
            alike.setdefault((part.mark, decision.reason, spans, near), []).append(part)
    effects = [
        replace(parts[0], actions=tuple(sorted(name for each in parts for name in each.actions)))
        for parts in alike.values()
    ]
    effects.sort(key=lambda effect: _ORDER.index(effect.mark))
    return RoleEffect(identity, tuple(effects), policies.not_considered(principal))
