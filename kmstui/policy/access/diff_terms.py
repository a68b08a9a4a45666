"""A key policy as it concerns one principal and one action: terms over what is still open.

What follows from the principal, the action and the key is worked out; what is left of each
statement is a set of atoms, each a condition on a part of the request that can be this or that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from kmstui.policy.evaluation.compiled import CompiledPolicy, CompiledStatement
from kmstui.policy.iam.conditions import Condition, Doubt, Truth
from kmstui.policy.iam.match_principal import NamedBy, PrincipalMatch
from kmstui.policy.iam.principals import Principal, PrincipalKind
from kmstui.policy.iam.request import Request, account_of, lookup_for
from kmstui.policy.iam.vocabulary import absent_keys
from kmstui.policy.syntax.statements import Statement


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


AtomId = tuple[object, ...]
"""What makes two atoms the same: key, operator, values; whatever the order they are written in."""


@dataclass(frozen=True, slots=True)
class Term:
    """One statement: what it does where all of its atoms hold."""

    deny: bool
    access: Access
    atoms: frozenset[AtomId]


@dataclass(frozen=True, slots=True)
class Terms:
    """All statements about one principal and one action."""

    meaning: frozenset[Term]
    sources: tuple[tuple[Term, Statement], ...]
    """Which statement each term is."""


@dataclass(slots=True)
class Atoms:
    """The conditions behind the atoms."""

    conditions: dict[AtomId, Condition]
    doubts: dict[AtomId, Doubt]

    def of(self, condition: Condition) -> AtomId:
        """The atom that a condition is."""
        operator = condition.operator
        name: object = condition.entry.operator.value.lower()
        if operator is not None:
            name = (operator.positive, operator.negated, operator.set_prefix, operator.if_exists)
        atom = (condition.key, name, frozenset(condition.values), condition.has_variables)
        self.conditions.setdefault(atom, condition)
        return atom

    def of_doubt(self, doubt: Doubt, statement: CompiledStatement) -> AtomId:
        """The atom for what the documents leave open about a statement's principals."""
        listed = (*statement.statement.principals, *statement.statement.not_principals)
        names = frozenset((entry.type, entry.value.value) for entry in listed)
        atom = (doubt, names)
        self.doubts.setdefault(atom, doubt)
        return atom


def terms_of(
    policy: CompiledPolicy, principal: Principal, action: str, resource: str, atoms: Atoms
) -> Terms:
    """What `policy` says about a principal and an action."""
    lookup = lookup_for(Request(principal, action, resource), absent_keys(action))
    found: list[tuple[Term, Statement]] = []
    for compiled, matches in policy.candidates(principal, action):
        covered = compiled.covers_resource(resource, lookup)
        if covered is Truth.NO:
            continue
        open_atoms: list[AtomId] = []
        if covered is Truth.MAYBE:
            open_atoms.append(atoms.of_doubt(Doubt.VARIABLE, compiled))
        for condition in compiled.conditions:
            truth = condition.truth(lookup)
            if truth is Truth.NO:
                break
            if truth is Truth.MAYBE:
                open_atoms.append(atoms.of(condition))
        else:
            found.extend(
                (_term(compiled, match, principal, resource, open_atoms, atoms), compiled.statement)
                for match in matches
            )
    return Terms(frozenset(term for term, _ in found), tuple(found))


def _term(
    compiled: CompiledStatement,
    match: PrincipalMatch,
    principal: Principal,
    resource: str,
    open_atoms: Iterable[AtomId],
    atoms: Atoms,
) -> Term:
    held = set(open_atoms)
    if match.doubt is not None:
        held.add(atoms.of_doubt(match.doubt, compiled))
    access = Access.DENIED if compiled.deny else _access(match, principal, resource)
    return Term(compiled.deny, access, frozenset(held))


def _access(match: PrincipalMatch, principal: Principal, resource: str) -> Access:
    """What an Allow gives, by the rules of `evaluate`."""
    if principal.kind is PrincipalKind.ROOT:
        return Access.DIRECT
    if principal.account and principal.account != account_of(resource):
        return Access.VIA_IAM
    return Access.VIA_IAM if match.by is NamedBy.ACCOUNT else Access.DIRECT
