"""A key policy as it concerns one caller and one action: terms over what is still open.

What follows from the caller, the action and the key is worked out; what is left of each statement
is a set of atoms, each a condition on a part of the request that can be this or that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from kmstui.policy.evaluation import CompiledPolicy, CompiledStatement
from kmstui.policy.iam import (
    Condition,
    Doubt,
    Lookup,
    NamedBy,
    Principal,
    PrincipalKind,
    PrincipalMatch,
    Request,
    Truth,
    absent_keys,
    account_of,
    lookup_for,
)
from kmstui.policy.syntax import Statement
from kmstui.policy.witnesses import joined

_BOUNDED = "the caller has a permissions boundary"
"""With one, a Deny with NotPrincipal denies whoever is listed, too (IAM User Guide, "AWS JSON
policy elements: NotPrincipal")."""


class Access(IntEnum):
    """What a key policy gives; a larger number is more."""

    DENIED = 0
    """Explicitly, so no grant and no IAM policy helps."""
    NONE = 1
    """Nothing; a grant could still give it."""
    VIA_IAM = 2
    """If an identity policy of the principal's account allows it."""
    DIRECT = 3
    """By the key policy itself."""


class Term(NamedTuple):
    """One statement: what it gives, or denies, where all of its atoms hold."""

    access: Access
    atoms: int
    """As bits."""


@dataclass(frozen=True, slots=True)
class Terms:
    """All statements about one caller and one action."""

    meaning: frozenset[Term]
    sources: tuple[tuple[Term, Statement], ...]
    """Which statement each term is."""


class Atoms:
    """Everything on which terms hang, each a bit."""

    def __init__(self) -> None:
        self.conditions: dict[int, Condition] = {}
        self.doubts: dict[int, str] = {}
        """What AWS does not document, or nobody can know, in words."""
        self._bits: dict[object, int] = {}

    def of_condition(self, condition: Condition, lookup: Lookup) -> int:
        """The atom that a condition is, its variables replaced where they are known."""
        operator = condition.operator
        if operator is None or (operator.type == "Null" and operator.if_exists):
            words = f"{condition.entry.operator.value} holds, which is not an operator of AWS"
            return self.of_doubt(words, (condition.key, frozenset(condition.values)))
        resolved = condition.resolved(lookup)
        # What a variable stands for is told by its own name.
        written = () if resolved is condition else (condition.values, resolved.values)
        condition = resolved
        name = (
            operator.positive,
            operator.negated,
            operator.set_prefix,
            operator.if_exists,
            condition.inverted,
        )
        values = frozenset(condition.values)
        atom = (condition.key, name, values, written, condition.has_variables)
        bit = self._bits.setdefault(atom, 1 << len(self._bits))
        self.conditions.setdefault(bit, condition)
        return bit

    def opposite(self, bit: int, lookup: Lookup) -> int | None:
        """The atom that holds where another does not; None where it is no condition."""
        condition = self.conditions.get(bit)
        if condition is None:
            return None
        return self.of_condition(replace(condition, inverted=not condition.inverted), lookup)

    def of_doubt(self, words: str, about: object) -> int:
        """The atom for what is left open about something."""
        bit = self._bits.setdefault((words, about), 1 << len(self._bits))
        self.doubts[bit] = words
        return bit

    @property
    def tied(self) -> int:
        """The atoms in which policy variables stand."""
        return sum(bit for bit, each in self.conditions.items() if each.has_variables)

    @property
    def of_conditions(self) -> int:
        """The atoms that are conditions."""
        return sum(self.conditions)

    def keys(self, atoms: int) -> frozenset[str]:
        """The condition keys of some atoms, as policies spell them."""
        return frozenset(
            condition.entry.key.value for bit, condition in self.conditions.items() if atoms & bit
        )


def terms_of(policy: CompiledPolicy, request: Request, atoms: Atoms) -> Terms:
    """What `policy` says about a principal and an action, as far as the context leaves it open."""
    principal, action, resource = request.principal, request.action, request.resource
    lookup = lookup_for(request, absent_keys(action))
    found: list[tuple[Term, Statement]] = []
    for compiled, matches in policy.candidates(principal, action):
        on = held_by(compiled, resource, lookup, atoms)
        if on is not None:
            found.extend(
                (_term(compiled, match, principal, resource, on, atoms), compiled.statement)
                for match in matches
            )
    for compiled in policy.only_with_boundary(principal, action):
        on = held_by(compiled, resource, lookup, atoms)
        if on is not None:
            on |= atoms.of_doubt(_BOUNDED, _BOUNDED)
            found.append((Term(Access.DENIED, on), compiled.statement))
    return Terms(frozenset(term for term, _ in found), tuple(found))


def held_by(compiled: CompiledStatement, resource: str, lookup: Lookup, atoms: Atoms) -> int | None:
    """The atoms on which a statement hangs; None where it never holds."""
    covered = compiled.covers_resource(resource, lookup)
    if covered is Truth.NO:
        return None
    found = held(compiled.conditions, lookup, atoms)
    if found is not None and covered is Truth.MAYBE:
        resources = (*compiled.statement.resources, *compiled.statement.not_resources)
        found |= atoms.of_doubt(Doubt.VARIABLE, frozenset(node.value for node in resources))
    return found


def held(conditions: Iterable[Condition], lookup: Lookup, atoms: Atoms) -> int | None:
    """The atoms that some conditions are together; None where one of them never holds."""
    found = 0
    for condition in conditions:
        truth = condition.truth(lookup)
        if truth is Truth.NO:
            return None
        if truth is Truth.MAYBE:
            found |= atoms.of_condition(condition, lookup)
    return found


def _term(
    compiled: CompiledStatement,
    match: PrincipalMatch,
    principal: Principal,
    resource: str,
    on: int,
    atoms: Atoms,
) -> Term:
    access = Access.DENIED if compiled.deny else _access(match, principal, resource)
    return Term(access, on | doubt_of(compiled, match, atoms))


def doubt_of(compiled: CompiledStatement, match: PrincipalMatch, atoms: Atoms) -> int:
    """The atom for whether a statement is about the caller; 0 where that is sure."""
    if match.doubt is None:
        return 0
    listed = (*compiled.statement.principals, *compiled.statement.not_principals)
    names = sorted({f"{entry.type} {entry.value.value}" for entry in listed})
    element = "Principal" if compiled.statement.principals else "NotPrincipal"
    about = f"{element} {joined(name.rpartition(':')[2] for name in names)}"
    words = f"the statement about {about} applies to the caller ({match.doubt})"
    return atoms.of_doubt(words, (element, *names))


def _access(match: PrincipalMatch, principal: Principal, resource: str) -> Access:
    """What an Allow gives, by the rules of `evaluate`.

    What another account is given is for that account to hand on, its root user included.
    """
    if principal.account and principal.account != account_of(resource):
        return Access.VIA_IAM
    if principal.kind is PrincipalKind.ROOT:
        return Access.DIRECT
    return Access.VIA_IAM if match.by is NamedBy.ACCOUNT else Access.DIRECT


def simplified(terms: Iterable[Term]) -> frozenset[Term]:
    """The terms without those that others make idle, so that equal meaning is seen sooner."""
    return _simplified(frozenset(terms))


@lru_cache(maxsize=8192)
def _simplified(terms: frozenset[Term]) -> frozenset[Term]:
    sure = max((term.access for term in terms if not term.atoms), default=Access.NONE)
    if Term(Access.DENIED, 0) in terms:
        return frozenset({Term(Access.DENIED, 0)})
    left = [
        term
        for term in terms
        if term.access is Access.DENIED or term.access > sure or not term.atoms
    ]
    return frozenset(term for term in left if not any(_includes(other, term) for other in left))


def _includes(other: Term, term: Term) -> bool:
    """Whether `other` does as much wherever `term` does something."""
    if other == term or other.atoms & ~term.atoms:
        return False
    if Access.DENIED in (other.access, term.access):
        return other.access is Access.DENIED
    return other.access >= term.access
