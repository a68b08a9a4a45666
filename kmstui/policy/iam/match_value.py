"""How one value of a policy is compared with one value of a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
and …/reference_policies_elements_resource.html
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache, partial
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TypeVar

from kmstui.model import late_pattern

T = TypeVar("T")
Read = TypeVar("Read")

Test = Callable[[str], bool]
"""Whether a value of the request meets any of the policy's values."""

LITERAL_STAR = "\ue000"
LITERAL_MARK = "\ue001"
"""Stand for `*` and `?` that mean themselves: from `${*}`, `${?}`, or a variable's value."""

_NUMBER = late_pattern(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_YEAR = late_pattern(r"\d{4}")
_MONTH = late_pattern(r"\d{4}-\d{2}")


def literal(text: str) -> str:
    """`text` so that it holds no wildcards, as a part of a pattern."""
    return text.replace("*", LITERAL_STAR).replace("?", LITERAL_MARK)


def plain(text: str) -> str:
    """`text` with the stand-ins turned back into the characters."""
    return text.replace(LITERAL_STAR, "*").replace(LITERAL_MARK, "?")


def has_wildcard(pattern: str) -> bool:
    """Whether `*` or `?` stand in it for other characters."""
    return "*" in pattern or "?" in pattern


def _piece(text: str) -> str:
    pieces = {"?": ".", LITERAL_STAR: r"\*", LITERAL_MARK: r"\?"}
    return "".join(pieces.get(character) or re.escape(character) for character in text)


@lru_cache(maxsize=8192)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    # The first place where the text after a star fits is as good as any later one, so atomic
    # groups lose no match, and no pattern makes the search explode.
    head, *rest = map(_piece, pattern.split("*"))
    expression = head
    if rest:
        expression += "".join(f"(?>.*?{middle})" for middle in rest[:-1] if middle)
        expression += f".*{rest[-1]}"
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def wildcard_match(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    """Whether the whole of `value` is one that `pattern` (`*`, `?`) describes."""
    return _compiled(pattern, ignore_case).fullmatch(value) is not None


@lru_cache(maxsize=8192)
def resource_match(pattern: str, arn: str) -> bool:
    """Whether a Resource pattern describes an ARN.

    Wildcards stay within a colon-separated segment, except a `*` at a segment's end, which may
    match beyond it (IAM User Guide, "Resource", "Using wildcards in resource ARNs").
    """
    if pattern == "*":
        return True
    wanted, given = pattern.split(":", 5), arn.split(":", 5)
    if len(wanted) == len(given) and all(map(wildcard_match, wanted, given)):
        return True
    return any(part.endswith("*") for part in wanted) and wildcard_match(pattern, arn)


def arn_match(pattern: str, value: str) -> bool:
    """ArnLike and ArnEquals: each of the six colon-separated parts by itself."""
    if pattern == "*":
        return True
    given = value.split(":", 5)
    wanted = _arn_parts(pattern)
    return (
        len(given) == len(wanted) == 6
        # The parts that differ most stand last.
        and all(map(_part_matches, reversed(wanted), reversed(given)))
    )


def _part_matches(wanted: tuple[str, bool], given: str) -> bool:
    text, needs_matching = wanted
    return wildcard_match(text, given) if needs_matching else text == given


@lru_cache(maxsize=8192)
def _arn_parts(pattern: str) -> tuple[tuple[str, bool], ...]:
    marks = ("*", "?", LITERAL_STAR, LITERAL_MARK)
    return tuple((part, any(mark in part for mark in marks)) for part in pattern.split(":", 5))


def number(text: str) -> float:
    """A number as the Numeric operators read it.

    Raises:
        ValueError: it is not one.
    """
    if _NUMBER.fullmatch(text) is None:
        # Python reads more than AWS does: `1_000`, `nan`, blanks around.
        raise ValueError(f"no number: {text!r}")
    return float(text)


def instant(text: str) -> float:
    """Seconds since the epoch of a W3C ISO 8601 date or an epoch number.

    Raises:
        ValueError: it is neither.
    """
    if _YEAR.fullmatch(text):
        text += "-01-01"
    elif _MONTH.fullmatch(text):
        text += "-01"
    elif text.lstrip("-").replace(".", "", 1).isdigit():
        return float(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _readable(values: Iterable[str], read: Callable[[str], T]) -> list[T]:
    """What the values are; one that cannot be read equals and bounds nothing."""
    found = []
    for value in values:
        with suppress(ValueError):
            found.append(read(plain(value)))
    return found


def _against(
    bounds: list[T], read: Callable[[str], Read], compare: Callable[[Read, T], bool]
) -> Test:
    """Whether a value can be read and compares to one of the bounds."""

    def test(given: str) -> bool:
        try:
            value = read(given)
        except ValueError:
            return False
        return any(compare(value, bound) for bound in bounds)

    return test


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "Equals": lambda given, bound: given == bound,
    "LessThan": lambda given, bound: given < bound,
    "LessThanEquals": lambda given, bound: given <= bound,
    "GreaterThan": lambda given, bound: given > bound,
    "GreaterThanEquals": lambda given, bound: given >= bound,
}


def networks(values: Iterable[str]) -> list[IPv4Network | IPv6Network]:
    """The IP networks that values are; others are left out, since no request comes from one."""
    return _readable(values, partial(ip_network, strict=False))


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _same_bytes(values: tuple[str, ...]) -> Test:
    wanted = {_decoded(plain(value)) for value in values} - {None}
    return lambda given: _decoded(given) in wanted


def _one_of(values: tuple[str, ...], *, ignore_case: bool = False) -> Test:
    if ignore_case:
        # Not casefold, to which ß is ss: another letter, and not the other case of one.
        lowered = frozenset(plain(value).lower() for value in values)
        return lambda given: given.lower() in lowered
    wanted = frozenset(map(plain, values))
    return lambda given: given in wanted


def _like(values: tuple[str, ...]) -> Test:
    return lambda given: any(wildcard_match(pattern, given) for pattern in values)


def _arn_like(values: tuple[str, ...]) -> Test:
    return lambda given: any(arn_match(pattern, given) for pattern in values)


_TESTS: dict[str, Callable[[tuple[str, ...]], Test]] = {
    "StringEquals": _one_of,
    "StringEqualsIgnoreCase": lambda values: _one_of(values, ignore_case=True),
    "StringLike": _like,
    "Bool": lambda values: _one_of(values, ignore_case=True),
    "BinaryEquals": _same_bytes,
    "IpAddress": lambda values: _against(
        networks(values), ip_address, lambda address, network: address in network
    ),
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
}


_READERS: dict[str, Callable[[str], object]] = {
    "Numeric": number,
    "Date": instant,
    "IpAddress": partial(ip_network, strict=False),
    "Bool": ("true", "false").index,
    "Null": ("true", "false").index,
    "BinaryEquals": partial(base64.b64decode, validate=True),
}
"""By the beginning of the operators that take no other values."""


@lru_cache(maxsize=4096)
def is_readable(positive: str, value: str) -> bool:
    """Whether a policy's value is of a positive operator's type."""
    read = next((each for name, each in _READERS.items() if positive.startswith(name)), str)
    try:
        read(plain(value).lower() if positive in ("Bool", "Null") else plain(value))
    except (ValueError, OverflowError):
        return False
    return True


@lru_cache(maxsize=4096)
def value_test(positive: str, values: tuple[str, ...]) -> Test:
    """The test of a positive operator (`StringLike`, `IpAddress`) with all of its values.

    A value that is not of the operator's type matches nothing.

    Raises:
        KeyError: `positive` is not such an operator.
    """
    for family, read in (("Numeric", number), ("Date", instant)):
        if positive.startswith(family):
            compare = _COMPARISONS[positive.removeprefix(family)]
            return _against(_readable(values, read), read, compare)
    return _TESTS[positive](values)
