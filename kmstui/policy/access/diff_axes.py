"""The condition keys on which two policies can differ, and how their values fall into classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from kmstui.policy.access.diff_samples import ABSENT, VARIABLE_VALUES, Sample, samples_of
from kmstui.policy.access.diff_terms import AtomId, Atoms
from kmstui.policy.evaluation.explanation import joined
from kmstui.policy.iam.conditions import Condition, Truth
from kmstui.policy.iam.request import Values


@dataclass(frozen=True, slots=True)
class Axis:
    """One condition key, or one thing that the documents leave open."""

    key: str
    words: str
    classes: tuple[tuple[Sample, ...], ...]
    """Samples that no condition tells apart stand together."""
    meeting: Mapping[AtomId, tuple[int, ...]] = field(default_factory=dict)
    """For each atom that hangs on this axis alone, the classes that meet it."""

    def describe(self, included: Iterable[int]) -> str:
        """Some of the classes in words: `aws:SourceVpce is absent or other than vpce-1`."""
        chosen = set(included)
        if self.key.startswith("?"):
            return self.words if 0 in chosen else f"not so: {self.words}"
        inside = [sample for index in sorted(chosen) for sample in self.classes[index]]
        outside = [
            sample
            for index, each in enumerate(self.classes)
            if index not in chosen
            for sample in each
        ]
        absent = ABSENT in inside
        if inside == [ABSENT]:
            return f"{self.words} is absent"
        if outside == [ABSENT]:
            return f"{self.words} is present"
        verb = "is absent or" if absent else "is"
        if any(not sample.words for sample in inside):
            mentioned = (each.words for each in outside if each.words and each is not ABSENT)
            return f"{self.words} {verb} other than {joined(mentioned)}"
        return f"{self.words} {verb} {joined(s.words for s in inside if s is not ABSENT)}"


_YES, _NO = Sample(("true",), "true"), Sample(("false",), "false")


@dataclass(frozen=True, slots=True)
class _Plan:
    """One key with its samples, before any condition is tested on them."""

    key: str
    words: str
    samples: list[Sample]
    conditions: Mapping[AtomId, Condition]
    tied: bool
    """Whether policy variables tie the key to another, so that no two values are alike."""

    @property
    def effort(self) -> int:
        """About how many comparisons of values it takes to find the classes."""
        if self.tied:
            return len(self.samples)
        weights = (1 + _patterns(condition) for condition in self.conditions.values())
        return len(self.samples) * sum(weights)

    def axis(self) -> Axis:
        """Test the samples."""
        if self.tied:
            return Axis(self.key, self.words, tuple((sample,) for sample in self.samples))
        found: dict[tuple[Truth, ...], list[Sample]] = {}
        for sample in self.samples:
            lookup = partial(_values_of, sample)
            signature = tuple(each.truth(lookup) for each in self.conditions.values())
            found.setdefault(signature, []).append(sample)
        meeting = {
            atom: tuple(
                index for index, signature in enumerate(found) if signature[at] is Truth.YES
            )
            for at, atom in enumerate(self.conditions)
        }
        return Axis(self.key, self.words, tuple(map(tuple, found.values())), meeting)


def _patterns(condition: Condition) -> int:
    """How many values must be tried one by one."""
    operator = condition.operator
    one_by_one = (
        operator is not None
        and operator.type != "Bool"
        and (operator.wildcards or operator.type in ("Numeric", "Date", "IPAddress"))
    )
    return len(condition.values) if one_by_one else 0


def _values_of(sample: Sample, _key: str) -> Values:
    return sample.values


def _plans(conditions: Mapping[AtomId, Condition]) -> list[_Plan]:
    variables = {key for condition in conditions.values() for key in condition.variable_keys}
    spelled = {
        each.key: each.entry.key.value for each in sorted(conditions.values(), key=_spelling)
    }
    by_key: dict[str, dict[AtomId, Condition]] = {key: {} for key in sorted({*spelled, *variables})}
    for atom, condition in conditions.items():
        by_key[condition.key][atom] = condition
    plans = []
    for key, on_key in by_key.items():
        samples = samples_of(tuple(on_key.values()), VARIABLE_VALUES) if on_key else [ABSENT]
        if key in variables:
            samples += [Sample((value,), value) for value in VARIABLE_VALUES]
        tied = key in variables or any(each.has_variables for each in on_key.values())
        plans.append(_Plan(key, spelled.get(key, key), samples, on_key, tied))
    return plans


def axes_of(ids: Sequence[AtomId], atoms: Atoms, effort: int) -> tuple[list[Axis], int] | None:
    """The axes for some atoms, and the effort they took; None where it is more than `effort`."""
    conditions = {atom: atoms.conditions[atom] for atom in ids if atom in atoms.conditions}
    plans = _plans(conditions)
    needed = sum(plan.effort for plan in plans)
    if needed > effort:
        return None
    doubts = sorted((atom for atom in ids if atom in atoms.doubts), key=order_of)
    open_axes = [
        Axis(f"?{order_of(atom)}", atoms.doubts[atom].value, ((_YES,), (_NO,)), {atom: (0,)})
        for atom in doubts
    ]
    return [*(plan.axis() for plan in plans), *open_axes], needed


def order_of(atom: AtomId) -> str:
    """A fixed order, so that the same difference is always told in the same words."""
    return "\0".join(
        str(sorted(map(str, part)) if isinstance(part, frozenset) else part) for part in atom
    )


def _spelling(condition: Condition) -> str:
    return condition.entry.key.value
