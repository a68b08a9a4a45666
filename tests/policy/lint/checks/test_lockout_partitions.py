"""What the account's root user may do is judged in the partition of the key."""

from __future__ import annotations

import pytest

from kmstui.model import Arn
from kmstui.policy.lint import KeyContext, lint
from tests.policy.asking import ACCOUNT, KEY, ROOT
from tests.policy.lockouts import allow, policy_text

AS_ROOT = {"ArnLike": {"aws:PrincipalArn": ROOT}}


@pytest.mark.parametrize(
    "statement",
    [
        allow({"AWS": ROOT}),
        allow({"AWS": ACCOUNT}),
        allow({"AWS": ROOT}, Condition=AS_ROOT),
        allow("*", "kms:PutKeyPolicy", Condition=AS_ROOT),
    ],
)
def test_a_key_in_china_is_locked_out_as_one_elsewhere(statement: dict[str, object]) -> None:
    def rules(text: str, key: str) -> list[str]:
        return [each.rule for each in lint(text, KeyContext(arn=Arn.parse(key)))]

    text = policy_text(statement)
    in_china = rules(
        text.replace("arn:aws:", "arn:aws-cn:"),
        KEY.replace("arn:aws:kms:eu-west-1", "arn:aws-cn:kms:cn-north-1"),
    )
    assert in_china == rules(text, KEY)
