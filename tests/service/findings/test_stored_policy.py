"""A stored policy is judged as it is stored, at the places where it is shown."""

from __future__ import annotations

import json

from kmstui.policy.lint.core import KeyContext
from kmstui.service.findings.all_keys import lint_stored, located
from kmstui.ui.policy.layout import pretty


def large(size: int) -> str:
    """A policy of about `size` bytes without any blanks."""
    statement = {"Sid": "s", "Effect": "Allow", "Principal": {"AWS": "1" * 12}, "Action": "kms:*"}
    text = json.dumps({"Statement": [statement] * (size // 81)}, separators=(",", ":"))
    assert abs(len(text) - size) < 900
    return text


def rules(stored: str) -> list[str]:
    return [each.message for each in lint_stored(stored, pretty(stored), KeyContext(), ())
            if each.rule == "KMS008"]  # fmt: skip


def test_the_blanks_of_the_layout_do_not_make_a_policy_too_large():
    stored = large(20_000)
    assert len(pretty(stored)) > 32_768
    assert rules(stored) == []


def test_a_policy_that_is_nearly_too_large_is_told_with_its_stored_size():
    stored = large(31_000)
    (message,) = rules(stored)
    assert message.startswith(f"The policy has {len(stored):,} of the 32,768 bytes")


def test_places_are_those_of_the_layout():
    stored = '{"Version":"2012-10-17","Statement":[{"Effect":"allow"}]}'
    shown = pretty(stored)
    found = located(shown, lint_stored(stored, shown, KeyContext(), ()))
    effect = next(each for each in found if each.finding.rule == "KMS106")
    assert shown.split("\n")[effect.line - 1][effect.column - 1 :].startswith('"allow"')
