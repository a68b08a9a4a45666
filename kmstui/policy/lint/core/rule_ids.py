"""Ids of rules as people write them."""

from __future__ import annotations

from kmstui.policy.iam.suggestions import did_you_mean
from kmstui.policy.lint.checks import RULES


class UnknownRuleError(ValueError):
    """No rule has the id; the message is a sentence."""


def known_rule(written: str) -> str:
    """The id in its own case.

    Raises:
        UnknownRuleError: no rule has it.
    """
    upper = written.upper()
    if upper not in RULES:
        near = did_you_mean(upper, RULES)
        hint = f"; did you mean {near}?" if near else "."
        raise UnknownRuleError(f"There is no rule {written!r}{hint}")
    return upper
