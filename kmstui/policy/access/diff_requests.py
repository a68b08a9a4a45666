"""A key policy as it concerns one principal and one action: terms over what is still open.

What follows from the principal, the action and the key is worked out; what is left of each
statement is a set of atoms, each a condition on a part of the request that can be this or that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from itertools import product

from kmstui.policy.access.diff_axes import VARIABLE_VALUES, AtomId, Atoms, axes_of, order_of
from kmstui.policy.evaluation import CompiledPolicy, CompiledStatement, joined
from kmstui.policy.iam import (
    Condition,
    Doubt,
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


_MOST_BOXES = 6


class TooManyError(Exception):
    """There are more combinations of values than can be tried in the time of a key press."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What may be spent on one difference."""

    requests: int
    """Requests tried."""
    effort: int
    """Comparisons of values."""


class Space:
    """All requests that matter for some terms."""

    def __init__(self, terms: Iterable[Term], atoms: Atoms, limit: Limit) -> None:
        """Lay the axes for the terms of both policies.

        Raises:
            TooManyError: it takes more.
        """
        ids = sorted({atom for term in terms for atom in term.atoms}, key=order_of)
        laid = axes_of(ids, atoms, limit.effort)
        if laid is None:
            raise TooManyError
        self._axes, self.effort = laid
        self.size = 1
        for axis in self._axes:
            self.size *= len(axis.classes)
            if self.size > limit.requests:
                raise TooManyError
        self.everything = (1 << self.size) - 1
        self._classes = self._class_masks()
        self._atoms: dict[AtomId, int] = {}
        for axis in self._axes:
            for atom, indexes in axis.meeting.items():
                self._atoms[atom] = self._mask({axis.key: indexes})
        for atom in ids:
            if atom not in self._atoms:
                self._atoms[atom] = self._tied_mask(atoms.conditions[atom])

    def _class_masks(self) -> dict[str, list[int]]:
        """For each axis and each of its classes, the requests in it."""
        masks = {}
        stride = 1
        for axis in self._axes:
            count = len(axis.classes)
            block = (1 << stride) - 1
            period = stride * count
            repeated = ((1 << self.size) - 1) // ((1 << period) - 1)
            masks[axis.key] = [(block << (stride * index)) * repeated for index in range(count)]
            stride = period
        return masks

    def _tied_mask(self, condition: Condition) -> int:
        """The requests that meet a condition whose variables tie several keys together."""
        keys = {condition.key, *condition.variable_keys}
        axes = [axis for axis in self._axes if axis.key in keys]
        mask = 0
        for chosen in product(*(range(len(axis.classes)) for axis in axes)):
            known = {
                axis.key: axis.classes[index][0].values
                for axis, index in zip(axes, chosen, strict=True)
            }
            if condition.truth(known.get) is Truth.YES:
                mask |= self._mask(
                    {axis.key: (index,) for axis, index in zip(axes, chosen, strict=True)}
                )
        return mask

    def accesses(self, terms: Iterable[Term]) -> Mapping[Access, int]:
        """For each kind of access, the requests that get it."""
        got = dict.fromkeys(Access, 0)
        for term in terms:
            mask = self.everything
            for atom in term.atoms:
                mask &= self._atoms[atom]
            got[term.access] |= mask
        left = self.everything
        for access in (Access.DENIED, Access.DIRECT, Access.VIA_IAM):
            got[access] &= left
            left &= ~got[access]
        got[Access.NONE] = left
        return got

    def words(self, requests: int) -> tuple[str, ...]:
        """A set of requests as conditions in words; `always` as the empty text."""
        boxes: list[str] = []
        left = requests
        while left and len(boxes) < _MOST_BOXES:
            box, words = self._box(requests, left & -left)
            boxes.append(words)
            left &= ~box
        if left:
            boxes.append("in further cases")
        return tuple(boxes)

    def _box(self, requests: int, seed: int) -> tuple[int, str]:
        """The widest product of classes around one request that stays in `requests`."""
        chosen = {
            axis.key: {next(i for i, mask in enumerate(self._classes[axis.key]) if mask & seed)}
            for axis in self._axes
        }
        unwanted = self.everything & ~requests
        for axis in self._axes:
            across = self._mask({key: each for key, each in chosen.items() if key != axis.key})
            chosen[axis.key] = {
                index
                for index, mask in enumerate(self._classes[axis.key])
                if not across & mask & unwanted
            }
        clauses = [
            axis.describe(chosen[axis.key])
            for axis in self._axes
            if len(chosen[axis.key]) < len(axis.classes)
        ]
        words = joined(clauses, "and", most=8)
        if any(value in words for value in VARIABLE_VALUES):
            words += f" ({' and '.join(VARIABLE_VALUES)} being any two values)"
        return self._mask(chosen), words

    def _mask(self, chosen: Mapping[str, Iterable[int]]) -> int:
        mask = self.everything
        for key, indexes in chosen.items():
            part = 0
            for index in indexes:
                part |= self._classes[key][index]
            mask &= part
        return mask
