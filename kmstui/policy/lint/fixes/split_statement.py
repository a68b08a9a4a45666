"""Splitting a statement in two, the second with some of its actions and other conditions."""

from __future__ import annotations

from collections.abc import Sequence

from kmstui.policy.lint.facts.placeholders import find_placeholders
from kmstui.policy.lint.facts.principals import Form, read_principal
from kmstui.policy.syntax.edits import delete_values, insert, replace_string, set_values
from kmstui.policy.syntax.nodes import (
    ArrayNode,
    Document,
    Edit,
    ObjectNode,
    Span,
    StringNode,
    apply_edits,
)
from kmstui.policy.syntax.statements import Policy, PrincipalEntry, Statement

_RIGHT = frozenset({Form.EVERYBODY, Form.ACCOUNT_ID, Form.ROOT, Form.IDENTITY})


def _free_sid(policy: Policy, sid: str) -> str:
    taken = {statement.sid for statement in policy.statements}
    number = 2
    while f"{sid} {number}" in taken:
        number += 1
    return f"{sid} {number}"


def _before(text: str, at: int) -> str:
    """The line break and indentation before an item, or a blank where it shares its line."""
    start = text.rfind("\n", 0, at)
    indent = text[start:at] if start >= 0 else ""
    return indent if indent and not indent.strip() else " "


def _is_right(entry: PrincipalEntry) -> bool:
    if find_placeholders(entry.value.value):
        return False
    return entry.type == "AWS" and read_principal(entry.value.value).form in _RIGHT


def split_statement(
    document: Document,
    policy: Policy,
    statement: Statement,
    actions: Sequence[StringNode],
    changes: Sequence[Edit],
) -> tuple[Edit, ...] | None:
    """Move `actions` into a copy of the statement behind it, to which `changes` are made.

    None where the statement stands in no list or would keep no action, and where its principals
    are wrong: the mistake would then stand there twice.
    """
    root, node, text = document.root, statement.node, document.text
    holder = root.get("Statement") if isinstance(root, ObjectNode) else None
    member, sid = node.member("Action"), node.get("Sid")
    if not isinstance(holder, ArrayNode) or member is None:
        return None
    if len(actions) >= len(statement.actions):
        return None
    if not statement.principals or not all(map(_is_right, statement.principals)):
        return None
    edits = [set_values(text, member, [action.value for action in actions]), *changes]
    if isinstance(sid, StringNode) and sid.value:
        edits.append(replace_string(sid, _free_sid(policy, sid.value)))
    start = node.span.start
    shifted = tuple(
        Edit(Span(edit.span.start - start, edit.span.end - start), edit.replacement)
        for edit in edits
    )
    copy = apply_edits(text[start : node.span.end], shifted)
    return (
        *delete_values(text, node, member, actions),
        insert(node.span.end, f",{_before(text, start)}{copy}"),
    )
