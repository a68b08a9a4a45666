"""The workshop's five policies: every mistake is found at its place, and can be mended."""

from __future__ import annotations

import json

import pytest

from kmstui.model.arn import Arn
from kmstui.policy.lint.core import RULES, KeyContext, Severity
from kmstui.policy.lint.fixing import fix_all
from kmstui.policy.lint.linter import lint
from tests.policy import workshop_printed as workshop

_KEY = KeyContext(
    arn=Arn.parse("arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    usage="ENCRYPT_DECRYPT",
    spec="SYMMETRIC_DEFAULT",
)

MISTAKES = (
    # policy, rule, and the text at whose place it must be found
    ("default", "KMS001", "\u00a0"),
    ("default", "KMS601", "your-account-id"),
    ("caller account", "KMS601", "your-acount-id"),
    ("caller account", "KMS601", "your-account-id"),
    ("caller account", "KMS509", '"kms:*"'),
    ("caller account", "KMS520", '"kms:CallerAccount"'),
    ("not principal", "KMS505", '"NotPrincipal"'),
    ("not principal", "KMS601", "your-acount-id"),
    ("mfa", "KMS002", ","),
    ("mfa", "KMS402", '"aws: MultiFactorAuthAge"'),
    ("mfa", "KMS601", "your-acount-id"),
    ("mfa", "KMS520", "MultiFactorAuthAge"),
    ("vpc endpoint", "KMS516", "aws:sourceVpce"),
    ("vpc endpoint", "KMS601", "vpce-1xxxxxxxx1"),
)


@pytest.mark.parametrize(("name", "rule", "place"), MISTAKES)
@pytest.mark.parametrize("key", [KeyContext(), _KEY], ids=["no key", "key known"])
def test_each_mistake_is_found_at_its_place(
    name: str, rule: str, place: str, key: KeyContext
) -> None:
    text = workshop.ALL[name]
    found = [text[each.span.start : each.span.end] for each in lint(text, key) if each.rule == rule]
    assert any(place in each for each in found), found


def test_the_condition_key_that_does_not_exist_is_found_with_the_one_that_does() -> None:
    text = workshop.VPC_ENDPOINT.replace("aws:sourceVpce", "kms:EncryptionContextKey")
    (finding,) = [each for each in lint(text) if each.rule == "KMS404"]
    assert "kms:EncryptionContextKeys" in finding.message or finding.fix is not None


@pytest.mark.parametrize("name", workshop.ALL)
def test_the_fixes_leave_a_policy_that_is_json_without_placeholders_of_the_account(
    name: str,
) -> None:
    fixed = fix_all(workshop.ALL[name], _KEY, named=RULES)
    assert json.loads(fixed.text)
    assert "your-ac" not in fixed.text
    assert fixed.applied
    left = {each.rule for each in fixed.remaining if each.severity is Severity.ERROR}
    # Nobody but the person knows the endpoint's ID.
    assert left <= ({"KMS601", "KMS406"} if name == "vpc endpoint" else set())


def test_a_hidden_finding_does_not_come_beside_its_cause() -> None:
    rules = {each.rule for each in lint(workshop.VPC_ENDPOINT, _KEY)}
    assert "KMS601" in rules
    assert rules.isdisjoint({"KMS301", "KMS406"})
