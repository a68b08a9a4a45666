"""Condition blocks, wildcards and policy variables, as IAM reads them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html,
…/reference_policies_multi-value-conditions.html and …/reference_policies_variables.html
"""

from __future__ import annotations

import operator
import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

Context = Mapping[str, Sequence[str]]
"""Condition key in lower case → values. An absent key is absent from the mapping."""

# Literal * and ? that came out of ${*} and ${?}; no policy may hold these characters.
LITERAL_STAR = "\ue000"
LITERAL_MARK = "\ue001"

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


@lru_cache(maxsize=4096)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    pieces = []
    for character in pattern:
        if character == "*":
            pieces.append(".*")
        elif character == "?":
            pieces.append(".")
        elif character == LITERAL_STAR:
            pieces.append(r"\*")
        elif character == LITERAL_MARK:
            pieces.append(r"\?")
        else:
            pieces.append(re.escape(character))
    return re.compile("".join(pieces), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def wildcard_match(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    """Whether ``value`` as a whole is one of those that ``pattern`` (``*``, ``?``) describes."""
    return _compiled(pattern, ignore_case).fullmatch(value) is not None


def arn_match(pattern: str, value: str) -> bool:
    """ArnEquals and ArnLike: each of the six colon-separated parts is matched by itself."""
    wanted, given = pattern.split(":", 5), value.split(":", 5)
    if len(wanted) != 6 or len(given) != 6:
        return pattern in {"*", value}
    return all(wildcard_match(w, g) for w, g in zip(wanted, given, strict=True))


def resolve_variables(text: str, context: Context, version: str) -> str | None:
    """``text`` with its policy variables filled in; None when one of them has no value.

    Only policies of version 2012-10-17 have variables. ``${*}``, ``${?}`` and ``${$}`` are the
    characters themselves. ``${key, 'default'}`` falls back to its default.
    """
    if version != "2012-10-17" or "${" not in text:
        return text
    missing = False

    def fill(match: re.Match[str]) -> str:
        nonlocal missing
        name = match.group(1)
        literal = {"*": LITERAL_STAR, "?": LITERAL_MARK, "$": "$"}.get(name)
        if literal is not None:
            return literal
        key, _, default = name.partition(",")
        values = context.get(key.strip().lower())
        if values:
            return values[0].replace("*", LITERAL_STAR).replace("?", LITERAL_MARK)
        if default.strip().startswith("'"):
            return default.strip().strip("'")
        missing = True
        return ""

    resolved = _VARIABLE.sub(fill, text)
    return None if missing else resolved


def plain(text: str) -> str:
    """``text`` with the stand-ins for literal ``*`` and ``?`` turned back."""
    return text.replace(LITERAL_STAR, "*").replace(LITERAL_MARK, "?")


_Test = Callable[[str, str], bool]


def _instant(text: str) -> float:
    if text.isdigit():
        return float(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _guarded(compare: _Test) -> _Test:
    """A test that a value fails which cannot be read."""

    def test(wanted: str, given: str) -> bool:
        try:
            return compare(wanted, given)
        except ValueError:
            return False

    return test


def _ordered(read: Callable[[str], float], compare: Callable[[float, float], bool]) -> _Test:
    return _guarded(lambda wanted, given: compare(read(given), read(wanted)))


_NEGATED = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "equals": operator.eq,
    "lessthan": operator.lt,
    "lessthanequals": operator.le,
    "greaterthan": operator.gt,
    "greaterthanequals": operator.ge,
}
_TESTS: dict[str, _Test] = {
    "stringequals": lambda wanted, given: plain(wanted) == given,
    "stringequalsignorecase": lambda wanted, given: plain(wanted).lower() == given.lower(),
    "stringlike": wildcard_match,
    **{f"numeric{name}": _ordered(float, compare) for name, compare in _COMPARISONS.items()},
    **{f"date{name}": _ordered(_instant, compare) for name, compare in _COMPARISONS.items()},
    "bool": lambda wanted, given: wanted.lower() == given.lower(),
    "binaryequals": _guarded(lambda wanted, given: b64decode(wanted) == b64decode(given)),
    "ipaddress": _guarded(
        lambda wanted, given: ip_address(given) in ip_network(wanted, strict=False)
    ),
    "arnequals": arn_match,
    "arnlike": arn_match,
}

OPERATORS = frozenset(_TESTS) | frozenset(_NEGATED) | {"null"}
"""Condition operators in lower case, without set prefix and without ``IfExists``."""


def split_operator(written: str) -> tuple[str, str, bool]:
    """An operator's set prefix ("", "forallvalues", "foranyvalue"), its name and IfExists."""
    prefix, _, name = written.lower().rpartition(":")
    if_exists = name.endswith("ifexists")
    return prefix, name.removesuffix("ifexists"), if_exists


def conditions_hold(block: Mapping[str, Any], context: Context, version: str) -> bool:
    """Whether every operator and every key of a Condition block holds."""
    for written, keys in block.items():
        prefix, name, if_exists = split_operator(written)
        for key, wanted in keys.items():
            values = [str(w).lower() if isinstance(w, bool) else str(w) for w in as_list(wanted)]
            given = context.get(key.lower())
            if not _holds(prefix, name, if_exists, values, given, context, version):
                return False
    return True


def _holds(
    prefix: str,
    name: str,
    if_exists: bool,
    wanted: Sequence[str],
    given: Sequence[str] | None,
    context: Context,
    version: str,
) -> bool:
    if name == "null":
        absent = given is None or len(given) == 0
        return any(w.lower() == str(absent).lower() for w in wanted)
    negated = name in _NEGATED
    test = _TESTS.get(_NEGATED.get(name, name))
    if test is None:
        return False
    if not given:
        if prefix == "forallvalues":
            return True
        if prefix == "foranyvalue":
            return if_exists
        return if_exists or negated
    resolved = [
        r for r in (resolve_variables(w, context, version) for w in wanted) if r is not None
    ]

    def one(value: str) -> bool:
        matched = any(test(w, value) for w in resolved)
        return matched != negated

    return any(map(one, given)) if prefix == "foranyvalue" else all(map(one, given))


def as_list(value: object) -> list[Any]:
    """A policy element that may stand alone or in a list, as a list."""
    return value if isinstance(value, list) else [value]
