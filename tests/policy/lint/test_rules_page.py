"""The page about all rules says what they are now, and each has a case in the tests."""

from __future__ import annotations

import pytest

from kmstui.policy.lint.core import RULES
from tests.make_rules_page import PAGE, findings_of, page


def test_the_page_is_what_would_be_made_now() -> None:
    kept = PAGE.read_text(encoding="utf-8")
    assert kept == page(), "make it anew: python -m tests.make_rules_page"


@pytest.mark.parametrize("id_", sorted(RULES))
def test_every_rule_has_a_case(id_: str) -> None:
    assert any(findings_of(RULES[id_])), f"add a case in which {id_} finds something"
