"""Rules about condition keys (KMS402 to 404, 408, 414, 415, 420), each where it is."""

from __future__ import annotations

from typing import Any

import pytest

from kmstui.policy.lint.core import Severity
from kmstui.policy.lint.linter import lint
from tests.policy.condition_cases import VIA, case, fixed, under
from tests.policy.rule_cases import (
    ACCOUNT,
    ROLE,
    Case,
    check,
    check_fixes,
    policy,
    statement,
    unmark,
)

_S3 = {"Service": "s3.amazonaws.com"}
_EVENTS: dict[str, Any] = {
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
}
_BUS = f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/orders"
OF_SERVICES = (
    case(
        "KMS408",
        {"ForAnyValue:StringLike": {"⟦aws:PrincipalOrgPaths⟧": "o-a1b2c3d4e5/*"}},
        "a service has no path in an organization",
        Principal=_S3,
        fixable=True,
    ),
    case(
        "KMS408",
        {"StringEquals": {"⟦kms:CallerAccount⟧": ACCOUNT}},
        "nor a caller's account",
        Principal=_S3,
        fixable=True,
    ),
    case(
        "KMS408",
        {"StringEquals": {"⟦kms:ViaService⟧": VIA}},
        "nor asks through a service",
        Principal=_S3,
        fixable=False,
    ),
    case(
        "KMS408",
        {"ArnLike": {"⟦aws:PrincipalArn⟧": f"arn:aws:iam::{ACCOUNT}:role/*"}},
        "nor is a role; a Deny stops nothing either",
        Principal=_S3,
        Effect="Deny",
        fixable=False,
    ),
    case(
        "KMS408",
        {"StringEquals": {"⟦kms:CallerAccount⟧": ACCOUNT}},
        "others would lose by the fix",
        Principal={**_S3, "AWS": ROLE},
        fixable=False,
    ),
    case(
        "KMS408",
        {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        "near: a service meets that",
        Principal=_S3,
        Effect="Deny",
    ),
    case(
        "KMS408",
        {"StringEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}},
        "near: what services tell",
        Principal=_S3,
    ),
    case(
        "KMS408",
        {"StringEquals": {"⟦aws:SourceAccount⟧": ACCOUNT}},
        "EventBridge to an encrypted topic",
        fixable=False,
        severity=Severity.WARNING,
        **_EVENTS,
    ),
    case(
        "KMS408",
        {
            "ArnLike": {"⟦aws:SourceArn⟧": f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/r"},
            "StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": "arn:aws:sns:x:y:z"},
        },
        "the topic is told too, the rule is not",
        fixable=False,
        **_EVENTS,
    ),
    case(
        "KMS408",
        {"StringEquals": {"⟦aws:PrincipalOrgID⟧": "o-a1b2c3d4e5"}},
        "aws:SourceOrgID would not do for EventBridge",
        fixable=False,
        **_EVENTS,
    ),
    case(
        "KMS408",
        {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": f"arn:aws:sns:x:{ACCOUNT}:z"}},
        "near: the topic alone",
        **_EVENTS,
    ),
    case("KMS408", {"ArnEquals": {"aws:SourceArn": _BUS}}, "near: EventBridge's bus", **_EVENTS),
    case(
        "KMS408",
        {"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}},
        "near: where it is there",
        **_EVENTS,
    ),
    case(
        "KMS408",
        {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        "near: CloudWatch tells it",
        Principal={"Service": "cloudwatch.amazonaws.com"},
    ),
    Case(
        "KMS408",
        policy(
            statement(Sid="Events", **_EVENTS),
            statement(
                Sid="Perimeter",
                Effect="Deny",
                Principal="*",
                Action="kms:*",
                Condition={
                    "StringNotEqualsIfExists": {"⟦aws:SourceOrgID⟧": "o-a1b2c3d4e5"},
                    "Bool": {"aws:PrincipalIsAWSService": "true"},
                },
            ),
        ),
        fixable=False,
        note="a perimeter around services stops it too",
    ),
    Case(
        "KMS408",
        policy(
            statement(Sid="Events", **_EVENTS),
            statement(
                Sid="Perimeter",
                Effect="Deny",
                Principal="*",
                Action="kms:*",
                Condition={
                    "StringNotEqualsIfExists": {"aws:SourceOrgID": "o-a1b2c3d4e5"},
                    "Null": {"aws:SourceAccount": "false"},
                    "Bool": {"aws:PrincipalIsAWSService": "true"},
                },
            ),
        ),
        note="near: AWS's perimeter spares requests without an account",
    ),
)

CASES = (
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
    case(
        "KMS408",
        {"ArnLike": {"⟦aws:SourceArn⟧": "arn:aws:s3:::data"}},
        "a role sends what only services send",
        fixable=False,
    ),
    case(
        "KMS408",
        {"StringNotEquals": {"⟦aws:SourceAccount⟧": ACCOUNT}},
        "a Deny against other accounts' services that stops all people",
        fixable=True,
        Effect="Deny",
        Principal="*",
    ),
    case(
        "KMS408",
        {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::data"}},
        "near: a service sends it",
        Principal={"AWS": ROLE, "Service": "s3.amazonaws.com"},
    ),
    case(
        "KMS408",
        {
            "StringNotEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"},
            "Null": {"aws:SourceAccount": "false"},
            "Bool": {"aws:PrincipalIsAWSService": "true"},
        },
        "near: AWS documents it against confused deputies",
        Effect="Deny",
        Principal="*",
    ),
    case(
        "KMS408",
        {
            "StringNotEqualsIfExists": {
                "aws:PrincipalOrgID": "o-a1b2c3d4e5",
                "aws:SourceOrgID": "o-a1b2c3d4e5",
            }
        },
        "near: people of the organization are spared",
        Effect="Deny",
        Principal="*",
    ),
    case("KMS408", {"ArnLike": {"ec2:SourceInstanceArn": "arn:aws:ec2:*"}}, "near: of a role"),
    *OF_SERVICES,
    case("KMS408", {"StringEquals": {"kms:ViaService": VIA}}, "near: all requests know it"),
    case(
        "KMS414",
        {"ForAnyValue:StringEquals": {"⟦kms:ResourceAliases⟧": "alias/app"}},
        "aliases",
        severity=Severity.ERROR,
    ),
    case("KMS414", {"StringEquals": {"⟦aws:ResourceTag/team⟧": "red"}}, "tags"),
    case("KMS414", {"StringEquals": {"⟦KMS:resourcetag/team⟧": "red"}}, "tags, as KMS calls them"),
    case("KMS414", {"Null": {"⟦aws:ResourceTag/team⟧": "true"}}, "absence too"),
    case("KMS414", {"StringEquals": {"aws:RequestTag/team": "red"}}, "near: of the request"),
    case(
        "KMS410",
        {"StringEquals": {"kms:ResourceAliases": "alias/app"}},
        "near: KMS414 says that it must go",
    ),
    case("KMS404", {"StringEquals": {"kms:ResourceTag/team": "red"}}, "near: KMS names it"),
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


@pytest.mark.parametrize("each", CASES, ids=str)
def test_it_is_found_where_it_is(each: Case) -> None:
    check(each)


@pytest.mark.parametrize("each", [each for each in CASES if each.fixable], ids=str)
def test_its_fix_removes_it(each: Case) -> None:
    assert check_fixes(unmark(each.text)[0], each.key)


def test_dead_actions_move_to_a_statement_of_their_own() -> None:
    condition = {"StringEquals": {"kms:EncryptionContext:app": "a"}}
    text = under(condition, Action=["kms:Decrypt", "kms:Sign"])
    assert fixed(text, "KMS408") == policy(
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
