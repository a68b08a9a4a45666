"""For which requests two sets of terms come out differently: all of them, by decision.

Requests are divided by one condition key after another, each into the classes of its values. As
soon as what is left of both sets of terms is the same, they agree on all that follows; so of the
many combinations only those are looked at that can make a difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from kmstui.policy.access.terms import Access, Atoms, Term, simplified
from kmstui.policy.iam import Condition, Lookup, Truth
from kmstui.policy.witnesses import Axis, AxisClass, axes_of, joined

_MOST_BOXES = 6
_MOST_PATHS = 64
_MOST_CLAUSES = 4
_MOST_AXES = 200
"""Keys and doubts that requests are told apart by, each a level of the tree; Python goes no deeper
than some hundreds, and no policy asks for as many."""
UNSETTLED = "no other statement settles it"
"""Said in place of what statements that both policies have do to a request."""

_FURTHER = "in further cases"
CUT_SHORT = (UNSETTLED, _FURTHER)
"""How words end that do not say everything."""


class TooManyError(Exception):
    """There are more combinations than can be tried in the time of a key press."""


class Budget:
    """How many combinations may still be looked at."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Take from it.

        Raises:
            TooManyError: it is used up.
        """
        self.left -= steps
        if self.left < 0:
            raise TooManyError


class Shift(NamedTuple):
    """One change of access, and the requests that it is about."""

    before: Access
    after: Access


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    """Requests divided by one axis; there is one of each."""

    axis: int
    branches: tuple[tuple[frozenset[int], _Tree], ...]
    """Classes, and what comes of them; each class in just one branch."""


_Tree = _Node | Shift | None
"""What comes of some requests: None where both sets of terms give the same."""

Box = Mapping[int, frozenset[int]]
"""Requests by the classes allowed on each axis that matters."""


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests that one change is about."""

    words: tuple[str, ...]
    """In words, any of which suffices; an empty text says: always."""
    tree: _Tree
    shift: Shift
    axes: tuple[Axis, ...]

    def include(self, lookup: Lookup) -> bool | None:
        """Whether a request is among them whose condition keys are all known; None: it is open."""
        tree = self.tree
        while isinstance(tree, _Node):
            axis = self.axes[tree.axis]
            if not axis.sources:
                return None
            held = 0
            for bit, condition in axis.sources:
                truth = condition.truth(lookup)
                if truth is Truth.MAYBE:
                    return None
                held |= bit * (truth is Truth.YES)
            at = next((i for i, each in enumerate(axis.classes) if each.holding == held), -1)
            tree = next((branch for ids, branch in tree.branches if at in ids), None)
        return tree == self.shift


class Space:
    """All requests that matter for two sets of terms."""

    def __init__(
        self, old: frozenset[Term], new: frozenset[Term], atoms: Atoms, lookup: Lookup
    ) -> None:
        used = 0
        for term in old | new:
            used |= term.atoms
        # In an order of their own, so that the same difference is always told in the same words.
        conditions = {bit: each for bit, each in _in_order(atoms.conditions) if bit & used}
        self.axes = [
            *axes_of(conditions, lookup),
            *(Axis.free(bit, words) for bit, words in _in_order(atoms.doubts) if bit & used),
        ]
        self.terms = simplified(old), simplified(new)
        changed = 0
        for term in self.terms[0] ^ self.terms[1]:
            changed |= term.atoms
        self._about = frozenset(
            at for at, axis in enumerate(self.axes) if axis.conditions & changed
        )
        self._nodes: dict[object, _Node] = {}

    @property
    def conditions(self) -> int:
        """The atoms of all axes."""
        return sum(axis.conditions for axis in self.axes)

    @property
    def open_conditions(self) -> int:
        """The atoms on axes of which not every class is known."""
        return sum(axis.conditions for axis in self.axes if not axis.complete)

    def loosen(self, atoms: Atoms) -> None:
        """Let each atom of an incomplete axis come out either way, whatever the others do.

        What no combination changes then is changed by no request at all.
        """
        found = []
        for axis in self.axes:
            if axis.complete:
                found.append(axis)
                continue
            bits = (bit for bit in atoms.conditions if bit & axis.conditions)
            found += (Axis.free(bit, axis.key) for bit in bits)
        self.axes = found

    def tree(self, budget: Budget) -> _Tree:
        """The requests that come out differently.

        Raises:
            TooManyError: the budget is used up, or there are more axes than trees are high.
        """
        if len(self.axes) > _MOST_AXES:
            raise TooManyError
        return self._divided(*self.terms, budget, {})

    def _divided(
        self,
        old: frozenset[Term],
        new: frozenset[Term],
        budget: Budget,
        known: dict[tuple[frozenset[Term], frozenset[Term]], _Tree],
    ) -> _Tree:
        if old == new:
            return None
        key = (old, new)
        if key in known:
            return known[key]
        at = self._next_axis(old, new)
        if at is None:
            before, after = _access_of(old), _access_of(new)
            found: _Tree = None if before is after else Shift(before, after)
        else:
            axis = self.axes[at]
            budget.spend(len(axis.classes) + len(old) + len(new))
            branches: dict[_Tree, list[int]] = {}
            for index, each in enumerate(axis.classes):
                tree = self._divided(_left(old, axis, each), _left(new, axis, each), budget, known)
                branches.setdefault(tree, []).append(index)
            found = next(iter(branches)) if len(branches) == 1 else self._node(at, branches)
        known[key] = found
        return found

    def _node(self, axis: int, branches: Mapping[_Tree, list[int]]) -> _Node:
        divided = tuple((frozenset(ids), tree) for tree, ids in branches.items())
        key = (axis, frozenset(divided))
        return self._nodes.setdefault(key, _Node(axis, divided))

    def _next_axis(self, old: frozenset[Term], new: frozenset[Term]) -> int | None:
        """The axis to divide by: of those that the terms in dispute hang on, the simplest."""
        for terms in (old ^ new, old | new):
            used = 0
            for term in terms:
                used |= term.atoms
            if used:
                return min(
                    (at for at, axis in enumerate(self.axes) if axis.conditions & used),
                    key=lambda at: len(self.axes[at].classes),
                )
        return None

    def shifts(self, tree: _Tree) -> Iterator[tuple[Shift, Requests]]:
        """Every change of access with the requests it is about."""
        by_shift: dict[Shift, list[Box]] = {}
        for shift, box in _paths(tree, {}):
            by_shift.setdefault(shift, []).append(box)
        for shift, boxes in sorted(by_shift.items()):
            yield shift, self._requests(tree, shift, boxes)

    def _requests(self, tree: _Tree, shift: Shift, boxes: Iterable[Box]) -> Requests:
        widest: list[Box] = []
        words = set[str]()
        further = False
        for seen, box in enumerate(boxes):
            if any(_within(box, other) for other in widest):
                continue
            if len(widest) == _MOST_BOXES or seen > _MOST_PATHS:
                further = True
                break
            widest.append(self._widened(tree, shift, box))
            words.add(self._box_words(widest[-1]))
        told = (*sorted(words), *([_FURTHER] if further else []))
        return Requests(told, tree, shift, tuple(self.axes))

    def _widened(self, tree: _Tree, shift: Shift, box: Box) -> Box:
        """The widest box around another in which everything comes out alike."""
        found = dict(box)
        # What the policies have in common goes first, for the difference is not about it.
        for at in sorted(box, key=lambda at: at in self._about):
            rest = {key: each for key, each in found.items() if key != at}
            if _covered(tree, shift, rest):
                found = rest
                continue
            every = range(len(self.axes[at].classes))
            found[at] = frozenset(
                index
                for index in every
                if index in box[at] or _covered(tree, shift, rest | {at: frozenset({index})})
            )
        return found

    def _box_words(self, box: Box) -> str:
        by_key = sorted(box.items(), key=lambda item: self.axes[item[0]].key)
        about = [self.axes[at].words(ids) for at, ids in by_key if at in self._about]
        beside = [self.axes[at].words(ids) for at, ids in by_key if at not in self._about]
        if len(beside) > _MOST_CLAUSES:
            beside = [UNSETTLED]
        return joined((*about, *beside), "and", most=8)


def _in_order(atoms: Mapping[int, Condition] | Mapping[int, str]) -> list[tuple[int, Any]]:
    def order(atom: tuple[int, Condition | str]) -> tuple[str, str, list[str]]:
        _, each = atom
        if isinstance(each, str):
            return each, "", []
        return each.key, each.entry.operator.value, sorted(each.values)

    return sorted(atoms.items(), key=order)


def _left(terms: frozenset[Term], axis: Axis, each: AxisClass) -> frozenset[Term]:
    """What is left of the terms where the axis takes one of its classes."""
    missing = axis.conditions & ~each.holding
    return simplified(
        Term(term.access, term.atoms & ~axis.conditions)
        for term in terms
        if not term.atoms & missing
    )


def _access_of(terms: Iterable[Term]) -> Access:
    """What terms without atoms give."""
    found = [term.access for term in terms]
    if Access.DENIED in found:
        return Access.DENIED
    return max(found, default=Access.NONE)


def _paths(tree: _Tree, box: dict[int, frozenset[int]]) -> Iterator[tuple[Shift, Box]]:
    if isinstance(tree, Shift):
        yield tree, dict(box)
    elif tree is not None:
        for ids, branch in tree.branches:
            if branch is not None:
                yield from _paths(branch, box | {tree.axis: ids})


def _covered(tree: _Tree, shift: Shift, box: Box) -> bool:
    """Whether all requests in a box come to a change."""
    if not isinstance(tree, _Node):
        return tree == shift
    wanted = box.get(tree.axis)
    return all(
        _covered(branch, shift, box)
        for ids, branch in tree.branches
        if wanted is None or ids & wanted
    )


def _within(box: Box, other: Box) -> bool:
    return all(at in box and box[at] <= ids for at, ids in other.items())
