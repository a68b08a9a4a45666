"""Who gains and who loses what when one key policy replaces another.

Both policies are evaluated for everybody who occurs in either of them and for stand-ins of all
who do not, for every action, over all requests that their conditions can tell apart. Texts are
never compared, so two policies that mean the same differ in nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from kmstui.model import Arn
from kmstui.policy.access.diff_axes import Atoms
from kmstui.policy.access.diff_requests import (
    Access,
    Limit,
    Space,
    Term,
    Terms,
    TooManyError,
    terms_of,
)
from kmstui.policy.access.groups import action_classes, actions_words
from kmstui.policy.evaluation import Policies, PolicyLike, compile_key_policy, joined
from kmstui.policy.iam import (
    Principal,
    PrincipalKind,
    account_of,
    action_info,
    everyone,
    key_actions,
)
from kmstui.policy.syntax import Span, Statement

_AT_ONCE = Limit(requests=1 << 14, effort=100_000)
_IN_ALL = Limit(requests=1 << 18, effort=200_000)
_ALWAYS = Limit(requests=1 << 6, effort=500)
"""What may be spent on one difference, on all, and on each once that is used up: they keep the
diff of two adversarial texts within the time of a key press."""


class Direction(StrEnum):
    """Which way access changes."""

    GAINS = "gains"
    UNCLEAR = "may gain or lose"
    """There are more combinations of conditions than can be tried."""
    LOSES = "loses"
    DENIED = "is now explicitly denied"
    """It had no access by the policy; now grants do not help either."""
    UNDENIED = "is no longer explicitly denied"
    """It has no access by the policy; but grants would help now."""


@dataclass(frozen=True, slots=True)
class AccessChange:
    """One row: some principals, some actions, one change."""

    direction: Direction
    before: Access
    after: Access
    when: tuple[str, ...]
    """The conditions, any of which suffices; an empty text says: always."""
    actions: tuple[str, ...] = ()
    statements_before: tuple[Statement, ...] = ()
    """Those of the old policy that the new one does not have, to jump to."""
    statements_after: tuple[Statement, ...] = ()
    """Those of the new policy that the old one did not have."""
    principals: tuple[Principal, ...] = ()

    @property
    def who(self) -> str:
        """The principals in words."""
        return joined((principal.short for principal in self.principals), "and", most=6)

    @property
    def what(self) -> str:
        """The actions in words: `Decrypt, ReEncrypt*`."""
        return actions_words(frozenset(self.actions))

    @property
    def condition(self) -> str:
        """When, in words; empty where it is always so."""
        return "; or ".join(filter(None, self.when)) if all(self.when) else ""

    @property
    def sentence(self) -> str:
        """The change as one sentence."""
        verb = _PLURAL[self.direction] if len(self.principals) > 1 else self.direction.value
        when = f" when {self.condition}" if self.condition else ""
        return (
            f"{self.who} {verb} {self.what}{when} ({_WORDS[self.before]} → {_WORDS[self.after]})."
        )

    @property
    def spans_after(self) -> tuple[Span, ...]:
        """Where in the new text the statements stand that make the change."""
        return tuple(statement.node.span for statement in self.statements_after)


@dataclass(frozen=True, slots=True)
class AccessDiff:
    """All changes; empty where the two policies mean the same."""

    changes: tuple[AccessChange, ...]
    """Gains first, since they are what a slip of the hand gives away."""
    principals: tuple[Principal, ...]
    """Everybody who was asked about."""
    not_considered: tuple[str, ...]
    """Never empty."""

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return bool(self.changes)

    def of(self, direction: Direction) -> tuple[AccessChange, ...]:
        """The changes of one direction."""
        return tuple(change for change in self.changes if change.direction is direction)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The diff in words; one sentence where nothing changes."""
        if not self.changes:
            return ("Nobody gains or loses anything: the two policies mean the same.",)
        return tuple(change.sentence for change in self.changes)


_WORDS = {
    Access.DENIED: "explicitly denied",
    Access.NONE: "no access",
    Access.VIA_IAM: "if IAM policies allow it",
    Access.DIRECT: "by the key policy",
}
_PLURAL = {
    Direction.GAINS: "gain",
    Direction.LOSES: "lose",
    Direction.DENIED: "are now explicitly denied",
    Direction.UNDENIED: "are no longer explicitly denied",
    Direction.UNCLEAR: "may gain or lose",
}


def _direction(before: Access, after: Access) -> Direction:
    if max(before, after) <= Access.NONE:
        return Direction.DENIED if after is Access.DENIED else Direction.UNDENIED
    return Direction.GAINS if after > before else Direction.LOSES


class _Comparison:
    """Two policies, and what was found out about their terms."""

    def __init__(self, before: PolicyLike, after: PolicyLike, key_arn: str) -> None:
        self.old, self.new = compile_key_policy(before), compile_key_policy(after)
        self.key_arn = key_arn
        self.atoms = Atoms({}, {})
        self._left = _IN_ALL
        self._shifts: dict[tuple[frozenset[Term], frozenset[Term]], tuple[AccessChange, ...]] = {}

    def terms(self, principal: Principal, action: str) -> tuple[Terms, Terms]:
        """What both policies say about a principal and an action."""
        return (
            terms_of(self.old, principal, action, self.key_arn, self.atoms),
            terms_of(self.new, principal, action, self.key_arn, self.atoms),
        )

    def shifts(self, old: Terms, new: Terms) -> tuple[AccessChange, ...]:
        """The changes between two sets of terms, whoever they are about."""
        if old.meaning == new.meaning:
            return ()
        key = (old.meaning, new.meaning)
        found = self._shifts.get(key)
        if found is None:
            found = self._shifts[key] = self._worked_out(old.meaning, new.meaning)
        return found

    def _worked_out(self, old: frozenset[Term], new: frozenset[Term]) -> tuple[AccessChange, ...]:
        for was, will in ((old, new), _without_bystanders(old, new)):
            limit = Limit(
                min(_AT_ONCE.requests, max(self._left.requests, _ALWAYS.requests)),
                min(_AT_ONCE.effort, max(self._left.effort, _ALWAYS.effort)),
            )
            try:
                space = Space(was | will, self.atoms, limit)
            except TooManyError:
                continue
            self._left = Limit(self._left.requests - space.size, self._left.effort - space.effort)
            return tuple(_tried(space, was, will))
        return (_unclear(old, new),)


def _tried(space: Space, old: frozenset[Term], new: frozenset[Term]) -> Iterable[AccessChange]:
    was, will = space.accesses(old), space.accesses(new)
    for before in Access:
        for after in Access:
            requests = was[before] & will[after]
            if before is not after and requests:
                words = space.words(requests)
                yield AccessChange(_direction(before, after), before, after, words)


def _without_bystanders(
    old: frozenset[Term], new: frozenset[Term]
) -> tuple[frozenset[Term], frozenset[Term]]:
    """The terms less those that both have and that ask about other keys than the difference.

    What they allow or deny is the same in both; a difference is then one where they do not
    apply.
    """
    keys = {atom[0] for term in old ^ new for atom in term.atoms}
    common = {term for term in old & new if not {atom[0] for atom in term.atoms} <= keys}
    return old - common, new - common


def _unclear(old: Iterable[Term], new: Iterable[Term]) -> AccessChange:
    """What can be said where not everything can be tried: the most that either gives."""
    before = max((term.access for term in old if not term.deny), default=Access.NONE)
    after = max((term.access for term in new if not term.deny), default=Access.NONE)
    words = "the conditions are too many to try each combination"
    return AccessChange(Direction.UNCLEAR, before, after, (words,))


def access_diff(before: PolicyLike, after: PolicyLike, key_arn: str) -> AccessDiff:
    """Compare what two policies of the same key mean."""
    comparison = _Comparison(before, after, key_arn)
    arn = Arn.maybe(key_arn)
    policies = (comparison.old.policy, comparison.new.policy)
    principals = everyone(policies, account_of(key_arn), "aws" if arn is None else arn.partition)
    classes = action_classes((comparison.old, comparison.new), key_actions())
    changes: dict[tuple[object, ...], AccessChange] = {}
    whose: dict[tuple[object, ...], list[Principal]] = {}
    for principal in principals:
        found: dict[AccessChange, tuple[list[str], Terms, Terms]] = {}
        for actions in classes:
            if _moot(principal, actions[0], key_arn):
                continue
            old, new = comparison.terms(principal, actions[0])
            for shift in comparison.shifts(old, new):
                found.setdefault(shift, ([], old, new))[0].extend(actions)
        for shift, (names, old, new) in found.items():
            was, will = _only(old, new), _only(new, old)
            change = replace(
                shift, actions=tuple(sorted(names)), statements_before=was, statements_after=will
            )
            key = (shift, change.actions, *map(id, (*was, *will)))
            changes.setdefault(key, change)
            whose.setdefault(key, []).append(principal)
    made = [replace(change, principals=tuple(whose[key])) for key, change in changes.items()]
    made.sort(key=lambda change: tuple(Direction).index(change.direction))
    return AccessDiff(
        tuple(made),
        principals,
        ("identity policies (IAM)", *Policies(comparison.new).not_considered_by_anybody),
    )


def _moot(principal: Principal, action: str, key_arn: str) -> bool:
    """Whether nobody of the principal's account can ever use the action."""
    info = action_info(action)
    outside = bool(principal.account) and principal.account != account_of(key_arn)
    if principal.kind is PrincipalKind.ANONYMOUS:
        outside = True
    return outside and info is not None and not info.cross_account


def _only(one: Terms, other: Terms) -> tuple[Statement, ...]:
    """The statements of `one` whose terms `other` has not, each once."""
    found = {
        id(statement): statement for term, statement in one.sources if term not in other.meaning
    }
    return tuple(found.values())
