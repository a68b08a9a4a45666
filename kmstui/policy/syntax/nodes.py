"""The tree of a policy text: JSON values with the place each was written at."""

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
