"""Edits that quick fixes share: of conditions and of whole statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from kmstui.policy.iam import parse_operator
from kmstui.policy.lint.core import Subject, remembered
from kmstui.policy.lint.facts.conditions import Clause
from kmstui.policy.lint.facts.statements import NamedKind, StatementFacts, home_account
from kmstui.policy.lint.facts.values import Form, find_placeholders, read_principal
from kmstui.policy.syntax import (
    ArrayNode,
    Document,
    Edit,
    Fix,
    LiteralNode,
    Member,
    Node,
    NumberNode,
    ObjectNode,
    Policy,
    PrincipalEntry,
    Span,
    Statement,
    StringNode,
    apply_edits,
    delete_condition,
    delete_member,
    delete_values,
    free_sid,
    insert,
    insert_first_member,
    insert_member,
    replace_node,
    set_values,
)

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


def _move_to_operator(text: str, clause: Clause, operator: str) -> tuple[Edit, ...] | None:
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
            return (replace_node(entry.operator, operator),)
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


def operator_fix(subject: Subject, clause: Clause, operator: str) -> Fix | None:
    """The fix that puts a condition under another operator."""
    edits = _move_to_operator(subject.text, clause, operator)
    return None if edits is None else Fix(f"Use {operator}", edits)


def condition_fix(
    subject: Subject, statement: Statement, title: str, operator: str, conditions: Mapping[str, Any]
) -> Fix | None:
    """The fix that adds conditions; None where one of their keys stands there already."""
    edits = add_conditions(subject.text, statement, operator, conditions)
    return None if edits is None else Fix(title, edits)


def own_account_fix(subject: Subject, statement: Statement, key: str) -> Fix | None:
    """The fix that asks for the key's account by `key`; None where the account is not known."""
    home = home_account(subject)
    if not home:
        return None
    return condition_fix(subject, statement, f"Add {key} {home}", "StringEquals", {key: home})


def write(node: StringNode, value: str | None, title: str = "") -> Fix | None:
    """The fix that writes another string; None where it is not known which."""
    if value is None:
        return None
    return Fix(title or f"Write {value}", (replace_node(node, value),))


def _neighbours(clause: Clause) -> ObjectNode | None:
    """The object of condition keys that the clause stands in; None where it is beyond measure."""
    block = _block(clause.statement)
    if block is None or len(block.members) > MOST_MEMBERS:
        return None
    for operator in block.members:
        if operator.key.span == clause.entry.operator.span:
            holder = operator.value
            if isinstance(holder, ObjectNode) and len(holder.members) <= MOST_MEMBERS:
                return holder
    return None


def rename_key(clause: Clause, name: str) -> Fix | None:
    """The fix that renames a condition key; None where its new name stands there already."""
    holder = _neighbours(clause)
    if holder is None or _holds_key(holder, name):
        return None
    return write(clause.entry.key, name, f"Use {name}")


def delete_key(subject: Subject, clause: Clause) -> Fix | None:
    """The fix that deletes one condition key with its values."""
    if _neighbours(clause) is None:
        return None
    edit = delete_condition(subject.text, clause.statement.node, clause.entry.member)
    return Fix(f'Delete "{clause.written}"', (edit,))


def replace_member(
    text: str, holder: ObjectNode, member: Member, name: str, value: object
) -> tuple[Edit, ...]:
    """Put another member where one stands, formatted like its neighbours."""
    before = None
    for each in holder.members:
        if each.span == member.span:
            break
        before = each
    if before is not None:
        added = insert_member(text, holder, name, value, after=before)
    else:
        added = insert_first_member(text, holder, name, value)
    if len(holder.members) == 1:
        return (Edit(member.span, added.replacement.rstrip(", \t\r\n")),)
    return delete_member(text, holder, member), added


def applicable(subject: Subject, actions: frozenset[str], *, cross_account: bool) -> list[str]:
    """Those of `actions` that this key, and principals of other accounts, can use at all."""
    infos = [info for name in sorted(actions) if (info := subject.knowledge.action(name))]
    return [
        info.name
        for info in infos
        if (info.cross_account or not cross_account)
        and info.works_with(subject.key.usage, subject.key.spec)
    ]


@remembered
def _deletions(subject: Subject) -> dict[int, Span]:
    """What to delete with each statement of a list, a comma included, by where it begins.

    Made for all at once: a policy may hold thousands that are needless.
    """
    holder = subject.root.get("Statement") if subject.root is not None else None
    items = holder.items if isinstance(holder, ArrayNode) else ()
    found = {
        item.span.start: Span(item.span.start, following.span.start)
        for item, following in pairwise(items)
    }
    if len(items) > 1:
        found[items[-1].span.start] = Span(items[-2].span.end, items[-1].span.end)
    return found


def delete_whole(subject: Subject, statement: Statement) -> Fix | None:
    """The fix that deletes a statement; None where it is the only one."""
    span = _deletions(subject).get(statement.node.span.start)
    return None if span is None else Fix(f"Delete {statement.label}", (Edit(span, ""),))


def delete_unless_root(subject: Subject, facts: StatementFacts) -> Fix | None:
    """Delete an Allow that a Deny makes void; of the account's own, the Deny is the mistake."""
    if any(who.kind is NamedKind.ROOT and not who.foreign for who in facts.who):
        return None
    return delete_whole(subject, facts.statement)


_RIGHT = frozenset({Form.EVERYBODY, Form.ACCOUNT_ID, Form.ROOT, Form.IDENTITY})


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
        edits.append(
            replace_node(sid, free_sid(sid.value, {each.sid for each in policy.statements}))
        )
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
