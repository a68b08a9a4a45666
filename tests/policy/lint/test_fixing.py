"""Fixing a policy changes nobody's access unseen: what changes it is applied by name alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kmstui.model.arn import Arn
from kmstui.policy.access import access_diff
from kmstui.policy.lint.core import RULES, KeyContext
from kmstui.policy.lint.fix_effects import (
    FixEffect,
    _concerned,
    accounts_in_question,
    fix_effect,
)
from kmstui.policy.lint.fixing import Fixed, fix_all
from kmstui.policy.lint.linter import lint
from kmstui.policy.syntax import parse, read_policy
from tests.policy.rule_cases import (
    ACCOUNT,
    KEY,
    KEY_ARN,
    NO_KEY,
    ROLE,
    policy,
    root_statement,
    statement,
)

B = "222233334444"
PARTNER = "arn:aws:iam::<partner-account-id>:root"


def rules(fixed: Fixed) -> list[str]:
    return [each.rule for each in fixed.applied]


def left(fixed: Fixed) -> list[str]:
    return [each.finding.rule for each in fixed.left]


def _via(service: str) -> dict[str, Any]:
    return {"StringEquals": {"kms:ViaService": service}}


CHANGING: tuple[tuple[str, str], ...] = (
    ("KMS106", policy(statement(Effect="allow"))),
    ("KMS109", policy(statement(Resource=None))),
    ("KMS113", policy(statement(Resource=[]))),
    ("KMS201", policy(statement(Action=["kms:Encrypt", "kms:Decrpyt"]))),
    ("KMS311", policy(statement(Resource="arn:aws:s3:::bucket"))),
    ("KMS311", policy(statement(Effect="Deny", Resource="arn:aws:s3:::bucket"))),
    ("KMS407", policy(statement(Condition={"StringEquals": {"aws:userid": "AROA*"}}))),
    ("KMS417", policy(statement(Condition=_via("s3.us-east-1.amazonaws.com")))),
    ("KMS501", policy(statement(Principal="*"))),
    ("KMS504", policy(statement(Action=None, NotAction="kms:PutKeyPolicy"))),
    ("KMS506", policy(Statement=[statement()])),
    ("KMS507", policy(Statement=[statement(Action=["kms:PutKeyPolicy", "kms:Decrypt"])])),
    ("KMS509", policy(statement(Action="kms:*"))),
    ("KMS511", policy(statement(Action=["kms:CreateGrant"]))),
    ("KMS513", policy(statement(Principal={"Service": "sns.amazonaws.com"}))),
    ("KMS601", policy(statement(Principal={"AWS": "arn:aws:iam::<account-id>:role/app"}))),
)  # fmt: skip


@pytest.mark.parametrize(("rule", "text"), CHANGING)
def test_what_changes_access_is_left_unless_it_is_named(rule: str, text: str) -> None:
    unasked = fix_all(text, KEY)
    assert rule not in rules(unasked)
    assert rule in left(unasked)
    assert not access_diff(text, unasked.text, str(KEY.arn))
    asked = fix_all(text, KEY, named=[rule])
    assert rule in rules(asked)
    (change, *_) = [each for each in asked.changing if each.finding.rule == rule]
    assert change.effect and "Nobody" not in " ".join(change.effect.sentences)


HARMLESS: tuple[tuple[str, str], ...] = (
    ("KMS002", policy(statement()).replace('"kms:Decrypt"', '"kms:Decrypt",')),
    ("KMS004", policy(statement()).replace('"Sid": "Use"', '// who\n"Sid": "Use"')),
    ("KMS102", policy(statement(), Version=None)),
    ("KMS104", policy(statement(), Version="2008-10-17")),
    ("KMS112", policy(statement(), statement(Action=["kms:Verify"]))),
    ("KMS203", policy(statement(Action=["kms:Decrypt", "s3:GetObject"]))),
    ("KMS205", policy(statement(Action=["kms:Decrypt", "kms:ListKeys"]))),
    ("KMS208", policy(statement(Action=["kms:Decrypt", "kms:decrypt"]))),
    ("KMS517", policy(statement(), statement(Sid="Again"))),
)


@pytest.mark.parametrize(("rule", "text"), HARMLESS)
@pytest.mark.parametrize("key", [KEY, NO_KEY], ids=["key known", "no key"])
def test_what_changes_nobodys_access_is_applied_unasked(
    rule: str, text: str, key: KeyContext
) -> None:
    fixed = fix_all(text, key)
    assert rules(fixed) == [rule]
    assert json.loads(fixed.text)
    assert fixed.changing == () and rule not in {each.rule for each in fixed.remaining}


@pytest.mark.parametrize("key", [KEY, NO_KEY], ids=["key known", "no key"])
@pytest.mark.parametrize("named", [(), RULES], ids=["unasked", "all named"])
def test_a_partner_that_nobody_filled_in_stays_a_partner(key: KeyContext, named: Any) -> None:
    text = policy(
        statement(Sid="Partner", Principal={"AWS": PARTNER}, Action="kms:Decrypt"),
        statement(Sid="Again", Principal={"AWS": PARTNER}, Action="kms:Decrypt"),
    )
    assert {each.rule for each in lint(text, key)} == {"KMS601"}
    assert fix_all(text, key, named=named).text == text


@pytest.mark.parametrize("account", ["${Account}", "ACCOUNT_ID", "<account-id>"])
def test_whoever_is_not_filled_in_is_not_compared_with_anybody(account: str) -> None:
    who = {"AWS": f"arn:aws:iam::{account}:root"}
    for key in (KEY, NO_KEY):
        findings = lint(policy(statement(Principal=who), statement(Principal=who, Sid="2")), key)
        assert {each.rule for each in findings} == {"KMS601"}


def test_an_account_of_the_documentation_is_not_compared_with_anybody() -> None:
    who = {"AWS": "arn:aws:iam::111122223333:root"}
    found = {
        each.rule
        for each in lint(policy(statement(Principal=who), statement(Principal=who, Sid="2")), KEY)
    }
    assert "KMS517" not in found and "KMS601" in found


def test_a_key_that_a_placeholder_may_manage_is_not_called_locked_out() -> None:
    who = {"AWS": "arn:aws:iam::XXXXXXXXXXXX:root"}
    text = policy(Statement=[root_statement(Principal=who)])
    assert {each.rule for each in lint(text, KEY)} == {"KMS601"}


@pytest.mark.parametrize("named", [(), RULES], ids=["unasked", "all named"])
def test_the_access_of_another_account_is_not_given_to_the_keys_own(named: Any) -> None:
    condition = {"StringEquals": {"kms:CallerAccount": B}}
    text = policy(statement(Principal="*", Condition=condition))
    assert "KMS602" in {each.rule for each in lint(text, KEY)}
    assert B in fix_all(text, KEY, named=named).text
    other_root = policy(Statement=[root_statement(Principal={"AWS": f"arn:aws:iam::{B}:root"})])
    assert B in fix_all(other_root, KEY, named=named).text


@pytest.mark.parametrize(
    "actions",
    [
        "s3:GetObject", ["s3:GetObject"], ["s3:GetObject", "s3:PutObject"], "kms:ListKeys",
        ["kms:ListKeys", "kms:CreateKey"], ["kms:ListKeys", "s3:GetObject"], [],
        ["kms:Sign", "s3:GetObject", "kms:ListKeys"],
    ],
)  # fmt: skip
def test_no_statement_without_an_action_is_left_behind(actions: Any) -> None:
    text = policy(statement(Action=actions))
    for named in ((), RULES):
        fixed = fix_all(text, KEY, named=named)
        assert {each.rule for each in fixed.remaining}.isdisjoint({"KMS108", "KMS113"})
    assert json.loads(fixed.text)["Statement"] == [root_statement()]
    # The only statement stays: a policy without any is refused.
    alone = policy(Statement=[statement(Action=actions)])
    assert len(json.loads(fix_all(alone, KEY).text)["Statement"]) == 1


def test_a_misspelled_action_beside_one_of_another_service_keeps_its_statement() -> None:
    text = policy(statement(Action=["s3:GetObject", "kms:Decrpyt"]))
    fixed = fix_all(text, KEY)
    assert json.loads(fixed.text)["Statement"][1]["Action"] == ["kms:Decrpyt"]


def test_the_last_exception_is_not_deleted_from_a_not_action() -> None:
    text = policy(statement(Action=None, NotAction=["s3:GetObject"]))
    (finding,) = (each for each in lint(text, KEY) if each.rule == "KMS203")
    assert finding.fix is None


def test_no_statement_without_a_principal_is_left_behind() -> None:
    gone = ["AIDAEXAMPLEID23456789", "AROAEXAMPLEID23456789"]
    text = policy(statement(Principal={"AWS": gone}))
    fixed = fix_all(text, KEY, named=RULES)
    assert json.loads(fixed.text)["Statement"] == [root_statement()]
    assert "KMS107" not in {each.rule for each in fixed.remaining}


def test_where_the_key_is_not_known_a_fix_is_judged_for_each_that_it_may_be() -> None:
    # Of one account the other's administrators could use nothing of this: AWS documents that
    # PutKeyPolicy works in the key's own account alone.
    text = policy(
        Statement=[
            root_statement(),
            root_statement(Sid="Other", Principal={"AWS": f"arn:aws:iam::{B}:root"}),
        ]
    )
    assert set(accounts_in_question(text, NO_KEY)) > {ACCOUNT, B}
    without = policy(Statement=[root_statement()])
    assert fix_effect(text, without, NO_KEY)
    assert accounts_in_question(policy(statement()), NO_KEY) == (ACCOUNT,)
    assert accounts_in_question(text, KEY) == (ACCOUNT,)


def test_a_fix_of_a_statement_for_one_key_is_judged_for_that_key() -> None:
    arn = "arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    before, after = (policy(statement(Principal=who, Resource=arn)) for who in ("*", {"AWS": ROLE}))
    assert fix_effect(before, after, NO_KEY)


def test_a_fix_of_a_statement_that_is_not_filled_in_is_judged_as_if_it_were() -> None:
    before, after = (
        policy(statement(Principal={"AWS": PARTNER}, Action=action))
        for action in ("kms:Decrypt", "kms:Encrypt")
    )
    effect = fix_effect(before, after, KEY)
    assert effect.sentences == ("Access changes once the placeholders are filled in.",)


def test_actions_that_kms_adds_later_are_access_too() -> None:
    before = policy(statement(Action="kms:*"))
    listed = next(each.fix for each in lint(before, NO_KEY) if each.rule == "KMS509")
    assert listed is not None
    fixed = fix_all(before, NO_KEY, named=["KMS509"])
    ((change),) = fixed.changing
    assert change.effect.sentences == ("Of actions that KMS adds later: role/app loses.",)


def test_a_text_that_is_too_long_for_a_policy_is_not_said_to_keep_access() -> None:
    long = policy(statement(Sid="x" * 70_000, Action=["kms:Decrypt", "kms:Decrypt"]))
    assert fix_all(long, KEY).applied == ()
    # Layout and punctuation mean nothing at any length.
    assert rules(fix_all(long.replace("\n}", ",\n}"), KEY))[:1] == ["KMS002"]


def test_naming_a_rule_applies_no_other_that_changes_access() -> None:
    text = policy(
        statement(Principal={"Service": "sns.amazonaws.com"}), statement(Sid="B", Action="kms:*")
    )
    fixed = fix_all(text, KEY, named=["KMS513"])
    assert rules(fixed) == ["KMS513"] and "KMS509" in left(fixed)


def test_the_caller_tells_whose_key_it_is() -> None:
    caller = KeyContext(caller=Arn.parse(f"arn:aws:iam::{B}:user/anna"))
    assert accounts_in_question(policy(statement()), caller) == (B,)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece", ["[,", "{", '{"a":1,,', "#\n", '{"a":{"b":1},', '"a":', "\u00a0["]
)
def test_a_text_that_is_no_policy_comes_to_an_end(piece: str) -> None:
    fixed = fix_all(piece * (32_000 // len(piece)))
    assert not fixed.changing
    assert fix_all(fixed.text).text == fixed.text


@pytest.mark.timeout(60)
def test_a_policy_many_times_too_long_comes_to_an_end() -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"},
        "Action": ["kms:Decrypt", "kms:decrypt"],
        "Resource": "*",
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement] * 1_000}, indent=2)
    fixed = fix_all(text)
    assert not fixed.changing
    assert any(finding.rule == "KMS008" for finding in fixed.remaining)


def test_a_fix_is_looked_at_a_few_times_however_many_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """321 fixes of a policy took 21 s: after each that was applied all others were tried anew."""
    looked_at: list[str] = []

    def effect(before: str, after: str, key: KeyContext) -> FixEffect:
        looked_at.append(after)
        return fix_effect(before, after, key)

    monkeypatch.setattr("kmstui.policy.lint.fixing.fix_effect", effect)
    role = f"arn:aws:iam::{ACCOUNT}:role/team"
    text = policy(
        *(statement(Principal={"Service": "sns.amazonaws.com"}, Sid=f"S{n}") for n in range(24)),
        *(
            statement(Principal={"AWS": f"{role}{n}"}, Action=["kms:Decrpyt", "kms:Decrypt"])
            for n in range(24)
        ),
    )
    fixable = [each for each in lint(text, KEY) if each.fix]
    fixed = fix_all(text, KEY)
    assert len(fixable) > 60
    assert len(looked_at) < 2 * len(fixable)
    assert "Decrpyt" not in fixed.text and not fixed.changing
    assert "KMS517" not in {each.rule for each in fixed.remaining}


def test_long_policies_are_held_against_each_other_by_what_changes_alone() -> None:
    """A hundred fixes of a policy with a hundred roles took 19 s: each looked at all of them."""

    def of(name: str, service: str) -> dict[str, Any]:
        via = {"StringEquals": {"kms:ViaService": f"{service}.eu-west-1.amazonaws.com"}}
        role = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{name}"}
        return statement(Principal=role, Action="kms:Decrypt", Condition=via)

    session = {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/r1/x"}
    others = [
        statement(Principal=session, Action="kms:Decrypt"),
        *(of(f"r{number}", "s3") for number in range(2, 9)),
        of("path/r1", "sqs"),
    ]
    before, after = (policy(*others, of("r1", service)) for service in ("s3", "ec2"))
    narrowed = _concerned(read_policy(parse(before)), read_policy(parse(after)))
    assert [len(each.statements) for each in narrowed] == [4, 4]
    effect = fix_effect(before, after, KeyContext(Arn.parse(KEY_ARN)))
    assert effect.sentences == access_diff(before, after, KEY_ARN).sentences
    assert any("r1" in each for each in effect.sentences)
