"""The linter of a role's policy speaks of IAM, which is whom the policy is sent to."""

from __future__ import annotations

import json

import pytest

from kmstui.policy.lint.core import RULES, PolicyKind
from kmstui.policy.lint.linter import known_rule, lint, lint_identity

_ALLOW = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}


def _text(statement: object, **root: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statement, **root}, ensure_ascii=False)


CASES = (
    ("{", "KMS001"),
    (_text([_ALLOW]).replace("]", ",]"), "KMS002"),
    (_text([_ALLOW]).replace(', "Statement"', ' "Statement"'), "KMS003"),
    (_text([_ALLOW]).replace("[", "[ // all\n"), "KMS004"),
    (_text([_ALLOW]).replace('"Effect"', "'Effect'"), "KMS005"),
    (_text([_ALLOW]).replace('"*"', "None"), "KMS006"),
    (_text([{**_ALLOW, "Sid": "œ"}]), "KMS009"),
    (_text([_ALLOW], Ident="a"), "KMS101"),
    (_text([_ALLOW], Version="2026-11-24"), "KMS103"),
    (_text([]), "KMS105"),
    (_text([{"Effect": "Allow", "Resource": "*"}]), "KMS108"),
    (_text([{"Effect": "Allow", "Action": "kms:Decrypt"}]), "KMS109"),
    (_text([{**_ALLOW, "Action": True}]), "KMS110"),
    (_text([{**_ALLOW, "NotAction": "kms:Sign"}]), "KMS111"),
    (_text([{**_ALLOW, "Action": "kms:Decrpt"}]), "KMS201"),
    (_text([{**_ALLOW, "Condition": {"StringIs": {"kms:ViaService": "a"}}}]), "KMS401"),
    (_text([{**_ALLOW, "Resource": "<key>"}]), "KMS601"),
)

ONLY_IN_IAM = (
    (_text([{**_ALLOW, "Principal": "*"}]), "KMS114"),
    (_text([{**_ALLOW, "NotPrincipal": {"AWS": "*"}}]), "KMS114"),
    (_text([{**_ALLOW, "Resource": "*" * 10_300}]), "KMS115"),
)


@pytest.mark.parametrize(("text", "rule"), CASES)
def test_it_says_what_iam_does(text: str, rule: str) -> None:
    whys = [each.why for each in lint_identity(text) if each.rule == rule]
    assert whys
    for why in whys:
        assert "KMS rejects" not in why
        assert "PutKeyPolicy" not in why
        assert "key policy" not in why.lower()


@pytest.mark.parametrize(("text", "rule"), ONLY_IN_IAM)
def test_rules_of_iam_alone_are_rules_like_any_other(text: str, rule: str) -> None:
    assert rule in {each.rule for each in lint_identity(text)}
    assert rule not in {each.rule for each in lint(text)}
    assert rule not in {each.rule for each in lint_identity(text, disabled=[rule])}
    assert known_rule(rule.lower()) == rule


def test_rules_of_key_policies_alone_are_silent_in_iam() -> None:
    found = {each.rule for text, _ in CASES for each in lint_identity(text)}
    assert found.isdisjoint(each.id for each in RULES.values() if each.scope is PolicyKind.KEY)
