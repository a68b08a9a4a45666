"""Rules about the operators of conditions (KMS401, 405, 407, 409 to 412), each where it is."""

from __future__ import annotations

import pytest

from kmstui.policy.lint.linter import lint
from tests.policy.condition_cases import CONTEXT_KEYS, GRANTS, VIA, case, fixed, under
from tests.policy.rule_cases import (
    ACCOUNT,
    ROLE,
    Case,
    check,
    check_fixes,
    unmark,
)

CASES = (
    case("KMS401", {"⟦StringEqual⟧": {"kms:ViaService": VIA}}, "letter missing", fixable=True),
    case("KMS401", {"⟦StringEquals ⟧": {"kms:ViaService": VIA}}, "blank", fixable=True),
    case("KMS401", {"⟦ForAllValue:StringLike⟧": {CONTEXT_KEYS: "a"}}, "prefix", fixable=True),
    case("KMS401", {"⟦Matches⟧": {"kms:ViaService": VIA}}, "no operator at all", fixable=False),
    case("KMS401", {"⟦kms:ViaService⟧": VIA}, "a key for an operator", fixable=False),
    case("KMS401", {"stringequalsifexists": {"kms:ViaService": VIA}}, "near: case"),
    case("KMS401", {"ForAnyValue:StringLikeIfExists": {CONTEXT_KEYS: "a"}}, "near: all parts"),
    case(
        "KMS405",
        {"⟦StringEquals⟧": {"aws:SourceIp": "203.0.113.0/24"}},
        "text for an address",
        fixable=True,
    ),
    case("KMS405", {"⟦Bool⟧": {"kms:CallerAccount": ACCOUNT}}, "Bool for text", fixable=True),
    case(
        "KMS405",
        {"⟦StringEquals⟧": {"kms:GrantIsForAWSResource": "true"}},
        "text for a boolean",
        fixable=True,
        **GRANTS,
    ),
    case(
        "KMS405",
        {"⟦ArnLike⟧": {"aws:SourceVpce": "vpce-1a2b3c4d"}},
        "ARN for text",
        fixable=True,
    ),
    case(
        "KMS405",
        {"⟦DateLessThan⟧": {"aws:MultiFactorAuthAge": "300"}},
        "date for a number",
        fixable=True,
    ),
    case(
        "KMS405",
        {"NumericLessThan": {"kms:ValidTo": "1672531199"}},
        "near: seconds since 1970",
        Action=["kms:ImportKeyMaterial"],
    ),
    case(
        "KMS405",
        {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:*:444455556666:*"}},
        "near: ARN in an encryption context",
    ),
    case("KMS405", {"StringEquals": {"aws:SourceArn": ROLE}}, "near: text for an ARN"),
    case("KMS405", {"NumericLessThan": {"aws:PrincipalTag/level": "3"}}, "near: tags hold all"),
    case("KMS405", {"Null": {"aws:SourceIp": "true"}}, "near: Null takes any key"),
    case(
        "KMS407",
        {"StringEquals": {"aws:PrincipalArn": "⟦arn:aws:iam::444455556666:role/a*⟧"}},
        "star",
        fixable=True,
    ),
    case(
        "KMS407",
        {"StringNotEquals": {"aws:userid": ["AROA:a", "⟦AROA?:*⟧"]}},
        "question mark in a list",
        fixable=True,
        Effect="Deny",
    ),
    case(
        "KMS407",
        {"StringEqualsIgnoreCase": {"aws:userid": "⟦AROA*⟧"}},
        "no Like without case",
        fixable=False,
    ),
    case("KMS407", {"StringLike": {"aws:userid": "AROA*"}}, "near: StringLike"),
    case("KMS407", {"StringEquals": {"aws:userid": "a${*}b"}}, "near: a literal star"),
    case("KMS407", {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/a"}}, "near: ArnEquals"),
    case(
        "KMS409",
        {"⟦ForAnyValue:StringEquals⟧": {"kms:ViaService": VIA}},
        "one value",
        fixable=True,
    ),
    case(
        "KMS409",
        {"⟦ForAllValues:StringLike⟧": {"kms:EncryptionContext:app": "a"}},
        "one pair of the context",
        fixable=True,
    ),
    case("KMS409", {"ForAnyValue:StringEquals": {CONTEXT_KEYS: "a"}}, "near: several values"),
    case("KMS409", {"ForAnyValue:StringEquals": {"ec2:Unknown": "a"}}, "near: not known"),
    case("KMS410", {"⟦StringEquals⟧": {CONTEXT_KEYS: "a"}}, "no set operator", fixable=True),
    case(
        "KMS410",
        {"⟦StringNotEquals⟧": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/"}},
        "negated in an Allow",
        fixable=False,
    ),
    case("KMS410", {"Null": {CONTEXT_KEYS: "false"}}, "near: Null"),
    case("KMS410", {"StringEquals": {"kms:EncryptionContext:a": "b"}}, "near: one value"),
    case("KMS411", {"⟦ForAllValues:StringEquals⟧": {CONTEXT_KEYS: "a"}}, "alone", fixable=True),
    case(
        "KMS411",
        {"ForAllValues:StringEquals": {CONTEXT_KEYS: "a"}, "Null": {CONTEXT_KEYS.lower(): False}},
        "near: with Null",
    ),
    case(
        "KMS411",
        {
            "ForAllValues:StringEquals": {CONTEXT_KEYS: "a"},
            "StringEquals": {"kms:EncryptionContext:a": "b"},
        },
        "near: a pair of the context is asked for",
    ),
    case(
        "KMS411",
        {"ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt", "Decrypt"]}},
        "near: AWS documents it, CreateGrant always has operations",
        **GRANTS,
    ),
    case(
        "KMS411",
        {"ForAllValues:StringEquals": {CONTEXT_KEYS: "a"}},
        "near: in a Deny",
        Effect="Deny",
    ),
    case("KMS412", {"⟦NullIfExists⟧": {"kms:ViaService": "true"}}, "Null", fixable=True),
    case("KMS412", {"Null": {"kms:ViaService": "true"}}, "near: Null alone"),
)


@pytest.mark.parametrize("each", CASES, ids=str)
def test_it_is_found_where_it_is(each: Case) -> None:
    check(each)


@pytest.mark.parametrize("each", [each for each in CASES if each.fixable], ids=str)
def test_its_fix_removes_it(each: Case) -> None:
    assert check_fixes(unmark(each.text)[0], each.key)


def test_the_neighbours_of_a_corrected_operator_stay_under_theirs() -> None:
    text = under({"StringEquals": {"aws:SourceIp": "203.0.113.7", "aws:userid": "A"}})
    mended = fixed(text, "KMS405")
    assert mended == under(
        {"StringEquals": {"aws:userid": "A"}, "IpAddress": {"aws:SourceIp": "203.0.113.7"}}
    )


def test_a_corrected_condition_joins_the_operator_that_is_there() -> None:
    text = under(
        {"StringEquals": {"aws:userid": "A*", "kms:ViaService": VIA}, "StringLike": {"aws:x": "y"}}
    )
    mended = fixed(text, "KMS407")
    assert mended == under(
        {"StringEquals": {"kms:ViaService": VIA}, "StringLike": {"aws:x": "y", "aws:userid": "A*"}}
    )


def test_there_is_no_fix_that_would_write_a_key_twice() -> None:
    text = under({"StringEquals": {"aws:userid": "A*"}, "StringLike": {"aws:UserId": "B*"}})
    (finding,) = (each for each in lint(text) if each.rule == "KMS407")
    assert finding.fix is None
