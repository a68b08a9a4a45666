"""Condition blocks against the context of a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
and …/reference_policies_multi-value-conditions.html
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from kmstui.demo.access.patterns import (
    Context,
    arn_match,
    plain,
    resolve_variables,
    wildcard_match,
)

_Test = Callable[[str, str], bool]


def _number(text: str) -> float:
    return float(text)


def _instant(text: str) -> float:
    if text.isdigit():
        return float(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _ordered(read: Callable[[str], float], compare: Callable[[float, float], bool]) -> _Test:
    def test(wanted: str, given: str) -> bool:
        try:
            return compare(read(given), read(wanted))
        except ValueError:
            return False

    return test


def _in_network(wanted: str, given: str) -> bool:
    try:
        return ipaddress.ip_address(given) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _same_bytes(wanted: str, given: str) -> bool:
    try:
        return base64.b64decode(wanted) == base64.b64decode(given)
    except binascii.Error:
        return False


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

_TESTS: dict[str, _Test] = {
    "stringequals": lambda wanted, given: plain(wanted) == given,
    "stringequalsignorecase": lambda wanted, given: plain(wanted).lower() == given.lower(),
    "stringlike": wildcard_match,
    "numericequals": _ordered(_number, lambda a, b: a == b),
    "numericlessthan": _ordered(_number, lambda a, b: a < b),
    "numericlessthanequals": _ordered(_number, lambda a, b: a <= b),
    "numericgreaterthan": _ordered(_number, lambda a, b: a > b),
    "numericgreaterthanequals": _ordered(_number, lambda a, b: a >= b),
    "dateequals": _ordered(_instant, lambda a, b: a == b),
    "datelessthan": _ordered(_instant, lambda a, b: a < b),
    "datelessthanequals": _ordered(_instant, lambda a, b: a <= b),
    "dategreaterthan": _ordered(_instant, lambda a, b: a > b),
    "dategreaterthanequals": _ordered(_instant, lambda a, b: a >= b),
    "bool": lambda wanted, given: wanted.lower() == given.lower(),
    "binaryequals": _same_bytes,
    "ipaddress": _in_network,
    "arnequals": arn_match,
    "arnlike": arn_match,
}

OPERATORS = frozenset(_TESTS) | frozenset(_NEGATED) | {"null"}
"""Condition operators in lower case, without set prefix and without ``IfExists``."""


def split_operator(operator: str) -> tuple[str, str, bool]:
    """An operator's set prefix ("", "forallvalues", "foranyvalue"), its name and IfExists."""
    prefix, _, name = operator.lower().rpartition(":")
    if_exists = name.endswith("ifexists")
    return prefix, name.removesuffix("ifexists"), if_exists


def conditions_hold(block: Mapping[str, Any], context: Context, version: str) -> bool:
    """Whether every operator and every key of a Condition block holds."""
    for operator, keys in block.items():
        prefix, name, if_exists = split_operator(operator)
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
