"""Every template does what it says, gets no finding that it does not deserve, and leaves no gap."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.model.arn import Arn
from kmstui.policy.authoring.templates import (
    Facts,
    Template,
    built_in_templates,
    fields_of,
    fill,
    first_field,
    own_template,
    unsuitable,
    use_actions,
    whole_policy,
    with_statements,
    without_statements,
)
from kmstui.policy.iam.equality import same_meaning
from kmstui.policy.lint.core import KeyContext, Severity
from kmstui.policy.lint.linter import lint
from tests.policy.policy_strategies import policies

ACCOUNT = "444455556666"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
FIELDS = {
    "account": ACCOUNT,
    "region": "eu-west-1",
    "partition": "aws",
    "role": ROLE,
    "bucket": "kms-workshop",
    "user": "userA",
    "vpc-endpoint": "vpce-0a1b2c3d4e5f67890",
    "admin-role": f"arn:aws:iam::{ACCOUNT}:role/Admin",
    "trail": "trail-1",
    "topic": "orders",
    "producer-role": f"arn:aws:iam::{ACCOUNT}:role/Producer",
    "consumer-role": f"arn:aws:iam::{ACCOUNT}:role/Consumer",
    "other-account": "999988887777",
    "image-sha384": "9f" * 48,
}
KINDS = [
    ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"),
    ("ENCRYPT_DECRYPT", "RSA_2048"),
    ("SIGN_VERIFY", "RSA_2048"),
    ("GENERATE_VERIFY_MAC", "HMAC_256"),
    ("KEY_AGREEMENT", "ECC_NIST_P256"),
]
ALL = built_in_templates()
WORKSHOP = tuple(each for each in ALL if each.group == "Workshop")
DESERVED = {"aws.account": {"KMS310"}, "aws.enclave": {"KMS518"}}
"""Another account has access; the root statement goes round the attestation, as its words say."""


def key(usage: str, spec: str) -> KeyContext:
    arn = Arn.parse(f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab")
    caller = Arn.parse(f"arn:aws:sts::{ACCOUNT}:assumed-role/app/i-1")
    return KeyContext(arn=arn, usage=usage, spec=spec, caller=caller)


@pytest.mark.parametrize(("usage", "spec"), KINDS)
@pytest.mark.parametrize("template", ALL, ids=lambda each: each.id)
def test_a_filled_template_gets_no_finding_it_does_not_deserve(
    template: Template, usage: str, spec: str
) -> None:
    facts = Facts(FIELDS, usage, spec)
    if unsuitable(template, facts):
        assert template.symmetric_only
        return
    text = whole_policy(template, facts)
    assert first_field(text) is None
    found = {each.rule for each in lint(text, key(usage, spec))}
    assert found <= DESERVED.get(template.id, set())


@pytest.mark.parametrize("template", ALL, ids=lambda each: each.id)
def test_what_is_not_known_counts_as_an_error_until_it_is_filled(template: Template) -> None:
    text = whole_policy(template, Facts())
    statements = [dict(each) for each in template.statements]
    missing = {f"${{{name}}}" for name in fields_of(statements)} | {"${account}"}
    missing.discard("${partition}")  # stands in an ARN, where the ARN as a whole is wrong
    flagged = {
        text[each.span.start : each.span.end]
        for each in lint(text)
        if each.rule == "KMS601" and each.severity is Severity.ERROR
    }
    assert missing <= flagged


def test_every_template_says_what_it_does_and_where_it_is_documented() -> None:
    ids = [each.id for each in ALL]
    assert len(set(ids)) == len(ids)
    for each in ALL:
        assert each.does.endswith(".")
        assert each.source.startswith("https://docs.aws.amazon.com/")
    assert len(WORKSHOP) == 5
    assert all(each.corrects for each in WORKSHOP)


def test_actions_of_use_are_those_of_the_kind_of_key() -> None:
    assert "kms:Sign" in use_actions("SIGN_VERIFY", "RSA_2048")
    assert "kms:GenerateDataKey*" not in use_actions("ENCRYPT_DECRYPT", "RSA_2048")
    (allow, deny) = fill(WORKSHOP[1], Facts(FIELDS, "GENERATE_VERIFY_MAC", "HMAC_256"))
    assert allow["Action"] == ["kms:DescribeKey", "kms:GenerateMac", "kms:VerifyMac"]
    assert deny["Action"] == ["kms:GenerateMac", "kms:VerifyMac"]


BASE = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Sid": "a", "Effect": "Allow"}]}, indent=4
)
ADDED = {"Sid": "b", "Effect": "Deny", "Action": "kms:*", "Resource": "*", "Principal": "*"}


def test_a_statement_is_added_at_the_end_in_the_policys_own_layout() -> None:
    text = with_statements(BASE, [ADDED])
    assert text.startswith(BASE.rstrip(" \n]}"))
    assert json.loads(text)["Statement"][1] == ADDED
    assert '\n            "Effect": "Deny"' in text


def test_what_is_there_already_is_not_added_again_whatever_its_sid() -> None:
    text = with_statements(BASE, [ADDED])
    assert with_statements(text, [{**ADDED, "Sid": "other"}]) == text


def test_a_sid_that_is_taken_gets_a_number() -> None:
    text = with_statements(BASE, [{**ADDED, "Sid": "a"}])
    assert [each["Sid"] for each in json.loads(text)["Statement"]] == ["a", "a 2"]


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ('{"Version": "2012-10-17"}', 1),
        ('{"Statement": []}', 1),
        ('{"Statement": {"Sid": "a", "Effect": "Allow"}}', 2),
    ],
    ids=["no Statement", "empty list", "single object"],
)
def test_it_is_added_to_any_form_of_statement_element(text: str, statements: int) -> None:
    added = json.loads(with_statements(text, [ADDED]))["Statement"]
    assert len(added) == statements
    assert added[-1] == ADDED


@pytest.mark.parametrize("text", ["", "[]", '{"Statement": "x"}'])
def test_where_it_cannot_be_added_it_says_so(text: str) -> None:
    with pytest.raises(ValueError, match="so no statement can be added"):
        with_statements(text, [ADDED])


@settings(max_examples=40)
@given(policies, st.sampled_from(("  ", "    ", None)))
def test_adding_and_removing_a_statement_leaves_the_policy_as_it_was(policy, indent) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": policy}, indent=indent)
    added = with_statements(text, [{**ADDED, "Action": "kms:OnlyHere"}])
    assert not same_meaning(added, text)
    assert same_meaning(without_statements(added, [{**ADDED, "Action": "kms:OnlyHere"}]), text)


def test_own_templates_take_every_form_that_a_person_would_write() -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": "${role}"}, "Action": "kms:Sign"}
    for value in (statement, [statement], {"Version": "2012-10-17", "Statement": [statement]}):
        template = own_template("my-signing_role", json.dumps(value))
        assert template.title == "my signing role"
        assert fill(template, Facts(FIELDS))[0]["Principal"] == {"AWS": ROLE}
    named = own_template(
        "x", json.dumps({"title": "Signers", "does": "Signs.", "statements": [statement]})
    )
    assert (named.title, named.does) == ("Signers", "Signs.")


@pytest.mark.parametrize("text", ["", "3", "[]", "{}", '{"Statement": ["x"]}'])
def test_what_is_no_template_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        own_template("x", text)
