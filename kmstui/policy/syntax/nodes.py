"""The tree of a policy text, JSON values with the place of each, and the policy that it spells.

Element names and Effect values are case-sensitive (IAM User Guide, "Grammar of the IAM JSON
policy language"), so a misspelled element is simply not there for the statements; the grammar
rules speak of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeAlias


class Span(NamedTuple):
    """A range of the text in characters: `start` up to, not including, `end`.

    A tuple, since a policy has thousands: they are made and sorted in half the time.
    """

    start: int
    end: int


class StringNode(NamedTuple):
    """A string, unescaped. `span` includes the quotes."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class NumberNode:
    """A number as strict JSON reads it."""

    value: int | float
    span: Span


@dataclass(frozen=True, slots=True)
class LiteralNode:
    """`true`, `false` or `null`."""

    value: bool | None
    span: Span


@dataclass(frozen=True, slots=True)
class ErrorNode:
    """Where a value should stand and none could be read."""

    span: Span


class Member(NamedTuple):
    """One member of an object; a value that is missing is an ErrorNode."""

    key: StringNode
    value: Node

    @property
    def span(self) -> Span:
        """From the name to the end of the value."""
        return Span(self.key.span.start, self.value.span.end)


@dataclass(frozen=True, slots=True)
class ObjectNode:
    """An object; members in the order written, duplicates kept."""

    members: tuple[Member, ...]
    span: Span
    by_name: Mapping[str, Member] = field(compare=False, repr=False)
    """The last member of each name, which is the one that JSON readers keep."""

    def get(self, name: str) -> Node | None:
        """The value of the last member `name`."""
        member = self.by_name.get(name)
        return None if member is None else member.value

    def member(self, name: str) -> Member | None:
        """The last member `name`."""
        return self.by_name.get(name)


class ArrayNode(NamedTuple):
    """An array."""

    items: tuple[Node, ...]
    span: Span


Node: TypeAlias = StringNode | NumberNode | LiteralNode | ErrorNode | ObjectNode | ArrayNode


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order written; without recursion, so depth is free."""
    stack: list[Node] = [node]
    while stack:
        current = stack.pop()
        yield current
        if isinstance(current, ObjectNode):
            stack.extend(member.value for member in reversed(current.members))
        elif isinstance(current, ArrayNode):
            stack.extend(reversed(current.items))


class Edit(NamedTuple):
    """Replace a range of the text; an empty range inserts."""

    span: Span
    replacement: str


class Fix(NamedTuple):
    """A change of the text that removes a finding and keeps all other formatting."""

    title: str
    """What it does, as an imperative: "Remove the trailing comma"."""
    edits: tuple[Edit, ...]
    """Not overlapping, in any order."""


def apply_edits(text: str, edits: tuple[Edit, ...]) -> str:
    """Apply edits of one fix, or several that do not overlap, to the text."""
    for edit in sorted(edits, key=lambda each: each.span, reverse=True):
        text = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
    return text


class SyntaxProblem(NamedTuple):
    """One syntax error, already told apart by rule."""

    rule: str
    """`KMS001` … `KMS007`."""
    message: str
    span: Span
    fix: Fix | None = None


@dataclass(frozen=True)
class Document:
    """A parsed text: the tree as far as it could be read, and what was wrong with it."""

    text: str
    root: Node | None
    """None only where the text holds no value at all."""
    problems: tuple[SyntaxProblem, ...]
    repeated: tuple[ObjectNode, ...] = ()
    """The objects that hold two members of one name."""

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return starts

    def location(self, offset: int) -> tuple[int, int]:
        """Line and column of a character, both counted from 0, as a TextArea counts them."""
        line = bisect_right(self._line_starts, offset) - 1
        return line, offset - self._line_starts[line]

    def offset(self, line: int, column: int) -> int:
        """The character at a line and column counted from 0, clamped to the text."""
        line = max(0, min(line, len(self._line_starts) - 1))
        return min(self._line_starts[line] + max(0, column), len(self.text))


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

    @property
    def meaning(self) -> object:
        """Equal for statements that say the same in the same words, whatever their order."""
        return (
            self.effect,
            *(
                frozenset((each.type, each.value.value) for each in entries)
                for entries in (self.principals, self.not_principals)
            ),
            *(
                frozenset(each.value for each in strings)
                for strings in (
                    self.actions,
                    self.not_actions,
                    self.resources,
                    self.not_resources,
                )
            ),
            frozenset(
                (each.operator.value, each.key.value, frozenset(map(scalar_text, each.values)))
                for each in self.conditions
            ),
        )


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
