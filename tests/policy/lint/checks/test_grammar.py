"""KMS1xx: elements that are unknown, missing, contradictory, empty or of the wrong type."""

from __future__ import annotations

import json

import pytest

from kmstui.policy.lint.core import RULES, Severity
from kmstui.policy.lint.linter import lint
from tests.policy.rule_cases import (
    KEY,
    ROLE,
    Case,
    check,
    check_fixes,
    policy,
    policy_on_one_line,
    root_statement,
    statement,
    text_of,
    unmark,
)

_POLICY = policy()
CASES = (
    Case("KMS101", policy(**{"⟦Ident⟧": "a"}), fixable=False, note="at the root"),
    Case("KMS101", policy(**{"⟦id⟧": "a"}), fixable=True, note="wrong case at the root"),
    Case("KMS101", policy(statement(**{"⟦resource⟧": "*", "Resource": None})), note="wrong case"),
    Case("KMS101", policy(statement(**{"⟦Actions⟧": "kms:*", "Action": None})), fixable=True),
    Case("KMS101", policy(statement(**{"⟦action⟧": "kms:*"})), fixable=False, note="right one too"),
    Case("KMS101", policy(statement(**{"⟦Comment⟧": "a"})), fixable=False, note="unknown"),
    Case("KMS101", policy(**{"⟦Effect⟧": "Allow"}), fixable=False, note="out of its statement"),
    Case("KMS101", policy(statement(**{"⟦Version⟧": "2012-10-17"})), note="inside a statement"),
    Case("KMS101", text_of({"⟦Policy⟧": "{}"}), note="the response of GetKeyPolicy"),
    Case(
        "KMS101",
        text_of({"⟦Policy⟧": _POLICY, "PolicyName": "default"}),
        fixable=True,
        note="the same with its policy, and the name that comes with it",
    ),
    Case("KMS101", text_of({"⟦KeyPolicy⟧": json.loads(_POLICY)}), fixable=True, note="template"),
    Case(
        "KMS101",
        text_of({"KeyId": "alias/a", "⟦Policy⟧": _POLICY}),
        fixable=False,
        note="the input of PutKeyPolicy, whose key would be lost",
    ),
    Case("KMS101", policy(statement(Condition={}), Id="a"), note="near: all of them known"),
    Case("KMS102", policy(Version=None).replace("{", "⟦{⟧", 1), fixable=True),
    Case("KMS102", policy(Version="2008-10-17"), note="near: an old one"),
    Case("KMS102", policy(Version=None, version="2012-10-17"), note="near: misspelled"),
    Case("KMS102", text_of({"Policy": "{}"}), note="near: the response of GetKeyPolicy"),
    Case("KMS103", policy(Version="⟦2024-01-01⟧"), fixable=True),
    Case("KMS103", policy(Version="⟦⟧"), note="empty"),
    Case("KMS103", policy(Version="2008-10-17"), note="near: an old one"),
    Case("KMS104", policy(Version="⟦2008-10-17⟧"), fixable=True),
    Case("KMS104", policy(), note="near: the current one"),
    Case("KMS105", '⟦{⟧"Version": "2012-10-17"}', KEY, fixable=True, note="none"),
    Case("KMS105", '⟦{⟧"Version": "2012-10-17"}', fixable=False, note="none, key unknown"),
    Case("KMS105", '{"Version": "2012-10-17", "Statement": ⟦[]⟧}', KEY, fixable=True, note="empty"),
    Case("KMS105", '{"Version": "2012-10-17", "Statement": ⟦{}⟧}', KEY, note="empty object"),
    Case("KMS105", policy(Statement=root_statement()), note="near: one without a list"),
    Case("KMS106", policy(statement(Effect="⟦allow⟧")), fixable=True, note="wrong case"),
    Case("KMS106", policy(statement(Effect="⟦Alow⟧")), fixable=True, note="misspelled"),
    Case("KMS106", policy(statement(Effect="⟦Permit⟧")), fixable=False, note="another word"),
    Case(
        "KMS106",
        policy_on_one_line(statement(Effect=None)).replace('{"Sid": "Use"', '⟦{⟧"Sid": "Use"'),
        fixable=False,
        note="missing",
    ),
    Case("KMS106", policy(statement(Effect=None, effect="Allow")), note="near: KMS101's"),
    Case("KMS106", policy(statement(Effect="Deny")), note="near: Deny"),
    Case(
        "KMS107",
        policy_on_one_line(statement(Principal=None)).replace('{"Sid": "Use"', '⟦{⟧"Sid": "Use"'),
        note="missing",
    ),
    Case("KMS107", policy(statement(Principal="⟦⟧")), note="empty string"),
    Case("KMS107", policy_on_one_line(statement(Principal={})).replace("{}", "⟦{}⟧"), note="{}"),
    Case("KMS107", policy(statement(Principal={"AWS": []})).replace("[]", "⟦[]⟧"), note="no item"),
    Case("KMS107", policy(statement(Principal={"AWS": ["⟦⟧", ROLE]})), note="empty item"),
    Case("KMS107", policy(statement(Principal=None, NotPrincipal={"AWS": ROLE}))),
    Case("KMS107", policy(statement(Principal=None, Principals={"AWS": ROLE})), note="near"),
    Case(
        "KMS108",
        policy_on_one_line(statement(Action=None)).replace('{"Sid": "Use"', '⟦{⟧"Sid": "Use"'),
    ),
    Case("KMS108", policy(statement(Action=None, NotAction="kms:Put*")), note="near: NotAction"),
    Case("KMS108", policy(statement(Action=[])), note="near: an empty list is KMS113's"),
    Case(
        "KMS109",
        policy_on_one_line(statement(Resource=None)).replace('{"Sid": "Use"', '⟦{⟧"Sid": "Use"'),
        fixable=True,
    ),
    Case("KMS109", policy(statement()), note="near"),
    Case("KMS110", policy(Version=20121017).replace("20121017", "⟦20121017⟧"), fixable=True),
    Case("KMS110", policy(Id=["⟦⟧"]).replace('[\n    ⟦""⟧\n  ]', '⟦[\n    ""\n  ]⟧'), note="list"),
    Case(
        "KMS110",
        policy(statement(Principal={"AWS": 444455556666})).replace(
            ": 444455556666", ": ⟦444455556666⟧"
        ),
        fixable=True,
        note="account as a number",
    ),
    Case("KMS110", policy(statement(Principal="⟦444455556666⟧")), fixable=True, note="unwrapped"),
    Case(
        "KMS110",
        policy_on_one_line(statement(Principal=[ROLE])).replace(f'["{ROLE}"]', f'⟦["{ROLE}"]⟧'),
        fixable=True,
        note="unwrapped list",
    ),
    Case(
        "KMS110",
        policy(statement(Action=True)).replace("true", "⟦true⟧"),
        fixable=False,
        note="boolean",
    ),
    Case(
        "KMS110",
        '{"Version": "2012-10-17", "Id": ⟦null⟧, "Statement": [⟦"a"⟧, ⟦[]⟧]}',
        fixable=False,
        note="null, string, list",
    ),
    Case("KMS110", '⟦"2012-10-17"⟧', fixable=False, note="no object"),
    Case("KMS110", f"⟦[{json.dumps(_POLICY)}]⟧", fixable=False, note="a list of policies"),
    Case("KMS110", f"⟦{json.dumps(_POLICY)}⟧", fixable=True, note="a string of JSON"),
    Case("KMS110", f"⟦{json.dumps(json.dumps(_POLICY))}⟧", fixable=True, note="a string in one"),
    Case(
        "KMS110",
        f'{{"Version": "2012-10-17", "Statement": ⟦{json.dumps(json.dumps([root_statement()]))}⟧}}',
        fixable=True,
        note="statements in a string",
    ),
    Case("KMS110", f"⟦[{text_of(root_statement())}]⟧", fixable=True, note="statements alone"),
    Case("KMS110", policy(statement(Condition=[])).replace("[]", "⟦[]⟧"), note="condition"),
    Case("KMS110", policy(statement(Condition={"Bool": "⟦true⟧"})), note="operator"),
    Case(
        "KMS110",
        policy(statement(Condition={"Bool": {"aws:SecureTransport": None}})).replace(
            "null", "⟦null⟧"
        ),
        note="condition value",
    ),
    Case(
        "KMS110",
        policy(
            statement(
                Condition={
                    "Bool": {"aws:SecureTransport": True},
                    "NumericLessThan": {"aws:MultiFactorAuthAge": [300, "300"]},
                }
            ),
            statement(Sid="b", Principal="*", Condition={}),
        ),
        note="near: literals in conditions, a bare star",
    ),
    Case(
        "KMS111",
        policy(statement(**{"⟦NotAction⟧": "kms:Put*"})),
        fixable=False,
        note="Action",
    ),
    Case("KMS111", policy(statement(**{"⟦NotResource⟧": "*"})), note="Resource"),
    Case("KMS111", policy(statement(**{"⟦NotPrincipal⟧": {"AWS": ROLE}})), note="Principal"),
    Case("KMS111", policy(statement(Action=None, NotAction="kms:Put*")), note="near"),
    Case("KMS112", policy(statement(), statement(Sid="⟦Use⟧")), fixable=True),
    Case(
        "KMS112", policy(statement(Sid="a"), statement(Sid="A"), statement(Sid=None)), note="near"
    ),
    Case("KMS113", policy(statement(Action=[])).replace("[]", "⟦[]⟧"), fixable=True, note="Action"),
    Case("KMS113", policy(statement(Condition={})).replace("{}", "⟦{}⟧"), fixable=True),
    Case(
        "KMS113",
        policy(statement(Condition={"Bool": {}})).replace("{}", "⟦{}⟧"),
        fixable=True,
        note="operator",
    ),
    Case(
        "KMS113",
        policy(statement(Condition={"StringEquals": {"kms:ViaService": []}})).replace("[]", "⟦[]⟧"),
        fixable=False,
        note="values",
    ),
    Case("KMS113", policy(statement(Principal={"AWS": []})), note="near: KMS107's"),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_found_where_it_is(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_fixes_remove_what_they_are_for(case: Case) -> None:
    assert check_fixes(unmark(case.text)[0], case.key) or not case.fixable


def test_the_policies_that_cases_start_from_are_clean() -> None:
    assert lint(policy(), KEY) == ()
    assert [each for each in lint(policy(statement())) if each.severity > Severity.INFO] == []


@pytest.mark.parametrize("id_", ["KMS108", "KMS109"])
def test_nobody_is_told_that_kms_refuses_what_the_api_reference_says_it_accepts(id_: str) -> None:
    why = RULES[id_].why
    assert "PutKeyPolicy accepts it" in why
    assert "reject" not in why
