"""KMS501 to 508 and 514: who is let in, who is locked out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kmstui.model.arn import Arn
from kmstui.policy.lint.core import KeyContext
from kmstui.policy.lint.linter import lint
from kmstui.policy.syntax.nodes import apply_edits
from tests.policy.rule_cases import (
    ACCOUNT,
    KEY,
    KEY_ARN,
    ROLE,
    Case,
    check,
    check_fixes,
    policy,
    root_statement,
    statement,
    unmark,
)
from tests.policy.security_cases import (
    ANNA,
    FOREIGN,
    NETWORK,
    ROOT,
    VIA,
    caller,
    case,
)

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
        "any organization in the pattern",
        Principal="⟦*⟧",
        Condition={"StringLike": {"aws:PrincipalOrgID": "o-*"}},
    ),
    case(
        "KMS502",
        "near: any unit of one organization",
        Principal="*",
        Condition={"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}},
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

REGION = "eu-west-1"
_DENY_PUT: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Action": "kms:Put*"}
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
        "the caller is not among the exceptions",
        key=caller(ANNA),
        fixable=True,
        Sid="⟦No⟧",
        Effect="Deny",
        Principal="*",
        Action="kms:*",
        Condition={"ArnNotEquals": {"aws:PrincipalArn": [ROLE]}},
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
        policy(
            Statement=[root_statement(Condition={"StringEquals": {"aws:RequestedRegion": REGION}})]
        ),
        note="near: the key's Region is not known",
    ),
    case(
        "KMS506",
        "near: all but the key's Region, which is not known, is denied",
        Condition={"StringNotEquals": {"aws:RequestedRegion": REGION}},
        **_DENY_PUT,
    ),
    Case(
        "KMS506",
        policy(
            Statement=[
                root_statement(Resource=KEY_ARN),
                statement(
                    **{**_DENY_PUT, "Resource": KEY_ARN},
                    Condition={"ArnNotEquals": {"aws:PrincipalArn": [ROOT, ROLE]}},
                ),
            ]
        ),
        note="near: the policy spells out which key it is of",
    ),
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
    *(
        Case(
            "KMS507",
            policy(Statement=[statement(Principal="*", Action="kms:*", Condition=condition)]),
            key,
            note="near: everybody of some, and the root user with them",
        )
        for key in (KEY, KeyContext())
        for condition in (
            {"StringEquals": {"kms:CallerAccount": ACCOUNT}},
            {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
            None,
        )
    ),
    Case(
        "KMS507",
        policy(
            Statement=[
                statement(
                    Principal="*",
                    Action="kms:*",
                    Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}},
                )
            ]
        ).replace('"Statement"', '⟦"Statement"⟧'),
        KEY,
        fixable=True,
        note="one role by its ARN, and not the root user",
    ),
    Case(
        "KMS508",
        policy(
            Statement=[
                statement(
                    Principal="*",
                    Action="kms:*",
                    Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
                )
            ]
        ).replace('"Condition"', '⟦"Condition"⟧'),
        note="everybody of an organization, which an account may leave",
    ),
    Case(
        "KMS508",
        policy(
            Statement=[
                statement(
                    Principal="*",
                    Action="kms:*",
                    Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT}},
                )
            ]
        ),
        KEY,
        note="near: everybody of the account, which it cannot leave",
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

CASES = (*EVERYBODY, *NEGATIONS, *LOCKOUTS)


@pytest.mark.parametrize("each", CASES, ids=str)
def test_it_is_found_where_it_is(each: Case) -> None:
    check(each)


@pytest.mark.parametrize("each", [each for each in CASES if each.fixable], ids=str)
def test_its_fix_removes_it(each: Case) -> None:
    assert check_fixes(unmark(each.text)[0], each.key)


def test_the_public_fix_gives_the_key_to_its_own_account() -> None:
    text = policy(Statement=[statement(Principal="*")])
    (finding,) = (each for each in lint(text, KEY) if each.rule == "KMS501")
    assert finding.fix is not None
    fixed = apply_edits(text, finding.fix.edits)
    assert json.loads(fixed)["Statement"] == [statement(Principal={"AWS": ROOT})]


def test_the_lock_out_names_the_caller_and_the_key_stays_with_the_account() -> None:
    text = policy(Statement=[statement(Action="kms:*", Principal={"AWS": ANNA})])
    (finding,) = (each for each in lint(text, caller(ROLE)) if each.rule == "KMS506")
    assert "role/app" in finding.message


def test_a_half_written_condition_does_not_make_a_key_public() -> None:
    text = policy(statement(Principal="*", Condition={"StringEquals": "x"}))
    assert "KMS501" not in {each.rule for each in lint(text)}
