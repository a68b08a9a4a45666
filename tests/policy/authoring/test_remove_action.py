"""Taking an action from a role leaves everything else that the role may do."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.policy.authoring.remove_action import CannotTakeError, allows, without_action
from kmstui.policy.iam.vocabulary import knowledge
from kmstui.policy.lint.linter import lint_identity

PATTERNS = ("kms:Decrypt", "kms:*", "kms:De*", "KMS:decrypt", "kms:Encrypt", "s3:GetObject")


def policy(*actions: object, **more: object) -> str:
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": "*", **more} for action in actions
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def allowed(text: str) -> set[str]:
    return {name for name in (*knowledge().expand("kms:*"), "s3:GetObject") if allows(text, name)}


@settings(max_examples=60)
@given(st.lists(st.lists(st.sampled_from(PATTERNS), min_size=1), min_size=1, max_size=3))
def test_nothing_but_the_action_is_taken(actions) -> None:
    text = policy(*actions)
    if allowed(text) == {"kms:Decrypt"}:
        with pytest.raises(CannotTakeError):
            without_action(text, "kms:Decrypt")
        return
    taken = without_action(text, "kms:Decrypt")
    assert allowed(taken) == allowed(text) - {"kms:Decrypt"}
    assert [each.rule for each in lint_identity(taken) if each.rule != "KMS208"] == []


def test_a_list_loses_one_line_and_keeps_its_layout() -> None:
    text = policy(["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"])
    assert without_action(text, "kms:Decrypt") == text.replace('        "kms:Decrypt",\n', "")


def test_a_wildcard_is_written_out() -> None:
    taken = json.loads(without_action(policy("kms:GenerateDataKey*"), "kms:GenerateDataKeyPair"))
    assert taken["Statement"][0]["Action"] == [
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyPairWithoutPlaintext",
        "kms:GenerateDataKeyWithoutPlaintext",
    ]


def test_a_statement_about_nothing_else_goes() -> None:
    taken = json.loads(without_action(policy("kms:Decrypt", "kms:Decrypt", "s3:*"), "kms:Decrypt"))
    assert [each["Action"] for each in taken["Statement"]] == ["s3:*"]


def test_not_action_gets_it() -> None:
    text = '{"Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]}'
    taken = json.loads(without_action(text, "kms:Decrypt"))
    assert taken["Statement"][0]["NotAction"] == ["iam:*", "kms:Decrypt"]


@pytest.mark.parametrize("pattern", ["*", "*:*", "k*:Decrypt"])
def test_a_wildcard_over_other_services_cannot_be_written_out(pattern: str) -> None:
    with pytest.raises(CannotTakeError, match="covers other services too"):
        without_action(policy([pattern, "s3:*"]), "kms:Decrypt")


def test_denies_stay() -> None:
    text = json.dumps({"Statement": [{"Effect": "Deny", "Action": "kms:*", "Resource": "*"}]})
    assert without_action(text, "kms:Decrypt") == text


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ({"Effect": "Allow", "Action": "kms:Sign"}, "KMS109"),
        ({"Effect": "Allow", "Resource": "*"}, "KMS108"),
        ({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"}, "KMS114"),
        ({"Effect": "Allow", "Action": "kms:ReEncrypt", "Resource": "*"}, "KMS202"),
        ({"Effect": "allow", "Action": "kms:Sign", "Resource": "*"}, "KMS106"),
        ({"Effect": "Allow", "Action": "kms:Sign", "Resource": "${your-key}"}, "KMS601"),
        ({"Effect": "Allow", "Action": ["s3:Get" + "a" * 10_300], "Resource": "*"}, "KMS115"),
    ],
)
def test_iams_grammar_is_held(statement: dict[str, object], rule: str) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert [each.rule for each in lint_identity(text)] == [rule]


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Allow", "Action": ["s3:Get*", "dynamodb:*"], "Resource": "arn:aws:s3:::b/*"},
        {
            "Effect": "Allow",
            "Action": "s3:PutObject",
            "Resource": "*",
            "Condition": {"StringEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}},
        },
        {"Effect": "Allow", "Action": "kms:CreateKey", "Resource": "*"},
        {"Effect": "Allow", "Action": "kms:*", "Resource": "arn:aws:kms:*:444455556666:key/*"},
        {
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": "*",
            "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/app"}},
        },
    ],
)
def test_what_is_right_in_iam_is_not_complained_of(statement: dict[str, object]) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert lint_identity(text) == ()
