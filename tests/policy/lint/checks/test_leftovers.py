"""KMS6xx: what nobody filled in is found, and nothing that only looks like it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmstui.model.arn import Arn
from kmstui.policy.lint.core import RULES, KeyContext, Severity
from kmstui.policy.lint.facts.values import find_placeholders
from kmstui.policy.lint.fixing import fix_all
from kmstui.policy.lint.linter import lint
from tests.policy import workshop_printed
from tests.policy.rule_cases import (
    ACCOUNT,
    KEY,
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

DOCUMENTED = "arn:aws:iam::⟦111122223333⟧:role/app"


def case(
    note: str,
    /,
    *,
    rule: str = "KMS601",
    key: KeyContext = NO_KEY,
    severity: Severity | None = None,
    fixable: bool | None = None,
    **changes: Any,
) -> Case:
    return Case(rule, policy(statement(**changes)), key, severity, fixable, note)


PLACEHOLDERS = (
    case("workshop", Principal={"AWS": "arn:aws:iam::⟦your-account-id⟧:role/a"}, fixable=False),
    case(
        "misspelled, key known",
        Principal={"AWS": "arn:aws:iam::⟦your-acount-id⟧:root"},
        key=KEY,
        fixable=True,
    ),
    case(
        "angle brackets",
        Principal={"AWS": "arn:aws:iam::⟦<account>⟧:role/a"},
        key=KEY,
        fixable=True,
    ),
    case("braces", Principal={"AWS": "arn:aws:iam::⟦{account_id}⟧:role/a"}, key=KEY, fixable=True),
    case(
        "double braces", Principal={"AWS": "arn:aws:iam::⟦{{ id }}⟧:role/a"}, key=KEY, fixable=True
    ),
    case(
        "CloudFormation",
        Principal={"AWS": "arn:aws:iam::⟦${AWS::AccountId}⟧:root"},
        key=KEY,
        fixable=True,
    ),
    case("Terraform", Principal={"AWS": "arn:aws:iam::⟦${var.id}⟧:root"}),
    case("printf", Principal={"AWS": "arn:aws:iam::⟦%s⟧:root"}, key=KEY, fixable=False),
    case("crosses", Principal={"AWS": "arn:aws:iam::⟦XXXXXXXXXXXX⟧:root"}, key=KEY, fixable=False),
    case(
        "the words mean somebody else's account",
        Principal={"AWS": "arn:aws:iam::⟦<partner-account-id>⟧:root"},
        key=KEY,
        fixable=False,
    ),
    case(
        "words of the documentation",
        Principal={"AWS": "arn:aws:iam::⟦ACCOUNT-ID-WITHOUT-HYPHENS⟧:role/a"},
    ),
    case(
        "Region and key",
        Resource=["arn:aws:kms:⟦REGION⟧:⟦ACCOUNT_ID⟧:key/⟦your-key-id⟧"],
        key=KEY,
        fixable=True,
    ),
    case("in a service", Condition={"StringLike": {"kms:ViaService": "s3.⟦REGION⟧.amazonaws.com"}}),
    case("in a key", Condition={"StringEquals": {"kms:EncryptionContext:⟦<name>⟧": "a"}}),
    case("near: policy variables", Condition={"StringLike": {"aws:userid": "${aws:username}${*}"}}),
    case("near: names", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/Account-Region-Admin"}),
    case("near: a name with account", Condition={"StringEquals": {"aws:userid": "account"}}),
    case("to do", Condition={"StringEquals": {"aws:userid": "x/⟦TODO⟧"}}),
    case("near: an app for it", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/todo-app"}),
    case("near: Sid", Sid="your-statement <here>"),
)

ACCOUNTS = (
    case(
        "of the documentation: nothing says that the key's own is meant",
        Principal={"AWS": [ROLE, DOCUMENTED]},
        key=KEY,
        severity=Severity.INFO,
        fixable=False,
    ),
    case(
        "of the documentation, beside the service",
        Condition={"ArnLike": {"aws:SourceArn": "arn:aws:sns:eu-west-1:⟦123456789012⟧:topic"}},
        key=KEY,
        severity=Severity.INFO,
        fixable=True,
    ),
    case("near: no key", Principal={"AWS": "arn:aws:iam::111122223333:role/app"}),
    case(
        "near: digits in a longer number",
        Condition={"StringEquals": {"aws:userid": "9111122223333"}},
        key=KEY,
    ),
    Case(
        "KMS601",
        policy(Statement=[root_statement(Principal={"AWS": "arn:aws:iam::111122223333:root"})]),
        KEY,
        note="near: KMS602 says it",
    ),
    Case(
        "KMS602",
        policy(Statement=[root_statement(Principal={"AWS": "arn:aws:iam::⟦222233334444⟧:root"})]),
        KEY,
        fixable=False,
        note="the only root",
    ),
    case(
        "near: one of several CallerAccounts",
        rule="KMS602",
        Principal={"AWS": "*"},
        Condition={"StringEquals": {"kms:CallerAccount": ["222233334444", ACCOUNT]}},
        key=KEY,
    ),
    case(
        "near: that account is let in by name",
        rule="KMS602",
        Principal={"AWS": "222233334444"},
        Condition={"StringEquals": {"kms:CallerAccount": "222233334444"}},
        key=KEY,
    ),
    case(
        "near: another account beside the root",
        rule="KMS602",
        Principal={"AWS": "222233334444"},
        key=KEY,
    ),
)

CASES = (*PLACEHOLDERS, *ACCOUNTS)


@pytest.mark.parametrize("each", CASES, ids=str)
def test_it_is_found_where_it_is(each: Case) -> None:
    check(each)


@pytest.mark.parametrize("each", [each for each in CASES if each.fixable], ids=str)
def test_its_fix_removes_it(each: Case) -> None:
    assert check_fixes(unmark(each.text)[0], each.key)


def test_the_caller_account_of_another_key_is_found() -> None:
    condition = {"StringEquals": {"kms:CallerAccount": "222233334444"}}
    text = policy(statement(Principal="*", Condition=condition))
    (finding,) = (each for each in lint(text, KEY) if each.rule == "KMS602")
    assert text[finding.span.start : finding.span.end] == "222233334444"
    assert ACCOUNT in finding.message
    assert "account 222233334444 has access by" in finding.message
    # Said once.
    assert not [each for each in lint(text, KEY) if each.rule == "KMS310"]


@pytest.mark.parametrize("crossed", ["xxxxxxxxxxxx", "%s", "<partner>"])
def test_a_caller_of_whom_nothing_says_that_it_is_the_keys_own_stays_open(crossed: str) -> None:
    condition = {"StringEquals": {"kms:CallerAccount": crossed}}
    text = policy(statement(Principal="*", Condition=condition))
    (finding,) = (each for each in lint(text, KEY) if each.rule == "KMS601")
    assert finding.fix is None


@pytest.mark.parametrize("name", ["DEFAULT", "CALLER_ACCOUNT", "NOT_PRINCIPAL", "MFA"])
def test_the_workshops_policies_fill_themselves_in_from_the_key(name: str) -> None:
    key = KeyContext(arn=Arn.parse("arn:aws:kms:eu-west-1:222233334444:key/1"))
    fixed = fix_all(getattr(workshop_printed, name), key, named=RULES)
    assert "arn:aws:iam::222233334444:root" in fixed.text
    assert not [each for each in fixed.remaining if each.severity is Severity.ERROR]


@given(st.text(alphabet="${}<>%x X-:_your accountidregion/1234sd*?'", max_size=60))
def test_any_text_is_searched_and_the_ranges_are_true(text: str) -> None:
    found = find_placeholders(text)
    assert [text[each.start : each.end] for each in found] == [each.text for each in found]
    ends = [0, *(each.end for each in found)]
    assert all(each.start >= end for each, end in zip(found, ends, strict=False))
