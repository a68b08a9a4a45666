"""All requests that two policies can tell apart, as bits of whole numbers.

Every condition key falls into a few classes of values that no condition of either policy
tells apart. A request is one class per key; a set of requests is a number with one bit for
each, so that "and", "or" and "not" of conditions are those of numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

from kmstui.policy.access_diff_samples import ABSENT, VARIABLE_VALUES, Sample, samples_of
from kmstui.policy.access_diff_terms import Access, AtomId, Atoms, Term
from kmstui.policy.conditions import Condition, Truth
from kmstui.policy.reasoning_conditions import joined
from kmstui.policy.request import Values

_MOST_BOXES = 6


class TooManyError(Exception):
    """There are more combinations of values than can be tried in the time of a key press."""


@dataclass(frozen=True, slots=True)
class _Axis:
    """One condition key, or one thing that the documents leave open."""

    key: str
    words: str
    classes: tuple[tuple[Sample, ...], ...]
    """Samples that no condition tells apart stand together."""


_YES, _NO = Sample(("true",), "true"), Sample(("false",), "false")


class Space:
    """All requests that matter for some terms."""

    def __init__(self, terms: Iterable[Term], atoms: Atoms, limit: int) -> None:
        """Lay the axes.

        Args:
            terms: Those of both policies.
            atoms: What their atoms are.
            limit: How many requests may be tried.

        Raises:
            TooManyError: there are more.
        """
        # In a fixed order, so that the same difference is always told in the same words.
        ids = sorted({atom for term in terms for atom in term.atoms}, key=_order)
        self._conditions = {a: atoms.conditions[a] for a in ids if a in atoms.conditions}
        self._axes = [*self._key_axes(), *self._doubt_axes(ids, atoms)]
        self.size = 1
        for axis in self._axes:
            self.size *= len(axis.classes)
            if self.size > limit:
                raise TooManyError
        self.everything = (1 << self.size) - 1
        self._classes = self._class_masks()
        self._atoms = {
            atom: self._condition_mask(condition) for atom, condition in self._conditions.items()
        }
        for axis in self._axes:
            if axis.key.startswith("?"):
                atom = next(a for a in ids if a in atoms.doubts and _doubt_key(a) == axis.key)
                self._atoms[atom] = self._classes[axis.key][0]

    def _key_axes(self) -> list[_Axis]:
        conditions = list(self._conditions.values())
        variables = {key for condition in conditions for key in condition.variable_keys}
        spelled = {c.key: c.entry.key.value for c in sorted(conditions, key=_spelling)}
        axes = []
        for key in sorted({*spelled, *variables}):
            on_key = [condition for condition in conditions if condition.key == key]
            samples = samples_of(on_key, VARIABLE_VALUES) if on_key else [ABSENT]
            if key in variables:
                samples += [Sample((value,), value) for value in VARIABLE_VALUES]
            tied = key in variables or any(condition.has_variables for condition in on_key)
            classes = tuple((sample,) for sample in samples) if tied else _classes(samples, on_key)
            axes.append(_Axis(key, spelled.get(key, key), classes))
        return axes

    @staticmethod
    def _doubt_axes(ids: Iterable[AtomId], atoms: Atoms) -> list[_Axis]:
        found = {_doubt_key(atom): atoms.doubts[atom].value for atom in ids if atom in atoms.doubts}
        return [_Axis(key, words, ((_YES,), (_NO,))) for key, words in sorted(found.items())]

    def _class_masks(self) -> dict[str, list[int]]:
        """For each axis and each of its classes, the requests in it."""
        masks = {}
        stride = 1
        for axis in self._axes:
            count = len(axis.classes)
            block = (1 << stride) - 1
            period = stride * count
            repeated = sum(1 << (period * index) for index in range(self.size // period))
            masks[axis.key] = [(block << (stride * index)) * repeated for index in range(count)]
            stride = period
        return masks

    def _condition_mask(self, condition: Condition) -> int:
        """The requests that meet a condition."""
        keys = sorted({condition.key, *condition.variable_keys})
        axes = [axis for axis in self._axes if axis.key in keys]
        mask = 0
        for chosen in product(*(range(len(axis.classes)) for axis in axes)):
            known = {
                axis.key: axis.classes[index][0].values
                for axis, index in zip(axes, chosen, strict=True)
            }
            if condition.truth(known.get) is Truth.YES:
                part = self.everything
                for axis, index in zip(axes, chosen, strict=True):
                    part &= self._classes[axis.key][index]
                mask |= part
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
        chosen: dict[str, set[int]] = {}
        for axis in self._axes:
            masks = self._classes[axis.key]
            chosen[axis.key] = {next(i for i, mask in enumerate(masks) if mask & seed)}
        for axis in self._axes:
            for index in range(len(axis.classes)):
                wider = {**chosen, axis.key: {*chosen[axis.key], index}}
                if not self._mask(wider) & ~requests:
                    chosen = wider
        clauses = [
            _axis_words(axis, chosen[axis.key])
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


def _order(atom: AtomId) -> str:
    return "\0".join(
        str(sorted(map(str, part)) if isinstance(part, frozenset) else part) for part in atom
    )


def _spelling(condition: Condition) -> str:
    return condition.entry.key.value


def _doubt_key(atom: AtomId) -> str:
    doubt, names = atom
    return f"?{doubt}{sorted(map(str, names))}" if isinstance(names, frozenset) else f"?{doubt}"


def _classes(
    samples: Sequence[Sample], conditions: Sequence[Condition]
) -> tuple[tuple[Sample, ...], ...]:
    """The samples that no condition tells apart, together."""
    found: dict[tuple[Truth, ...], list[Sample]] = {}
    for sample in samples:
        lookup = partial(_values_of, sample)
        signature = tuple(condition.truth(lookup) for condition in conditions)
        found.setdefault(signature, []).append(sample)
    return tuple(map(tuple, found.values()))


def _values_of(sample: Sample, _key: str) -> Values:
    return sample.values


def _axis_words(axis: _Axis, included: Iterable[int]) -> str:
    """`aws:SourceVpce is vpce-1 or absent`."""
    if axis.key.startswith("?"):
        return axis.words if 0 in included else f"not so: {axis.words}"
    inside = [sample for index in included for sample in axis.classes[index]]
    outside = [sample for each in axis.classes for sample in each if sample not in inside]
    absent = ABSENT in inside
    if inside == [ABSENT]:
        return f"{axis.words} is absent"
    if outside == [ABSENT]:
        return f"{axis.words} is present"
    verb = "is absent or" if absent else "is"
    if any(not sample.words for sample in inside):
        mentioned = (sample.words for sample in outside if sample.words and sample is not ABSENT)
        return f"{axis.words} {verb} other than {joined(mentioned)}"
    return f"{axis.words} {verb} {joined(s.words for s in inside if s is not ABSENT)}"
