"""KMS3xx: principals that KMS rejects or that are not what they seem, and resources."""

from __future__ import annotations

from typing import Any

import pytest

from kmstui.policy.lint.core import Severity
from tests.policy.rule_cases import (
    ACCOUNT,
    KEY,
    KEY_ARN,
    ROLE,
    Case,
    check,
    check_fixes,
    policy,
    statement,
    unmark,
)

_IAM = f"arn:aws:iam::{ACCOUNT}"
_SSO = f"{_IAM}:role/aws-reserved/sso.amazonaws.com"
_OTHER = "arn:aws:iam::777788889999:role/theirs"
_WARNING, _ERROR = Severity.WARNING, Severity.ERROR


def _aws(*principals: str, **changes: Any) -> str:
    value: Any = principals[0] if len(principals) == 1 else list(principals)
    return policy(statement(Principal={"AWS": value}, **changes))


def _service(*names: str) -> str:
    guard = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    return policy(statement(Principal={"Service": list(names)}, Condition=guard))


CASES = (
    Case("KMS301", _aws("⟦44445555666⟧"), fixable=False, note="eleven digits"),
    Case("KMS301", _aws("⟦4444-5555-6666⟧"), note="hyphens"),
    Case("KMS301", _aws(f"⟦ {ROLE}⟧"), fixable=True, note="space before"),
    Case("KMS301", _aws(ROLE, f"⟦{ROLE} ⟧"), fixable=True, note="space behind"),
    Case("KMS301", _aws("⟦role/app⟧"), note="no ARN"),
    Case("KMS301", _aws("⟦arn:aws:iam:444455556666:role/app⟧"), note="a colon too few"),
    Case("KMS301", _aws("⟦arn:aws:iam::44445555666:role/app⟧"), note="account too short"),
    Case("KMS301", _aws("⟦arn:aws:iam::444455556666:app⟧"), note="no type"),
    Case("KMS301", _aws("⟦arn:aws:iam::444455556666:role/⟧"), note="no name"),
    Case("KMS301", _aws("⟦arn:aws:iam:eu-west-1:444455556666:role/app⟧"), note="Region"),
    Case("KMS301", _aws("⟦arn:aws:s3:::bucket⟧"), note="another service's ARN"),
    Case("KMS301", _aws("⟦arn:awz:iam::444455556666:role/app⟧"), note="partition"),
    Case("KMS301", _aws("⟦arn:aws:sts::444455556666:assumed-role/app⟧"), note="no session"),
    Case(
        "KMS301",
        policy(statement(Effect="Deny", Principal=None, NotPrincipal={"AWS": "⟦app⟧"})),
        note="NotPrincipal",
    ),
    Case(
        "KMS301",
        _aws(
            "*",
            ACCOUNT,
            f"{_IAM}:root",
            f"{_IAM}:user/division/a.b+c=d,e@f",
            f"{_IAM}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
            f"arn:aws:sts::{ACCOUNT}:assumed-role/app/i-0123456789abcdef0",
            f"arn:aws:sts::{ACCOUNT}:federated-user/bob",
            "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1A2B3C4D5E6F7",
        ),
        note="near: all the forms",
    ),
    Case("KMS301", _aws("arn:aws:iam::your-account-id:role/app"), note="near: KMS601's"),
    *(
        Case("KMS301", _aws(f"⟦{_IAM}:role/{name}⟧"), severity=Severity.ERROR, note=name)
        for name in (
            "AWSReservedSSO_Admin_0123456789abcdef",
            "sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef",
            "AWSServiceRoleForAutoScaling",
            "aws-service-role/AWSServiceRoleForAutoScaling_CMK",
        )
    ),
    Case(
        "KMS301",
        _aws(
            "⟦arn:aws:sts::444455556666:assumed-role/aws-reserved/sso.amazonaws.com/"
            "AWSReservedSSO_Admin_0123456789abcdef/anna⟧"
        ),
        fixable=True,
        note="a session's ARN has no path",
    ),
    Case(
        "KMS301",
        policy(
            statement(
                Principal="*",
                Condition={
                    "ArnLike": {"aws:PrincipalArn": [f"⟦{_IAM}:role/AWSReservedSSO_Admin_*⟧"]}
                },
            )
        ),
        severity=Severity.WARNING,
        note="nobody has the ARN in the condition",
    ),
    Case(
        "KMS301",
        policy(
            statement(
                Principal={
                    "AWS": [
                        f"{_SSO}/eu-west-2/AWSReservedSSO_Admin_0123456789abcdef",
                        f"{_SSO}/AWSReservedSSO_Admin_0123456789abcdef",
                        "arn:aws:sts::444455556666:assumed-role/AWSReservedSSO_Admin_01/anna",
                    ]
                },
                Condition={
                    "ArnLike": {
                        "aws:PrincipalArn": [
                            f"{_SSO}/*/AWSReservedSSO_Admin_*",
                            f"{_IAM}:role/*/AWSReservedSSO_Admin_*",
                            f"{_IAM}:role/*AWSReservedSSO_Admin_*",
                        ]
                    }
                },
            )
        ),
        note="near: with its path, or a pattern for it",
    ),
    Case("KMS302", _aws("⟦arn:aws:iam::444455556666:role/app-*⟧"), fixable=True),
    Case("KMS302", _aws(ROLE, "⟦arn:aws:iam::444455556666:role/app-?⟧"), fixable=True, note="list"),
    Case("KMS302", _aws(f"{_IAM}:root", f"⟦{_IAM}:*⟧"), fixable=False, note="beside the account"),
    Case(
        "KMS302",
        _aws("⟦arn:aws:iam::444455556666:user/*⟧", Effect="Deny", Action="kms:Decrypt"),
        fixable=True,
        note="denied",
    ),
    Case("KMS302", _aws("*"), note="near: everybody"),
    Case("KMS303", _aws("⟦arn:aws:iam::444455556666:group/admins⟧"), fixable=False, note="group"),
    Case("KMS303", _aws("⟦arn:aws:iam::444455556666:instance-profile/web⟧"), note="profile"),
    Case("KMS303", _aws(f"⟦{KEY_ARN}⟧"), note="key"),
    Case("KMS303", _aws("arn:aws:iam::444455556666:user/group"), note="near: a user of that name"),
    Case("KMS304", _aws(ROLE, "⟦AROAEXAMPLEID23456789⟧"), fixable=True, note="role"),
    Case("KMS304", _aws("⟦AIDAEXAMPLEID23456789⟧"), fixable=True, note="alone in its statement"),
    Case(
        "KMS304",
        policy(Statement=[statement(Principal={"AWS": "⟦AIDAEXAMPLEID23456789⟧"})]),
        fixable=False,
        note="in the only statement",
    ),
    Case("KMS304", _aws("arn:aws:iam::444455556666:user/AIDA"), note="near: a name"),
    Case("KMS305", policy(statement(Principal={"⟦aws⟧": ROLE})), fixable=True, note="case"),
    Case("KMS305", policy(statement(Principal={"⟦Role⟧": ROLE})), fixable=True, note="guess"),
    Case("KMS305", policy(statement(Principal={"⟦Services⟧": "s3.amazonaws.com"})), fixable=True),
    Case("KMS305", policy(statement(Principal={"⟦Team⟧": "a"})), fixable=False, note="unknown"),
    Case("KMS305", policy(statement(Principal={"⟦*⟧": "*"})), fixable=False, note="star"),
    Case(
        "KMS305",
        policy(statement(Principal={"AWS": ROLE, "⟦aws⟧": ROLE})),
        fixable=False,
        note="the right one too",
    ),
    Case("KMS305", policy(statement(Principal={"AWS": ROLE, "Service": "s3.amazonaws.com"}))),
    Case("KMS306", _service("⟦s3⟧"), severity=_ERROR, fixable=True, note="name alone"),
    Case("KMS306", _service("⟦S3.amazonaws.com⟧"), severity=_ERROR, fixable=True, note="case"),
    Case("KMS306", _service("⟦s3.amazonaws.com ⟧"), severity=_ERROR, fixable=True, note="space"),
    Case("KMS306", _service("⟦https://s3.amazonaws.com/⟧"), fixable=True, note="URL"),
    Case("KMS306", _service("⟦cloudtrail.amazonaws⟧"), severity=_ERROR, fixable=True, note="cut"),
    Case("KMS306", _service("⟦my service⟧"), severity=_ERROR, fixable=False, note="no service"),
    Case("KMS306", _service("⟦cloudtrial.amazonaws.com⟧"), severity=_WARNING, fixable=True),
    Case("KMS306", _service("⟦frobnicate.amazonaws.com⟧"), severity=_WARNING, fixable=False),
    Case(
        "KMS306",
        _service(
            "s3.amazonaws.com",
            "logs.us-west-2.amazonaws.com",
            "delivery.logs.amazonaws.com",
            "us-east-1.elasticache-snapshot.amazonaws.com",
            "ec2.cn-north-1.amazonaws.com.cn",
        ),
        note="near",
    ),
    Case("KMS306", _service("*.amazonaws.com"), note="near: KMS514's"),
    Case("KMS307", policy(statement(Principal={"Federated": "⟦accounts.google.com⟧"}))),
    Case("KMS307", policy(statement(Principal={"CanonicalUser": "⟦79a59df900b949e55d96⟧"}))),
    Case("KMS307", _aws(f"arn:aws:sts::{ACCOUNT}:federated-user/bob"), note="near"),
    Case("KMS308", _aws("⟦arn:aws:iam::444455556666:user/root⟧"), fixable=True),
    Case("KMS308", _aws(f"{_IAM}:root", f"{_IAM}:user/roots"), note="near"),
    Case("KMS309", _aws("⟦arn:aws-cn:iam::444455556666:role/app⟧"), KEY, fixable=True),
    Case("KMS309", _aws("arn:aws-cn:iam::444455556666:role/app"), note="near: key unknown"),
    Case("KMS309", _aws(ROLE, ACCOUNT), KEY, note="near: the key's"),
    Case("KMS310", _aws(ROLE, f"⟦{_OTHER}⟧"), KEY, severity=Severity.INFO, fixable=False),
    Case("KMS310", _aws("⟦777788889999⟧", _OTHER), KEY, note="once for each account"),
    Case("KMS310", _aws(_OTHER, Effect="Deny"), KEY, note="near: denied"),
    Case(
        "KMS310",
        _aws("*", Condition={"StringEquals": {"kms:CallerAccount": [ACCOUNT, "⟦777788889999⟧"]}}),
        KEY,
        severity=Severity.INFO,
        fixable=False,
        note="everybody of an account",
    ),
    Case(
        "KMS310",
        _aws("777788889999", Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT}}),
        KEY,
        note="near: its own condition shuts it out",
    ),
    Case("KMS310", _aws(_OTHER), note="near: key unknown"),
    Case("KMS311", policy(statement(Resource="⟦arn:aws:s3:::bucket⟧")), fixable=True, note="S3"),
    Case("KMS311", policy(statement(Resource="⟦1234abcd-12ab-34cd-56ef-1234567890ab⟧")), note="ID"),
    Case(
        "KMS311",
        policy(statement(Resource="⟦arn:aws:kms:eu-west-1:444455556666:alias/app⟧")),
        fixable=True,
        note="alias",
    ),
    Case(
        "KMS311",
        policy(statement(Resource="⟦arn:aws:kms:eu-west-1:444455556666:key/other⟧")),
        KEY,
        fixable=True,
        note="another key",
    ),
    Case(
        "KMS311",
        policy(statement(Resource=[KEY_ARN, "⟦arn:aws:kms:eu-west-1:444455556666:key/other⟧"])),
        KEY,
        fixable=True,
        note="another key too",
    ),
    Case("KMS311", policy(statement(Resource=KEY_ARN)), KEY, note="near: this key"),
    Case("KMS311", policy(statement(Resource="arn:aws:kms:*:*:key/*")), KEY, note="near: pattern"),
    Case(
        "KMS311", policy(statement(Resource=KEY_ARN.replace("1234", "9999"))), note="near: unknown"
    ),
    Case("KMS312", policy(statement(Resource=None, **{"⟦NotResource⟧": "arn:aws:kms:::x"}))),
    Case("KMS312", policy(statement()), note="near"),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_found_where_it_is(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_fixes_remove_what_they_are_for(case: Case) -> None:
    assert check_fixes(unmark(case.text)[0], case.key) or not case.fixable
