"""Who gains and who loses what when one key policy replaces another.

Both policies are evaluated for everybody who occurs in either of them and for stand-ins of all
who do not, for every action, over all requests that their conditions can tell apart. Texts are
never compared, so two policies that mean the same differ in nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from kmstui.model import Arn
from kmstui.policy.access.differences import UNSETTLED, Budget, Requests, Space, TooManyError
from kmstui.policy.access.groups import action_classes, actions_words
from kmstui.policy.access.terms import Access, Atoms, Term, Terms, simplified, terms_of
from kmstui.policy.evaluation import RETIRE, Policies, PolicyLike, compile_key_policy
from kmstui.policy.iam import (
    NOTHING_KNOWN,
    Context,
    Lookup,
    Principal,
    PrincipalKind,
    Request,
    absent_keys,
    account_of,
    action_info,
    key_actions,
    lookup_for,
)
from kmstui.policy.syntax import Span, Statement
from kmstui.policy.witnesses import callers_of, joined

_AT_ONCE = 20_000
_IN_ALL = 100_000
_ALWAYS = 200
"""Steps that may be spent on one difference, on all, and on each once that is used up: they keep
the diff of two adversarial texts within the time of a key press."""


class Direction(StrEnum):
    """Which way access changes."""

    GAINS = "gains"
    UNCLEAR = "may gain or lose"
    """Not every combination of conditions could be tried."""
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
    names: tuple[str, ...] = ()
    """What to call the principals."""
    requests: tuple[Requests, ...] = field(default=(), compare=False, repr=False)
    """Which requests of each of the principals it is about; empty where that is not known."""

    def beside_others(self) -> AccessChange:
        """The same, where statements that were not looked at may settle it before."""
        when = tuple(f"{words} and {UNSETTLED}" if words else UNSETTLED for words in self.when)
        return replace(self, when=when, requests=())

    @property
    def who(self) -> str:
        """The principals in words."""
        return joined(self.names, "and", most=6)

    @property
    def what(self) -> str:
        """The actions in words: `Decrypt, ReEncrypt*`."""
        if frozenset(self.actions) == _across_accounts():
            return f"all {len(self.actions)} actions that other accounts can use"
        return actions_words(frozenset(self.actions), _governed())

    @property
    def condition(self) -> str:
        """When, in words; empty where it is always so."""
        return "; or ".join(filter(None, self.when)) if all(self.when) else ""

    @property
    def sentence(self) -> str:
        """The change as one sentence."""
        words = f"{self.who} {self.verb} {self.what}"
        if self.direction is Direction.UNCLEAR:
            return f"{words}: {self.condition}."
        when = f" when {self.condition}" if self.condition else ""
        return f"{words}{when} ({_WORDS[self.before]} → {_WORDS[self.after]})."

    @property
    def verb(self) -> str:
        """What becomes of the principals: `gains`, `lose`."""
        several = len(self.names) > 1 or self.who.startswith(_PLURAL_NAMES)
        return _PLURAL[self.direction] if several else self.direction.value

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
    open_keys: tuple[str, ...] = ()
    """Condition keys of which not every value could be tried; empty where the diff is complete."""
    complete: bool = True
    """Whether no request comes out differently but those of the changes."""

    @property
    def left_open(self) -> str:
        """What could not be worked out, as a sentence; empty where the diff is complete."""
        if self.complete:
            return ""
        what = (
            f"Not every value of {joined(self.open_keys, 'and')} could be tried"
            if self.open_keys
            else "Not every kind of caller that the policies tell apart could be tried"
        )
        return f"{what}, so more may change than is said here."

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return bool(self.changes)

    def of(self, direction: Direction) -> tuple[AccessChange, ...]:
        """The changes of one direction."""
        return tuple(change for change in self.changes if change.direction is direction)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The diff in words; one sentence where nothing changes."""
        if not self.changes and self.complete:
            return ("Nobody gains or loses anything: the two policies mean the same.",)
        told = tuple(change.sentence for change in self.changes)
        return told if self.complete else (*told, self.left_open)


_WORDS = {
    Access.DENIED: "explicitly denied",
    Access.NONE: "no access",
    Access.VIA_IAM: "if IAM policies allow it",
    Access.DIRECT: "by the key policy",
}
_PLURAL_NAMES = ("principals ", "roles ", "users ", "federated users ", "AWS services ")
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

    def __init__(
        self,
        before: PolicyLike,
        after: PolicyLike,
        key_arn: str,
        context: Context = NOTHING_KNOWN,
    ) -> None:
        self.old, self.new = compile_key_policy(before), compile_key_policy(after)
        self.key_arn = key_arn
        self.context = context
        self.atoms = Atoms()
        self.open_keys: dict[str, None] = {}
        self._left = _IN_ALL
        self._changes: dict[object, tuple[AccessChange, ...]] = {}

    def terms(self, principal: Principal, action: str) -> tuple[Terms, Terms]:
        """What both policies say about a principal and an action."""
        request = self._request(principal, action)
        return terms_of(self.old, request, self.atoms), terms_of(self.new, request, self.atoms)

    def _request(self, principal: Principal, action: str) -> Request:
        return Request(principal, action, self.key_arn, self.context)

    def changes(
        self, principal: Principal, action: str, old: Terms, new: Terms
    ) -> tuple[AccessChange, ...]:
        """The changes between two sets of terms, whoever they are about."""
        was, will = simplified(old.meaning), simplified(new.meaning)
        if was == will:
            return ()
        lookup = lookup_for(self._request(principal, action), absent_keys(action))
        key = (was, will, *map(lookup, self._compared(was | will)))
        found = self._changes.get(key)
        if found is None:
            found = self._changes[key] = tuple(self._worked_out(was, will, lookup))
        return found

    def _compared(self, terms: Iterable[Term]) -> list[str]:
        """The keys that policy variables compare, whose values may follow from who asks."""
        used = 0
        for term in terms:
            used |= term.atoms
        return sorted(
            key
            for bit, each in self.atoms.conditions.items()
            if used & bit and each.has_variables
            for key in (each.key, *each.variable_keys)
        )

    def _worked_out(
        self, old: frozenset[Term], new: frozenset[Term], lookup: Lookup
    ) -> list[AccessChange]:
        found, left_open = self._tried(old, new, lookup)
        common = frozenset(term for term in old & new if term.atoms)
        if left_open and common:
            # Where what changed gives the same, so does the whole, whatever else stands in both.
            apart, still_open = self._tried(old - common, new - common, lookup)
            if not still_open:
                return [change.beside_others() for change in apart]
        if left_open:
            self.open_keys |= dict.fromkeys(sorted(self.atoms.keys(left_open)))
            return found or [_unclear(old, new, self.atoms.keys(left_open))]
        return found

    def _tried(
        self, old: frozenset[Term], new: frozenset[Term], lookup: Lookup
    ) -> tuple[list[AccessChange], int]:
        """The changes between two sets of terms, and the atoms that are left open, as bits."""
        budget = Budget(max(min(_AT_ONCE, self._left), _ALWAYS))
        granted = budget.left
        space = Space(old, new, self.atoms, lookup)
        found: list[AccessChange] = []
        try:
            tree = space.tree(budget)
            for shift, requests in space.shifts(tree):
                direction = _direction(*shift)
                found.append(AccessChange(direction, *shift, requests.words, requests=(requests,)))
            left_open = space.open_conditions
            if left_open:
                space.loosen(self.atoms)
                left_open = left_open if space.tree(budget) else 0
        except TooManyError:
            left_open = space.conditions
        self._left -= granted - budget.left
        return found, left_open


def _unclear(old: Iterable[Term], new: Iterable[Term], keys: Iterable[str]) -> AccessChange:
    """What can be said where not everything can be tried: the most that either gives."""
    before = max((term.access for term in old), default=Access.NONE)
    after = max((term.access for term in new), default=Access.NONE)
    words = f"not every value of {joined(sorted(keys), 'and')} could be tried"
    return AccessChange(Direction.UNCLEAR, before, after, (words,))


_Statements = dict[int, Statement]
"""By what makes each of them one of its own."""


def access_diff(before: PolicyLike, after: PolicyLike, key_arn: str) -> AccessDiff:
    """Compare what two policies of the same key mean."""
    comparison = _Comparison(before, after, key_arn)
    arn = Arn.maybe(key_arn)
    policies = (comparison.old.policy, comparison.new.policy)
    everybody = callers_of(policies, account_of(key_arn), "aws" if arn is None else arn.partition)
    classes = action_classes((comparison.old, comparison.new), _governed())
    changes: dict[tuple[object, ...], AccessChange] = {}
    whose: dict[tuple[object, ...], list[Principal]] = {}
    requests: dict[tuple[object, ...], list[Requests]] = {}
    made_by: dict[tuple[object, ...], tuple[_Statements, _Statements]] = {}
    for principal in everybody.principals:
        found: dict[AccessChange, tuple[list[str], Terms, Terms]] = {}
        for actions in classes:
            if _moot(principal, actions[0], key_arn):
                continue
            old, new = comparison.terms(principal, actions[0])
            for change in comparison.changes(principal, actions[0], old, new):
                found.setdefault(change, ([], old, new))[0].extend(actions)
        for change, (names, old, new) in found.items():
            made = replace(change, actions=tuple(sorted(names)))
            # One row for all to whom the same happens, by whichever statements it does.
            key = (change, made.actions)
            changes.setdefault(key, made)
            was, will = made_by.setdefault(key, ({}, {}))
            was |= {id(each): each for each in _only(old, new)}
            will |= {id(each): each for each in _only(new, old)}
            whose.setdefault(key, []).append(principal)
            requests.setdefault(key, []).extend(change.requests)
    told = [
        replace(
            change,
            principals=tuple(whose[key]),
            names=tuple(everybody.names(whose[key])),
            requests=tuple(requests[key]),
            statements_before=tuple(made_by[key][0].values()),
            statements_after=tuple(made_by[key][1].values()),
        )
        for key, change in changes.items()
    ]
    told.sort(key=lambda change: tuple(Direction).index(change.direction))
    return AccessDiff(
        tuple(told),
        everybody.principals,
        ("identity policies (IAM)", *Policies(comparison.new).not_considered_by_anybody),
        open_keys=tuple(comparison.open_keys),
        complete=not comparison.open_keys and everybody.complete,
    )


def changes_for(
    before: PolicyLike, after: PolicyLike, request: Request
) -> tuple[AccessChange, ...]:
    """What changes for one caller and action, over all requests that agree with what is known."""
    comparison = _Comparison(before, after, request.resource, request.context)
    old, new = comparison.terms(request.principal, request.action)
    return comparison.changes(request.principal, request.action, old, new)


@lru_cache(maxsize=1)
def _governed() -> tuple[str, ...]:
    """The actions in which a key policy has a say: who may retire a grant, the grant tells."""
    return tuple(action for action in key_actions() if action != RETIRE)


@lru_cache(maxsize=1)
def _across_accounts() -> frozenset[str]:
    infos = map(action_info, _governed())
    return frozenset(info.name for info in infos if info is not None and info.cross_account)


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
