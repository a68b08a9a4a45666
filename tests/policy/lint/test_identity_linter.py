"""The linter of a role's policy speaks of IAM, which is whom the policy is sent to."""

from __future__ import annotations

import json

import pytest

from kmstui.policy.lint.linter import lint_identity

_ALLOW = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}


def _text(statement: object, **root: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statement, **root}, ensure_ascii=False)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
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
    ],
)
def test_it_says_what_iam_does(text: str, rule: str) -> None:
    whys = [each.why for each in lint_identity(text) if each.rule == rule]
    assert whys
    for why in whys:
        assert "KMS rejects" not in why
        assert "PutKeyPolicy" not in why
        assert "key policy" not in why.lower()
