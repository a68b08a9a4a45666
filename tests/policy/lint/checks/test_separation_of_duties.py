"""KMS509 to 516 and 519: too much for one principal, and what goes wrong in use."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kmstui.policy.lint.core import Severity
from kmstui.policy.lint.linter import lint
from kmstui.policy.syntax.nodes import apply_edits
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
from tests.policy.security_cases import (
    AGE,
    ANNA,
    FOREIGN,
    INSTANCE,
    NETWORK,
    PRESENT,
    ROOT,
    VIA,
    VPCE,
    case,
)

_ADMIN = {"Sid": "Admin", "Action": ["kms:PutKeyPolicy", "kms:Describe*"]}
_EVERYBODY_OF_SOME: dict[str, dict[str, Any]] = {
    "everybody of the account": {"StringEquals": {"kms:CallerAccount": ACCOUNT}},
    "everybody of the account, another key": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
    "everybody of the organization": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
    "everybody of a unit": {
        "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/*"}
    },
    "a role by its ARN": {"ArnEquals": {"aws:PrincipalArn": ROLE}},
}
DUTIES = (
    case("KMS509", "role", Action="⟦kms:*⟧", fixable=True),
    case("KMS509", "in a list", Action=["kms:Decrypt", "⟦kms:*⟧"], fixable=True),
    case("KMS509", "star alone", Action="⟦*⟧", Principal={"AWS": ANNA}, fixable=True),
    case(
        "KMS509",
        "other account",
        Action="⟦kms:*⟧",
        Principal={"AWS": FOREIGN},
        severity=Severity.ERROR,
        key=KEY,
        fixable=True,
    ),
    *(
        case("KMS509", note, Action="⟦kms:*⟧", Principal=who, Condition=condition, root=root)
        for root in (True, False)
        for who in ("*", {"AWS": "*"})
        for note, condition in _EVERYBODY_OF_SOME.items()
    ),
    case(
        "KMS509",
        "everybody of another account",
        Action="⟦kms:*⟧",
        Principal="*",
        Condition={"StringEquals": {"kms:CallerAccount": FOREIGN}},
        severity=Severity.ERROR,
        key=KEY,
    ),
    case(
        "KMS509",
        "near: the root user alone",
        Action="kms:*",
        Principal="*",
        Condition={"ArnEquals": {"aws:PrincipalArn": ROOT}},
    ),
    case("KMS509", "near: the account", Action="kms:*", Principal={"AWS": ACCOUNT}),
    case("KMS509", "near: many actions", Action=["kms:C*", "kms:D*", "kms:E*", "kms:G*"]),
    case("KMS509", "near: Deny", Action="kms:*", Effect="Deny"),
    case(
        "KMS510",
        "two statements",
        also=(statement(**_ADMIN),),
        Principal={"AWS": ["⟦" + ROLE + "⟧", ANNA]},
    ),
    case("KMS510", "one", Principal={"AWS": "⟦" + ROLE + "⟧"}, Action=["kms:Put*", "kms:Sign"]),
    case("KMS510", "near: apart", also=(statement(**_ADMIN, Principal={"AWS": ANNA}),)),
    case("KMS510", "near: KMS509 says it", Action="kms:*"),
    *(
        case(
            "KMS510",
            f"near: {name} is for emergencies",
            Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:{name}"},
            Action=["kms:Put*", "kms:Decrypt"],
        )
        for name in (
            "role/break-glass",
            "role/BreakGlassKms",
            "user/org-breakglass-1",
            "role/break_the_glass/admin",
            "role/EmergencyAccess",
        )
    ),
    case(
        "KMS510",
        "a name with glass in it",
        Principal={"AWS": f"⟦arn:aws:iam::{ACCOUNT}:role/glass-works⟧"},
        Action=["kms:Put*", "kms:Decrypt"],
    ),
    case(
        "KMS510",
        "near: nobody of another account can put the policy, which KMS207 says",
        Principal={"AWS": f"arn:aws:iam::{FOREIGN}:role/partner"},
        Action=["kms:PutKeyPolicy", "kms:Decrypt"],
    ),
    case(
        "KMS510",
        "near: the account may do all",
        Principal={"AWS": ROOT},
        Action=["kms:Put*", "kms:Decrypt"],
    ),
    case("KMS511", "alone", Action=["⟦kms:CreateGrant⟧", "kms:ListGrants"], fixable=True),
    case("KMS511", "among others", Action=["kms:Decrypt", "⟦kms:CreateGrant⟧"], fixable=True),
    case("KMS511", "pattern with more", Action=["⟦kms:Create*⟧"], fixable=False),
    case(
        "KMS511",
        "another account",
        Action=["⟦kms:CreateGrant⟧"],
        Principal={"AWS": FOREIGN},
        key=KEY,
    ),
    case(
        "KMS511",
        "near: for AWS services",
        Action="kms:CreateGrant",
        Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}},
    ),
    case(
        "KMS511",
        "near: through a service",
        Action=["kms:Decrypt", "kms:CreateGrant"],
        Condition={"StringEquals": VIA},
    ),
    case("KMS511", "near: an administrator", Action=["kms:Create*", "kms:Put*"]),
    case("KMS511", "near: the account", Action="kms:CreateGrant", Principal={"AWS": ACCOUNT}),
    case(
        "KMS512",
        "instance role",
        Principal={"AWS": "⟦" + INSTANCE + "⟧"},
        Action="kms:ScheduleKeyDeletion",
    ),
    case(
        "KMS512",
        "path of a service role",
        Principal={"AWS": f"⟦arn:aws:iam::{ACCOUNT}:role/service-role/a⟧"},
        Action="kms:PutKeyPolicy",
    ),
    case("KMS512", "service", Principal={"Service": "⟦s3.amazonaws.com⟧"}, Action="kms:Put*"),
    *(
        case("KMS512", note, Action=["kms:Put*", "kms:Sign"], Principal="⟦*⟧", Condition=condition)
        for note, condition in _EVERYBODY_OF_SOME.items()
        if "ARN" not in note
    ),
    case(
        "KMS512",
        "near: people of the account, by their tag",
        Action="kms:Put*",
        Principal="*",
        Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT, "aws:PrincipalTag/it": "yes"}},
    ),
    case(
        "KMS512",
        "near: a Deny leaves that to one role",
        Action="kms:*",
        Principal="*",
        Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT}},
        also=(
            statement(
                **NETWORK,
                Sid="Admin",
                Action=["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"],
                Condition={"ArnNotEquals": {"aws:PrincipalArn": ROLE}},
            ),
        ),
    ),
    case("KMS512", "near: it only uses the key", Principal={"AWS": INSTANCE}),
    case(
        "KMS512",
        "near: people",
        Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/EC2-Admins"},
        Action="kms:PutKeyPolicy",
    ),
    case("KMS512", "near: a name that tells nothing", Action="kms:PutKeyPolicy"),
)

SERVICES = (
    case("KMS513", "for anybody", Principal={"Service": "⟦s3.amazonaws.com⟧"}, fixable=True),
    case(
        "KMS513",
        "EventBridge would not reach an encrypted topic with aws:SourceAccount",
        Principal={"Service": "⟦events.amazonaws.com⟧"},
        fixable=False,
    ),
    case(
        "KMS513",
        "CloudWatch Logs tells whose log group it is in the encryption context",
        Principal={"Service": "⟦logs.eu-west-1.amazonaws.com⟧"},
        fixable=True,
    ),
    case(
        "KMS513",
        "near: it says what only people tell, so it gives nothing",
        Principal={"Service": "s3.amazonaws.com"},
        Condition={"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}},
    ),
    case(
        "KMS513",
        "a caller's account is nobody's behalf",
        Principal={"Service": "⟦s3.amazonaws.com⟧"},
        Condition={"StringEqualsIfExists": {"kms:CallerAccount": ACCOUNT}},
    ),
    case(
        "KMS513",
        "for every bucket of everybody",
        Principal={"Service": "⟦s3.amazonaws.com⟧"},
        Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}},
    ),
    case(
        "KMS513",
        "for all accounts but one",
        Principal={"Service": "⟦s3.amazonaws.com⟧"},
        Condition={"StringNotEquals": {"aws:SourceAccount": FOREIGN}},
    ),
    case(
        "KMS513",
        "near: one bucket, whose ARN has no account",
        Principal={"Service": "s3.amazonaws.com"},
        Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::data"}},
    ),
    case(
        "KMS513",
        "near: SES tells the account in the encryption context",
        Principal={"Service": "ses.amazonaws.com"},
        Condition={"StringEquals": {"kms:EncryptionContext:aws:ses:source-account": ACCOUNT}},
    ),
    case("KMS513", "near: KMS514 says that this is no service", Principal={"Service": "*"}),
    case(
        "KMS513",
        "near: for this account",
        Principal={"Service": "s3.amazonaws.com"},
        Condition={"StringEquals": {"AWS:SourceAccount": ACCOUNT}},
    ),
    case(
        "KMS513",
        "near: AWS documents it for CloudWatch Logs",
        Principal={"Service": "logs.eu-west-1.amazonaws.com"},
        Condition={
            "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:eu-west-1:{ACCOUNT}:*"}
        },
    ),
    case(
        "KMS513",
        "near: it only looks",
        Principal={"Service": "cloudtrail.amazonaws.com"},
        Action="kms:DescribeKey",
    ),
    case(
        "KMS513",
        "near: AWS documents it for DNSSEC",
        Principal={"Service": "dnssec-route53.amazonaws.com"},
        Action="kms:CreateGrant",
        Condition={"Bool": {"kms:GrantIsForAWSResource": True}},
    ),
    case(
        "KMS516",
        "endpoint",
        **NETWORK,
        Condition={"StringNotEquals": {"⟦aws:sourceVpce⟧": "vpce-1a2b3c4d"}},
        fixable=True,
    ),
    case(
        "KMS516",
        "address, of one role",
        Effect="Deny",
        Condition={"NotIpAddress": {"⟦aws:SourceIp⟧": "203.0.113.0/24"}},
        fixable=True,
    ),
    case(
        "KMS516",
        "no endpoint at all",
        **NETWORK,
        Condition={"Null": {"⟦aws:SourceVpce⟧": "true"}},
        fixable=True,
    ),
    case(
        "KMS516",
        "near: services exempt",
        **NETWORK,
        Condition={
            "StringNotEqualsIfExists": VPCE,
            "BoolIfExists": {"aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false"},
        },
    ),
    case(
        "KMS516",
        "near: services do not manage keys",
        **NETWORK,
        Action=["kms:ScheduleKeyDeletion", "kms:DisableKey"],
        Condition={"StringNotEquals": VPCE},
    ),
    case("KMS516", "near: one network denied", **NETWORK, Condition={"StringEquals": VPCE}),
)

ABSENT_KEYS = (
    case(
        "KMS515",
        "Deny without IfExists",
        **NETWORK,
        Condition={"⟦Bool⟧": {PRESENT: "false"}},
        fixable=True,
    ),
    case(
        "KMS515",
        "Deny by age",
        **NETWORK,
        Condition={"⟦NumericGreaterThan⟧": {AGE: "300"}},
        fixable=True,
    ),
    case(
        "KMS515",
        "Allow with IfExists",
        Condition={"⟦BoolIfExists⟧": {PRESENT: "true"}},
        fixable=True,
    ),
    case(
        "KMS515",
        "an instance has no MFA",
        Principal={"AWS": INSTANCE},
        Condition={"Bool": {"⟦aws:MultiFactorAuthPresent⟧": "true"}},
        severity=Severity.WARNING,
    ),
    case(
        "KMS515",
        "a user's access keys",
        Principal={"AWS": ANNA},
        Condition={"Bool": {"⟦aws:MultiFactorAuthPresent⟧": "true"}},
        severity=Severity.INFO,
    ),
    case("KMS515", "near: Deny", **NETWORK, Condition={"BoolIfExists": {PRESENT: "false"}}),
    case("KMS515", "near: Allow", Condition={"Bool": {PRESENT: "true"}}),
    case(
        "KMS515",
        "near: another Deny on absence",
        also=(statement(Sid="Absent", **NETWORK, Condition={"Null": {AGE: "true"}}),),
        **NETWORK,
        Condition={"NumericGreaterThan": {AGE: "300"}},
    ),
    case("KMS519", "via", Condition={"⟦StringEqualsIfExists⟧": VIA}, fixable=True),
    case(
        "KMS519",
        "context",
        Condition={"⟦StringLikeIfExists⟧": {"kms:EncryptionContext:app": "a*"}},
        fixable=True,
    ),
    case(
        "KMS519",
        "EventBridge would not reach an encrypted topic without it",
        Principal={"Service": "events.amazonaws.com"},
        Condition={"⟦StringEqualsIfExists⟧": {"aws:SourceAccount": ACCOUNT}},
        fixable=False,
    ),
    case("KMS519", "near: Deny", **NETWORK, Condition={"StringEqualsIfExists": VIA}),
    case("KMS519", "near: negated", Condition={"StringNotEqualsIfExists": VIA}),
    case(
        "KMS519",
        "near: for the grants in the list",
        Action=["kms:Decrypt", "kms:CreateGrant"],
        Condition={"BoolIfExists": {"kms:GrantIsForAWSResource": "true"}},
    ),
    case(
        "KMS519",
        "near: a tag if any",
        Action="kms:TagResource",
        Condition={"StringEqualsIfExists": {"aws:RequestTag/env": "dev"}},
    ),
    case(
        "KMS519",
        "near: Null rules it out",
        Condition={"StringEqualsIfExists": VIA, "Null": {"kms:ViaService": "false"}},
    ),
)

CASES = (*DUTIES, *SERVICES, *ABSENT_KEYS)


@pytest.mark.parametrize("each", CASES, ids=str)
def test_it_is_found_where_it_is(each: Case) -> None:
    check(each)


@pytest.mark.parametrize("each", [each for each in CASES if each.fixable], ids=str)
def test_its_fix_removes_it(each: Case) -> None:
    assert check_fixes(unmark(each.text)[0], each.key)


def test_a_foreign_principal_is_offered_only_what_it_can_use() -> None:
    text = policy(statement(Action="kms:*", Principal={"AWS": FOREIGN}))
    (finding,) = (each for each in lint(text, KEY) if each.rule == "KMS509")
    assert finding.fix is not None
    fixed = apply_edits(text, finding.fix.edits)
    assert '"kms:Decrypt"' in fixed
    assert "kms:PutKeyPolicy" not in fixed
    assert '"kms:Sign"' not in fixed, "the key is for encryption"


def test_grants_move_to_a_statement_with_the_condition() -> None:
    text = policy(statement(Action=["kms:Decrypt", "kms:CreateGrant"]))
    (finding,) = (each for each in lint(text) if each.rule == "KMS511")
    assert finding.fix is not None
    assert apply_edits(text, finding.fix.edits) == policy(
        statement(Action=["kms:Decrypt"]),
        statement(
            Sid="Use 2",
            Action=["kms:CreateGrant"],
            Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )


def test_the_log_groups_of_the_account_are_asked_for_as_aws_documents() -> None:
    text = policy(statement(Principal={"Service": "logs.eu-west-1.amazonaws.com"}))
    (finding,) = (each for each in lint(text, KEY) if each.rule == "KMS513")
    assert finding.fix is not None
    mended = json.loads(apply_edits(text, finding.fix.edits))["Statement"][1]
    groups = f"arn:aws:logs:eu-west-1:{ACCOUNT}:*"
    assert mended["Condition"] == {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}}
