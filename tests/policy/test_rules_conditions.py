"""KMS4xx: each defect of a condition is found where it is, and what looks like it is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from kmstui.model.arn import Arn
from kmstui.policy.findings import KeyContext, Severity
from kmstui.policy.linter import lint
from kmstui.policy.nodes import apply_edits
from tests.policy.rule_cases import (
    ACCOUNT,
    KEY,
    NO_KEY,
    ROLE,
    Case,
    check,
    check_fixes,
    policy,
    statement,
    unmark,
)

REPLICATED = KeyContext(arn=KEY.arn, multi_region=True)
GRANTS = {"Action": ["kms:CreateGrant"]}
CONTEXT_KEYS = "kms:EncryptionContextKeys"


def under(condition: Any, /, **changes: Any) -> str:
    """A policy with one statement under a condition."""
    return policy(statement(Condition=condition, **changes))


def case(
    rule: str,
    condition: Any,
    note: str,
    *,
    fixable: bool | None = None,
    severity: Severity | None = None,
    key: KeyContext = NO_KEY,
    **changes: Any,
) -> Case:
    return Case(rule, under(condition, **changes), key, severity, fixable, note)


VIA = "s3.eu-west-1.amazonaws.com"
OPERATORS = (
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

KEYS = (
    case(
        "KMS402",
        {"NumericLessThan": {"⟦aws: MultiFactorAuthAge⟧": "300"}},
        "blank after the prefix",
        fixable=True,
    ),
    case("KMS402", {"StringEquals": {"⟦kms:ViaService ⟧": VIA}}, "blank at the end", fixable=True),
    case("KMS402", {"StringEquals": {"⟦CallerAccount⟧": ACCOUNT}}, "no prefix", fixable=True),
    case("KMS402", {"StringEquals": {"⟦kms:EncryptionContext⟧": "a"}}, "no name", fixable=False),
    case("KMS402", {"StringEquals": {"⟦aws:ResourceTag/⟧": "a"}}, "no tag", fixable=False),
    case("KMS402", {"StringEquals": {"aws:ResourceTag/cost center": "a"}}, "near: blank in a tag"),
    case("KMS402", {"StringEquals": {"kms:EncryptionContext:a:b c": "a"}}, "near: in a context"),
    case("KMS403", {"StringEquals": {"⟦aws:PrincipalOrgsID⟧": "o-a1b2c3d4e5"}}, "", fixable=True),
    case("KMS403", {"StringEquals": {"⟦aws:Weather⟧": "fair"}}, "far from all", fixable=False),
    case("KMS403", {"StringEquals": {"AWS:sourceaccount": ACCOUNT}}, "near: case"),
    case("KMS403", {"StringEquals": {"aws:RequestTag/Owner": "a"}}, "near: a tag"),
    case("KMS404", {"StringEquals": {"⟦kms:EncryptionContextKey⟧": "a"}}, "workshop", fixable=True),
    case("KMS404", {"StringEquals": {"⟦kms:CallerAcount⟧": ACCOUNT}}, "letter", fixable=True),
    case("KMS404", {"StringEquals": {"KMS:calleraccount": ACCOUNT}}, "near: case"),
    case(
        "KMS408",
        {"Bool": {"⟦kms:GrantIsForAWSResource⟧": "true"}},
        "dead Allow",
        fixable=False,
    ),
    case(
        "KMS408",
        {"StringEquals": {"⟦kms:EncryptionContext:app⟧": "a"}},
        "dead for one action",
        fixable=True,
        Action=["kms:Decrypt", "kms:Sign"],
    ),
    case(
        "KMS408",
        {"StringEquals": {"⟦kms:EncryptionContext:app⟧": "a"}},
        "inert Deny",
        fixable=False,
        Effect="Deny",
        Action=["kms:Decrypt", "kms:PutKeyPolicy"],
    ),
    case("KMS408", {"StringLike": {"⟦s3:prefix⟧": "a/*"}}, "a key of S3"),
    case(
        "KMS408",
        {"StringEquals": {"⟦aws:RequestTag/Owner⟧": "a"}},
        "no tags in the request",
    ),
    case(
        "KMS408",
        {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-west-1:4:log"}},
        "near: AWS documents it with kms:Describe*",
        Action=["kms:Encrypt*", "kms:Describe*"],
    ),
    case(
        "KMS408",
        {"StringEqualsIfExists": {"kms:EncryptionContext:app": "a"}},
        "near: IfExists",
        Action=["kms:Decrypt", "kms:Sign"],
    ),
    case(
        "KMS408",
        {"Bool": {"kms:GrantIsForAWSResource": True}},
        "near: all three know it",
        Action=["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
    ),
    case("KMS408", {"ArnLike": {"ec2:SourceInstanceArn": "arn:aws:ec2:*"}}, "near: of a role"),
    case("KMS408", {"StringEquals": {"kms:ViaService": VIA}}, "near: all requests know it"),
    case(
        "KMS414",
        {"ForAnyValue:StringEquals": {"⟦kms:ResourceAliases⟧": "alias/app"}},
        "aliases",
    ),
    case("KMS414", {"StringEquals": {"kms:RequestAlias": "alias/app"}}, "near: RequestAlias"),
    case(
        "KMS415",
        {"StringEquals": {"⟦kms:CustomerMasterKeySpec⟧": "SYMMETRIC_DEFAULT"}},
        "old name",
        fixable=True,
    ),
    case("KMS415", {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}}, "near: new name"),
    case(
        "KMS420",
        {"StringEquals": {"kms:CallerAccount": ACCOUNT, "⟦KMS:calleraccount⟧": ACCOUNT}},
        "twice",
        fixable=True,
    ),
    case(
        "KMS420",
        {"StringEquals": {"aws:userid": "a"}, "StringLike": {"aws:UserID": "b*"}},
        "near: under two operators",
    ),
)

VALUES = (
    case("KMS406", {"Bool": {"aws:SecureTransport": "⟦yes⟧"}}, "boolean"),
    case("KMS406", {"Null": {"kms:ViaService": "⟦absent⟧"}}, "Null"),
    case("KMS406", {"NumericLessThan": {"aws:MultiFactorAuthAge": "⟦5m⟧"}}, "number"),
    case("KMS406", {"DateLessThan": {"aws:CurrentTime": "⟦24.11.2026⟧"}}, "date"),
    case("KMS406", {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "⟦203.0.113.0/33⟧"]}}, "CIDR"),
    case("KMS406", {"StringEquals": {"aws:SourceVpce": "⟦vpc-1a2b3c4d⟧"}}, "endpoint"),
    case("KMS406", {"StringEquals": {"aws:SourceVpc": "⟦vpc-1a2b3c4⟧"}}, "VPC"),
    case("KMS406", {"StringEquals": {"kms:CallerAccount": "⟦4444-5555-6666⟧"}}, "account"),
    case("KMS406", {"Bool": {"aws:SecureTransport": True}}, "near: a literal"),
    case("KMS406", {"Bool": {"aws:SecureTransport": "TRUE"}}, "near: case"),
    case("KMS406", {"NumericLessThan": {"aws:MultiFactorAuthAge": 300}}, "near: a number"),
    case("KMS406", {"DateLessThan": {"aws:CurrentTime": "2026-11-24T00:00:00Z"}}, "near: date"),
    case("KMS406", {"IpAddress": {"aws:SourceIp": ["203.0.113.7", "2001:db8::/32"]}}, "near: IPs"),
    case("KMS406", {"StringLike": {"aws:SourceVpce": "vpce-1a*"}}, "near: wildcard"),
    case("KMS406", {"StringEquals": {"aws:SourceVpce": "vpce-1234abcdf5678c90a"}}, "near: long ID"),
    case("KMS406", {"StringEquals": {"aws:SourceAccount": "${aws:ResourceAccount}"}}, "near: var"),
    case("KMS413", {"StringEquals": {"aws:userid": "a⟦${aws:username⟧"}}, "not closed"),
    case("KMS413", {"StringEquals": {"aws:userid": "a⟦${aws:usernam}⟧"}}, "unknown key"),
    case("KMS413", {"StringEquals": {"aws:userid": "a⟦${}⟧"}}, "empty"),
    case("KMS413", {"StringEquals": {"aws:userid": "a⟦${aws:TagKeys}⟧"}}, "several values"),
    case("KMS413", {"StringEquals": {"aws:userid": "${aws:username}"}}, "near: a variable"),
    case(
        "KMS413", {"StringEquals": {"aws:userid": "${aws:PrincipalTag/team, 'x'}"}}, "near: default"
    ),
    case("KMS413", {"StringEquals": {"aws:userid": "${*}${?}${$}"}}, "near: literals"),
    Case(
        "KMS413",
        policy(
            statement(Condition={"StringLike": {"aws:userid": "a⟦${aws:username}⟧"}}),
            Version="2008-10-17",
        ),
        severity=Severity.WARNING,
        fixable=True,
        note="old Version",
    ),
    Case(
        "KMS413",
        policy(
            statement(Condition={"StringLike": {"aws:userid": "a⟦${aws:username}⟧"}}), Version=None
        ),
        severity=Severity.WARNING,
        fixable=True,
        note="no Version",
    ),
    case(
        "KMS416",
        {"StringEquals": {"kms:ViaService": "⟦s3.amazonaws.com⟧"}},
        "no Region, key known",
        key=KEY,
        fixable=True,
    ),
    case("KMS416", {"StringEquals": {"kms:ViaService": "⟦s3⟧"}}, "service only", fixable=False),
    case(
        "KMS416",
        {"StringEquals": {"kms:ViaService": ["⟦eu-west-1.s3.amazonaws.com⟧", VIA]}},
        "swapped",
        fixable=True,
    ),
    case(
        "KMS416",
        {"StringEquals": {"kms:ViaService": "⟦ebs.eu-west-1.amazonaws.com⟧"}},
        "EBS calls as EC2",
        fixable=True,
    ),
    case("KMS416", {"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}}, "near: wildcard"),
    case(
        "KMS416",
        {"StringEquals": {"kms:ViaService": "newthing.eu-west-1.amazonaws.com"}},
        "near: new",
    ),
    case("KMS416", {"Null": {"kms:ViaService": "true"}}, "near: Null"),
    case(
        "KMS417",
        {"StringEquals": {"kms:ViaService": "⟦s3.us-east-1.amazonaws.com⟧"}},
        "elsewhere",
        key=KEY,
        fixable=True,
    ),
    case(
        "KMS417", {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}, "near: no key"
    ),
    case(
        "KMS417",
        {"StringEquals": {"kms:ViaService": [VIA, "s3.us-east-1.amazonaws.com"]}},
        "near: the policy serves the replicas too",
        key=REPLICATED,
    ),
    case("KMS418", {"StringEquals": {"kms:KeySpec": "⟦RSA2048⟧"}}, "spec", fixable=True),
    case(
        "KMS418",
        {"ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt", "⟦kms:Encrypt⟧"]}},
        "an action for an operation",
        fixable=True,
        **GRANTS,
    ),
    case("KMS418", {"StringEquals": {"kms:KeyUsage": "⟦encrypt_decrypt⟧"}}, "case", fixable=True),
    case("KMS418", {"StringLike": {"kms:KeySpec": "RSA_*"}}, "near: wildcard"),
    case("KMS418", {"StringEqualsIgnoreCase": {"kms:KeyUsage": "encrypt_decrypt"}}, "near: case"),
    case("KMS419", {"NotIpAddress": {"aws:SourceIp": "⟦10.1.0.0/16⟧"}}, "private", Effect="Deny"),
    case("KMS419", {"IpAddress": {"aws:SourceIp": "⟦fd00::/8⟧"}}, "private IPv6"),
    case("KMS419", {"IpAddress": {"aws:VpcSourceIp": "10.1.0.0/16"}}, "near: VpcSourceIp"),
    case("KMS419", {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, "near: AWS's own example"),
    case("KMS419", {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, "near: all addresses"),
)

CASES = (*OPERATORS, *KEYS, *VALUES)


@pytest.mark.parametrize("each", CASES, ids=str)
def test_it_is_found_where_it_is(each: Case) -> None:
    check(each)


@pytest.mark.parametrize("each", [each for each in CASES if each.fixable], ids=str)
def test_its_fix_removes_it(each: Case) -> None:
    assert check_fixes(unmark(each.text)[0], each.key)


def _fixed(text: str, rule: str) -> str:
    (finding,) = (each for each in lint(text) if each.rule == rule)
    assert finding.fix is not None
    return apply_edits(text, finding.fix.edits)


def test_the_neighbours_of_a_corrected_operator_stay_under_theirs() -> None:
    text = under({"StringEquals": {"aws:SourceIp": "203.0.113.7", "aws:userid": "A"}})
    fixed = _fixed(text, "KMS405")
    assert fixed == under(
        {"StringEquals": {"aws:userid": "A"}, "IpAddress": {"aws:SourceIp": "203.0.113.7"}}
    )


def test_a_corrected_condition_joins_the_operator_that_is_there() -> None:
    text = under(
        {"StringEquals": {"aws:userid": "A*", "kms:ViaService": VIA}, "StringLike": {"aws:x": "y"}}
    )
    fixed = _fixed(text, "KMS407")
    assert fixed == under(
        {"StringEquals": {"kms:ViaService": VIA}, "StringLike": {"aws:x": "y", "aws:userid": "A*"}}
    )


def test_there_is_no_fix_that_would_write_a_key_twice() -> None:
    text = under({"StringEquals": {"aws:userid": "A*"}, "StringLike": {"aws:UserId": "B*"}})
    (finding,) = (each for each in lint(text) if each.rule == "KMS407")
    assert finding.fix is None


def test_dead_actions_move_to_a_statement_of_their_own() -> None:
    condition = {"StringEquals": {"kms:EncryptionContext:app": "a"}}
    text = under(condition, Action=["kms:Decrypt", "kms:Sign"])
    assert _fixed(text, "KMS408") == policy(
        statement(Action=["kms:Decrypt"], Condition=condition),
        statement(Sid="Use 2", Action=["kms:Sign"]),
    )


def test_a_dead_action_of_everybody_is_not_freed_of_its_condition() -> None:
    text = under(
        {"StringEquals": {"kms:EncryptionContext:app": "a"}},
        Principal={"AWS": "*"},
        Action=["kms:Decrypt", "kms:Sign"],
    )
    (finding,) = (each for each in lint(text) if each.rule == "KMS408")
    assert finding.fix is None


def test_a_placeholder_is_the_one_cause() -> None:
    text = under({"StringEquals": {"aws:SourceVpce": "vpce-1xxxxxxxx1"}})
    assert {each.rule for each in lint(text)} & {"KMS406", "KMS601"} == {"KMS601"}


def test_the_region_of_the_key_corrects_a_service() -> None:
    text = under({"StringEquals": {"kms:ViaService": "s3.amazonaws.com"}})
    key = KeyContext(arn=Arn.parse(f"arn:aws-cn:kms:cn-north-1:{ACCOUNT}:key/1"))
    (finding,) = (each for each in lint(text, key) if each.rule == "KMS416")
    assert finding.fix is not None
    assert '"s3.cn-north-1.amazonaws.com"' in apply_edits(text, finding.fix.edits)
