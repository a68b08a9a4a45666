"""Conditions in words."""

from __future__ import annotations

from collections.abc import Iterable

from kmstui.policy.iam.conditions import ConditionResult, Truth
from kmstui.policy.iam.operators import FOR_ALL_VALUES, FOR_ANY_VALUE, Operator, parse_operator
from kmstui.policy.syntax.statements import ConditionEntry, scalar_text

_VERBS = {
    "StringEquals": "is",
    "StringEqualsIgnoreCase": "is (whatever the case)",
    "StringLike": "is like",
    "NumericEquals": "is",
    "NumericLessThan": "is less than",
    "NumericLessThanEquals": "is at most",
    "NumericGreaterThan": "is more than",
    "NumericGreaterThanEquals": "is at least",
    "DateEquals": "is",
    "DateLessThan": "is before",
    "DateLessThanEquals": "is not after",
    "DateGreaterThan": "is after",
    "DateGreaterThanEquals": "is not before",
    "Bool": "is",
    "BinaryEquals": "is the bytes",
    "IpAddress": "is in",
    "ArnEquals": "is like",
    "ArnLike": "is like",
}


def joined(words: Iterable[str], conjunction: str = "or", most: int = 4) -> str:
    """`a`, `a or b`, `a, b or c`; beyond `most`, how many more there are."""
    items = list(words)
    if len(items) > most:
        items = [*items[: most - 1], f"{len(items) - most + 1} more"]
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {conjunction} {items[-1]}"


def operator_words(operator: Operator) -> str:
    """The verb of an operator: `is not like`, `is less than`."""
    verb = _VERBS[operator.positive]
    return verb.replace("is", "is not", 1) if operator.negated else verb


def condition_words(entry: ConditionEntry) -> str:
    """One condition as a clause: `aws:SourceVpce is not vpce-1, or absent`."""
    key = entry.key.value
    values = [scalar_text(value) for value in entry.values]
    operator = parse_operator(entry.operator.value)
    if operator is None:
        return f"{entry.operator.value} {key} {joined(values)}"
    if operator.type == "Null":
        absent = any(value.lower() == "true" for value in values)
        return f"{key} is absent" if absent else f"{key} is present"
    subject = {
        FOR_ANY_VALUE: f"one of {key}",
        FOR_ALL_VALUES: f"each of {key}",
    }.get(operator.set_prefix, key)
    words = f"{subject} {operator_words(operator)} {joined(values) or 'nothing'}"
    return f"{words}, or it is absent" if operator.holds_when_absent else words


def conditions_words(entries: Iterable[ConditionEntry]) -> str:
    """Several conditions that must all hold."""
    return joined((condition_words(entry) for entry in entries), "and", most=8)


def result_words(result: ConditionResult) -> str:
    """What became of one condition, with what the request says."""
    state = {Truth.YES: "holds", Truth.NO: "does not hold", Truth.MAYBE: "is open"}[result.truth]
    if result.given is None:
        given = "the request's value is not known"
    elif not result.given:
        given = "the request does not carry it"
    else:
        given = f"the request says {joined(result.given, 'and')}"
    return f"{condition_words(result.entry)}: {state}, {given}"
