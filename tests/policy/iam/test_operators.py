"""Condition operators are read the same way by the linter and by the evaluation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmstui.policy.iam.operators import OPERATORS, parse_operator


def test_an_operator_is_taken_apart() -> None:
    operator = parse_operator("ForAnyValue:StringNotLikeIfExists")
    assert operator is not None
    assert operator.set_prefix == "ForAnyValue"
    assert operator.base == "StringNotLike"
    assert operator.positive == "StringLike"
    assert operator.type == "String"
    assert operator.if_exists
    assert operator.negated
    assert operator.wildcards


@given(
    st.sampled_from(sorted(OPERATORS)),
    st.sampled_from(["", "ForAllValues", "ForAnyValue"]),
    st.booleans(),
)
def test_the_name_reads_back_as_the_same_operator_in_any_case(
    name: str, prefix: str, if_exists: bool
) -> None:
    operator = OPERATORS[name].with_(set_prefix=prefix, if_exists=if_exists)
    assert parse_operator(operator.name) == operator
    assert parse_operator(operator.name.upper()) == operator


@pytest.mark.parametrize(
    "text",
    ["", ":", "StringEqual", "StringEquals ", "ForAll:StringEquals", ":StringEquals", "IfExists"],
)
def test_what_aws_does_not_have_is_no_operator(text: str) -> None:
    assert parse_operator(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("StringEquals", False),
        ("StringNotEquals", True),
        ("StringEqualsIfExists", True),
        ("ForAllValues:StringEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("Bool", False),
    ],
)
def test_what_a_missing_key_means(text: str, expected: bool) -> None:
    operator = parse_operator(text)
    assert operator is not None
    assert operator.holds_when_absent is expected
