"""The evaluator's conditions, operator by operator, from the IAM user guide.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from kmstui.demo.access.conditions import conditions_hold

NEW = "2012-10-17"


def holds(
    operator: str,
    wanted: object,
    given: Sequence[str] | None,
    *,
    version: str = NEW,
    **others: str,
) -> bool:
    context: dict[str, Sequence[str]] = {f"aws:{k}": (v,) for k, v in others.items()}
    if given is not None:
        context["aws:test"] = given
    return conditions_hold({operator: {"aws:Test": wanted}}, context, version)


POSITIVE: Mapping[str, tuple[str, str, str]] = {
    # operator: (wanted, value that matches, value that does not)
    "StringEquals": ("a*", "a*", "ab"),
    "StringEqualsIgnoreCase": ("Ab", "aB", "abc"),
    "StringLike": ("a?c*", "abcdef", "ac"),
    "NumericEquals": ("300", "300.0", "301"),
    "NumericLessThan": ("300", "299", "300"),
    "NumericLessThanEquals": ("300", "300", "301"),
    "NumericGreaterThan": ("300", "301", "300"),
    "NumericGreaterThanEquals": ("300", "300", "299"),
    "DateLessThan": ("2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"),
    "DateGreaterThan": ("1700000000", "1700000001", "1700000000"),
    "DateEquals": ("2026-01-01T00:00:00Z", "1767225600", "1767225601"),
    "Bool": ("true", "True", "false"),
    "BinaryEquals": ("YWJj", "YWJj", "YWJk"),
    "IpAddress": ("10.20.0.0/16", "10.20.4.117", "10.21.0.1"),
    "ArnEquals": ("arn:aws:iam::1:role/a*", "arn:aws:iam::1:role/admin", "arn:aws:iam::1:user/a"),
    "ArnLike": ("arn:aws:*::1:role/x", "arn:aws:iam::1:role/x", "arn:aws:iam:eu:1:role/x"),
}


@pytest.mark.parametrize("operator", POSITIVE)
def test_positive_operators(operator: str) -> None:
    wanted, right, wrong = POSITIVE[operator]
    assert holds(operator, wanted, (right,))
    assert not holds(operator, wanted, (wrong,))
    assert not holds(operator, wanted, None)
    assert holds(f"{operator}IfExists", wanted, None)
    assert not holds(f"{operator}IfExists", wanted, (wrong,))
    assert holds(operator, [wrong, wanted], (right,))


NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


@pytest.mark.parametrize("operator", NEGATED)
def test_negated_operators_hold_without_the_key(operator: str) -> None:
    wanted, right, wrong = POSITIVE[NEGATED[operator]]
    assert not holds(operator, wanted, (right,))
    assert holds(operator, wanted, (wrong,))
    assert holds(operator, wanted, None)
    # None of the values may match: NOR.
    assert not holds(operator, [wrong, wanted], (right,))


def test_null_asks_for_presence() -> None:
    assert holds("Null", "true", None)
    assert not holds("Null", "true", ("x",))
    assert holds("Null", "false", ("x",))
    assert holds("Null", "true", ())


def test_set_operators() -> None:
    assert holds("ForAllValues:StringEquals", ["a", "b"], ("a",))
    assert not holds("ForAllValues:StringEquals", ["a", "b"], ("a", "c"))
    assert holds("ForAllValues:StringEquals", ["a"], None)
    assert holds("ForAnyValue:StringEquals", ["a"], ("c", "a"))
    assert not holds("ForAnyValue:StringEquals", ["a"], None)
    assert not holds("ForAnyValue:StringEquals", ["a"], ())


def test_every_key_and_operator_must_hold() -> None:
    block = {"StringEquals": {"aws:a": "1", "aws:b": "2"}, "Bool": {"aws:c": "true"}}
    context = {"aws:a": ("1",), "aws:b": ("2",), "aws:c": ("true",)}
    assert conditions_hold(block, context, NEW)
    assert not conditions_hold(block, {**context, "aws:b": ("3",)}, NEW)
    assert not conditions_hold(block, {**context, "aws:c": ("false",)}, NEW)


def test_variables() -> None:
    assert holds("StringEquals", "${aws:username}", ("anna",), username="anna")
    assert not holds("StringEquals", "${aws:username}", ("anna",))
    assert holds("StringNotEquals", "${aws:username}", ("anna",))
    assert holds("StringEquals", "${aws:username, 'nobody'}", ("nobody",))
    assert holds("StringLike", "a${*}b", ("a*b",))
    assert not holds("StringLike", "a${*}b", ("axb",))
    assert holds("StringLike", "${aws:username}", ("a*",), username="a*")
    assert not holds("StringLike", "${aws:username}", ("ab",), username="a*")
    # Only version 2012-10-17 has variables.
    assert not holds(
        "StringEquals", "${aws:username}", ("anna",), username="anna", version="2008-10-17"
    )


def test_an_unknown_operator_never_holds() -> None:
    assert not holds("StringEqual", "a", ("a",))
