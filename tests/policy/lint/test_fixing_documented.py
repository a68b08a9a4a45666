"""The fixes of policies that AWS documents: each parses, ends, and keeps everybody's access.

`aws_key_policies.json` holds key policies after the pages whose addresses stand beside them (the
account is 111122223333, another one 444455556666, as there; for what a page calls "service" the
services of its table). `documented.py` holds more. Each stands here as printed and in the states in
which people have them: without root statement, copied twice, in one line with an old Version, with
actions that do nothing, misspelled, and not filled in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kmstui.model.arn import Arn
from kmstui.policy.access import access_diff
from kmstui.policy.lint.core import RULES, KeyContext
from kmstui.policy.lint.fix_effects import fix_effect
from kmstui.policy.lint.fixing import fix_all
from kmstui.policy.lint.linter import lint
from kmstui.policy.syntax.nodes import apply_edits
from tests.policy.documented import ACCOUNT, DOCUMENTED, KEY_ARN, root

KEY = KeyContext(arn=Arn.parse(KEY_ARN))
NO_KEY = KeyContext()
PAGES = json.loads((Path(__file__).parents[1] / "aws_key_policies.json").read_text("utf-8"))
Statements = list[dict[str, Any]]


def _policies() -> Iterator[tuple[str, Statements]]:
    for each in DOCUMENTED:
        yield each.name, list(each.statements)
    for page in PAGES:
        first = [] if page.get("bare") else [root()]
        yield page["name"], [*first, *page["statements"]]


def _text(statements: Statements, version: str = "2012-10-17", indent: int | None = 2) -> str:
    return json.dumps({"Version": version, "Statement": statements}, indent=indent)


def _worn(statement: dict[str, Any]) -> dict[str, Any]:
    actions = statement.get("Action", [])
    listed = actions if isinstance(actions, list) else [actions]
    more = [*listed, *listed[:1], "kms:ListKeys", "s3:GetObject"]
    return {**statement, "Action": more} if listed else statement


VARIANTS: dict[str, Callable[[Statements], str]] = {
    "as printed": _text,
    "without the root statement": lambda each: _text(each[1:] or each),
    "twice, in one line, of an old Version": lambda each: _text(each * 2, "2008-10-17", None),
    "with actions that do nothing": lambda each: _text([_worn(statement) for statement in each]),
    "misspelled": lambda each: _text(each).replace("kms:Decrypt", "kms:Decrpyt"),
    "not filled in": lambda each: (
        _text(each)
        .replace(ACCOUNT, "${AWS::AccountId}")
        .replace("444455556666", "<partner-account>")
    ),
    "with a comma too many": lambda each: _text(each).replace("\n  ]", ",\n  ]"),
}
POLICIES = dict(_policies())
FIRST, *STATES = VARIANTS
CORPUS = [
    (name, variant)
    for number, name in enumerate(POLICIES)
    for variant in (FIRST, *(STATES[(number + step) % len(STATES)] for step in (0, 2, 3)))
]
"""Each as printed and in half of the states: all of all would take a minute."""


def test_the_corpus_is_large_and_says_where_it_is_from() -> None:
    assert len(POLICIES) >= 115 and len(CORPUS) >= 350
    assert all(page["url"].startswith("https://docs.aws.amazon.com/") for page in PAGES)


@pytest.mark.parametrize(("name", "variant"), CORPUS)
def test_fixing_unasked_keeps_access_and_ends(name: str, variant: str) -> None:
    text = VARIANTS[variant](POLICIES[name])
    fixed = fix_all(text, KEY)
    assert json.loads(fixed.text)["Statement"]
    assert not access_diff(text, fixed.text, KEY_ARN)
    assert not fix_effect(text, fixed.text, KEY)
    again = fix_all(fixed.text, KEY)
    assert (again.text, again.applied) == (fixed.text, ())
    assert fixed.changing == () and all(each.effect for each in fixed.left)


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("variant", ["as printed", "not filled in"])
def test_each_fix_by_itself_parses_and_says_what_it_changes(name: str, variant: str) -> None:
    text = VARIANTS[variant](POLICIES[name])
    for finding in lint(text, KEY):
        if finding.fix is None:
            continue
        changed = apply_edits(text, finding.fix.edits)
        assert json.loads(changed)["Statement"]
        effect = fix_effect(text, changed, KEY)
        if access_diff(text, changed, KEY_ARN):
            assert effect.changes and effect.sentences


@pytest.mark.parametrize(("name", "variant"), CORPUS[2::4])
def test_fixing_by_name_ends_and_says_what_it_changes(name: str, variant: str) -> None:
    text = VARIANTS[variant](POLICIES[name])
    fixed = fix_all(text, KEY, named=RULES)
    assert json.loads(fixed.text)["Statement"]
    again = fix_all(fixed.text, KEY, named=RULES)
    assert (again.text, again.applied) == (fixed.text, ())
    assert bool(fixed.changing) or not access_diff(text, fixed.text, KEY_ARN)


@pytest.mark.parametrize("name", list(POLICIES)[::4])
def test_fixing_without_a_key_keeps_access_for_whomever_it_may_be(name: str) -> None:
    for variant in VARIANTS.values():
        text = variant(POLICIES[name])
        fixed = fix_all(text, NO_KEY)
        assert not fix_effect(text, fixed.text, NO_KEY)
        assert not access_diff(text, fixed.text, KEY_ARN)
        assert fix_all(fixed.text, NO_KEY).text == fixed.text
