"""The linter of the policy of a VPC endpoint, which says who may ask KMS through it for what."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kmstui.policy.lint.core import RULES, PolicyKind
from kmstui.policy.lint.linter import lint, lint_endpoint, lint_identity

USER = "arn:aws:iam::111122223333:user/ExampleUser"
KEY = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_LOOK = ["kms:Decrypt", "kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListAliases", "kms:ListKeys"]
_ALLOW = {"Effect": "Allow", "Principal": {"AWS": USER}, "Action": _LOOK, "Resource": KEY}
_OF_ANYBODY = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


def _text(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _only_if(operator: str, key: str, value: str) -> str:
    return _text({**_ALLOW, "Condition": {operator: {key: value}}})


ONLY_IN_ENDPOINTS = (
    (_text({**_ALLOW, "Sid": "x" * 20_480}), "KMS116"),
    (_text({**_ALLOW, "Resource": "arn:aws:s3:::bucket"}), "KMS313"),
    (_text({**_ALLOW, "Resource": "arn:aws:kms:*:1111*:key/*"}), "KMS314"),
    (_only_if("ArnLike", "aws:PrincipalArn", "arn:aws:iam::1111*:role/deploy-role"), "KMS314"),
    (_only_if("StringLike", "aws:PrincipalAccount", "111122*"), "KMS422"),
    (_only_if("NumericEquals", "aws:PrincipalAccount", "111122223333"), "KMS422"),
    (_only_if("StringLike", "aws:PrincipalArn", "a*b"), "KMS423"),
    (_text(_OF_ANYBODY), "KMS521"),
    (_text({**_ALLOW, "Action": "kms:Decrypt"}), "KMS522"),
)

CLEAN = (
    # As KMS documents it, with the policy besides.
    _text(_ALLOW),
    _text(
        {
            **_ALLOW,
            "Resource": ["arn:aws:kms:*:*:key/*", "arn:aws:kms:us-west-2:111122223333:alias/app"],
        }
    ),
    _only_if("StringLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/deploy-*"),
    _only_if("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5"),
    _text({**_OF_ANYBODY, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}),
    _text({**_ALLOW, "Action": "kms:*", "Principal": "*", "Resource": KEY}),
)


def _found(text: str) -> set[str]:
    return {each.rule for each in lint_endpoint(text)}


@pytest.mark.parametrize(("text", "rule"), ONLY_IN_ENDPOINTS)
def test_what_only_endpoint_policies_can_be_wrong_in_is_found_there_alone(
    text: str, rule: str
) -> None:
    assert rule in _found(text)
    assert rule not in {each.rule for each in (*lint(text), *lint_identity(text))}
    assert rule not in {each.rule for each in lint_endpoint(text, disabled=[rule])}


@pytest.mark.parametrize("text", CLEAN)
def test_endpoint_policies_as_documented_are_clean(text: str) -> None:
    assert _found(text) == set()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{", "KMS001"),
        (_text({"Effect": "Allow", "Action": _LOOK, "Resource": "*"}), "KMS107"),
        (_text({**_ALLOW, "Action": [*_LOOK, "kms:Decrpt"]}), "KMS201"),
        (_text({**_ALLOW, "Principal": {"AWS": "arn:aws:iam::1111:user/x"}}), "KMS301"),
        (_text({**_ALLOW, "Condition": {"StringIs": {"aws:PrincipalOrgID": "o-1"}}}), "KMS401"),
        (_only_if("StringEquals", "kms:Foo", "x"), "KMS404"),
    ],
)
def test_what_is_wrong_in_every_policy_is_found_and_told_of_who_keeps_it(
    text: str, rule: str
) -> None:
    whys = [each.why for each in lint_endpoint(text) if each.rule == rule]
    assert whys
    assert not any("KMS rejects" in why or "IAM refuses" in why for why in whys)


def test_nothing_is_said_of_lock_outs_administrators_or_this_key() -> None:
    texts = [*CLEAN, *(text for text, _ in ONLY_IN_ENDPOINTS)]
    found = {rule for text in texts for rule in _found(text)}
    of_keys = {each.id for each in RULES.values() if PolicyKind.ENDPOINT not in each.scope}
    assert found.isdisjoint(of_keys)
