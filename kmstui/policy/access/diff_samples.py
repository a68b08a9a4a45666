"""Values with which a condition key can be tried so that every condition shows both its faces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from kmstui.policy.evaluation.explanation import joined
from kmstui.policy.iam.conditions import Condition
from kmstui.policy.iam.match_value import has_wildcard, instant, number
from kmstui.policy.iam.operators import Operator
from kmstui.policy.iam.request import Values

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
        return _addresses(value)
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


def _addresses(value: str) -> list[tuple[str, str]]:
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        return []
    return [(str(network[0]), f"in {value}")]


def _others(conditions: Iterable[Condition]) -> list[str]:
    """Values that no condition mentions."""
    found = []
    types = {c.operator.type for c in conditions if c.operator is not None}
    if "IPAddress" in types:
        networks = []
        for condition in conditions:
            for value in condition.values:
                try:
                    networks.append(ip_network(value, strict=False))
                except ValueError:
                    continue  # not an address: nothing is in it
        found += [
            address
            for address in _OUTSIDE
            if not any(ip_address(address) in network for network in networks)
        ][:1]
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
