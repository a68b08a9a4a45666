"""A person learns before the save that nobody, or not they, could put the policy again.

https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html and
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from kmstui.model import Identity, IdentityPolicy
from kmstui.model.arn import Arn
from kmstui.model.organization import ControlLevel, ControlPolicy
from kmstui.policy.evaluation.chain import Chain
from kmstui.policy.evaluation.lockout import DIRECT_CALL, CanPut, can_still_administer
from kmstui.policy.iam import Context, time_keys
from kmstui.policy.syntax.nodes import read_policy
from kmstui.policy.syntax.parser import parse
from tests.policy.lockouts import Lockout, allow, deny, lockouts, policy_text, without

ACCOUNT = "111122223333"
KEY = Arn.parse(f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab")
ROLE = "KMSWorkshop-InstanceInitRole"
SESSION = Arn.parse(f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/i-0123456789abcdef0")
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
CASES = lockouts(ACCOUNT, ROLE, str(KEY))


def test_there_are_at_least_twenty_ways_to_be_locked_out() -> None:
    assert sum(case.caller is CanPut.NO for case in CASES) >= 20
    assert sum(case.anybody is CanPut.NO for case in CASES) >= 10


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_is_seen_before_the_save(case: Lockout) -> None:
    verdict = can_still_administer(case.text, SESSION, KEY)
    assert (verdict.answer, verdict.anybody) == (case.caller, case.anybody), verdict.reason
    assert verdict.reason.endswith(".")
    assert "service control policies" in verdict.not_considered


def identity(*statements: Mapping[str, object]) -> Identity:
    text = policy_text(*statements)
    arn = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
    return Identity(arn, ROLE, "role", (IdentityPolicy("inline", text, inline=True),))


PUT = {"Effect": "Allow", "Action": "kms:PutKeyPolicy", "Resource": "*"}


def test_the_default_policy_leaves_it_to_iam() -> None:
    default = policy_text(allow(ROOT))
    assert can_still_administer(default, SESSION, KEY).answer is CanPut.ONLY_IF_IAM_ALLOWS
    assert can_still_administer(default, SESSION, KEY, identity(PUT)).answer is CanPut.YES
    silent = identity({**PUT, "Action": "kms:Decrypt"})
    verdict = can_still_administer(default, SESSION, KEY, silent)
    assert verdict.answer is CanPut.NO
    assert verdict.anybody is CanPut.YES
    assert "no identity policy" in verdict.reason


def test_without_the_root_statement_iam_policies_do_not_help() -> None:
    text = policy_text(allow({"AWS": f"arn:aws:iam::{ACCOUNT}:role/SomebodyElse"}))
    verdict = can_still_administer(text, SESSION, KEY, identity(PUT))
    assert verdict.locks_caller_out
    assert not verdict.orphans_key


def test_a_deny_in_iam_locks_out_too() -> None:
    text = policy_text(allow({"AWS": f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"}))
    assert can_still_administer(text, SESSION, KEY).answer is CanPut.YES
    refusing = identity({**PUT, "Effect": "Deny"})
    assert can_still_administer(text, SESSION, KEY, refusing).answer is CanPut.NO


def test_the_root_user_needs_no_iam_policy() -> None:
    root = Arn.parse(f"arn:aws:iam::{ACCOUNT}:root")
    assert can_still_administer(policy_text(allow(ROOT)), root, KEY).answer is CanPut.YES


def test_a_session_is_brought_to_its_role_whatever_the_path() -> None:
    with_path = f"arn:aws:iam::{ACCOUNT}:role/teams/blue/{ROLE}"
    named = policy_text(allow({"AWS": with_path}))
    assert can_still_administer(named, SESSION, KEY).answer is CanPut.YES
    compared = policy_text(allow("*", Condition={"ArnEquals": {"aws:PrincipalArn": with_path}}))
    # KMS looks up whom a Principal names, and takes any value in a condition.
    verdict = can_still_administer(compared, SESSION, KEY)
    assert verdict.answer is CanPut.ONLY_UNDER_CONDITIONS
    assert "the path of your role, which is not known" in verdict.reason
    assert can_still_administer(compared, SESSION, KEY, stored=named).answer is CanPut.YES


SSO = "AWSReservedSSO_Admin_0123456789abcdef"
SSO_ARN = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/eu-west-1/{SSO}"
SSO_IDENTITY = Identity(
    SSO_ARN,
    SSO,
    "role",
    (IdentityPolicy("admin", policy_text(without(allow("*"), "Principal")), inline=True),),
)


@pytest.mark.parametrize(
    ("operator", "spared", "answer"),
    [
        ("StringNotEquals", f"arn:aws:iam::{ACCOUNT}:role/{SSO}", CanPut.NO),
        ("StringNotEquals", SSO_ARN, CanPut.YES),
        ("ArnNotLike", f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/*", CanPut.YES),
        ("ArnNotLike", f"arn:aws:iam::{ACCOUNT}:role/*/{SSO}", CanPut.YES),
    ],
)
def test_the_path_of_the_callers_own_role_counts(
    operator: str, spared: str, answer: CanPut
) -> None:
    """Every role of IAM Identity Center has one, and its sessions' ARNs leave it out."""
    session = Arn.parse(f"arn:aws:sts::{ACCOUNT}:assumed-role/{SSO}/anna")
    text = policy_text(
        allow(ROOT),
        allow({"AWS": SSO_ARN}),
        deny("*", "kms:*", Condition={operator: {"aws:PrincipalArn": spared}}),
    )
    assert can_still_administer(text, session, KEY, SSO_IDENTITY).answer is answer
    text = policy_text(allow(ROOT), deny("*", Condition={operator: {"aws:PrincipalArn": spared}}))
    assert can_still_administer(text, session, KEY, SSO_IDENTITY).answer is answer


@pytest.mark.parametrize(
    ("operator", "spared", "answer"),
    [
        ("StringNotEquals", f"arn:aws:iam::{ACCOUNT}:role/{SSO}", CanPut.NO),
        ("StringNotEquals", SSO_ARN, CanPut.ONLY_UNDER_CONDITIONS),
        ("ArnNotLike", f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/*", CanPut.ONLY_IF_IAM_ALLOWS),
        ("ArnNotLike", f"arn:aws:iam::{ACCOUNT}:role/*/{SSO}", CanPut.ONLY_IF_IAM_ALLOWS),
    ],
)
def test_where_iam_cannot_be_read_identity_center_tells_the_path_but_for_its_region(
    operator: str, spared: str, answer: CanPut
) -> None:
    """IAM Identity Center User Guide, "Referencing permission sets in resource policies"."""
    session = Arn.parse(f"arn:aws:sts::{ACCOUNT}:assumed-role/{SSO}/anna")
    text = policy_text(allow(ROOT), deny("*", Condition={operator: {"aws:PrincipalArn": spared}}))
    assert can_still_administer(text, session, KEY).answer is answer


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        (f"arn:aws:iam::{ACCOUNT}:role/{ROLE}", CanPut.ONLY_UNDER_CONDITIONS),
        (f"arn:aws:iam::{ACCOUNT}:role/team/*", CanPut.ONLY_UNDER_CONDITIONS),
        (f"arn:aws:iam::{ACCOUNT}:role/*/{ROLE}", CanPut.ONLY_UNDER_CONDITIONS),
        (f"arn:aws:iam::{ACCOUNT}:role/*{ROLE}", CanPut.ONLY_IF_IAM_ALLOWS),
        (f"arn:aws:iam::{ACCOUNT}:*", CanPut.ONLY_IF_IAM_ALLOWS),
        (f"arn:aws:iam::{ACCOUNT}:role/*/SomebodyElse", CanPut.NO),
        (f"arn:aws:iam::{ACCOUNT}:role/team*", CanPut.ONLY_UNDER_CONDITIONS),
        (f"arn:aws:iam::{ACCOUNT}:*/team/*", CanPut.ONLY_UNDER_CONDITIONS),
    ],
)
def test_a_path_that_is_not_known_is_not_guessed(pattern: str, answer: CanPut) -> None:
    text = policy_text(
        allow(ROOT), deny("*", Condition={"ArnNotLike": {"aws:PrincipalArn": pattern}})
    )
    assert can_still_administer(text, SESSION, KEY).answer is answer


@pytest.mark.parametrize(
    "condition",
    [
        {"StringLike": {"aws:PrincipalArn": "*/team/*"}},
        {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/team*"}},
        {
            "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/team/*"},
            "ArnNotEquals": {
                "aws:PrincipalArn": [f"arn:aws:iam::{ACCOUNT}:role/p{n}/x" for n in range(40)]
            },
        },
        {
            "ArnNotLike": {
                "aws:PrincipalArn": [f"arn:aws:iam::{ACCOUNT}:role/p{n}/*" for n in range(40)]
            },
            "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/team/*"},
        },
        {
            "StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/team/*"},
            "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*/blue/{ROLE}"},
        },
    ],
)
def test_a_denial_of_some_path_is_never_taken_for_one_of_others(
    condition: Mapping[str, object],
) -> None:
    role = allow("*", Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}})
    denied = deny("*", Condition=condition)
    verdict = can_still_administer(policy_text(role, denied), SESSION, KEY)
    assert verdict.answer is CanPut.ONLY_UNDER_CONDITIONS
    assert "the path of your role, which is not known" in verdict.reason


def test_more_paths_than_can_be_asked_about_are_no_yes() -> None:
    patterns = [f"arn:aws:iam::{ACCOUNT}:role/p{n}/x" for n in range(300)]
    role = allow("*", Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}})
    text = policy_text(role, deny("*", Condition={"ArnLike": {"aws:PrincipalArn": patterns}}))
    verdict = can_still_administer(text, SESSION, KEY)
    assert verdict.answer is CanPut.ONLY_UNDER_CONDITIONS


def test_control_policies_tell_paths_apart_too() -> None:
    spared = {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/admins/*"}}
    scp = policy_text(
        without(allow("*", "*"), "Principal"), without(deny("*", Condition=spared), "Principal")
    )
    level = ControlLevel("the root r-ab12", (ControlPolicy("admins", scp),))
    text = policy_text(allow("*", Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}))
    verdict = can_still_administer(text, SESSION, KEY, chain=Chain().with_scps(ACCOUNT, (level,)))
    assert verdict.answer is CanPut.ONLY_UNDER_CONDITIONS


NOW = Context.of(time_keys(datetime(2026, 12, 1, tzinfo=UTC)))


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, CanPut.NO),
        ({"DateGreaterThan": {"aws:CurrentTime": "2099-01-01T00:00:00Z"}}, CanPut.YES),
        ({"NumericGreaterThan": {"aws:EpochTime": "1577836800"}}, CanPut.NO),
        ({"Null": {"aws:TagKeys": "true"}}, CanPut.NO),
        ({"StringNotEquals": {"aws:RequestTag/team": "sec"}}, CanPut.NO),
        ({"StringEquals": {"aws:RequestTag/team": "sec"}}, CanPut.YES),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-other"}}, CanPut.ONLY_UNDER_CONDITIONS),
    ],
)
def test_a_denial_is_judged_by_the_request_as_it_is_now(
    condition: Mapping[str, object], answer: CanPut
) -> None:
    role = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"}
    text = policy_text(allow(role), deny("*", Condition=condition))
    context = DIRECT_CALL.beside(NOW.values)
    assert can_still_administer(text, SESSION, KEY, context=context).answer is answer


def test_what_names_ones_own_session_ends_with_it() -> None:
    role = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"}
    alone = policy_text(allow({"AWS": str(SESSION)}))
    verdict = can_still_administer(alone, SESSION, KEY)
    assert verdict.answer is CanPut.YES
    assert verdict.ends_with_session
    assert not can_still_administer(policy_text(allow(role)), SESSION, KEY).ends_with_session
    by_id = {"StringLike": {"aws:userid": "AROAEXAMPLE:i-0123456789abcdef0"}}
    context = DIRECT_CALL.beside({"aws:userid": "AROAEXAMPLE:i-0123456789abcdef0"})
    text = policy_text(allow(role, Condition=by_id))
    assert can_still_administer(text, SESSION, KEY, context=context).ends_with_session
    by_id = {"StringLike": {"aws:userid": "AROAEXAMPLE:*"}}
    text = policy_text(allow(role, Condition=by_id))
    assert not can_still_administer(text, SESSION, KEY, context=context).ends_with_session


def test_a_caller_of_another_account_is_locked_out_whatever_the_policy_says() -> None:
    """PutKeyPolicy cannot be used across accounts (API_PutKeyPolicy, "Cross-account use")."""
    stranger = Arn.parse("arn:aws:iam::444455556666:user/eve")
    text = policy_text(allow(ROOT), allow({"AWS": str(stranger)}))
    assert can_still_administer(text, stranger, KEY).answer is CanPut.NO


def test_a_guard_on_the_bypass_flag_does_not_worry_anybody() -> None:
    guard = deny("*", "kms:*", Condition={"Bool": {"kms:BypassPolicyLockoutSafetyCheck": "true"}})
    text = policy_text(allow({"AWS": f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"}), guard)
    assert can_still_administer(text, SESSION, KEY).answer is CanPut.YES


def test_a_text_that_is_no_policy_locks_everybody_out_without_a_traceback() -> None:
    for text in ("", "[]", "{", '{"Statement": [1, {"Effect": "Allow"}]}', "\x00"):
        verdict = can_still_administer(text, SESSION, KEY)
        assert verdict.locks_caller_out and verdict.orphans_key


def test_text_document_and_policy_give_the_same_verdict() -> None:
    text = CASES[0].text
    document = parse(text)
    answers = {
        can_still_administer(form, SESSION, KEY).answer
        for form in (text, document, read_policy(document))
    }
    assert answers == {CanPut.NO}


def test_whom_a_provider_of_another_account_lets_in_is_not_called_nobody() -> None:
    text = policy_text(allow({"Federated": "arn:aws:iam::444455556666:saml-provider/x"}))
    assert can_still_administer(text, SESSION, KEY).anybody is CanPut.ONLY_UNDER_CONDITIONS
