"""The condition keys on which requests can differ, each with the classes that its values fall in.

An axis is one condition key, or several that policy variables tie together. Two values are in one
class when every condition on the axis comes out the same for both.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from math import prod

from kmstui.policy.iam import FOR_ANY_VALUE, Condition, Lookup, Operator, Truth, Values
from kmstui.policy.syntax import scalar_text
from kmstui.policy.witnesses.values import (
    ALWAYS_PRESENT,
    Sample,
    ValueTest,
    as_test,
    grouped,
    joined,
    may_have,
    samples_of,
    takes_several,
)
from kmstui.policy.witnesses.variables import Conditions, Ties, tied_together
from kmstui.policy.witnesses.wording import (
    Cell,
    Literal,
    condition_literal,
    literal_words,
    values_words,
)

_MOST_SETS = 512
_MOST_TIED = 4096
_MOST_COMPARED = 50_000


@dataclass(frozen=True, slots=True)
class AxisClass:
    """Values that no condition of the axis tells apart."""

    holding: int
    """The conditions that hold, as bits."""
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """One condition key, or several that policy variables tie together."""

    key: str
    """As policies spell it; of several, the first."""
    sources: tuple[tuple[int, Condition], ...]
    """The conditions that hang on the axis, each with its bit."""
    conditions: int
    """Those bits."""
    classes: tuple[AxisClass, ...]
    complete: bool
    """Whether every combination of truths that some request has is among the classes."""
    tests: tuple[ValueTest, ...]
    """What the bits of the cells say; empty where `literals` do."""
    literals: tuple[Literal, ...]
    steps: int = 0
    """How many combinations of tied keys were looked at to find the classes."""

    @classmethod
    def free(cls, condition: int, words: str) -> Axis:
        """An axis for one thing that may be so or not."""
        classes = (AxisClass(0, (Cell(0),)), AxisClass(condition, (Cell(1),)))
        literal = Literal(words, f"not so: {words}")
        return cls(words, (), condition, classes, complete=True, tests=(), literals=(literal,))

    def words(self, chosen: Iterable[int]) -> str:
        """Some of the classes in words: `aws:SourceVpce is absent or other than vpce-1`."""
        wanted = set(chosen)
        inside = [cell for at in sorted(wanted) for cell in self.classes[at].cells]
        outside = [
            cell for at, each in enumerate(self.classes) if at not in wanted for cell in each.cells
        ]
        # A cell of which AWS leaves open what comes of it stands on both sides.
        is_open = not set(inside).isdisjoint(outside)
        if is_open or len(self.tests) * (len(inside) + len(outside)) > _MOST_COMPARED:
            return self._words_by_conditions(wanted)
        if self.literals:
            return literal_words(self.key, self.literals, inside, outside)
        return values_words(self.key, self.tests, inside, outside)

    def _words_by_conditions(self, wanted: Container[int]) -> str:
        """In the words of the whole conditions, where they have too many values."""
        cells: tuple[list[Cell], list[Cell]] = ([], [])
        for at, each in enumerate(self.classes):
            held = sum(1 << i for i, (bit, _) in enumerate(self.sources) if each.holding & bit)
            cells[at in wanted].append(Cell(held))
        literals = [condition_literal(condition) for _, condition in self.sources]
        return literal_words(self.key, literals, cells[True], cells[False])


def axes_of(conditions: Conditions, lookup: Lookup) -> Iterator[Axis]:
    """The axes of some conditions, each of which hangs on just one of them.

    Args:
        conditions: What the axes are for.
        lookup: What is known of the requests already.
    """
    for group in tied_together(conditions):
        keys = {each.key for each in group.values()}
        if len(keys) == 1 and not any(each.has_variables for each in group.values()):
            yield _of_key(keys.pop(), group)
        else:
            yield _of_tied_keys(group, lookup)


@dataclass(frozen=True, slots=True)
class _Judge:
    """One condition, as tests of samples."""

    bit: int
    condition: Condition
    operator: Operator
    passing: int
    """The tests of its values, as bits."""

    def meets(self, sample: Sample) -> bool:
        """Whether one value meets it, in a list or alone."""
        return bool(sample.passed & self.passing) is not self.operator.negated

    def holds(self, samples: Sequence[Sample]) -> bool | None:
        """Whether it holds for a request with these values; None: AWS leaves it open."""
        passed = (bool(sample.passed & self.passing) for sample in samples)
        truth, _ = self.condition.settled(self.operator, len(samples), passed)
        return None if truth is Truth.MAYBE else truth is Truth.YES


def _judges(conditions: Conditions) -> tuple[list[_Judge], tuple[ValueTest, ...]]:
    asked: dict[int, list[ValueTest]] = {}
    users: dict[ValueTest, frozenset[object]] = {}
    for bit, condition in conditions.items():
        operator = condition.operator
        if operator is None:
            raise ValueError("a condition without an operator holds for no request")
        found = asked[bit] = []
        for value, written in zip(condition.values, _as_written(condition), strict=True):
            test = None if operator.type == "Null" else as_test(operator.positive, value)
            if test is not None:
                found.append(test if value == written else replace(test, written=written))
        for test in found:
            users[test] = users.get(test, frozenset()) | {bit}
    standing_for = grouped(users)
    tests = {test: i for i, test in enumerate(dict.fromkeys(standing_for.values()))}
    judges = []
    for bit, condition in conditions.items():
        passing = 0
        for test in asked[bit]:
            passing |= 1 << tests[standing_for[test]]
        if condition.operator is not None:
            judges.append(_Judge(bit, condition, condition.operator, passing))
    return judges, tuple(tests)


def _as_written(condition: Condition) -> Sequence[str]:
    """Its values with the variables that they came from."""
    written = tuple(map(scalar_text, condition.entry.values))
    return written if len(written) == len(condition.values) else condition.values


def _of_key(key: str, conditions: Conditions) -> Axis:
    judges, tests = _judges(conditions)
    samples = samples_of(key, tests)
    lists: list[tuple[Sample, ...]] = [] if key in ALWAYS_PRESENT else [()]
    lists += ((sample,) for sample in samples.each)
    literals: list[_OneOf] = []
    complete = samples.complete
    if takes_several(key) and any(judge.operator.set_prefix for judge in judges):
        several, all_there = _several(judges, samples.each)
        lists += several
        complete &= all_there
        literals = _one_of_literals(judges)
    classes: dict[int, list[Cell]] = {}
    spelled = min(each.entry.key.value for each in conditions.values())
    for each in lists:
        if literals:
            passed = sum(1 << i for i, literal in enumerate(literals) if literal.holds(each))
        else:
            passed = each[0].passed if each else 0
        cell = Cell(passed, each[0].text if each else "", not each)
        for holding in _settled((judge.bit, judge.holds(each)) for judge in judges):
            classes.setdefault(holding, []).append(cell)
    return Axis(
        key=spelled,
        sources=tuple(conditions.items()),
        conditions=sum(conditions),
        classes=tuple(AxisClass(holding, tuple(each)) for holding, each in classes.items()),
        complete=complete,
        tests=tests,
        literals=tuple(literal.words(spelled, tests) for literal in literals),
    )


def _settled(truths: Iterable[tuple[int, bool | None]]) -> list[int]:
    """The conditions that hold, as bits: once for each way to settle what AWS leaves open."""
    found = [0]
    for bit, holds in truths:
        if holds is None:
            found = [*found, *(each | bit for each in found)]
        elif holds:
            found = [each | bit for each in found]
    return found


@dataclass(frozen=True, slots=True)
class _OneOf:
    """Whether one of several values passes one of some tests, or passes none of them."""

    passing: int
    negated: bool

    def holds(self, samples: Iterable[Sample]) -> bool:
        """Whether it is so."""
        return any(bool(sample.passed & self.passing) is not self.negated for sample in samples)

    def words(self, key: str, tests: Sequence[ValueTest]) -> Literal:
        """It and its contrary."""
        values = joined(test.words for i, test in enumerate(tests) if self.passing >> i & 1)
        if self.negated:
            return Literal(f"one of {key} is other than {values}", f"all of {key} are {values}")
        return Literal(f"one of {key} is {values}", f"none of {key} is {values}")


def _one_of_literals(judges: Iterable[_Judge]) -> list[_OneOf]:
    """What conditions of both prefixes are made of: "all are" says that none is other."""
    found = dict.fromkeys(
        _OneOf(
            judge.passing,
            judge.operator.negated is (judge.operator.set_prefix in (FOR_ANY_VALUE, "")),
        )
        for judge in judges
        if judge.operator.type != "Null"
    )
    return list(found)


def _several(
    judges: Sequence[_Judge], samples: Iterable[Sample]
) -> tuple[list[tuple[Sample, ...]], bool]:
    """Lists of several values, one for each way in which they meet the conditions.

    Whether some of them meet a condition, and whether all do, is all that conditions ask.
    """
    some = sum(judge.bit for judge in judges if judge.operator.set_prefix == FOR_ANY_VALUE)
    every = sum(
        judge.bit for judge in judges if judge.operator.set_prefix not in (FOR_ANY_VALUE, "")
    )
    plain = any(not judge.operator.set_prefix and judge.operator.type != "Null" for judge in judges)
    kinds: dict[int, Sample] = {}
    for sample in samples:
        kinds.setdefault(sum(judge.bit for judge in judges if judge.meets(sample)), sample)
    left: list[tuple[tuple[int, int], tuple[Sample, ...]]] = [
        ((met & some, met & every), (sample,)) for met, sample in kinds.items()
    ]
    lists: dict[tuple[int, int], tuple[Sample, ...]] = {}
    while left:
        (met_by_some, met_by_all), values = left.pop()
        for met, sample in kinds.items():
            reached = (met_by_some | met & some, met_by_all & met)
            if sample not in values and reached not in lists:
                lists[reached] = (*values, sample)
                left.append((reached, lists[reached]))
                if len(lists) > _MOST_SETS:
                    return list(lists.values()), False
    # Of values alike, AWS leaves open what an operator without a prefix says of them.
    return list(lists.values()), not plain


def _of_tied_keys(conditions: Conditions, lookup: Lookup) -> Axis:
    """Keys that are compared with each other.

    Each key that a variable names takes a value of every class, twice one that no policy mentions,
    and none; what it is compared with takes every value that is then told apart.
    """
    ties = Ties(conditions.values(), lookup)
    named = sorted(
        key
        for key in frozenset().union(*(each.variable_keys for each in conditions.values()))
        if lookup(key) is None
    )
    choices, complete = _choices(named, ties)
    complete &= not ties.open
    cells: dict[int, Cell] = {}
    tried = 0
    for chosen in product(*choices):
        look = partial(_known, dict(zip(named, chosen, strict=True)), lookup)
        compared: dict[str, dict[int, Condition]] = {}
        settled: dict[int, Condition] = {}
        for bit, each in conditions.items():
            resolved = each.resolved(look)
            if look(each.key) is None and not resolved.has_variables:
                compared.setdefault(each.key, {})[bit] = resolved
            else:
                settled[bit] = each
        sides = [_settled((bit, _holds(each, look)) for bit, each in settled.items())]
        for key, group in compared.items():
            axis = _of_key(key, group)
            complete &= axis.complete
            sides.append([each.holding for each in axis.classes])
        tried += prod(map(len, sides))
        if tried > _MOST_TIED:
            complete = False
            break
        for held in map(sum, product(*sides)):
            cells.setdefault(held, Cell(_as_literals(held, conditions)))
    literals = tuple(map(condition_literal, conditions.values()))
    return Axis(
        key=min(each.entry.key.value for each in conditions.values()),
        sources=tuple(conditions.items()),
        conditions=sum(conditions),
        classes=tuple(AxisClass(holding, (cell,)) for holding, cell in cells.items()),
        complete=complete,
        tests=(),
        literals=literals,
        steps=min(tried, _MOST_TIED),
    )


def _choices(named: Sequence[str], ties: Ties) -> tuple[list[list[Values]], bool]:
    """The values of keys that variables name, absent among them, and whether all are there."""
    tests = {key: dict.fromkeys(grouped(ties.tests.get(key, {})).values()) for key in named}
    samples = {key: samples_of(key, tuple(tests[key]), fresh=True) for key in named}
    every = dict.fromkeys(each.text for found in samples.values() for each in found.each)
    choices: list[list[Values]] = []
    for key, found in samples.items():
        # One key may have what another has.
        texts = dict.fromkeys(each.text for each in found.each) | {
            text: None for text in every if may_have(key, text)
        }
        choices.append([*([] if key in ALWAYS_PRESENT else [()]), *((text,) for text in texts)])
    return choices, all(each.complete for each in samples.values())


def _known(values: Mapping[str, Values], lookup: Lookup, key: str) -> Values | None:
    found = values.get(key)
    return lookup(key) if found is None else found


def _holds(condition: Condition, lookup: Lookup) -> bool | None:
    truth = condition.truth(lookup)
    return None if truth is Truth.MAYBE else truth is Truth.YES


def _as_literals(holding: int, conditions: Conditions) -> int:
    return sum(1 << i for i, bit in enumerate(conditions) if holding & bit)
