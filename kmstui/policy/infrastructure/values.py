"""What stands in a file, with the place of each value: one shape for YAML, JSON and Terraform."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple, TypeAlias

from kmstui.policy.syntax import Span


class InfrastructureError(Exception):
    """A file cannot be read as what it is; the message is a sentence."""


class Origin(Enum):
    """How a piece of text came out of the file."""

    COPIED = auto()
    """It stands there character by character."""
    SPELLED = auto()
    """It stands there in another spelling: escaped, folded, or not at all, as a default."""
    UNRESOLVED = auto()
    """It is known when the template is deployed; what stands here is a placeholder, `${…}`."""


class Piece(NamedTuple):
    """A part of a text."""

    text: str
    span: Span
    """Where it stands in the file."""
    origin: Origin = Origin.COPIED


@dataclass(frozen=True, slots=True)
class Text:
    """A string."""

    pieces: tuple[Piece, ...]
    span: Span
    """Where it stands in the file, quotes included."""

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def known(self) -> str:
        """What it says where all of it is known, else empty."""
        return self.text if self.resolved else ""

    @property
    def resolved(self) -> bool:
        """Whether all of it is known."""
        return all(piece.origin is not Origin.UNRESOLVED for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Table:
    """Names with their values, in the order written."""

    members: tuple[tuple[Text, Value], ...]
    span: Span

    def get(self, *names: str) -> Value | None:
        """The value of the last member that bears one of the names."""
        found = [value for name, value in self.members if name.text in names]
        return found[-1] if found else None

    def known(self, *names: str) -> str:
        """The text of a member where it is one and all of it is known, else empty."""
        value = self.get(*names)
        return value.known if isinstance(value, Text) else ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Value, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, `true`, `false` or `null`."""

    value: bool | float | None
    span: Span


Value: TypeAlias = Text | Table | Items | Constant

_LONGEST_EXPRESSION = 60


def unresolved(expression: str, span: Span) -> Text:
    """A value that is known when the template is deployed, as the placeholder `${expression}`."""
    words = re.sub(r'[{}"$\\]', "'", " ".join(expression.split()))
    if len(words) > _LONGEST_EXPRESSION:
        words = f"{words[:_LONGEST_EXPRESSION]}…"
    return Text((Piece(f"${{{words}}}", span, Origin.UNRESOLVED),), span)


def spelled(text: str, span: Span) -> Text:
    """A string that does not stand in the file as it is."""
    return Text((Piece(text, span, Origin.SPELLED),), span)


def pieces_of(
    source: str, span: Span, escapes: re.Pattern[str], meaning: Callable[[str], str]
) -> list[Piece]:
    """The pieces of a range of the file in which some sequences mean something else."""
    pieces, at = [], span.start
    for match in escapes.finditer(source, span.start, span.end):
        if match.start() > at:
            pieces.append(Piece(source[at : match.start()], Span(at, match.start())))
        pieces.append(Piece(meaning(match[0]), Span(*match.span()), Origin.SPELLED))
        at = match.end()
    if at < span.end:
        pieces.append(Piece(source[at : span.end], Span(at, span.end)))
    return pieces


def tables_of(value: Value) -> Iterator[Table]:
    """All tables in a value, from outside to inside; without recursion, so depth is free."""
    stack: list[Value] = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, Table):
            yield current
            stack.extend(each for _, each in reversed(current.members))
        elif isinstance(current, Items):
            stack.extend(reversed(current.items))
