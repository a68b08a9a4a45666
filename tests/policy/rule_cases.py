"""Cases for rules: a policy with the range that must be found marked as ⟦…⟧ in its text.

In Python values a marked string marks itself with its quotes: `"⟦kms:Foo⟧"` stands for
`⟦"kms:Foo"⟧` in the text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from kmstui.model.arn import Arn
from kmstui.policy.lint.core import Finding, KeyContext, Severity
from kmstui.policy.lint.linter import lint
from kmstui.policy.syntax.nodes import Span, apply_edits

ACCOUNT = "444455556666"
KEY_ARN = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = KeyContext(arn=Arn.parse(KEY_ARN), usage="ENCRYPT_DECRYPT", spec="SYMMETRIC_DEFAULT")
NO_KEY = KeyContext()
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"

_MARK_INSIDE = re.compile(r'"⟦([^"⟧]*)⟧"')


@dataclass(frozen=True, slots=True)
class Case:
    """A policy in which one rule must find just what is marked; nothing marked: nothing."""

    rule: str
    text: str
    key: KeyContext = NO_KEY
    severity: Severity | None = None
    """Where the rule has several."""
    fixable: bool | None = None
    note: str = ""

    def __str__(self) -> str:
        return f"{self.rule} {self.note}".strip()


def root_statement(**changes: Any) -> dict[str, Any]:
    """The root statement of the account."""
    statement = {
        "Sid": "Root",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return _changed(statement, changes)


def statement(**changes: Any) -> dict[str, Any]:
    """A statement without a fault, changed; a value of None takes the element away."""
    return _changed(
        {
            "Sid": "Use",
            "Effect": "Allow",
            "Principal": {"AWS": ROLE},
            "Action": ["kms:Encrypt", "kms:Decrypt"],
            "Resource": "*",
        },
        changes,
    )


def _changed(value: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = {**value, **changes}
    return {name: item for name, item in merged.items() if item is not None}


def text_of(value: Any, *, indent: int | None = 2) -> str:
    """Any value as JSON, marks outside of the quotes."""
    return _MARK_INSIDE.sub(r'⟦"\1"⟧', json.dumps(value, ensure_ascii=False, indent=indent))


def policy(*statements: dict[str, Any], **root: Any) -> str:
    """A policy of the root statement and these; members of the root can be changed or removed."""
    return text_of(_changed(_policy(*statements), root))


def policy_on_one_line(*statements: dict[str, Any]) -> str:
    return text_of(_policy(*statements), indent=None)


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [root_statement(), *statements]}


def unmark(text: str) -> tuple[str, list[Span]]:
    """The text without its marks, and the ranges they mark."""
    spans: list[Span] = []
    plain: list[str] = []
    at = 0
    starts: list[int] = []
    for piece in re.split("([⟦⟧])", text):
        if piece == "⟦":
            starts.append(at)
        elif piece == "⟧":
            spans.append(Span(starts.pop(), at))
        else:
            plain.append(piece)
            at += len(piece)
    return "".join(plain), sorted(spans)


def check(case: Case) -> None:
    """Lint a case and compare what its rule found with what is marked."""
    text, spans = unmark(case.text)
    findings = [each for each in lint(text, case.key) if each.rule == case.rule]
    found = [text[each.span.start : each.span.end] for each in findings]
    wanted = [text[span.start : span.end] for span in spans]
    assert [each.span for each in findings] == spans, f"found {found}, not {wanted}"
    if case.severity is not None:
        assert {each.severity for each in findings} == {case.severity}
    if case.fixable is not None:
        assert all((each.fix is not None) == case.fixable for each in findings)


def errors(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """The errors by rule and message."""
    return [(each.rule, each.message) for each in findings if each.severity is Severity.ERROR]


def check_fixes(text: str, key: KeyContext) -> int:
    """Apply each fix by itself: its finding goes and no error comes. Returns how many."""
    before = lint(text, key)
    fixable = [each for each in before if each.fix is not None]
    for finding in fixable:
        assert finding.fix is not None
        changed = apply_edits(text, finding.fix.edits)
        after = lint(changed, key)
        same = (finding.rule, finding.severity)
        count_before = sum((each.rule, each.severity) == same for each in before)
        count_after = sum((each.rule, each.severity) == same for each in after)
        context = f"{finding.rule} {finding.fix.title}:\n{changed}"
        assert count_after < count_before, f"still found after {context}"
        assert len(errors(after)) <= len(errors(before)), f"{errors(after)} after {context}"
        new = {rule for rule, _ in errors(after)} - {rule for rule, _ in errors(before)}
        assert not new, f"new errors {new} after {context}"
    return len(fixable)


def plain(case: Case) -> Case:
    """The case without its marks, for tests that only need its text."""
    return replace(case, text=unmark(case.text)[0])
