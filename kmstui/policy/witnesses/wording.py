"""Sets of values in words, made from the tests that tell them apart and not from examples."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from typing import NamedTuple

from kmstui.policy.iam import Condition, instant, number, plain
from kmstui.policy.witnesses.values import CASELESS, EXACTLY, ValueTest, joined

_MOST_PARTS = 4
_MOST_COMPARED = 100_000


class Literal(NamedTuple):
    """Something that is so or not."""

    yes: str
    no: str


class Cell(NamedTuple):
    """Values that nothing tells apart."""

    passed: int
    """Bit i for literal i."""
    text: str = ""
    """An example, where it is a single value."""
    absent: bool = False
    """Whether it is the lack of a value."""


def values_words(
    key: str, tests: Sequence[ValueTest], chosen: Sequence[Cell], others: Sequence[Cell]
) -> str:
    """Some of the single values of a key: `aws:SourceVpce is absent or other than vpce-1`."""
    inside = [cell for cell in chosen if not cell.absent]
    outside = [cell for cell in others if not cell.absent]
    if not inside:
        return f"{key} is absent"
    absent = len(inside) < len(chosen)
    if not outside:
        return f"{key} is present"
    verb = "is absent or" if absent else "is"
    families = {test.family for test in tests}
    if families in ({"Numeric"}, {"Date"}):
        return f"{key} {verb} {_stretches(tests, inside, outside)}"
    if all(test.positive == EXACTLY for test in tests):
        words = {test.value: test.words for test in tests}
        others_too = any(not cell.passed for cell in inside)
        listed = joined(words[cell.text] for cell in (outside if others_too else inside))
        return f"{key} {verb} {'other than ' if others_too else ''}{listed}"
    parts = [
        _conjunction([tests[i] for i in plus], [tests[i] for i in minus])
        for plus, minus in implicants(
            [c.passed for c in inside], [c.passed for c in outside], len(tests)
        )
    ]
    return f"{key} {verb} {joined(parts, most=_MOST_PARTS)}"


def _conjunction(plus: Sequence[ValueTest], minus: Sequence[ValueTest]) -> str:
    """`like a* and like *b, but not like ab`."""
    taken = {test.words for test in plus}
    alone = [
        f"{test.words} {test.compared_as}" if test.words in taken else test.words for test in minus
    ]
    if not plus:
        single = alone[0].startswith(("like ", "in ")) and len(alone) == 1
        return f"not {alone[0]}" if single else f"other than {joined(alone)}"
    words = joined((test.words for test in plus), "and")
    return f"{words} but not {joined(alone)}" if minus else words


def literal_words(
    key: str, literals: Sequence[Literal], chosen: Sequence[Cell], others: Sequence[Cell]
) -> str:
    """Some of the cells of a key with several values, or of several keys."""
    inside = [cell for cell in chosen if not cell.absent]
    absent = [f"{key} is absent"] if len(inside) < len(chosen) else []
    outside = [cell.passed for cell in others if not cell.absent]
    if inside and not outside:
        return joined([*absent, f"{key} is present"])
    parts = [
        joined([*(literals[i].yes for i in plus), *(literals[i].no for i in minus)], "and", most=6)
        for plus, minus in implicants([cell.passed for cell in inside], outside, len(literals))
    ]
    return joined([*absent, *parts], most=_MOST_PARTS)


def implicants(
    inside: Collection[int], outside: Collection[int], count: int
) -> Iterator[tuple[list[int], list[int]]]:
    """A short disjunction of conjunctions that is true of `inside` and false of `outside`.

    Each conjunction is given as the literals that hold and those that do not. Both collections
    hold the literals as bits; where there are too many, the conjunctions are longer than need be.
    """
    left, outside = list(dict.fromkeys(inside)), set(outside)
    shorten = len(outside) * count * min(len(left), _MOST_PARTS) <= _MOST_COMPARED
    while left:
        seed = left[0]
        care = (1 << count) - 1
        # What does not hold says least, so it is left out first.
        for i in sorted(range(count), key=lambda i: seed >> i & 1) if shorten else ():
            without = care & ~(1 << i)
            if not any(not (seed ^ other) & without for other in outside):
                care = without
        yield (
            [i for i in range(count) if care & seed & 1 << i],
            [i for i in range(count) if care & ~seed & 1 << i],
        )
        left = [each for each in left if (each ^ seed) & care]


def _stretches(tests: Sequence[ValueTest], inside: Sequence[Cell], outside: Sequence[Cell]) -> str:
    """Stretches of numbers or dates: `less than 7`, `at least 7 and less than 14`."""
    dates = tests[0].family == "Date"
    read = instant if dates else number

    def points(texts: Iterable[str]) -> dict[float, str]:
        found: dict[float, str] = {}
        for text in texts:
            with suppress(ValueError, OverflowError):
                found.setdefault(read(plain(text)), plain(text))
        return found

    written = points(test.value for test in tests)
    chosen = points(cell.text for cell in inside)
    every = sorted(chosen | points(cell.text for cell in outside))
    bounds = sorted(written)
    parts = []
    for is_inside, run in groupby(every, chosen.__contains__):
        stretch = list(run)
        if is_inside:
            low = None if stretch[0] == every[0] else stretch[0]
            high = None if stretch[-1] == every[-1] else stretch[-1]
            parts.append(_stretch(low, high, written, bounds, dates=dates))
    if len(chosen) < len(inside):
        parts.append("no date" if dates else "no number")
    return joined(filter(None, parts), most=_MOST_PARTS) or "any number"


def _stretch(
    low: float | None,
    high: float | None,
    written: dict[float, str],
    bounds: Sequence[float],
    *,
    dates: bool,
) -> str:
    """One stretch; an end that no policy writes is the one next to it, itself left out."""
    after, from_, before, until = (
        ("after", "at or after", "before", "at or before")
        if dates
        else ("more than", "at least", "less than", "at most")
    )
    if low is not None and low == high:
        return written.get(low, f"{low:g}")
    words = []
    if low is not None:
        word = from_ if low in written else after
        bound = low if low in written else max((b for b in bounds if b < low), default=low)
        words.append(f"{word} {written.get(bound, f'{bound:g}')}")
    if high is not None:
        word = until if high in written else before
        bound = high if high in written else min((b for b in bounds if b > high), default=high)
        words.append(f"{word} {written.get(bound, f'{bound:g}')}")
    return " and ".join(words)


def condition_literal(condition: Condition) -> Literal:
    """Whether a condition holds, as a policy states it."""
    literal = _literal(condition)
    return Literal(literal.no, literal.yes) if condition.inverted else literal


def _literal(condition: Condition) -> Literal:
    key, operator = condition.entry.key.value, condition.operator
    values = joined(map(plain, condition.values))
    if operator is not None and operator.positive == CASELESS:
        values += " in upper or lower case"
    if operator is None or operator.set_prefix or operator.type not in ("String", "ARN"):
        words = f"{condition.entry.operator.value} {key} {values}"
        return Literal(f"{words} holds", f"{words} does not hold")
    like = operator.wildcards and any("*" in v or "?" in v for v in condition.values)
    yes = f"{key} is {'like ' if like else ''}{values}"
    no = f"{key} is {'not like' if like else 'other than'} {values}"
    return Literal(no, yes) if operator.negated else Literal(yes, no)
