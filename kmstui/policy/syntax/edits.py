"""Edits of a policy's text that keep its formatting: what quick fixes are made of.

What is inserted takes its indentation, its blanks and its colon from its neighbours; what is
deleted takes its comma along.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import count
from typing import Any

from kmstui.model import late_pattern
from kmstui.policy.syntax.nodes import (
    ArrayNode,
    Edit,
    Fix,
    Member,
    Node,
    ObjectNode,
    Span,
    Statement,
)
from kmstui.policy.syntax.scanner import to_json

_INDENT = late_pattern(r"[ \t]*")
_COLON = late_pattern(r"[ \t]*:[ \t]*\Z")
_DEFAULT_UNIT = "  "


def fix(title: str, *edits: Edit) -> Fix:
    """A fix of these edits."""
    return Fix(title, edits)


def insert(at: int, text: str) -> Edit:
    """Insert `text` before the character `at`."""
    return Edit(Span(at, at), text)


def replace_node(node: Node, value: Any) -> Edit:
    """Put the JSON of `value` where `node` stands; a member's name is a node as well."""
    return Edit(node.span, to_json(value))


def free_sid(sid: str, taken: Collection[object]) -> str:
    """The Sid with the first number behind it that no statement has."""
    return next(name for n in count(2) if (name := f"{sid} {n}") not in taken)


def wrap_in_list(node: Node) -> tuple[Edit, Edit]:
    """Put `[ ]` around a value."""
    return insert(node.span.start, "["), insert(node.span.end, "]")


def delete_member(text: str, holder: ObjectNode, member: Member) -> Edit:
    """Delete one member of an object, comma included."""
    return _delete_one(text, holder.span, holder.members, member)


def delete_items(text: str, holder: ArrayNode, items: Collection[Node]) -> list[Edit]:
    """Delete items of an array, commas included; all of them leave `[]`."""
    doomed = {item.span for item in items}
    spans = [item.span for item in holder.items]
    indexes = [index for index, span in enumerate(spans) if span in doomed]
    if indexes and len(indexes) == len(spans):
        return [_empty(text, holder.span)]
    edits = []
    for first, last in _runs(indexes):
        if last + 1 < len(spans):
            edits.append(Edit(Span(spans[first].start, spans[last + 1].start), ""))
        else:
            edits.append(Edit(Span(spans[first - 1].end, spans[last].end), ""))
    return edits


def delete_values(
    text: str, holder: ObjectNode, member: Member, values: Collection[Node]
) -> list[Edit]:
    """Delete values of a member that holds one or a list; the member goes with the last one."""
    if isinstance(member.value, ArrayNode):
        spans = {value.span for value in values}
        if any(item.span not in spans for item in member.value.items):
            return delete_items(text, member.value, values)
    return [delete_member(text, holder, member)]


def delete_value(text: str, holder: ObjectNode, member: Member, value: Node) -> Edit:
    """Delete one value of a member that holds one or a list; the last takes the member along."""
    held = member.value
    if isinstance(held, ArrayNode) and len(held.items) > 1:
        return _delete_one(text, held.span, held.items, value)
    return delete_member(text, holder, member)


def delete_statement(text: str, root: ObjectNode, statement: Statement) -> Edit:
    """Delete a statement; the only one of a policy leaves an empty list."""
    holder = root.member("Statement")
    if holder is not None and isinstance(holder.value, ArrayNode):
        return _delete_one(text, holder.value.span, holder.value.items, statement.node)
    return Edit(statement.node.span, "[]")


def delete_condition(text: str, statement: ObjectNode, member: Member) -> Edit:
    """Delete a condition key; operator and Condition go with the last one in them."""
    block = statement.member("Condition")
    if block is None or not isinstance(block.value, ObjectNode):
        raise ValueError("the statement has no condition")
    for operator in block.value.members:
        if isinstance(operator.value, ObjectNode) and any(
            each.span == member.span for each in operator.value.members
        ):
            if len(operator.value.members) > 1:
                return delete_member(text, operator.value, member)
            if len(block.value.members) > 1:
                return delete_member(text, block.value, operator)
            return delete_member(text, statement, block)
    raise ValueError(f"the statement has no condition {member.key.value!r}")


def _start(element: Member | Node) -> int:
    return element.span.start


def _delete_one(
    text: str, holder: Span, elements: Sequence[Member] | Sequence[Node], doomed: Member | Node
) -> Edit:
    """Delete an element of an object or array without reading all the others.

    A text of a megabyte may hold thousands in one object that a rule finds fault with.
    """
    if len(elements) == 1:
        return _empty(text, holder)
    index = bisect_left(elements, _start(doomed), key=_start)
    if index + 1 < len(elements):
        return Edit(Span(_start(doomed), _start(elements[index + 1])), "")
    return Edit(Span(elements[index - 1].span.end, doomed.span.end), "")


def _empty(text: str, holder: Span) -> Edit:
    end = holder.end - 1 if text[holder.end - 1 : holder.end] in ("}", "]") else holder.end
    return Edit(Span(holder.start + 1, end), "")


def _runs(indexes: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for index in indexes:
        if runs and runs[-1][1] == index - 1:
            runs[-1] = (runs[-1][0], index)
        else:
            runs.append((index, index))
    return runs


def insert_member(
    text: str, holder: ObjectNode, name: str, value: Any, *, after: Member | None = None
) -> Edit:
    """Add the member `name` behind `after`, or at the end; `value` is what JSON is made of."""
    if not holder.members:
        return _insert_only(text, holder, f"{to_json(name)}: ", value)
    return _insert_beside(text, holder, after or holder.members[-1], value, name)


def insert_first_member(text: str, holder: ObjectNode, name: str, value: Any) -> Edit:
    """Add the member `name` before all others."""
    if not holder.members:
        return _insert_only(text, holder, f"{to_json(name)}: ", value)
    return _insert_beside(text, holder, holder.members[0], value, name, before=True)


def append_item(text: str, holder: ArrayNode, value: Any) -> Edit:
    """Add an item at the end of an array."""
    if not holder.items:
        return _insert_only(text, holder, "", value)
    return _insert_beside(text, holder, holder.items[-1], value)


def insert_first_item(text: str, holder: ArrayNode, value: Any) -> Edit:
    """Add an item at the beginning of an array."""
    if not holder.items:
        return _insert_only(text, holder, "", value)
    return _insert_beside(text, holder, holder.items[0], value, before=True)


def _insert_beside(
    text: str,
    holder: Node,
    neighbour: Member | Node,
    value: Any,
    name: str = "",
    *,
    before: bool = False,
) -> Edit:
    """Add an element, laid out as its neighbour is; a member where that is one."""
    blank = _blank_before(text, neighbour.span.start, holder.span.start)
    written = _render(text, holder, blank, value)
    if isinstance(neighbour, Member):
        written = to_json(name) + _colon(text, neighbour) + written
    if before:
        return insert(neighbour.span.start, f"{written},{blank or ' '}")
    return insert(neighbour.span.end, f",{blank or ' '}{written}")


def add_value(text: str, member: Member, value: Any) -> tuple[Edit, ...]:
    """Add to a member that holds a list or one value; one value becomes a list."""
    if isinstance(member.value, ArrayNode):
        return (append_item(text, member.value, value),)
    opener, closer = wrap_in_list(member.value)
    return opener, Edit(closer.span, f", {to_json(value)}]")


def set_values(text: str, member: Member, values: Sequence[str]) -> Edit:
    """Make a member hold these strings, as a list formatted as the one that stands there."""
    holder = member.value
    if isinstance(holder, ArrayNode) and holder.items:
        blank = _blank_before(text, holder.items[0].span.start, holder.span.start)
        between = f",{blank or ' '}".join(to_json(value) for value in values)
        return Edit(Span(holder.items[0].span.start, holder.items[-1].span.end), between)
    written = [to_json(value) for value in values]
    return Edit(holder.span, written[0] if len(written) == 1 else f"[{', '.join(written)}]")


def insert_condition(text: str, statement: ObjectNode, operator: str, key: str, value: Any) -> Edit:
    """Add a condition to a statement, under the operator that stands there where one does."""
    block = statement.member("Condition")
    if block is None:
        return insert_member(text, statement, "Condition", {operator: {key: value}})
    if not isinstance(block.value, ObjectNode):
        return replace_node(block.value, {operator: {key: value}})
    under = block.value.member(operator)
    if under is not None and isinstance(under.value, ObjectNode):
        return insert_member(text, under.value, key, value)
    return insert_member(text, block.value, operator, {key: value})


def insert_statement(text: str, root: ObjectNode, statement: dict[str, Any]) -> tuple[Edit, ...]:
    """Add a statement before all others; makes the Statement element where it is missing."""
    holder = root.member("Statement")
    if holder is None:
        return (insert_member(text, root, "Statement", [statement]),)
    if isinstance(holder.value, ArrayNode):
        return (insert_first_item(text, holder.value, statement),)
    if isinstance(holder.value, ObjectNode) and holder.value.members:
        opener, closer = wrap_in_list(holder.value)
        return Edit(opener.span, f"[{json.dumps(statement)}, "), closer
    return (Edit(holder.value.span, json.dumps([statement])),)


def root_statement(partition: str, account: str) -> dict[str, Any]:
    """The statement that lets an account manage its key and delegate by IAM policies.

    Source: KMS Developer Guide, "Default key policy".
    """
    return {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }


def _insert_only(text: str, holder: ObjectNode | ArrayNode, before: str, value: Any) -> Edit:
    """The first element of an empty object or array."""
    closer = "}" if isinstance(holder, ObjectNode) else "]"
    end = holder.span.end - 1 if text[holder.span.end - 1] == closer else holder.span.end
    inner = text[holder.span.start + 1 : end]
    outer = _line_indent(text, holder.span.start)
    if "\n" not in inner:
        written = to_json(value)
        return Edit(Span(holder.span.start + 1, end), f"{before}{written}")
    blank = f"\n{outer}{_DEFAULT_UNIT}"
    written = _indented(to_json(value), f"{outer}{_DEFAULT_UNIT}", _DEFAULT_UNIT)
    return Edit(Span(holder.span.start + 1, end), f"{blank}{before}{written}\n{outer}")


def _blank_before(text: str, at: int, limit: int) -> str:
    """The white space before a character, not beyond `limit`."""
    start = at
    while start - 1 > limit and text[start - 1] in " \t\r\n":
        start -= 1
    blank = text[start:at]
    # An element that shares its line with others is set off by a blank, not by a line.
    return blank[blank.rfind("\n") :] if "\n" in blank else blank


def _colon(text: str, member: Member) -> str:
    between = text[member.key.span.end : member.value.span.start]
    return between if _COLON.match(between) else ": "


def _line_indent(text: str, at: int) -> str:
    line = text.rfind("\n", 0, at) + 1
    match = _INDENT.match(text, line)
    return match.group() if match is not None else ""


def _render(text: str, holder: Node, blank: str, value: Any) -> str:
    """`value` as JSON, over several lines where the neighbours stand on lines of their own."""
    if "\n" not in blank or not isinstance(value, dict | list):
        return to_json(value)
    indent = blank[blank.rfind("\n") + 1 :]
    outer = _line_indent(text, holder.span.start)
    unit = indent[len(outer) :] if indent.startswith(outer) else ""
    return _indented(to_json(value), indent, unit or _DEFAULT_UNIT)


@lru_cache(maxsize=256)
def _indented(written: str, indent: str, unit: str) -> str:
    """JSON spread over lines; kept, since a mistake that is made often has one fix."""
    spread = json.dumps(json.loads(written), indent=unit, ensure_ascii=False)
    return spread.replace("\n", f"\n{indent}")
