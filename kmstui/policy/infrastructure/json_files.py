"""JSON: the tree of a file as values."""

from __future__ import annotations

import json

from kmstui.model import late_pattern
from kmstui.policy.infrastructure.values import Constant, Items, Table, Text, Value, pieces_of
from kmstui.policy.syntax import (
    ArrayNode,
    Document,
    ErrorNode,
    LiteralNode,
    Node,
    NumberNode,
    ObjectNode,
    Span,
    StringNode,
)

_ESCAPES = late_pattern(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\."
)


def value_of(document: Document) -> Value | None:
    """What a JSON file holds; None where that is nothing, or no JSON."""
    if document.root is None or document.problems:
        return None
    return _value(document.text, document.root)


def _value(source: str, node: Node) -> Value:
    if isinstance(node, StringNode):
        return _text(source, node)
    if isinstance(node, ObjectNode):
        members = [(_text(source, each.key), _value(source, each.value)) for each in node.members]
        return Table(tuple(members), node.span)
    if isinstance(node, ArrayNode):
        return Items(tuple(_value(source, each) for each in node.items), node.span)
    known = isinstance(node, LiteralNode | NumberNode) and not isinstance(node, ErrorNode)
    return Constant(node.value if known else None, node.span)  # type: ignore[union-attr]


def _text(source: str, node: StringNode) -> Text:
    inside = Span(node.span.start + 1, node.span.end - 1)
    pieces = pieces_of(source, inside, _ESCAPES, lambda escape: str(json.loads(f'"{escape}"')))
    return Text(tuple(pieces), node.span)
