"""Rules about the values of conditions (KMS406, 413, 416 to 419), each where it is."""

from __future__ import annotations

import pytest

from kmstui.model.arn import Arn
from kmstui.policy.lint.core import KeyContext, Severity
from kmstui.policy.lint.linter import lint
from kmstui.policy.syntax.nodes import apply_edits
from tests.policy.condition_cases import GRANTS, REPLICATED, VIA, case, under
from tests.policy.rule_cases import (
    ACCOUNT,
    KEY,
    ROLE,
    Case,
    check,
    check_fixes,
    policy,
    statement,
    unmark,
)

CASES = (
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
        {"StringEquals": {"kms:ViaService": "⟦newthing.eu-west-1.amazonaws.com⟧"}},
        "not in the list",
        severity=Severity.WARNING,
        fixable=False,
    ),
    case("KMS416", {"Null": {"kms:ViaService": "true"}}, "near: Null"),
    case(
        "KMS416",
        {"StringEquals": {"kms:ViaService": "⟦s3.eu-west-1.amazonaws.com.cn⟧"}},
        "domain of another partition",
        fixable=True,
    ),
    case(
        "KMS416",
        {"StringEquals": {"kms:ViaService": "⟦s3.eu-west-1.amazon.com⟧"}},
        "no domain of services",
        fixable=True,
    ),
    case(
        "KMS416",
        {"StringEquals": {"kms:ViaService": "⟦lambd.eu-west-1.amazonaws.com⟧"}},
        "misspelt",
        fixable=True,
    ),
    case(
        "KMS416",
        {
            "StringEquals": {
                "kms:ViaService": [
                    "sso.eu-west-1.amazonaws.com",
                    "identitystore.eu-west-1.amazonaws.com",
                    "billing.eu-west-1.amazonaws.com",
                ]
            }
        },
        "near: services",
    ),
    case(
        "KMS416",
        {"StringEquals": {"kms:ViaService": "⟦ssx.eu-west-1.amazonaws.com⟧"}},
        "near to several words",
        fixable=False,
    ),
    case(
        "KMS416",
        {
            "StringEquals": {
                "kms:ViaService": [
                    "s3.cn-north-1.amazonaws.com.cn",
                    "s3.cn-north-1.amazonaws.com",
                    "s3.eusc-de-east-1.amazonaws.eu",
                    "s3.us-gov-west-1.amazonaws.com",
                    "s3.us-iso-east-1.c2s.ic.gov",
                ]
            }
        },
        "near: each partition's domain",
    ),
    case(
        "KMS418",
        {"ArnLike": {"aws:SourceArn": f"⟦arn:aws-cn:cloudtrail:eu-west-1:{ACCOUNT}:trail/t⟧"}},
        "a trail of China",
        key=KEY,
        fixable=True,
        Principal={"Service": "cloudtrail.amazonaws.com"},
    ),
    case(
        "KMS418",
        {"StringLike": {"aws:PrincipalArn": f"⟦arn:aws-us-gov:iam::{ACCOUNT}:role/*⟧"}},
        "roles of GovCloud",
        key=KEY,
        fixable=True,
    ),
    case(
        "KMS418",
        {"StringEquals": {"kms:EncryptionContext:aws:cloudtrail:arn": "⟦arn:aws-cn:cloudtrail:x⟧"}},
        "what a service puts in",
        key=KEY,
    ),
    case(
        "KMS418",
        {"ArnLike": {"aws:SourceArn": "⟦arn:amazon:s3:::bucket⟧"}},
        "no partition",
        fixable=False,
    ),
    case(
        "KMS418",
        {"ArnLike": {"aws:SourceArn": ["arn:*:s3:::a", "arn:aws:s3:::b", "${aws:SourceArn}"]}},
        "near: any partition, the key's, a variable",
        key=KEY,
    ),
    case("KMS418", {"ArnLike": {"aws:SourceArn": "arn:aws-cn:s3:::b"}}, "near: key unknown"),
    case(
        "KMS418",
        {"StringEquals": {"kms:EncryptionContext:app": "arn:aws-cn:s3:::b"}},
        "near: whatever people put in",
        key=KEY,
    ),
    case("KMS421", {"⟦Bool⟧": {"aws:SecureTransport": ["true", "false"]}}, "both", fixable=False),
    case("KMS421", {"⟦Bool⟧": {"aws:SecureTransport": [True, "FALSE"]}}, "both, as literals"),
    case(
        "KMS421", {"⟦BoolIfExists⟧": {"aws:ViaAWSService": ["false", "true"]}}, "all", fixable=True
    ),
    case("KMS421", {"⟦Null⟧": {"kms:ViaService": ["true", "false"]}}, "there or not", fixable=True),
    case("KMS421", {"Bool": {"aws:SecureTransport": ["true", "true"]}}, "near: twice the same"),
    case("KMS421", {"StringEquals": {"aws:PrincipalTag/a": ["true", "false"]}}, "near: texts"),
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
    case(
        "KMS417",
        {"StringEquals": {"kms:ViaService": [VIA, "s3.us-east-1.amazonaws.com"]}},
        "near: one text for the keys of several Regions",
        key=KEY,
    ),
    case(
        "KMS417",
        {"StringLike": {"kms:ViaService": ["s3.*.amazonaws.com", "s3.us-east-1.amazonaws.com"]}},
        "near: a pattern has the key's Region",
        key=KEY,
    ),
    case(
        "KMS417",
        {"StringEquals": {"kms:ViaService": [VIA, "⟦ec2.us-east-1.amazonaws.com⟧"]}},
        "another service's Region",
        key=KEY,
        fixable=True,
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
    case(
        "KMS418",
        {"ArnNotLike": {"aws:PrincipalArn": f"⟦arn:aws:sts::{ACCOUNT}:assumed-role/app/*⟧"}},
        "a session where only roles are told",
        fixable=True,
        Effect="Deny",
        Principal="*",
    ),
    case(
        "KMS418",
        {"ArnLike": {"aws:PrincipalArn": [ROLE, f"⟦arn:aws:sts::{ACCOUNT}:assumed-role/app/i-1⟧"]}},
        "beside its role",
        fixable=False,
        Principal={"AWS": "*"},
    ),
    case(
        "KMS418",
        {"ArnLike": {"aws:SourceArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/app/i-1"}},
        "near: another key",
        Principal={"Service": "s3.amazonaws.com"},
    ),
    case("KMS418", {"StringEqualsIgnoreCase": {"kms:KeyUsage": "encrypt_decrypt"}}, "near: case"),
    case("KMS419", {"NotIpAddress": {"aws:SourceIp": "⟦10.1.0.0/16⟧"}}, "private", Effect="Deny"),
    case("KMS419", {"IpAddress": {"aws:SourceIp": "⟦fd00::/8⟧"}}, "private IPv6"),
    case("KMS419", {"IpAddress": {"aws:VpcSourceIp": "10.1.0.0/16"}}, "near: VpcSourceIp"),
    case("KMS419", {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, "near: AWS's own example"),
    case("KMS419", {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, "near: all addresses"),
)


@pytest.mark.parametrize("each", CASES, ids=str)
def test_it_is_found_where_it_is(each: Case) -> None:
    check(each)


@pytest.mark.parametrize("each", [each for each in CASES if each.fixable], ids=str)
def test_its_fix_removes_it(each: Case) -> None:
    assert check_fixes(unmark(each.text)[0], each.key)


def test_a_placeholder_is_the_one_cause() -> None:
    text = under({"StringEquals": {"aws:SourceVpce": "vpce-1xxxxxxxx1"}})
    assert {each.rule for each in lint(text)} & {"KMS406", "KMS601"} == {"KMS601"}


def test_the_region_of_the_key_corrects_a_service() -> None:
    text = under({"StringEquals": {"kms:ViaService": "s3.amazonaws.com"}})
    key = KeyContext(arn=Arn.parse(f"arn:aws-cn:kms:cn-north-1:{ACCOUNT}:key/1"))
    (finding,) = (each for each in lint(text, key) if each.rule == "KMS416")
    assert finding.fix is not None
    assert '"s3.cn-north-1.amazonaws.com"' in apply_edits(text, finding.fix.edits)
