"""The condition keys on which two policies can differ, and how their values fall into classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address

from kmstui.policy.evaluation import CompiledStatement, joined
from kmstui.policy.iam import (
    Condition,
    Doubt,
    Operator,
    Truth,
    Values,
    has_wildcard,
    instant,
    networks,
    number,
)

AtomId = tuple[object, ...]
"""What makes two atoms the same: key, operator, values; whatever the order they are written in."""


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


VARIABLE_VALUES = ("‹one›", "‹another›")
"""What policy variables stand for while they are tried."""

_OTHER = "=other="
_OTHER_ARN = "arn:aws:other:::=other="
_OUTSIDE = ("203.0.113.251", "198.51.100.251", "2001:db8:ffff::1", "192.0.2.251")
_MOST_VALUES = 200
"""Beyond so many values of one key, those that are left stand in one class with them."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One way that a request may carry a key."""

    values: Values
    """Empty: it does not."""
    words: str
    """The value in words; empty for one that no policy mentions."""


ABSENT = Sample((), "absent")


def samples_of(conditions: Sequence[Condition], variable_values: Sequence[str]) -> list[Sample]:
    """Samples of one key, from all conditions on it.

    Args:
        conditions: Those on the key, of both policies.
        variable_values: Values that policy variables in their values can have.
    """
    found: dict[Values, Sample] = {(): ABSENT}

    def add(value: str, words: str) -> None:
        found.setdefault((value,), Sample((value,), words))

    for condition in conditions:
        operator = condition.operator
        if operator is None or operator.type == "Null":
            continue
        for value in _resolved(condition, variable_values)[:_MOST_VALUES]:
            for sample, words in _around(operator, value):
                add(sample, words)
    for other in _others(conditions):
        add(other, "")
    if any(c.operator is not None and c.operator.set_prefix for c in conditions):
        found.update(_several(found))
    return list(found.values())


def _resolved(condition: Condition, variable_values: Sequence[str]) -> list[str]:
    """The condition's values, each variable replaced by each of the values it can have."""
    if not condition.has_variables:
        return list(condition.values)
    found = []
    for value in condition.values:
        head, mark, tail = value.partition("${")
        if not mark:
            found.append(value)
            continue
        rest = tail.partition("}")[2]
        found.extend(f"{head}{each}{rest}" for each in variable_values)
    return found


def _around(operator: Operator, value: str) -> list[tuple[str, str]]:
    """Values at, below and above one of the policy's, with words."""
    if operator.type == "Bool":
        return [("true", "true"), ("false", "false")]
    if operator.type == "Numeric":
        return _ordered(value)
    if operator.type == "Date":
        return _dates(value)
    if operator.type == "IPAddress":
        return [(str(network[0]), f"in {value}") for network in networks((value,))]
    if operator.wildcards and has_wildcard(value):
        return [(value.replace("*", _OTHER).replace("?", "="), f"like {value}")]
    return [(value, value)]


def _ordered(value: str) -> list[tuple[str, str]]:
    try:
        bound = number(value)
    except ValueError:
        return []
    return [
        (repr(bound - 0.5), f"less than {value}"),
        (value, value),
        (repr(bound + 0.5), f"more than {value}"),
    ]


def _dates(value: str) -> list[tuple[str, str]]:
    try:
        bound = instant(value)
        before, after = (
            datetime.fromtimestamp(moment, UTC).isoformat() for moment in (bound - 1, bound + 1)
        )
    except (ValueError, OverflowError, OSError):
        return []
    return [(before, f"before {value}"), (value, value), (after, f"after {value}")]


def _others(conditions: Iterable[Condition]) -> list[str]:
    """Values that no condition mentions."""
    found = []
    types = {c.operator.type for c in conditions if c.operator is not None}
    if "IPAddress" in types:
        known = networks(value for condition in conditions for value in condition.values)
        outside = (each for each in _OUTSIDE if not any(ip_address(each) in net for net in known))
        found += list(outside)[:1]
    if "ARN" in types:
        found.append(_OTHER_ARN)
    if types & {"String", "Binary", "Null"} or not types:
        found.append(_OTHER)
    return found


def _several(single: dict[Values, Sample]) -> dict[Values, Sample]:
    """Lists of values, for keys that can carry several."""
    mentioned = [sample for sample in single.values() if sample.values and sample.words]
    found: dict[Values, Sample] = {}
    for sample in mentioned[:_MOST_VALUES]:
        values = (*sample.values, _OTHER)
        found[values] = Sample(values, f"{sample.words} with others")
    if len(mentioned) > 1:
        every = tuple(value for sample in mentioned for value in sample.values)
        found[every] = Sample(every, joined((sample.words for sample in mentioned), "and"))
        found[(*every, _OTHER)] = Sample((*every, _OTHER), "all of them with others")
    return found


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
    spelled = dict(sorted((each.key, each.entry.key.value) for each in conditions.values()))
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
