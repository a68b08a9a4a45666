"""What the tests of the rules about conditions share."""

from __future__ import annotations

from typing import Any

from kmstui.policy.lint.core import KeyContext, Severity
from kmstui.policy.lint.linter import lint
from kmstui.policy.syntax.nodes import apply_edits
from tests.policy.rule_cases import (
    KEY,
    NO_KEY,
    Case,
    policy,
    statement,
)

REPLICATED = KeyContext(arn=KEY.arn, multi_region=True)
GRANTS: dict[str, Any] = {"Action": ["kms:CreateGrant"]}
CONTEXT_KEYS = "kms:EncryptionContextKeys"
VIA = "s3.eu-west-1.amazonaws.com"


def under(condition: Any, /, **changes: Any) -> str:
    """A policy with one statement under a condition."""
    return policy(statement(Condition=condition, **changes))


def case(
    rule: str,
    condition: Any,
    note: str,
    *,
    fixable: bool | None = None,
    severity: Severity | None = None,
    key: KeyContext = NO_KEY,
    **changes: Any,
) -> Case:
    return Case(rule, under(condition, **changes), key, severity, fixable, note)


def fixed(text: str, rule: str) -> str:
    """The text once the one finding of a rule is mended."""
    (finding,) = (each for each in lint(text) if each.rule == rule)
    assert finding.fix is not None
    return apply_edits(text, finding.fix.edits)
