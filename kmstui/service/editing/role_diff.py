"""What a change of a role's inline policy does to what the role can do with one key.

Both texts are evaluated beside the role's other policies and the key policy. Where the answer is
conditional before and after, the conditions are compared by meaning: another list of addresses is
a change although both answers are "under conditions".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kmstui.policy.access.groups import actions_words
from kmstui.policy.access.role import RoleEffect
from kmstui.policy.access.table import Mark, Part
from kmstui.policy.evaluation.compiled import Applied
from kmstui.policy.evaluation.evaluator import Decision
from kmstui.policy.evaluation.explanation import reason_sentence
from kmstui.policy.syntax.statements import scalar_text
from kmstui.service.editing.review import AccessLine, Weight

_CAN = (Mark.YES, Mark.CONDITIONAL, Mark.VIA_IAM)
_WORDS = {
    Mark.YES: "can",
    Mark.CONDITIONAL: "can under conditions",
    Mark.VIA_IAM: "can if IAM allows it",
    Mark.NO: "cannot",
    Mark.DENIED: "is denied",
    Mark.IMPOSSIBLE: "cannot",
}


@dataclass(frozen=True, slots=True)
class _Change:
    """One change without the actions."""

    old: Mark
    new: Mark
    reason: str
    """That of the new answer, as a sentence about several actions."""

    @property
    def weight(self) -> Weight:
        """BAD where the role gains, GOOD where it loses, DOUBT where that is not clear."""
        if self.new in _CAN and self.old not in _CAN:
            return Weight.BAD
        if self.new not in _CAN and self.old in _CAN:
            return Weight.GOOD
        if self.new is Mark.YES:
            return Weight.BAD
        return Weight.GOOD if self.old is Mark.YES or self.new is Mark.DENIED else Weight.DOUBT

    @property
    def before(self) -> str:
        """What held before, in words."""
        return "under other conditions" if self.old is self.new else _WORDS[self.old]


def role_changes(before: RoleEffect, after: RoleEffect, key_name: str) -> tuple[AccessLine, ...]:
    """The changes, gains first; empty where the role can do the same as before."""
    was = _parts(before)
    alike: dict[_Change, dict[str, Decision]] = {}
    for name, part in _parts(after).items():
        old = was.get(name)
        if old is None or old.mark is not part.mark or _conditions(old) != _conditions(part):
            was_marked = Mark.NO if old is None else old.mark
            change = _Change(was_marked, part.mark, reason_sentence(part.decision, "them"))
            alike.setdefault(change, {})[name] = part.decision
    who = f"{after.identity.kind} {after.identity.name}"
    lines = [
        AccessLine(
            change.weight,
            f"{who} {_WORDS[change.new]} {actions_words(frozenset(decisions))} with {key_name}"
            f" (before: {change.before}). {_reason(decisions)}",
        )
        for change, decisions in alike.items()
    ]
    return tuple(sorted(lines, key=lambda line: _ORDER.index(line.weight)))


def _reason(decisions: Mapping[str, Decision]) -> str:
    return reason_sentence(next(iter(decisions.values())), "it" if len(decisions) == 1 else "them")


_ORDER = (Weight.BAD, Weight.DOUBT, Weight.NOTE, Weight.GOOD)


def _parts(effect: RoleEffect) -> dict[str, Part]:
    return {name: each.part for each in effect.effects for name in each.actions}


def _conditions(part: Part) -> frozenset[object]:
    """What a conditional answer hangs on, equal for policies that ask the same; else nothing."""
    if part.mark is not Mark.CONDITIONAL:
        return frozenset()
    return frozenset(map(_asked, part.decision.deciding))


def _asked(applied: Applied) -> object:
    statement = applied.statement
    tests = frozenset(
        (
            entry.operator.value,
            # Condition keys are compared without case (IAM User Guide, "Condition").
            entry.key.value.lower(),
            frozenset(map(scalar_text, entry.values)),
        )
        for entry in statement.conditions
    )
    resources = (*statement.resources, *statement.not_resources) if applied.resource_doubt else ()
    return applied.compiled.deny, tests, frozenset(node.value for node in resources)
