"""Each condition operator does what its page says, so that no answer rests on a guess.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.policy.iam.conditions import Truth
from kmstui.policy.iam.match_value import arn_match, resource_match, wildcard_match
from tests.policy.asking import KEY, holds

YES, NO, MAYBE = Truth.YES, Truth.NO, Truth.MAYBE


@pytest.mark.parametrize(
    ("operator", "values", "request_value", "expected"),
    [
        # String condition operators
        ("StringEquals", "a", "a", YES),
        ("StringEquals", "a", "A", NO),
        ("StringEquals", ["a", "b"], "b", YES),
        ("StringEquals", "a*", "abc", NO),
        ("StringEquals", "a*", "a*", YES),
        ("StringNotEquals", "a", "b", YES),
        ("StringNotEquals", ["a", "b"], "b", NO),
        ("StringEqualsIgnoreCase", "AbC", "aBc", YES),
        ("StringNotEqualsIgnoreCase", "AbC", "aBc", NO),
        ("StringEqualsIgnoreCase", "STRAßE", "straße", YES),
        ("StringEqualsIgnoreCase", "straße", "strasse", NO),
        ("StringLike", "a*c?", "abbcd", YES),
        ("StringLike", "a*c?", "abbc", NO),
        ("StringLike", "A*", "abc", NO),
        ("StringNotLike", ["x*", "a*"], "abc", NO),
        ("stringlike", "a*", "abc", YES),
        # Numeric condition operators
        ("NumericEquals", "300", "300", YES),
        ("NumericEquals", 300, "300.0", YES),
        ("NumericNotEquals", "300", "301", YES),
        ("NumericLessThan", "300", "299", YES),
        ("NumericLessThan", "300", "300", NO),
        ("NumericLessThanEquals", "300", "300", YES),
        ("NumericGreaterThan", ["900", "10"], "11", YES),
        ("NumericGreaterThanEquals", "10", "9", NO),
        ("NumericLessThan", "300", "soon", NO),
        # Date condition operators: W3C ISO 8601 or epoch seconds
        ("DateEquals", "2026-01-01T00:00:00Z", "1767225600", YES),
        ("DateLessThan", "2026-01-01", "2025-12-31T23:59:59Z", YES),
        ("DateLessThan", "2026-01-01", "2026-01-01T00:00:00Z", NO),
        ("DateLessThanEquals", "2026", "2026-01-01T00:00:00Z", YES),
        ("DateGreaterThan", "2026-01", "2026-01-01T01:00:00+01:00", NO),
        ("DateGreaterThanEquals", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", YES),
        ("DateNotEquals", "2026-01-01", "2026-01-02", YES),
        # Boolean
        ("Bool", "true", "true", YES),
        ("Bool", True, "true", YES),
        ("Bool", "True", "true", YES),
        ("Bool", "true", "false", NO),
        # Binary
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", YES),
        ("BinaryEquals", "QmluYXJ5", "Ymlu", NO),
        # IP address
        ("IpAddress", "203.0.113.0/24", "203.0.113.9", YES),
        ("IpAddress", "203.0.113.9", "203.0.113.9", YES),
        ("IpAddress", ["10.0.0.0/8", "2001:db8::/32"], "2001:db8::1", YES),
        ("IpAddress", "203.0.113.0/24", "198.51.100.1", NO),
        ("NotIpAddress", "203.0.113.0/24", "198.51.100.1", YES),
        ("NotIpAddress", "203.0.113.0/24", "203.0.113.1", NO),
        # ARN: Equals behaves as Like, part by part
        (
            "ArnEquals",
            "arn:aws:iam::111122223333:role/*",
            "arn:aws:iam::111122223333:role/a/b",
            YES,
        ),
        ("ArnLike", "arn:aws:iam::*:role/app", "arn:aws:iam::111122223333:role/app", YES),
        ("ArnLike", "arn:aws:*:role/app", "arn:aws:iam::111122223333:role/app", NO),
        ("ArnNotEquals", "arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b", YES),
        ("ArnNotLike", "arn:aws:iam::1:role/*", "arn:aws:iam::1:role/b", NO),
        ("ArnLike", "arn:aws:iam::1:role/*", "no arn", NO),
        # Null
        ("Null", "true", "x", NO),
        ("Null", "false", "x", YES),
        ("Null", False, "x", YES),
    ],
)
def test_a_value_is_compared_as_documented(
    operator: str, values: object, request_value: str, expected: Truth
) -> None:
    assert holds(operator, values, request_value) is expected
    if operator != "Null":
        assert holds(f"{operator}IfExists", values, request_value) is expected


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("StringEquals", "a", NO),
        ("StringLike", "*", NO),
        ("StringNotEquals", "a", YES),
        ("StringNotLike", "*", YES),
        ("StringNotEqualsIgnoreCase", "a", YES),
        ("NumericLessThan", "1", NO),
        ("NumericNotEquals", "1", YES),
        ("DateNotEquals", "2026-01-01", YES),
        ("Bool", "false", NO),
        ("BinaryEquals", "YQ==", NO),
        ("IpAddress", "0.0.0.0/0", NO),
        ("NotIpAddress", "0.0.0.0/0", YES),
        ("ArnLike", "*", NO),
        ("ArnNotEquals", "arn:aws:iam::1:role/a", YES),
        ("StringEqualsIfExists", "a", YES),
        ("BoolIfExists", "true", YES),
        ("NumericLessThanIfExists", "1", YES),
        ("Null", "true", YES),
        ("Null", "false", NO),
        ("ForAllValues:StringEquals", "a", YES),
        ("ForAnyValue:StringEquals", "a", NO),
        ("ForAnyValue:StringNotEquals", "a", NO),
        ("ForAllValues:StringEqualsIfExists", "a", YES),
        # "If the key does not exist, the condition returns false", and "evaluate … as true".
        ("ForAnyValue:StringEqualsIfExists", "a", MAYBE),
        ("ForAnyValue:StringNotLikeIfExists", "a", MAYBE),
    ],
)
def test_a_key_that_the_request_lacks(operator: str, value: str, expected: Truth) -> None:
    """Positive operators are false, negated ones true, IfExists true ("Conditions_IfExists")."""
    assert holds(operator, value, None) is expected


def test_a_key_of_which_nothing_is_known_decides_nothing() -> None:
    """Unknown is something else than absent, for which each operator has its answer."""
    for operator in ("StringEquals", "StringNotEquals", "BoolIfExists", "Null"):
        assert holds(operator, "true", "x", known=False) is MAYBE
    assert holds("StringEquals", "${aws:Unknown}", "x") is MAYBE


@pytest.mark.parametrize(
    ("operator", "values", "request_values", "expected"),
    [
        ("ForAllValues:StringEquals", ["a", "b"], ["a"], YES),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], NO),
        ("ForAnyValue:StringEquals", ["a", "b"], ["c", "b"], YES),
        ("ForAnyValue:StringEquals", ["a", "b"], ["c", "d"], NO),
        ("ForAnyValue:StringLike", "a*", ["x", "abc"], YES),
        ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], YES),
        ("ForAllValues:StringNotEquals", ["a", "b"], ["a", "d"], NO),
        ("ForAnyValue:StringNotEquals", ["a", "b"], ["a", "d"], YES),
        ("ForAnyValue:StringNotEquals", ["a", "b"], ["a", "b"], NO),
        ("ForAllValues:ArnLike", "arn:aws:iam::1:*", ["arn:aws:iam::1:role/a"], YES),
        ("StringEquals", "a", ["a", "b"], MAYBE),
    ],
)
def test_keys_of_several_values(
    operator: str, values: object, request_values: list[str], expected: Truth
) -> None:
    assert holds(operator, values, request_values) is expected


@pytest.mark.parametrize("given", [["a"], ["b"], ["a", "b"]])
@pytest.mark.parametrize("operator", ["StringEquals", "StringNotLike", "StringLikeIfExists"])
def test_a_key_of_several_values_without_a_set_operator_is_not_settled(
    operator: str, given: list[str]
) -> None:
    """ "Multivalued context keys require a condition set operator"; not said: what is without."""
    for key in ("aws:CalledVia", "KMS:encryptioncontextkeys"):
        assert holds(operator, "a", given, key=key) is MAYBE
        assert holds(f"ForAnyValue:{operator}", "a", given, key=key) is not MAYBE


def test_a_variable_under_bool_is_not_settled() -> None:
    """The pages "Condition operators" and "Variables and tags" contradict each other."""
    known = {"aws:Other": "true"}
    assert holds("Bool", "${aws:Other}", "true", context=known) is MAYBE
    assert holds("Bool", "${aws:Other}", "true", version="2008-10-17") is MAYBE
    assert holds("Bool", "${aws:Other}", None) is NO


@pytest.mark.parametrize("operator", ["StringSimilar", "ForSome:StringEquals", "NullIfExists", ""])
def test_what_is_no_operator_of_aws_decides_nothing(operator: str) -> None:
    assert holds(operator, "true", "x") is MAYBE


USER = {"aws:username": "anna"}


@pytest.mark.parametrize(
    ("operator", "value", "request_value", "expected"),
    [
        ("StringEquals", "${aws:username}", "anna", YES),
        ("StringEquals", "home/${AWS:UserName}/x", "home/anna/x", YES),
        ("StringLike", "home/${aws:username}/*", "home/anna/x", YES),
        ("StringNotEquals", "${aws:username}", "anna", NO),
        ("StringEquals", "${aws:other, 'nobody'}", "nobody", YES),
        ("StringEquals", "${aws:username, 'nobody'}", "anna", YES),
        ("StringEquals", "${aws:other}", "", NO),
        ("StringNotEquals", "${aws:other}", "x", YES),
        ("StringLike", "a${*}c", "a*c", YES),
        ("StringLike", "a${*}c", "abc", NO),
        ("StringLike", "a${?}c", "a?c", YES),
        ("StringEquals", "${$}5", "$5", YES),
        ("ArnLike", "arn:aws:iam::1:user/${aws:username}", "arn:aws:iam::1:user/anna", YES),
    ],
)
def test_policy_variables(operator: str, value: str, request_value: str, expected: Truth) -> None:
    known = {"context": USER, "absent": ["aws:other"]}
    assert holds(operator, value, request_value, **known) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("operator", "value", "given"),
    [
        ("IpAddress", "10.0.0.0/33", "10.0.0.1"),
        ("IpAddress", "office", "10.0.0.1"),
        ("DateLessThan", "2026-02-30", "2026-01-01"),
        ("DateGreaterThan", "tomorrow", "2026-01-01"),
        ("NumericEquals", "7 days", "7"),
        ("NumericLessThan", "${aws:username}", "7"),
        ("Bool", "yes", "true"),
        ("BinaryEquals", "a", "YQ=="),
        ("Null", "yes", "x"),
    ],
)
def test_what_a_value_of_another_type_does_is_left_open(
    operator: str, value: str, given: str
) -> None:
    """No page says that such a policy is refused, nor what it is evaluated to.

    IAM Access Analyzer reports them as errors ("Type mismatch number", "Type mismatch IP range",
    "Type mismatch date", "Type mismatch Boolean").
    """
    assert holds(operator, value, given) is MAYBE
    if operator == "IpAddress":
        assert holds("NotIpAddress", value, given) is MAYBE
        assert holds("IpAddress", [value, "10.0.0.0/8"], given) is YES
        assert holds("NotIpAddress", [value, "10.0.0.0/8"], given) is NO
        assert holds("IpAddress", value, None) is NO


def test_variables_are_plain_text_in_an_old_version() -> None:
    for version in ("2008-10-17", ""):
        assert holds("StringEquals", "${aws:username}", "anna", version=version, context=USER) is NO
        literal = holds("StringEquals", "${aws:username}", "${aws:username}", version=version)
        assert literal is YES


def test_what_a_variable_brings_in_holds_no_wildcards() -> None:
    star = {"aws:username": "*"}
    assert holds("StringLike", "${aws:username}", "anybody", context=star) is NO
    assert holds("StringLike", "${aws:username}", "*", context=star) is YES


def test_a_variable_of_several_values_is_none() -> None:
    several = {"aws:TagKeys": ["a", "b"]}
    assert holds("StringEquals", "${aws:TagKeys}", "a", context=several) is NO


def test_key_names_are_compared_without_case_and_values_with_it() -> None:
    assert holds("StringEquals", "v", "v", key="KMS:encryptionCONTEXT:App") is YES
    assert holds("StringEquals", "v", "V", key="kms:EncryptionContext:App") is NO


@settings(max_examples=100)
@given(st.text("ab*?", max_size=12), st.text("ab", max_size=12))
def test_wildcards_agree_with_a_plain_recursion(pattern: str, value: str) -> None:
    def matches(p: str, v: str) -> bool:
        if not p:
            return not v
        if p[0] == "*":
            return matches(p[1:], v) or (bool(v) and matches(p, v[1:]))
        return bool(v) and p[0] in ("?", v[0]) and matches(p[1:], v[1:])

    assert wildcard_match(pattern, value) == matches(pattern, value)


def test_a_malicious_pattern_ends_at_once() -> None:
    assert not wildcard_match("*a" * 400 + "b", "a" * 20_000)
    assert not arn_match("arn:aws:iam::1:" + "*a" * 400 + "b", "arn:aws:iam::1:" + "a" * 20_000)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", True),
        (KEY, True),
        ("arn:aws:kms:*:111122223333:key/*", True),
        ("arn:aws:kms:eu-west-?:*:key/1234*", True),
        ("arn:aws:kms:*", True),
        ("arn:*", True),
        ("arn:aws:kms:eu-*-2:111122223333:key/*", False),
        ("arn:aws:kms:*:111122223333:alias/*", False),
        ("arn:aws:kms:*:111122223333:key/mrk-*", False),
        (KEY.upper(), False),
    ],
)
def test_resources(pattern: str, expected: bool) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html"""
    assert resource_match(pattern, KEY) is expected
