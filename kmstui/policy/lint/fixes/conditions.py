"""Edits of a Condition block that several quick fixes share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kmstui.policy.iam.operators import parse_operator
from kmstui.policy.lint.facts.clauses import Clause
from kmstui.policy.syntax.edits import (
    delete_condition,
    insert_member,
    replace_string,
)
from kmstui.policy.syntax.nodes import (
    ArrayNode,
    Edit,
    Fix,
    LiteralNode,
    Member,
    Node,
    NumberNode,
    ObjectNode,
    StringNode,
)
from kmstui.policy.syntax.statements import Statement

MOST_MEMBERS = 64
"""Conditions beside each other that a fix looks through. No policy has so many, and a text of a
megabyte with thousands of mistakes in one statement shall not take the square of the time."""


def plain_value(node: Node) -> Any:
    """A tree as the value that `json` makes of it; None for what could not be read."""
    if isinstance(node, StringNode | NumberNode | LiteralNode):
        return node.value
    if isinstance(node, ArrayNode):
        return [plain_value(item) for item in node.items]
    if isinstance(node, ObjectNode):
        return {member.key.value: plain_value(member.value) for member in node.members}
    return None


def _block(statement: Statement) -> ObjectNode | None:
    block = statement.node.get("Condition")
    return block if isinstance(block, ObjectNode) else None


def _written(block: ObjectNode, operator: str) -> Member | None:
    """The member of an operator, however its letters are written."""
    wanted = parse_operator(operator)
    for member in block.members:
        if member.key.value == operator or (
            wanted is not None and parse_operator(member.key.value) == wanted
        ):
            return member
    return None


def _holds_key(holder: ObjectNode, key: str) -> bool:
    return any(member.key.value.lower() == key.lower() for member in holder.members)


def add_conditions(
    text: str, statement: Statement, operator: str, conditions: Mapping[str, Any]
) -> tuple[Edit, ...] | None:
    """Add conditions under one operator; None where one of their keys stands there already."""
    if statement.node.member("Condition") is None:
        value = {operator: dict(conditions)}
        return (insert_member(text, statement.node, "Condition", value),)
    block = _block(statement)
    if block is None:
        return None
    member = _written(block, operator)
    if member is None:
        return (insert_member(text, block, operator, dict(conditions)),)
    under = member.value
    if not isinstance(under, ObjectNode) or any(_holds_key(under, key) for key in conditions):
        return None
    return tuple(insert_member(text, under, key, value) for key, value in conditions.items())


def add_condition(
    text: str, statement: Statement, operator: str, key: str, value: Any
) -> tuple[Edit, ...] | None:
    """Add one condition; None where the key stands under that operator already."""
    return add_conditions(text, statement, operator, {key: value})


def move_to_operator(text: str, clause: Clause, operator: str) -> tuple[Edit, ...] | None:
    """Put a condition under another operator, its neighbours left where they are.

    None where the key stands under that operator already.
    """
    block = _block(clause.statement)
    if block is None:
        return None
    entry = clause.entry
    if len(block.members) > MOST_MEMBERS:
        return None
    home = next((each for each in block.members if each.key.span == entry.operator.span), None)
    if home is None or not isinstance(home.value, ObjectNode):
        return None
    if len(home.value.members) > MOST_MEMBERS:
        return None
    target = _written(block, operator)
    if target is None or target is home:
        if len(home.value.members) == 1:
            return (replace_string(entry.operator, operator),)
        if target is home:
            return None
        moved = {entry.key.value: plain_value(entry.member.value)}
        return (
            delete_condition(text, clause.statement.node, entry.member),
            insert_member(text, block, operator, moved, after=home),
        )
    if not isinstance(target.value, ObjectNode) or _holds_key(target.value, entry.key.value):
        return None
    return (
        delete_condition(text, clause.statement.node, entry.member),
        insert_member(text, target.value, entry.key.value, plain_value(entry.member.value)),
    )


def operator_fix(text: str, clause: Clause, operator: str, title: str = "") -> Fix | None:
    """The fix that puts a condition under another operator."""
    edits = move_to_operator(text, clause, operator)
    return None if edits is None else Fix(title or f"Use {operator}", edits)


def condition_fix(
    text: str, statement: Statement, operator: str, key: str, value: Any, title: str
) -> Fix | None:
    """The fix that adds a condition."""
    edits = add_condition(text, statement, operator, key, value)
    return None if edits is None else Fix(title, edits)
