"""The linter as a whole: order, causes, disabled rules, fixes that end, no text that breaks it."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.policy.lint.core import RULES, KeyContext, Severity
from kmstui.policy.lint.fix_effects import fix_effect
from kmstui.policy.lint.fixing import fix_all
from kmstui.policy.lint.linter import lint
from kmstui.policy.syntax.parser import parse
from tests.policy.documented import DOCUMENTED
from tests.policy.rule_cases import KEY, policy, statement

_WORDS = st.sampled_from(
    [
        "Allow", "deny", "*", "kms:*", "kms:Decrypt", "kms:Decrpyt", "s3:GetObject", "", " ",
        "444455556666", "arn:aws:iam::444455556666:root", "arn:aws:iam::your-account-id:user/*",
        "arn:aws:iam::444455556666:role/app", "AIDAEXAMPLEID23456789", "s3.amazonaws.com", "true",
        "aws:SourceIp", "kms:ViaService", "kms:EncryptionContextKeys", "StringEquals", "Bool",
        "${aws:username}", "${", "ForAllValues:StringLike", "NumericLessThanIfExists", "10.0.0.0/8",
        "2012-10-17", "2008-10-17", "→",
    ]
)  # fmt: skip
_NAMES = st.sampled_from(
    [
        "Version", "Id", "Statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action",
        "NotAction", "Resource", "NotResource", "Condition", "AWS", "Service", "effect", "Policy",
    ]
)  # fmt: skip
_VALUES = st.recursive(
    _WORDS | st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES | _WORDS, inner, max_size=4),
    max_leaves=12,
)
_STATEMENTS = st.fixed_dictionaries(
    {},
    optional={
        "Sid": _VALUES,
        "Effect": st.sampled_from(["Allow", "Deny"]) | _VALUES,
        "Principal": st.dictionaries(st.sampled_from(["AWS", "Service"]), _VALUES) | _VALUES,
        "NotPrincipal": _VALUES,
        "Action": st.lists(_WORDS, max_size=4) | _VALUES,
        "Resource": st.just("*") | _VALUES,
        "Condition": st.dictionaries(
            _WORDS, st.dictionaries(_WORDS, _VALUES, max_size=2), max_size=2
        )
        | _VALUES,
    },
)
_POLICIES = st.fixed_dictionaries(
    {"Statement": st.lists(_STATEMENTS, max_size=3) | _VALUES},
    optional={"Version": _WORDS, "Id": _VALUES},
)


@settings(max_examples=150)
@given(_POLICIES | _VALUES, st.sampled_from([KeyContext(), KEY]))
def test_any_json_is_linted_with_ranges_inside_the_text(value: Any, key: KeyContext) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=False)
    for finding in lint(text, key):
        assert 0 <= finding.span.start <= finding.span.end <= len(text)
        assert finding.message and finding.why and finding.url.startswith("https://docs.aws")


@settings(max_examples=60)
@given(_POLICIES, st.integers(0, 400), st.integers(0, 3), st.sampled_from([KeyContext(), KEY]))
def test_any_torn_policy_is_linted(value: Any, at: int, gap: int, key: KeyContext) -> None:
    whole = json.dumps(value, indent=1, ensure_ascii=False)
    text = whole[:at] + whole[at + gap :]
    for finding in lint(text, key):
        assert 0 <= finding.span.start <= finding.span.end <= len(text)


@settings(max_examples=40)
@given(_POLICIES, st.sampled_from([KeyContext(), KEY]), st.sampled_from([(), RULES]))
def test_fixing_ends_and_never_makes_for_more_errors(
    value: Any, key: KeyContext, named: Collection[str]
) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    before = [each for each in lint(text, key) if each.severity is Severity.ERROR]
    fixed = fix_all(text, key, named=named)
    after = [each for each in fixed.remaining if each.severity is Severity.ERROR]
    assert len(after) <= len(before)
    assert fixed.remaining == lint(fixed.text, key)
    assert named or not fix_effect(text, fixed.text, key)
    again = fix_all(fixed.text, key, named=named)
    assert again.text == fixed.text and again.applied == ()


def test_findings_come_in_the_order_of_their_places_whatever_family_finds_them() -> None:
    text = policy(statement(Action=["kms:Foo"], Resource="x"), Version="2008-10-17")
    findings = lint(text, KEY)
    assert [each.span for each in findings] == sorted(each.span for each in findings)
    assert {"KMS104", "KMS201", "KMS311"} <= {each.rule for each in findings}


def test_a_syntax_error_hides_nothing_in_the_statements_around_it() -> None:
    text = policy(statement(Action=["kms:Foo"])).replace(
        '"Resource": "*"\n    }\n', '"Resource": "*",\n }\n'
    )
    assert {"KMS002", "KMS201"} <= {each.rule for each in lint(text)}


def test_a_placeholder_hides_the_errors_that_it_causes() -> None:
    text = policy(statement(Principal={"AWS": "arn:aws:iam::<account-id>:role/app"}))
    assert [each.rule for each in lint(text, KEY) if each.severity is Severity.ERROR] == ["KMS601"]


def test_a_disabled_rule_is_silent_and_still_hides_what_it_causes() -> None:
    text = policy(statement(Principal={"AWS": "arn:aws:iam::<account-id>:role/app"}))
    rules = {each.rule for each in lint(text, KEY, disabled=["KMS601"])}
    assert "KMS601" not in rules
    assert "KMS301" not in rules


def test_a_parsed_document_gives_the_findings_of_its_text() -> None:
    text = policy(statement(Action="kms:Foo"))
    assert lint(parse(text), KEY) == lint(text, KEY)


def test_the_catalogue_is_complete_and_in_order() -> None:
    counts = {0: 9, 1: 16, 2: 8, 3: 14, 4: 23, 5: 22, 6: 2}
    wanted = [
        f"KMS{family}{number:02}"
        for family, last in counts.items()
        for number in range(1, last + 1)
    ]
    assert sorted(RULES) == wanted
    for rule in RULES.values():
        assert 4 < len(rule.title) < 60, rule.title
        assert rule.why.endswith((".", ")")) and rule.url.startswith("https://docs.aws.amazon.com/")
        assert rule.flags.endswith(".") and set(rule.hidden_by) <= RULES.keys()


def test_fixes_keep_the_formatting_of_everything_else() -> None:
    text = """{
    "Version" : "2008-10-17",
    "Statement" : [ {
        "Effect" : "allow",
        "Principal" : { "AWS" : "arn:aws:iam::444455556666:root" },
        "Action" : [ "kms:*",
                     "s3:GetObject" ]
    } ]
}"""
    assert (
        fix_all(text, KEY, named=RULES).text
        == """{
    "Version" : "2012-10-17",
    "Statement" : [ {
        "Effect" : "Allow",
        "Principal" : { "AWS" : "arn:aws:iam::444455556666:root" },
        "Action" : [ "kms:*" ],
        "Resource" : "*"
    } ]
}"""
    )


def test_only_fixes_of_the_asked_severity_are_applied() -> None:
    text = policy(statement(Effect="allow", Action=["kms:Encrypt", "kms:Encrypt"]))
    fixed = fix_all(text, severity=Severity.ERROR, named=RULES)
    assert [each.rule for each in fixed.applied] == ["KMS106"]
    assert "KMS208" in {each.rule for each in fixed.remaining}


@pytest.mark.parametrize("documented", DOCUMENTED[:8], ids=lambda each: each.name)
def test_every_single_deletion_of_a_documented_policy_is_survived(documented: Any) -> None:
    text = documented.text
    step = max(1, len(text) // 60)
    for at in range(0, len(text), step):
        torn = text[:at] + text[at + 1 :]
        findings = lint(torn)
        try:
            json.loads(torn)
        except ValueError:
            assert any(each.rule < "KMS010" for each in findings)
