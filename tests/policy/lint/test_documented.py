"""What AWS documents is clean, or has no more than it deserves."""

from __future__ import annotations

import pytest

from kmstui.model.arn import Arn
from kmstui.policy.lint.core import KeyContext, Severity
from kmstui.policy.lint.linter import lint
from tests.policy.documented import DOCUMENTED, KEY_ARN, Documented

_KEY = KeyContext(arn=Arn.parse(KEY_ARN))


@pytest.mark.parametrize("documented", DOCUMENTED, ids=lambda each: each.name)
@pytest.mark.parametrize("key", [KeyContext(), _KEY], ids=["no key", "key known"])
def test_a_documented_policy_gets_no_more_than_it_deserves(
    documented: Documented, key: KeyContext
) -> None:
    findings = lint(documented.text, key)
    surplus = [each for each in findings if each.rule not in documented.deserves]
    assert not surplus, [(each.rule, each.message) for each in surplus]
    assert all(each.severity is not Severity.ERROR for each in findings)


def test_enough_of_them_are_here_under_different_names() -> None:
    names = [documented.name for documented in DOCUMENTED]
    assert len(set(names)) == len(names) >= 20


@pytest.mark.parametrize(
    ("partition", "region"),
    [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1"), ("aws-eusc", "eusc-de-east-1")],
)
def test_the_default_policy_is_clean_in_every_partition(partition: str, region: str) -> None:
    text = DOCUMENTED[0].text.replace("arn:aws:", f"arn:{partition}:")
    arn = Arn.parse(KEY_ARN.replace("arn:aws:", f"arn:{partition}:").replace("us-west-2", region))
    assert lint(text, KeyContext(arn=arn)) == ()


def test_the_never_flag_list_of_the_catalogue_is_among_them() -> None:
    texts = "\n".join(documented.text for documented in DOCUMENTED)
    for pattern in (
        '"kms:GrantIsForAWSResource": true',
        '"NumericLessThanEquals": {\n                    "kms:ValidTo"',
        '"ArnLike": {\n                    "kms:EncryptionContext:aws:logs:arn"',
        '"StringEquals": {\n                    "aws:SourceArn"',
        '"AWS:SourceAccount"',
        '"kms:Encrypt*"',
    ):
        assert pattern in texts
