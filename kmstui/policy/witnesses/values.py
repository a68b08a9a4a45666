"""The values of one condition key that policies can tell apart, one for each combination.

A value test is one value of a condition under its operator. For every combination of tests that
some value of the key passes, there is one sample that passes just those: texts by an automaton,
numbers, dates and addresses by the intervals between their bounds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import pairwise
from math import ceil, floor, isfinite
from typing import NamedTuple

from kmstui.policy.iam import (
    has_wildcard,
    instant,
    knowledge,
    literal,
    networks,
    number,
    plain,
    value_test,
)
from kmstui.policy.witnesses.automaton import (
    ANY,
    DIGIT,
    NOT_COLON,
    Automaton,
    Pattern,
    Patterns,
    arn_pattern,
    bits_of,
    free_texts,
    glob_pattern,
    some,
    star,
    text_pattern,
)

EXACTLY = "StringEquals"
CASELESS = "StringEqualsIgnoreCase"
_ORDERED = {"Numeric": number, "Date": instant}
_COMPARISONS = {
    "Equals": "",
    "LessThan": "less than ",
    "LessThanEquals": "at most ",
    "GreaterThan": "more than ",
    "GreaterThanEquals": "at least ",
}
_FEW = 6
"""So many patterns are told apart in any case: what is said of them says which it is."""


def joined(words: Iterable[str], conjunction: str = "or", most: int = 4) -> str:
    """`a`, `a or b`, `a, b or c`; beyond `most`, how many more there are."""
    items = list(dict.fromkeys(words))
    if len(items) > most:
        items = [*items[: most - 1], f"{len(items) - most + 1} more"]
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {conjunction} {items[-1]}"


@dataclass(frozen=True, slots=True)
class ValueTest:
    """Whether a value of a request meets one value of a policy, or one of several."""

    positive: str
    """The operator without its negation."""
    value: str
    others: tuple[str, ...] = ()
    """Patterns that stand beside it wherever it stands, so that one is as good as another."""
    written: str = field(default="", compare=False)
    """What a policy writes in place of the value: a variable that stands for it."""

    @property
    def family(self) -> str:
        """`Numeric`, `Date`, `Ip`, or empty for those that compare texts."""
        families = ("Numeric", "Date", "Ip")
        return next((each for each in families if self.positive.startswith(each)), "")

    @property
    def compared_as(self) -> str:
        """`as an ARN`, whose parts no star reaches across, or `as a text`."""
        return "as an ARN" if self.positive.startswith("Arn") else "as a text"

    @property
    def passes(self) -> Callable[[str], bool]:
        """The test itself."""
        return value_test(self.positive, (self.value, *self.others))

    @property
    def patterns(self) -> Patterns:
        """What it takes, as patterns; none: one text alone, nothing, or it compares no texts."""
        if self.positive == "StringLike":
            return tuple(map(glob_pattern, (self.value, *self.others)))
        if self.positive.startswith("Arn"):
            found = map(arn_pattern, (self.value, *self.others))
            return tuple(each for each in found if each is not None)
        if self.positive == CASELESS:
            return (text_pattern(self.value, ignore_case=True),)
        return ()

    @property
    def glob(self) -> str | None:
        """What it takes, as a pattern of StringLike; None where it is no such pattern."""
        if self.positive == EXACTLY:
            return literal(self.value)
        return self.value if self.positive == "StringLike" and not self.others else None

    @property
    def words(self) -> str:
        """Which values pass: `vpce-1`, `like a*`, `in 10.0.0.0/8`."""
        text = self.written or plain(self.value)
        if self.family == "Ip":
            return f"in {text}"
        if self.family:
            return f"{_COMPARISONS[self.positive.removeprefix(self.family)]}{text}"
        if self.positive == CASELESS and text.lower() not in ("true", "false"):
            return f"{text} in upper or lower case"
        if self.positive == CASELESS:
            return text
        if self.positive == EXACTLY:
            return text
        return f"like {joined((text, *map(plain, self.others)))}"


@lru_cache(maxsize=8192)
def as_test(positive: str, value: str) -> ValueTest | None:
    """The test of one value; None where no value of a request passes it.

    Operators that take the same values give the same test.
    """
    wild = has_wildcard(value)
    if positive in ("ArnEquals", "ArnLike"):
        positive = "ArnLike"
        if value != "*" and value.count(":") < 5:
            return None
    if positive in ("StringEquals", "BinaryEquals"):
        return ValueTest(EXACTLY, plain(value))
    if positive in ("StringLike", "ArnLike") and not wild:
        return ValueTest(EXACTLY, plain(value))
    if positive in (CASELESS, "Bool"):
        text = plain(value)
        return ValueTest(CASELESS if text.lower() != text.upper() else EXACTLY, text)
    return ValueTest(positive, plain(value) if positive == "IpAddress" else value)


def grouped(users: Mapping[ValueTest, frozenset[object]]) -> dict[ValueTest, ValueTest]:
    """For each test the one that stands for it: many patterns with the same users become one.

    Which of those a value meets makes no difference.
    """
    if sum(bool(test.patterns) for test in users) <= _FEW:
        return {test: test for test in users}
    groups: dict[object, list[ValueTest]] = {}
    for test, by in users.items():
        like = test.positive in ("StringLike", "ArnLike")
        groups.setdefault((test.positive, by) if like else test, []).append(test)
    found: dict[ValueTest, ValueTest] = {}
    for first, *others in groups.values():
        one = replace(first, others=tuple(each.value for each in others)) if others else first
        found |= dict.fromkeys((first, *others), one)
    return found


class Sample(NamedTuple):
    """One value, which stands for all that pass the same tests."""

    text: str
    passed: int
    """Bit i for test i."""


@dataclass(frozen=True, slots=True)
class Samples:
    """A value for every combination of tests."""

    tests: tuple[ValueTest, ...]
    each: tuple[Sample, ...]
    """Numbers and dates in their order, none left out between two bounds."""
    complete: bool
    """Whether no combination is missing."""


ACCOUNT_KEYS = frozenset(
    {"aws:sourceaccount", "aws:principalaccount", "kms:calleraccount", "aws:resourceaccount"}
)
"""Keys whose values are account IDs."""
_MAY_BE_EMPTY = ("aws:principaltag/", "aws:requesttag/", "aws:resourcetag/", "kms:encryption")
ALWAYS_PRESENT = frozenset(
    {
        "aws:currenttime",
        "aws:epochtime",
        "aws:principalisawsservice",
        "aws:requestedregion",
        "aws:securetransport",
        "aws:useragent",
        "aws:viaawsservice",
    }
)
"""Keys that every request carries (IAM User Guide, "AWS global condition context keys",
"Availability")."""

FRESH = "ðþ"
"""Letters of values that no policy mentions; each has another case."""
ANY_TEXT = some(ANY) + star()
ACCOUNT_TEXT = some(DIGIT, 12)
_PART = star(NOT_COLON) + text_pattern(":")
_FULL_PART = some(NOT_COLON) + _PART
_ARN_TEXT = text_pattern("arn:") + _FULL_PART + _FULL_PART + _PART + _PART + ANY_TEXT
_ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+", re.DOTALL)


class Shape(NamedTuple):
    """What all values of a key look like."""

    pattern: Pattern
    fits: Callable[[str], object]


_ANYTHING = Shape(star(), lambda _text: True)
_NOT_EMPTY = Shape(ANY_TEXT, bool)
_ACCOUNTS = Shape(ACCOUNT_TEXT, re.compile(r"\d{12}", re.ASCII).fullmatch)
_ARNS = Shape(_ARN_TEXT, _ARN.fullmatch)


def _type_of(key: str) -> str:
    known = knowledge().condition_key(key)
    return "" if known is None else known.type


def takes_several(key: str) -> bool:
    """Whether requests may carry several values of a key; of an unknown key, so they may."""
    known = knowledge().condition_key(key)
    return known is None or known.multivalued


def _shape_of(key: str) -> Shape:
    if key in ACCOUNT_KEYS:
        return _ACCOUNTS
    if _type_of(key) == "ARN":
        return _ARNS
    return _ANYTHING if key.startswith(_MAY_BE_EMPTY) else _NOT_EMPTY


def may_have(key: str, text: str) -> bool:
    """Whether a text is like the values of a key."""
    return bool(_shape_of(key).fits(text))


def fresh_patterns(key: str) -> Patterns:
    """Marks of two values of a key that no policy mentions, whatever else they are like."""
    if _shape_of(key) is _ACCOUNTS:
        return glob_pattern("*98"), glob_pattern("*97")
    return glob_pattern(f"*{FRESH[0]}*"), glob_pattern(f"*{FRESH[1]}*")


@lru_cache(maxsize=512)
def samples_of(key: str, tests: tuple[ValueTest, ...], *, fresh: bool = False) -> Samples:
    """A value of the condition key `key` (lower case) for every combination of `tests`.

    Args:
        key: The key, in lower case.
        tests: What to combine; none compares the same as another.
        fresh: Whether to give two further values of each combination that no policy mentions.
    """
    type_ = _type_of(key)
    families = {test.family for test in tests}
    if type_ == "Bool":
        return Samples(tests, _judged(tests, ("true", "false")), complete=True)
    if families <= {""}:
        return string_samples(tests, _shape_of(key), fresh_patterns(key) if fresh else ())
    found: dict[str, None] = {}
    for family in ("Numeric", "Date"):
        if family in families:
            bounds = [test.value for test in tests if test.family == family]
            whole = type_ == "Numeric"
            found |= dict.fromkeys(_around(bounds, _ORDERED[family], whole=whole))
    if "Ip" in families:
        found |= dict.fromkeys(_addresses(t.value for t in tests if t.family == "Ip"))
    texts = [test for test in tests if not test.family]
    # Which numbers or addresses a pattern takes is not worked out.
    complete = all(test.positive == EXACTLY for test in texts) and not fresh
    if type_:
        found |= dict.fromkeys(test.value for test in texts if test.positive == EXACTLY)
    else:
        found |= dict.fromkeys(each.text for each in string_samples(tuple(texts), _NOT_EMPTY).each)
    return Samples(tests, _judged(tests, found), complete)


def _judged(tests: Sequence[ValueTest], texts: Iterable[str]) -> tuple[Sample, ...]:
    """Texts with the tests that they pass."""
    exact: dict[str, int] = {}
    patterns: dict[int, Patterns] = {}
    others: list[tuple[int, Callable[[str], bool]]] = []
    within = _Networks()
    for i, test in enumerate(tests):
        if test.positive == EXACTLY:
            exact[test.value] = exact.get(test.value, 0) | 1 << i
        elif test.family == "Ip":
            within.add(test.value, 1 << i)
        elif test.family:
            others.append((1 << i, test.passes))
        elif test.patterns:
            patterns[1 << i] = test.patterns
    automaton = Automaton(patterns.values())
    of_pattern = {1 << at: bit for at, bit in enumerate(patterns)}
    found = []
    for text in texts:
        passed = exact.get(text, 0) | sum(bit for bit, passes in others if passes(text))
        passed |= within.holding(text)
        passed |= sum(of_pattern[at] for at in bits_of(automaton.accepted(text)))
        found.append(Sample(text, passed))
    return tuple(found)


class _Networks:
    """Networks, looked up by an address: one by one, 2,000 of them take minutes."""

    def __init__(self) -> None:
        self._by_size: dict[tuple[int, int], dict[int, int]] = {}
        """By version and number of bits inside: the tests, by the bits of the network."""

    def add(self, value: str, test: int) -> None:
        """A network as a policy writes it; nothing is in what is none."""
        for network in networks((value,)):
            inside = network.max_prefixlen - network.prefixlen
            of_size = self._by_size.setdefault((network.version, inside), {})
            start = int(network.network_address) >> inside
            of_size[start] = of_size.get(start, 0) | test

    def holding(self, text: str) -> int:
        """The tests of the networks in which an address is."""
        try:
            address = ip_address(text)
        except ValueError:
            return 0
        found = 0
        for (version, inside), of_size in self._by_size.items():
            if version == address.version:
                found |= of_size.get(int(address) >> inside, 0)
        return found


def string_samples(tests: tuple[ValueTest, ...], shape: Shape, marks: Patterns = ()) -> Samples:
    """Texts of a shape for every combination of tests that compare texts, and of marks."""
    exact = [t.value for t in tests if t.positive == EXACTLY and shape.fits(t.value)]
    known = frozenset(exact)
    patterns = [test.patterns for test in tests if test.patterns]
    # A sample that is written out stands for itself alone: it is kept apart, and tried anew.
    found = free_texts(
        (*patterns, *((each,) for each in marks)),
        shape.pattern,
        lambda text: text_pattern(text) if text in known else None,
    )
    both = sum(1 << len(patterns) + i for i in range(len(marks))) if marks else -1
    texts = [text for bits, text in found.texts.items() if bits & both != both]
    return Samples(tests, _judged(tests, dict.fromkeys((*exact, *texts))), found.complete)


def _around(values: Iterable[str], read: Callable[[str], float], *, whole: bool) -> list[str]:
    """Numbers at, between, below and above bounds, in order; `whole`: the key has no others."""
    bounds = sorted({bound for value in values if isfinite(bound := _read(value, read))})
    if whole:
        near = {
            each
            for bound in bounds
            for each in (ceil(bound) - 1, ceil(bound), floor(bound), floor(bound) + 1)
        }
        return [str(each) for each in sorted(near)] or ["0"]
    if not bounds:
        return ["0"]
    between = ((low + high) / 2 for low, high in pairwise(bounds))
    points = sorted({bounds[0] - 1, *bounds, *between, bounds[-1] + 1})
    return [text if "e" not in (text := repr(each)) else format(each, "f") for each in points]


def _read(value: str, read: Callable[[str], float]) -> float:
    try:
        return read(plain(value))
    except (ValueError, OverflowError):
        return float("nan")


def _addresses(values: Iterable[str]) -> list[str]:
    """An address of each stretch between the bounds of networks, of both versions."""
    starts: dict[type[IPv4Address | IPv6Address], set[int]] = {IPv4Address: {0}, IPv6Address: {0}}
    for network in networks(values):
        found = starts[type(network[0])]
        after = int(network[-1]) + 1
        found.add(int(network[0]))
        if after < 1 << network.max_prefixlen:
            found.add(after)
    return [str(version(start)) for version, each in starts.items() for start in sorted(each)]
