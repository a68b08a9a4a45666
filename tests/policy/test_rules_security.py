"""KMS5xx: who gets too much, who is locked out, what is bypassed, each at its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kmstui.model.arn import Arn
from kmstui.policy.findings import KeyContext, Severity
from kmstui.policy.linter import lint
from kmstui.policy.nodes import apply_edits
from tests.policy import workshop_printed
from tests.policy.rule_cases import (
    ACCOUNT,
    KEY,
    KEY_ARN,
    NO_KEY,
    ROLE,
    Case,
    check,
    check_fixes,
    policy,
    root_statement,
    statement,
    unmark,
)

FOREIGN = "222233334444"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ANNA = f"arn:aws:iam::{ACCOUNT}:user/anna"
INSTANCE = f"arn:aws:iam::{ACCOUNT}:role/KMSWorkshop-InstanceInitRole"
VIA = {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}
VPCE = {"aws:SourceVpce": "vpce-1234abcdf5678c90a"}
SHA = {"kms:RecipientAttestation:ImageSha384": "9fedcba8abcdef7abcdef6abcdef5abcdef4"}
NETWORK = {"Effect": "Deny", "Principal": "*"}


def caller(arn: str) -> KeyContext:
    return KeyContext(arn=Arn.parse(KEY_ARN), caller=Arn.parse(arn))


def case(
    rule: str,
    note: str,
    /,
    *,
    root: bool = True,
    fixable: bool | None = None,
    severity: Severity | None = None,
    key: KeyContext = NO_KEY,
    also: tuple[dict[str, Any], ...] = (),
    **changes: Any,
) -> Case:
    """One statement, changed, beside the root statement and others."""
    statements = [*([root_statement()] if root else []), *also, statement(**changes)]
    return Case(rule, policy(Statement=statements), key, severity, fixable, note)


EVERYBODY = (
    case("KMS501", "bare star", Principal="⟦*⟧", fixable=True),
    case("KMS501", "star among others", Principal={"AWS": [ROLE, "⟦*⟧"]}, fixable=True),
    case("KMS501", "empty Condition", Principal={"AWS": "⟦*⟧"}, Condition={}, fixable=True),
    case("KMS501", "nobody to give it to", root=False, Principal="⟦*⟧", fixable=False),
    case("KMS501", "near: Deny", Effect="Deny", Principal="*", Action=["kms:DisableKey"]),
    case("KMS501", "near: no action", Principal="*", Action=None),
    case(
        "KMS501",
        "near: callers of the account",
        Principal="*",
        Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT}},
    ),
    case(
        "KMS501",
        "near: strangers are denied",
        also=(
            statement(
                Sid="Perimeter",
                **NETWORK,
                Action="kms:*",
                Condition={
                    "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                },
            ),
        ),
        Principal="*",
    ),
    case(
        "KMS501",
        "some strangers are denied",
        also=(
            statement(
                Sid="Half",
                **NETWORK,
                Action="kms:*",
                Condition={
                    "StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                    "Bool": {"aws:SecureTransport": "false"},
                },
            ),
        ),
        Principal="⟦*⟧",
    ),
    case(
        "KMS502",
        "a service for anybody",
        Principal={"AWS": "⟦*⟧"},
        Condition={"StringEquals": VIA},
        fixable=True,
    ),
    case(
        "KMS502",
        "what anybody can send",
        Principal="⟦*⟧",
        Condition={"StringLike": {"aws:UserAgent": "app", "aws:Referer": "https://a"}},
    ),
    case(
        "KMS502",
        "IfExists",
        Principal="⟦*⟧",
        Condition={"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
    ),
    case(
        "KMS502",
        "any account in the pattern",
        Principal="⟦*⟧",
        Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app"}},
    ),
    case(
        "KMS502",
        "all but one",
        Principal="⟦*⟧",
        Condition={"StringNotEquals": {"kms:CallerAccount": FOREIGN}},
    ),
    case(
        "KMS502",
        "near: the organization",
        Principal="*",
        Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
    ),
    case(
        "KMS502",
        "near: AWS's own key for S3",
        Principal={"AWS": "*"},
        Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT, **VIA}},
    ),
    case(
        "KMS502",
        "near: roles of the account",
        Principal="*",
        Condition={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/app-*"}},
    ),
    case("KMS514", "any service", Principal={"Service": "⟦*⟧"}),
    case("KMS514", "part of a name", Principal={"Service": ["⟦*.amazonaws.com⟧"]}),
    case("KMS514", "near: one service", Principal={"Service": "s3.amazonaws.com"}),
)

NEGATIONS = (
    Case(
        "KMS503",
        policy(statement(Principal=None, **{"⟦NotPrincipal⟧": {"AWS": ROLE}})),
        note="Allow",
    ),
    Case(
        "KMS503",
        policy(statement(Effect="Deny", Principal=None, NotPrincipal={"AWS": ROLE})),
        note="near: Deny",
    ),
    Case(
        "KMS504",
        policy(statement(Action=None, **{"⟦NotAction⟧": "kms:Decrypt"})),
        fixable=True,
        note="Allow",
    ),
    Case(
        "KMS504",
        policy(statement(Effect="Deny", Action=None, NotAction="kms:Decrypt")),
        note="near: Deny",
    ),
    Case(
        "KMS505",
        policy(
            statement(Effect="Deny", Principal=None, **{"⟦NotPrincipal⟧": {"AWS": [ROLE, ROOT]}})
        ),
        fixable=True,
        note="Deny",
    ),
    Case(
        "KMS505",
        policy(
            statement(
                Effect="Deny", Principal=None, **{"⟦NotPrincipal⟧": {"Service": "s3.amazonaws.com"}}
            )
        ),
        fixable=False,
        note="a service has no ARN",
    ),
    Case(
        "KMS505",
        policy(
            statement(
                Effect="Deny",
                Principal="*",
                Condition={"ArnNotEquals": {"aws:PrincipalArn": [ROLE, ROOT]}},
            )
        ),
        note="near: by condition",
    ),
)

_DENY_PUT = {"Effect": "Deny", "Principal": "*", "Action": "kms:Put*"}
LOCKOUTS = (
    Case(
        "KMS506",
        policy(Statement=[statement()]).replace('"Statement"', '⟦"Statement"⟧'),
        fixable=True,
        note="nobody may",
    ),
    case("KMS506", "all denied", Sid="⟦No⟧", fixable=False, **_DENY_PUT),
    Case(
        "KMS506",
        policy(
            Statement=[
                statement(Sid="Mine", Action="kms:*", Principal={"AWS": ANNA}),
            ]
        ).replace('"Statement"', '⟦"Statement"⟧'),
        caller(ROLE),
        fixable=True,
        note="not the caller",
    ),
    case(
        "KMS506",
        "the caller is denied",
        key=caller(ANNA),
        fixable=False,
        Sid="⟦No⟧",
        Effect="Deny",
        Principal={"AWS": ANNA},
        Action="kms:PutKeyPolicy",
    ),
    case(
        "KMS506",
        "near: another one is denied",
        key=caller(ANNA),
        Effect="Deny",
        Principal={"AWS": ROLE},
        Action="kms:PutKeyPolicy",
    ),
    case("KMS506", "near: the root statement", key=caller(ROLE)),
    Case(
        "KMS506",
        policy().replace('"Statement"', '⟦"Statement"⟧'),
        KeyContext(caller=Arn.parse(f"arn:aws:iam::{FOREIGN}:user/me")),
        note="the root of another account than the caller's",
    ),
    Case("KMS506", policy(Statement=[statement(Action="kms:*")]), note="near: the role may"),
    Case(
        "KMS506",
        policy(Statement=[root_statement(Principal={"AWS": "arn:aws:iam::your-account-id:root"})]),
        note="near: nobody filled in the account yet",
    ),
    case(
        "KMS506",
        "near: AWS documents it against the bypass",
        Effect="Deny",
        Principal="*",
        Action="kms:PutKeyPolicy",
        Condition={"Bool": {"kms:BypassPolicyLockoutSafetyCheck": True}},
    ),
    Case(
        "KMS507",
        policy(Statement=[statement(Action="kms:*")]).replace('"Statement"', '⟦"Statement"⟧'),
        fixable=True,
        note="a role alone",
    ),
    Case(
        "KMS507",
        policy(Statement=[statement(), root_statement(Action="kms:Describe*")]),
        note="near: that is a lock-out",
    ),
    case("KMS507", "near: there is one"),
    Case(
        "KMS507",
        policy(Statement=[root_statement(Principal={"AWS": ACCOUNT})]),
        note="near: by account ID",
    ),
    Case(
        "KMS508",
        policy(
            Statement=[
                root_statement(
                    Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
                )
            ]
        ).replace('"Condition"', '⟦"Condition"⟧'),
        note="organization",
    ),
    Case(
        "KMS508",
        policy(
            root_statement(
                Sid="More", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
            )
        ),
        note="near: another one has none",
    ),
    Case(
        "KMS508",
        policy(
            Statement=[root_statement(Condition={"StringEquals": {"aws:PrincipalType": "Account"}})]
        ),
        note="near: AWS documents it for the root user alone",
    ),
)

_ADMIN = {"Sid": "Admin", "Action": ["kms:PutKeyPolicy", "kms:Describe*"]}
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

_PRESENT = "aws:MultiFactorAuthPresent"
_AGE = "aws:MultiFactorAuthAge"
ABSENT_KEYS = (
    case(
        "KMS515",
        "Deny without IfExists",
        **NETWORK,
        Condition={"⟦Bool⟧": {_PRESENT: "false"}},
        fixable=True,
    ),
    case(
        "KMS515",
        "Deny by age",
        **NETWORK,
        Condition={"⟦NumericGreaterThan⟧": {_AGE: "300"}},
        fixable=True,
    ),
    case(
        "KMS515",
        "Allow with IfExists",
        Condition={"⟦BoolIfExists⟧": {_PRESENT: "true"}},
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
    case("KMS515", "near: Deny", **NETWORK, Condition={"BoolIfExists": {_PRESENT: "false"}}),
    case("KMS515", "near: Allow", Condition={"Bool": {_PRESENT: "true"}}),
    case(
        "KMS515",
        "near: another Deny on absence",
        also=(statement(Sid="Absent", **NETWORK, Condition={"Null": {_AGE: "true"}}),),
        **NETWORK,
        Condition={"NumericGreaterThan": {_AGE: "300"}},
    ),
    case("KMS519", "via", Condition={"⟦StringEqualsIfExists⟧": VIA}, fixable=True),
    case(
        "KMS519",
        "context",
        Condition={"⟦StringLikeIfExists⟧": {"kms:EncryptionContext:app": "a*"}},
        fixable=True,
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

_MFA = {"Bool": {_PRESENT: "true"}}
SHADOWS = (
    case("KMS517", "twice", also=(statement(Sid="First"),), Sid="⟦Again⟧", fixable=True),
    case(
        "KMS517",
        "part of another",
        also=(statement(Sid="⟦Less⟧", Action="kms:Decrypt"),),
        fixable=True,
    ),
    case(
        "KMS517",
        "Deny twice",
        also=(statement(Sid="First", Effect="Deny"),),
        Sid="⟦Again⟧",
        Effect="Deny",
        Condition={"StringEquals": VIA},
    ),
    case(
        "KMS517",
        "denied to all",
        also=(statement(Sid="No", **NETWORK, Action=["kms:Encrypt", "kms:D*"]),),
        Sid="⟦Void⟧",
        severity=Severity.WARNING,
        fixable=True,
    ),
    case(
        "KMS517",
        "denied to the account",
        also=(
            statement(
                Sid="No", Effect="Deny", Principal={"AWS": ROOT}, Action=["kms:Encrypt", "kms:D*"]
            ),
        ),
        Sid="⟦Void⟧",
        severity=Severity.WARNING,
    ),
    case("KMS517", "near: the account's is for IAM policies"),
    case("KMS517", "near: other principal", also=(statement(Sid="Hers", Principal={"AWS": ANNA}),)),
    case(
        "KMS517",
        "near: denied in part",
        also=(statement(Sid="No", Effect="Deny", Action="kms:Encrypt"),),
    ),
    case(
        "KMS517",
        "near: denied under a condition",
        also=(statement(Sid="No", Effect="Deny", Condition={"StringNotEquals": VPCE}),),
    ),
    case(
        "KMS517",
        "near: other condition",
        also=(statement(Sid="Other", Condition={"StringEquals": VPCE}),),
        Condition={"StringEquals": VIA},
    ),
    case(
        "KMS518",
        "the role itself",
        root=False,
        also=(root_statement(Action=["kms:Put*"]), statement(Sid="Open", Action="kms:Decrypt")),
        Condition={
            "StringEqualsIgnoreCase": {"⟦kms:RecipientAttestation:ImageSha384⟧": "9fedcba8"}
        },
    ),
    case(
        "KMS518",
        "by IAM policies",
        Condition={
            "StringEqualsIgnoreCase": {"⟦kms:RecipientAttestation:ImageSha384⟧": "9fedcba8"}
        },
    ),
    case(
        "KMS518",
        "near: the account may not decrypt",
        root=False,
        also=(
            {
                name: value
                for name, value in root_statement(NotAction=["kms:D*", "kms:G*"]).items()
                if name != "Action"
            },
        ),
        Condition={"StringEqualsIgnoreCase": SHA},
    ),
    case(
        "KMS518",
        "near: denied without",
        also=(statement(Sid="No", **NETWORK, Condition={"StringNotEqualsIgnoreCase": SHA}),),
        Condition={"StringEqualsIgnoreCase": SHA},
    ),
    case(
        "KMS520",
        "the caller's own account",
        Condition={"StringEquals": {"⟦kms:CallerAccount⟧": ACCOUNT}},
    ),
    case("KMS520", "MFA", Condition={"Bool": {"⟦aws:MultiFactorAuthPresent⟧": "true"}}),
    case("KMS520", "endpoint", Condition={"StringEquals": {"⟦aws:SourceVpce⟧": "vpce-1a2b3c4d"}}),
    case(
        "KMS520",
        "the same without",
        also=(statement(Sid="Open"),),
        Condition={"StringEquals": {"⟦kms:ViaService⟧": "s3.eu-west-1.amazonaws.com"}},
    ),
    case("KMS520", "near: says what a direct grant is for", Condition={"StringEquals": VIA}),
    case(
        "KMS520",
        "near: the account may not use the key",
        root=False,
        also=(root_statement(Action=["kms:Put*", "kms:Describe*"]),),
        Condition=_MFA,
    ),
    case(
        "KMS520",
        "near: a Deny holds the same up",
        also=(statement(Sid="No", **NETWORK, Condition={"BoolIfExists": {_PRESENT: "false"}}),),
        Condition=_MFA,
    ),
    case(
        "KMS520",
        "near: everybody of the account",
        Principal="*",
        Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT}},
    ),
)

CASES = (
    *EVERYBODY,
    *NEGATIONS,
    *LOCKOUTS,
    *DUTIES,
    *SERVICES,
    *ABSENT_KEYS,
    *SHADOWS,
)


@pytest.mark.parametrize("each", CASES, ids=str)
def test_it_is_found_where_it_is(each: Case) -> None:
    check(each)


@pytest.mark.parametrize("each", [each for each in CASES if each.fixable], ids=str)
def test_its_fix_removes_it(each: Case) -> None:
    assert check_fixes(unmark(each.text)[0], each.key)


def _rules_at(text: str, key: KeyContext = NO_KEY) -> set[tuple[str, str]]:
    return {
        (each.rule, text[each.span.start : each.span.end].strip('"')) for each in lint(text, key)
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "CALLER_ACCOUNT",
            {
                ("KMS509", "kms:*"),
                ("KMS520", "kms:CallerAccount"),
                ("KMS512", "arn:aws:iam::your-acount-id:role/KMSWorkshop-InstanceInitRole"),
                ("KMS601", "your-acount-id"),
                ("KMS601", "your-account-id"),
            },
        ),
        ("NOT_PRINCIPAL", {("KMS505", "NotPrincipal"), ("KMS601", "your-account-id")}),
        (
            "MFA",
            {
                ("KMS002", ","),
                ("KMS402", "aws: MultiFactorAuthAge"),
                ("KMS515", "aws: MultiFactorAuthAge"),
                ("KMS520", "aws: MultiFactorAuthAge"),
                ("KMS601", "your-acount-id"),
            },
        ),
        ("VPC_ENDPOINT", {("KMS516", "aws:sourceVpce"), ("KMS601", "vpce-1xxxxxxxx1")}),
    ],
)
def test_the_workshops_mistakes_are_found_as_printed(
    name: str, expected: set[tuple[str, str]]
) -> None:
    assert expected <= _rules_at(getattr(workshop_printed, name))


def test_the_public_fix_gives_the_key_to_its_own_account() -> None:
    text = policy(Statement=[statement(Principal="*")])
    (finding,) = (each for each in lint(text, KEY) if each.rule == "KMS501")
    assert finding.fix is not None
    fixed = apply_edits(text, finding.fix.edits)
    assert json.loads(fixed)["Statement"] == [statement(Principal={"AWS": ROOT})]


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


def test_the_lock_out_names_the_caller_and_the_key_stays_with_the_account() -> None:
    text = policy(Statement=[statement(Action="kms:*", Principal={"AWS": ANNA})])
    (finding,) = (each for each in lint(text, caller(ROLE)) if each.rule == "KMS506")
    assert "role/app" in finding.message


def test_a_half_written_condition_does_not_make_a_key_public() -> None:
    text = policy(statement(Principal="*", Condition={"StringEquals": "x"}))
    assert "KMS501" not in {each.rule for each in lint(text)}
