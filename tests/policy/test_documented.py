"""What AWS documents is clean, or has no more than it deserves."""

from __future__ import annotations

import pytest

from kmstui.model.arn import Arn
from kmstui.policy.findings import KeyContext, Severity
from kmstui.policy.linter import lint
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
