"""KMS517, 518 and 520: what other statements make void; and the workshop as printed."""

from __future__ import annotations

from typing import Any

import pytest

from kmstui.policy.lint.core import KeyContext, Severity
from kmstui.policy.lint.linter import lint
from tests.policy import workshop_printed
from tests.policy.rule_cases import (
    ACCOUNT,
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
from tests.policy.security_cases import (
    ANNA,
    FOREIGN,
    NETWORK,
    PRESENT,
    ROOT,
    SHA,
    VIA,
    VPCE,
    case,
)

_MFA = {"Bool": {PRESENT: "true"}}
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
    case(
        "KMS517",
        "near: a Deny about all but the key is about nothing",
        also=(statement(**NETWORK, Action="kms:*", Resource=None, NotResource="*"),),
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
        "KMS517",
        "forgotten among those that a Deny spares",
        also=(
            statement(
                Sid="Only",
                **NETWORK,
                Action="kms:*",
                Condition={"ArnNotLike": {"aws:PrincipalArn": [ROOT, ANNA]}},
            ),
        ),
        Sid="⟦Void⟧",
        severity=Severity.WARNING,
        fixable=True,
    ),
    case(
        "KMS517",
        "a role of another account, shut out by its own condition",
        Sid="Void",
        Principal={"AWS": f"arn:aws:iam::{FOREIGN}:role/app"},
        Condition={"StringEquals": {"⟦kms:CallerAccount⟧": ACCOUNT}},
        severity=Severity.WARNING,
        fixable=False,
    ),
    case(
        "KMS517",
        "an account likewise",
        Principal={"AWS": FOREIGN},
        Condition={"StringEquals": {"⟦aws:PrincipalAccount⟧": ACCOUNT}},
        severity=Severity.WARNING,
        fixable=False,
    ),
    case(
        "KMS517",
        "a role under the name of another",
        Principal={"AWS": ROLE},
        Condition={"ArnEquals": {"⟦aws:PrincipalArn⟧": ANNA}},
        severity=Severity.WARNING,
        fixable=False,
    ),
    case(
        "KMS517",
        "near: one of its principals meets the condition",
        Principal={"AWS": [ROLE, f"arn:aws:iam::{FOREIGN}:role/app"]},
        Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT}},
        key=NO_KEY,
    ),
    case(
        "KMS517",
        "near: the account stands for the role too",
        Principal={"AWS": FOREIGN},
        Condition={"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{FOREIGN}:role/app"}},
    ),
    case(
        "KMS517",
        "near: the session's own account",
        Principal={"AWS": f"arn:aws:sts::{FOREIGN}:assumed-role/app/x"},
        Condition={"StringEquals": {"kms:CallerAccount": FOREIGN}},
    ),
    case(
        "KMS517",
        "a service, which is of no organization",
        also=(
            statement(
                Sid="Perimeter",
                **NETWORK,
                Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
            ),
        ),
        Sid="⟦Void⟧",
        Principal={"Service": "s3.amazonaws.com"},
        Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        severity=Severity.WARNING,
        fixable=False,
    ),
    case(
        "KMS517",
        "near: spared by name",
        also=(
            statement(
                **NETWORK, Condition={"ArnNotLike": {"aws:PrincipalArn": [ROOT, f"{ROLE[:-1]}*"]}}
            ),
        ),
    ),
    case(
        "KMS517",
        "near: the network decides too",
        also=(
            statement(
                **NETWORK,
                Condition={
                    "ArnNotLike": {"aws:PrincipalArn": ROOT},
                    "StringNotEquals": VPCE,
                },
            ),
        ),
    ),
    case(
        "KMS517",
        "near: services are spared",
        also=(
            statement(
                **NETWORK,
                Condition={
                    "StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                    "Bool": {"aws:PrincipalIsAWSService": "false"},
                },
            ),
        ),
        Principal={"Service": "s3.amazonaws.com"},
    ),
    case(
        "KMS517",
        "near: nobody filled in the account yet",
        also=(
            statement(
                **NETWORK,
                Condition={
                    "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::your-account-id:role/app"}
                },
            ),
        ),
        Principal={"AWS": "arn:aws:iam::your-account-id:role/app"},
    ),
    Case(
        "KMS517",
        policy(
            Statement=[root_statement(Sid="⟦Void⟧"), statement(**NETWORK, Sid="No", Action="kms:*")]
        ),
        fixable=False,
        note="the account's own: the Deny is the mistake, and no key press deletes the Allow",
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
    case(
        "KMS520",
        "MFA",
        Condition={"Bool": {"⟦aws:MultiFactorAuthPresent⟧": "true"}},
        severity=Severity.INFO,
    ),
    case(
        "KMS520",
        "endpoint",
        Condition={"StringEquals": {"⟦aws:SourceVpce⟧": "vpce-1a2b3c4d"}},
        severity=Severity.INFO,
    ),
    Case(
        "KMS520",
        policy(
            statement(Condition={"StringEquals": {"⟦aws:SourceVpce⟧": "vpce-1a2b3c4d"}}),
            statement(Sid="Anna", Principal={"AWS": ANNA}, Condition=_MFA),
            statement(Sid="Secret", Principal={"AWS": ROOT}, Condition={"StringEquals": VIA}),
        ),
        severity=Severity.INFO,
        note="what IAM policies can give: once for all statements",
    ),
    case(
        "KMS520",
        "near: another Deny holds the same up, by the organization",
        also=(
            statement(
                Sid="Perimeter",
                **NETWORK,
                Condition={"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
            ),
        ),
        Condition={"StringEquals": VPCE},
    ),
    case(
        "KMS520",
        "the same without",
        also=(statement(Sid="Open"),),
        Condition={"StringEquals": {"⟦kms:ViaService⟧": "s3.eu-west-1.amazonaws.com"}},
    ),
    case("KMS520", "near: says what a direct grant is for", Condition={"StringEquals": VIA}),
    case(
        "KMS520",
        "what the CDK writes for a secret is no more than worth knowing",
        Principal={"AWS": ROOT},
        Condition={"StringEquals": {"⟦kms:ViaService⟧": "secretsmanager.eu-west-1.amazonaws.com"}},
        severity=Severity.INFO,
    ),
    case(
        "KMS520",
        "tags of the account's own Allow",
        Principal={"AWS": ROOT},
        Condition={"StringEquals": {"⟦aws:PrincipalTag/team⟧": "red"}},
        severity=Severity.WARNING,
    ),
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
        also=(statement(Sid="No", **NETWORK, Condition={"BoolIfExists": {PRESENT: "false"}}),),
        Condition=_MFA,
    ),
    case(
        "KMS520",
        "near: everybody of the account",
        Principal="*",
        Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT}},
    ),
)

_ARN = KEY_ARN
_OTHER_ARN = f"{KEY_ARN[:-1]}0"
_MOST_OF_ALL = [f"kms:{letter}*" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
_NOBODY_YET = {"Principal": {"AWS": "arn:aws:iam::<partner-account-id>:root"}}
NOT_SURE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # One statement, and another that may do more than it.
    "a name in other letters": ({}, {"Principal": {"AWS": f"{ROLE}s"}}),
    "an action that AWS may add": (
        {"Action": ["kms:Encrypt", "kms:Decrypt"]},
        {"Action": ["kms:?ncrypt", "kms:Decrypt"]},
    ),
    "an action that may be new": ({}, {"Action": ["kms:Decrypt", "kms:Divine"]}),
    "all but some, beside all known today": (
        {"Action": _MOST_OF_ALL},
        {"Action": None, "NotAction": "kms:PutKeyPolicy"},
    ),
    "another key, while the key is not known": ({"Resource": _ARN}, {"Resource": _OTHER_ARN}),
    "a resource with a variable": ({"Resource": f"{_ARN[:-1]}${{aws:PrincipalTag/last}}"}, {}),
    "somebody not filled in": (_NOBODY_YET, _NOBODY_YET),
    "a user, of whose boundary everybody's Allow may not be free": (
        {"Principal": "*", "Condition": {"StringEquals": VPCE}},
        {"Principal": {"AWS": ANNA}, "Condition": {"StringEquals": VPCE}},
    ),
    "a value in other letters": (
        {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "a"}}},
        {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "A"}}},
    ),
    "a weaker operator": (
        {"Condition": {"StringEquals": VPCE}},
        {"Condition": {"StringEqualsIfExists": VPCE}},
    ),
    "any value instead of all": (
        {"Condition": {"ForAllValues:StringEquals": {"aws:CalledVia": "a"}}},
        {"Condition": {"ForAnyValue:StringEquals": {"aws:CalledVia": "a"}}},
    ),
    "a list of which a part could not be read": (
        {},
        {"Principal": {"AWS": [ROLE, 444455556666]}},
    ),
}


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
@pytest.mark.parametrize("note", NOT_SURE)
def test_a_statement_is_not_called_needless_where_that_is_not_sure(note: str, effect: str) -> None:
    one, other = NOT_SURE[note]
    text = policy(
        Statement=[
            statement(Sid="One", Effect=effect, **one),
            statement(Sid="Other", Effect=effect, **other),
        ]
    )
    found = [
        each for each in lint(text) if each.rule == "KMS517" and 'what "Other"' in each.message
    ]
    # A Deny for everybody takes from a user what it takes from all.
    assert bool(found) == (effect == "Deny" and one.get("Principal") == "*")


@pytest.mark.parametrize(
    "allowed",
    [
        {"Action": ["kms:Decrypt", "kms:Divine"]},
        {"Action": "kms:Decr*"},
        {"Resource": _ARN},
        {"Principal": {"AWS": "arn:aws:iam::<partner-account-id>:root"}},
    ],
    ids=str,
)
def test_an_allow_is_not_called_void_where_a_deny_may_leave_some_of_it(
    allowed: dict[str, Any],
) -> None:
    deny = statement(Sid="No", **NETWORK, Action=["kms:Encrypt", "kms:Decrypt"])
    if "Resource" in allowed:
        deny["Resource"] = _OTHER_ARN
    text = policy(Statement=[root_statement(), statement(**allowed), deny])
    assert "KMS517" not in {each.rule for each in lint(text)}


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 1, 0), (2, 0, 1)])
def test_the_direct_bypass_of_an_attestation_is_named_whatever_the_order(
    order: tuple[int, ...],
) -> None:
    parts = (
        root_statement(),
        statement(Sid="Enclave", Condition={"StringEqualsIgnoreCase": SHA}),
        statement(Sid="Open", Action="kms:Decrypt"),
    )
    text = policy(Statement=[parts[each] for each in order])
    (finding,) = (each for each in lint(text) if each.rule == "KMS518")
    assert finding.message == '"Open" allows kms:Decrypt without the attestation'


def test_a_bypass_that_is_denied_altogether_is_none() -> None:
    text = policy(
        Statement=[
            root_statement(Action="kms:Put*"),
            statement(Condition={"StringEqualsIgnoreCase": SHA}),
            statement(Sid="Open", Principal={"AWS": ANNA}, Action="kms:Decrypt"),
        ]
    )
    assert "KMS518" not in {each.rule for each in lint(text)}


CASES = SHADOWS


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
