"""Whatever statements meet in one policy: every fix helps, and no text is too much."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.model.arn import Arn
from kmstui.policy.lint.core import RULES, KeyContext
from kmstui.policy.lint.linter import lint
from tests.policy.lint.checks import test_conditions_keys as condition_keys
from tests.policy.lint.checks import test_conditions_operators as condition_operators
from tests.policy.lint.checks import test_conditions_values as condition_values
from tests.policy.rule_cases import (
    ACCOUNT,
    KEY,
    KEY_ARN,
    NO_KEY,
    ROLE,
    check_fixes,
    root_statement,
    statement,
    unmark,
)

ANNA = f"arn:aws:iam::{ACCOUNT}:user/anna"
CALLER = KeyContext(arn=Arn.parse(KEY_ARN), caller=Arn.parse(ANNA))

_PRINCIPALS = (
    {"AWS": ROLE},
    {"AWS": [ROLE, ANNA]},
    {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    {"AWS": "222233334444"},
    {"AWS": [ANNA, "*"]},
    {"AWS": "arn:aws:iam::your-account-id:role/Instance"},
    {"Service": "logs.eu-west-1.amazonaws.com"},
    "*",
)
_ACTIONS = (
    "kms:*",
    ["kms:Decrypt"],
    ["kms:Decrypt", "kms:Sign", "kms:CreateGrant"],
    ["kms:Put*", "kms:Encrypt"],
    "kms:PutKeyPolicy",
    ["kms:CreateGrant", "kms:ListGrants"],
    ["kms:Describe*", "kms:GenerateDataKey"],
)
_CONDITIONS: tuple[dict[str, Any] | None, ...] = (
    None,
    *(
        statement_["Condition"]
        for case in (*condition_keys.CASES, *condition_operators.CASES, *condition_values.CASES)
        for statement_ in json.loads(unmark(case.text)[0])["Statement"]
        if "Condition" in statement_
    ),
)
"""Every condition of the tests of conditions, right and wrong."""


_USE = st.sampled_from((["kms:Decrypt"], ["kms:Describe*", "kms:Sign"], "kms:GenerateDataKey*"))


@st.composite
def _statements(draw: st.DrawFn) -> dict[str, Any]:
    # A Deny here is not about kms:PutKeyPolicy: to correct its condition could lock out, truly.
    effect = draw(st.sampled_from(("Allow", "Allow", "Deny")))
    whose = draw(st.sampled_from(("Principal", "Principal", "Principal", "NotPrincipal")))
    what = draw(st.sampled_from(("Action", "Action", "NotAction"))) if effect != "Deny" else ""
    changes: dict[str, Any] = {
        "Sid": draw(st.sampled_from(("Use", "Root", "Other", None))),
        "Effect": effect,
        "Principal": None,
        "Action": draw(_USE),
        whose: draw(st.sampled_from(_PRINCIPALS)),
        "Condition": draw(st.sampled_from(_CONDITIONS)),
    }
    if what:
        changes |= {"Action": None, what: draw(st.sampled_from(_ACTIONS))}
    return statement(**changes)


_policies = st.builds(
    lambda statements, version, indent: json.dumps(
        {**version, "Statement": [root_statement(), *statements]}, indent=indent
    ),
    st.lists(_statements(), min_size=1, max_size=4),
    st.sampled_from(({"Version": "2012-10-17"}, {"Version": "2012-10-17"}, {})),
    st.sampled_from((None, 1, 4)),
)


@settings(max_examples=60)
@given(_policies, st.sampled_from((NO_KEY, KEY, CALLER)))
def test_every_fix_removes_its_finding_and_adds_no_error(text: str, key: KeyContext) -> None:
    check_fixes(text, key)


@settings(max_examples=60)
@given(_policies, st.integers(0, 10_000), st.integers(0, 40))
def test_a_policy_with_a_hole_is_linted_all_the_same(text: str, at: int, length: int) -> None:
    at %= len(text)
    holed = text[:at] + text[at + length :]
    for finding in lint(holed, CALLER):
        assert 0 <= finding.span.start <= finding.span.end <= len(holed)
        assert finding.message
        assert "\n" not in finding.message or finding.rule.startswith("KMS0")


@pytest.mark.parametrize(
    "rule",
    [f"KMS4{n:02}" for n in range(1, 21)]
    + [f"KMS5{n:02}" for n in range(1, 21)]
    + ["KMS601", "KMS602"],
)
def test_every_rule_of_the_catalogue_is_there_with_its_story(rule: str) -> None:
    entry = RULES[rule]
    assert entry.title and entry.why.endswith(".")
    assert entry.url.startswith("https://docs.aws.amazon.com/")
