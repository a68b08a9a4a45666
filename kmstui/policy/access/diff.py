"""Who gains and who loses what when one key policy replaces another.

Both policies are evaluated for everybody who occurs in either of them and for stand-ins of all
who do not, for every action, over all requests that their conditions can tell apart. Texts are
never compared, so two policies that mean the same differ in nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from functools import partial, reduce
from operator import or_

from kmstui.model import Arn
from kmstui.policy.access.changes import AccessChange, AccessDiff, Direction, governed
from kmstui.policy.access.differences import CUT_SHORT, Budget, Requests, Space, TooManyError
from kmstui.policy.access.groups import action_classes
from kmstui.policy.access.refusals import Barred, barred, treated_alike
from kmstui.policy.access.terms import Access, Atoms, Term, Terms, simplified, terms_of
from kmstui.policy.evaluation import (
    NOTHING_READ,
    Chain,
    CompiledPolicy,
    Policies,
    PolicyLike,
    compile_key_policy,
)
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
    lookup_for,
)
from kmstui.policy.syntax import Policy, Statement
from kmstui.policy.witnesses import callers_of, joined

_AT_ONCE = 20_000
_IN_ALL = 100_000
_ALWAYS = 200
"""Steps that may be spent on one difference, on all, and on each once that is used up: they keep
the diff of two adversarial texts within the time of a key press."""
_OF_TIED = 100
"""How many of those steps a combination takes of keys that policy variables tie together."""


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

    def another(self) -> _Comparison:
        """One of the same policies and atoms that has found out nothing yet."""
        found = copy(self)
        found.open_keys, found._changes, found._left = {}, {}, _IN_ALL
        return found

    def terms(self, principal: Principal, action: str) -> tuple[Terms, Terms]:
        """What both policies say about a principal and an action."""
        request = self.request(principal, action)
        return terms_of(self.old, request, self.atoms), terms_of(self.new, request, self.atoms)

    def request(self, principal: Principal, action: str) -> Request:
        return Request(principal, action, self.key_arn, self.context)

    def changes(
        self, principal: Principal, action: str, old: Terms, new: Terms
    ) -> tuple[AccessChange, ...]:
        """The changes between two sets of terms, whoever they are about."""
        was, will = simplified(old.meaning), simplified(new.meaning)
        if was == will:
            return ()
        lookup = lookup_for(self.request(principal, action), absent_keys(action))
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
        found: list[AccessChange] = []
        used = reduce(or_, (term.atoms for term in old | new), 0)
        if self._left < 0 and self.atoms.tied & used:
            return found, used & self.atoms.of_conditions
        budget = Budget(max(min(_AT_ONCE, self._left), _ALWAYS))
        granted = budget.left
        space = Space(old, new, self.atoms, lookup)
        self._left -= _OF_TIED * sum(axis.steps for axis in space.axes)
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


def access_diff(
    before: PolicyLike, after: PolicyLike, key_arn: str, chain: Chain = NOTHING_READ
) -> AccessDiff:
    """Compare what two policies of the same key mean, and tell what of it `chain` refuses."""
    comparison = _Comparison(before, after, key_arn)
    passing = _Passing(comparison, chain) if chain.is_known else None
    arn = Arn.maybe(key_arn)
    asked = (comparison.old, comparison.new, *chain.policies)
    classes = [
        each
        for each in action_classes(asked, governed())
        if _said_of(comparison.old, each) != _said_of(comparison.new, each)
    ]
    everybody = callers_of(
        [
            *(_about(each, classes) for each in (comparison.old, comparison.new)),
            *(each.policy for each in chain.naming_principals),
        ],
        account_of(key_arn),
        "aws" if arn is None else arn.partition,
        share=partial(treated_alike, chain),
    )
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
            changed = comparison.changes(principal, actions[0], old, new)
            if changed and passing is not None:
                changed = passing.told(changed, principal, actions[0], old, new)
            for change in changed:
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
        (
            "identity policies (IAM)",
            *Policies(comparison.new, chain=chain).not_considered_by_anybody,
        ),
        open_keys=tuple(dict.fromkeys((*comparison.open_keys, *everybody.open_keys))),
        complete=not comparison.open_keys and everybody.complete,
    )


class _Passing:
    """What is left of changes behind what stays the same: control policies and VPC endpoints'."""

    def __init__(self, comparison: _Comparison, chain: Chain) -> None:
        self._chain = chain
        # One of its own: what it leaves open is no change that the first one does not tell.
        self._comparison = comparison.another()

    def told(
        self,
        changes: Iterable[AccessChange],
        principal: Principal,
        action: str,
        old: Terms,
        new: Terms,
    ) -> tuple[AccessChange, ...]:
        """Changes of one principal and action, each with what refuses it."""
        comparison = self._comparison
        found = barred(self._chain, comparison.request(principal, action), comparison.atoms)
        if not found.terms:
            return tuple(changes)
        was, will = (replace(each, meaning=each.meaning | found.terms) for each in (old, new))
        left = comparison.changes(principal, action, was, will)
        return tuple(replace(each, refused=_refusal(each, left, found)) for each in changes)


def _refusal(change: AccessChange, left: Iterable[AccessChange], found: Barred) -> str:
    """What is refused of a change, of which `left` passes: a Deny on both sides changes none."""
    passing = [each for each in left if each.direction is Direction.UNCLEAR or _same(each, change)]
    if not passing:
        return found.words(None)
    if any(each.direction is Direction.UNCLEAR for each in (change, *passing)):
        return found.perhaps
    whole = passing[0].when == change.when
    if whole and not any(words.endswith(CUT_SHORT) for words in change.when):
        return ""
    return found.perhaps if whole or found.unsure else found.words(passing[0].condition)


def _same(one: AccessChange, other: AccessChange) -> bool:
    return (one.before, one.after) == (other.before, other.after)


def changes_for(
    before: PolicyLike, after: PolicyLike, request: Request
) -> tuple[AccessChange, ...]:
    """What changes for one caller and action, over all requests that agree with what is known."""
    comparison = _Comparison(before, after, request.resource, request.context)
    old, new = comparison.terms(request.principal, request.action)
    return comparison.changes(request.principal, request.action, old, new)


def _said_of(policy: CompiledPolicy, actions: Sequence[str]) -> object:
    """The same where two policies say the same of actions that they treat alike."""
    said = frozenset(each.statement.meaning for each in policy.covering(actions[0]))
    return said, policy.policy.version if said else ""


def _about(policy: CompiledPolicy, classes: Iterable[Sequence[str]]) -> Policy:
    """The policy without the statements of which no action is among some."""
    kept = {id(each.statement) for actions in classes for each in policy.covering(actions[0])}
    statements = (each for each in policy.policy.statements if id(each) in kept)
    return replace(policy.policy, statements=tuple(statements))


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
