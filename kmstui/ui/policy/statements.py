"""Whole statements duplicated, deleted and moved, with their commas right.

Each function raises NoStatementError where there is no statement around the offset.
"""

from __future__ import annotations

from dataclasses import dataclass

from kmstui.policy.syntax import ArrayNode, Node, ObjectNode, parse


class NoStatementError(ValueError):
    """There is nothing here to duplicate, delete or move; the message says why."""


@dataclass(frozen=True, slots=True)
class ChangedText:
    """A whole new text, and where the cursor goes."""

    text: str
    cursor: int


def _list_of(text: str) -> tuple[Node, ...]:
    root = parse(text).root
    holder = root.get("Statement") if isinstance(root, ObjectNode) else None
    if isinstance(holder, ObjectNode):
        raise NoStatementError(
            "Statement is a single object here: put it into a list, [ … ], to work with statements."
        )
    items = holder.items if isinstance(holder, ArrayNode) else ()
    if not items:
        raise NoStatementError("There is no statement in this policy.")
    return items


def _at(items: tuple[Node, ...], offset: int) -> int:
    for index, item in enumerate(items):
        if offset <= item.span.end:
            if index == 0 and offset < item.span.start:
                break
            return index
    raise NoStatementError("The cursor is not in a statement.")


def _space_before(text: str, offset: int) -> str:
    before = text[:offset]
    return before[len(before.rstrip()) :]


def duplicate_statement(text: str, offset: int) -> ChangedText:
    """Write the statement around `offset` once more, behind itself."""
    items = _list_of(text)
    span = items[_at(items, offset)].span
    again = "," + _space_before(text, span.start) + text[span.start : span.end]
    cursor = span.end + len(again) - (span.end - max(offset, span.start))
    return ChangedText(text[: span.end] + again + text[span.end :], cursor)


def delete_statement(text: str, offset: int) -> ChangedText:
    """Take the statement around `offset` out."""
    items = _list_of(text)
    index = _at(items, offset)
    span = items[index].span
    if index + 1 < len(items):
        start, end = span.start, items[index + 1].span.start
    elif index > 0:
        start, end = items[index - 1].span.end, span.end
    else:
        start, end = span.start - len(_space_before(text, span.start)), span.end
        end += len(text[end:]) - len(text[end:].lstrip())
    return ChangedText(text[:start] + text[end:], start)


def move_statement(text: str, offset: int, by: int) -> ChangedText:
    """Swap the statement around `offset` with its neighbour: `by` is -1 for up, 1 for down.

    Raises:
        NoStatementError: there is none, or no neighbour on that side.
    """
    items = _list_of(text)
    index = _at(items, offset)
    other = index + by
    if not 0 <= other < len(items):
        raise NoStatementError("This statement is the first." if by < 0 else "This is the last.")
    first, second = sorted((items[index].span, items[other].span))
    upper, lower = text[first.start : first.end], text[second.start : second.end]
    moved = text[: first.start] + lower + text[first.end : second.start] + upper
    inside = max(offset, items[index].span.start) - items[index].span.start
    start = first.start if by < 0 else len(moved) - len(upper)
    return ChangedText(moved + text[second.end :], start + inside)
