"""The policy that a document spells: statements with their elements taken apart.

Element names and Effect values are case-sensitive (IAM User Guide, "Grammar of the IAM JSON
policy language"), so a misspelled element is simply not there for these views; the grammar
rules speak of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from kmstui.policy.syntax.nodes import (
    ArrayNode,
    Document,
    LiteralNode,
    Member,
    Node,
    NumberNode,
    ObjectNode,
    StringNode,
)

Scalar = StringNode | NumberNode | LiteralNode

VARIABLES_SINCE = "2012-10-17"
"""The policy version that has policy variables; in older ones `${…}` is text."""


class PrincipalEntry(NamedTuple):
    """One principal of a statement."""

    type: str
    """`AWS`, `Service`, `Federated`, `CanonicalUser`, or whatever was written; `*` for the
    bare `"Principal": "*"`, which is no type, so that a member named `*` is of type ``."""
    value: StringNode
    type_node: StringNode | None = None
    """Where the type is written; None for the bare star."""


class ConditionEntry(NamedTuple):
    """One condition key under one operator."""

    operator: StringNode
    """As written, with set prefix and IfExists."""
    key: StringNode
    values: tuple[Scalar, ...]
    member: Member
    """The member `key: values`, for ranges and edits."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; elements that are absent or of the wrong type are empty here."""

    node: ObjectNode
    index: int
    sid: str
    effect: str
    """`Allow`, `Deny`, or whatever was written."""
    principals: tuple[PrincipalEntry, ...]
    not_principals: tuple[PrincipalEntry, ...]
    actions: tuple[StringNode, ...]
    not_actions: tuple[StringNode, ...]
    resources: tuple[StringNode, ...]
    not_resources: tuple[StringNode, ...]
    conditions: tuple[ConditionEntry, ...]

    @property
    def label(self) -> str:
        """How a person finds it: its Sid, or its number counted from 1."""
        return f'"{self.sid}"' if self.sid else f"statement {self.index + 1}"


@dataclass(frozen=True, slots=True)
class Policy:
    """All statements of a document."""

    document: Document
    version: str
    """As written; empty where absent, which AWS reads as 2008-10-17."""
    id: str
    statements: tuple[Statement, ...]


def _strings(node: Node | None) -> tuple[StringNode, ...]:
    if isinstance(node, StringNode):
        return (node,)
    if isinstance(node, ArrayNode):
        return tuple([item for item in node.items if isinstance(item, StringNode)])
    return ()


def _scalars(node: Node) -> tuple[Scalar, ...]:
    if isinstance(node, StringNode):
        return (node,)
    items = node.items if isinstance(node, ArrayNode) else (node,)
    return tuple(item for item in items if isinstance(item, StringNode | NumberNode | LiteralNode))


def _principals(node: Node | None) -> tuple[PrincipalEntry, ...]:
    if isinstance(node, StringNode):
        return (PrincipalEntry("*" if node.value == "*" else "", node),)
    if not isinstance(node, ObjectNode):
        return ()
    return tuple(
        [
            PrincipalEntry("" if member.key.value == "*" else member.key.value, value, member.key)
            for member in node.members
            for value in _strings(member.value)
        ]
    )


def _conditions(node: Node | None) -> tuple[ConditionEntry, ...]:
    if not isinstance(node, ObjectNode):
        return ()
    return tuple(
        [
            ConditionEntry(operator.key, member.key, _scalars(member.value), member)
            for operator in node.members
            if isinstance(operator.value, ObjectNode)
            for member in operator.value.members
        ]
    )


def _text(node: Node | None) -> str:
    return node.value if isinstance(node, StringNode) else ""


def scalar_text(node: Scalar) -> str:
    """A condition value as the text that AWS compares: `true` for true, `300` for 300."""
    if isinstance(node, StringNode):
        return node.value
    if isinstance(node, NumberNode):
        return str(node.value)
    return {True: "true", False: "false", None: ""}[node.value]


def read_statement(node: ObjectNode, index: int) -> Statement:
    """Take one statement apart."""
    return Statement(
        node=node,
        index=index,
        sid=_text(node.get("Sid")),
        effect=_text(node.get("Effect")),
        principals=_principals(node.get("Principal")),
        not_principals=_principals(node.get("NotPrincipal")),
        actions=_strings(node.get("Action")),
        not_actions=_strings(node.get("NotAction")),
        resources=_strings(node.get("Resource")),
        not_resources=_strings(node.get("NotResource")),
        conditions=_conditions(node.get("Condition")),
    )


def read_policy(document: Document) -> Policy:
    """Take a document apart; never fails, since what cannot be read is simply absent."""
    root = document.root
    if not isinstance(root, ObjectNode):
        return Policy(document, "", "", ())
    holder = root.get("Statement")
    items = holder.items if isinstance(holder, ArrayNode) else (holder,)
    nodes = [item for item in items if isinstance(item, ObjectNode)]
    return Policy(
        document=document,
        version=_text(root.get("Version")),
        id=_text(root.get("Id")),
        statements=tuple(read_statement(node, index) for index, node in enumerate(nodes)),
    )
