"""Prose and findings as rows of a table that wraps them and lets a person walk through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from textual.events import Resize
from textual.message import Message

from kmstui.ui.style import FANCY, Part, Symbols, wrap
from kmstui.ui.widgets.columns import GAP, Column
from kmstui.ui.widgets.line_table import LineTable


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph; wraps, its further lines under the first word."""

    text: str
    style: str = ""
    lead: str = ""
    """What stands before the text and is not wrapped: a mark, a number."""
    about: str = ""
    """What the person points at with the cursor on it; "" for nothing in particular."""


def code(line: str, style: str = "", symbol: str = "") -> Block:
    """A line of a text whose indentation must stay."""
    body = line.lstrip(" ")
    return Block(body, style, symbol + " " * (len(line) - len(body)))


def code_lines(text: str, style: str = "") -> Iterator[Block]:
    """The lines of a text whose indentation must stay."""
    return (code(line, style) for line in text.splitlines())


@dataclass(frozen=True, slots=True)
class Pair:
    """Two lines of texts side by side; each wraps by itself, for what is cut off may differ."""

    left: str
    """With a sign of two characters before it, blank or not."""
    right: str
    left_style: str = ""
    right_style: str = ""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines before and after a change, alike where nothing changes.

    Where there is room they stand side by side.
    """

    old: Sequence[str]
    new: Sequence[str]

    def rows(self, *, beside: bool) -> Iterator[Block | Pair]:
        """The lines as they are drawn."""
        changes = self.old != self.new
        if beside:
            minus, plus, bad, good = (
                ("- ", "+ ", "bad", "good") if changes else ("  ", "  ", "", "")
            )
            for left, right in zip_longest(self.old, self.new):
                yield Pair(
                    "" if left is None else minus + left,
                    "" if right is None else plus + right,
                    bad,
                    good,
                )
        elif changes:
            yield from (code(line, "bad", "- ") for line in self.old)
            yield from (code(line, "good", "+ ") for line in self.new)
        else:
            yield from (code(line, symbol="  ") for line in self.old)


Row = Block | Hunk

SIDE_BY_SIDE_WIDTH = 140
"""Cells from which on two texts stand beside each other."""


class Rows(LineTable):
    """Blocks and hunks in a table, a line of the screen each row."""

    class Resized(Message):
        """There is more or less room: what depends on the width may be laid out anew."""

    def __init__(self, *, symbols: Symbols = FANCY, id: str | None = None) -> None:
        super().__init__((Column("left", "", 1),), self._read, symbols=symbols, header=False, id=id)
        self._content: tuple[Row, ...] = ()
        self._drawn: list[tuple[Part, ...]] = []
        self._about: list[str] = []

    @property
    def text(self) -> str:
        """All of it as prose, for tests."""
        return "\n".join(
            f"{row.lead}{row.text}" if isinstance(row, Block) else f"{row.left} | {row.right}"
            for row in self._lines()
        )

    @property
    def about(self) -> str:
        """What the line under the cursor is about."""
        return self._about[self.cursor] if self.cursor < len(self._about) else ""

    def show(self, content: Iterable[Row]) -> None:
        """Show this instead; the cursor stays at its line."""
        self._content = tuple(content)
        self._lay_out()

    def go_to(self, about: str) -> bool:
        """Put the cursor on the first line about something; returns whether there is one."""
        if about not in self._about:
            return False
        return self.move_to_row(str(self._about.index(about)))

    def on_resize(self, event: Resize) -> None:
        """Wrap anew."""
        self._lay_out()
        super().on_resize(event)
        self.post_message(self.Resized())

    @property
    def _room(self) -> int:
        # Even, so that two halves and the gap between them fill it.
        return max(10, self.size.width - 3) // 2 * 2

    def _lay_out(self) -> None:
        drawn: list[tuple[Part, ...]] = []
        about: list[str] = []
        for row in self._lines():
            for parts in self._lines_of(row):
                drawn.append(parts)
                about.append(row.about if isinstance(row, Block) else "")
        self._drawn, self._about = drawn, about
        half = (self._room - GAP) // 2
        self.set_columns((Column("left", "", half), Column("right", "", half)))
        self.set_rows([str(index) for index in range(len(drawn))])

    def _lines(self) -> Iterator[Block | Pair]:
        beside = self.size.width >= SIDE_BY_SIDE_WIDTH
        for row in self._content:
            if isinstance(row, Hunk):
                yield from row.rows(beside=beside)
            else:
                yield row

    def _lines_of(self, row: Block | Pair) -> Iterable[tuple[Part, ...]]:
        if isinstance(row, Pair):
            half = (self._room - GAP) // 2
            for left, right in zip_longest(
                _folded(row.left, half), _folded(row.right, half), fillvalue=""
            ):
                yield ((left, row.left_style), (right, row.right_style))
            return
        width = self._room - len(row.lead)
        for number, line in enumerate(wrap(row.text, width) or [""]):
            lead = " " * len(row.lead) if number else row.lead
            yield ((f"{lead}{line}", row.style),)

    def _read(self, row: str, columns: Sequence[str]) -> Sequence[Part]:
        parts = self._drawn[int(row)]
        return parts[: len(columns)] if len(parts) > 1 else parts


def _folded(text: str, width: int) -> list[str]:
    """A line with its sign, wrapped so that its indentation stays and the sign stands once."""
    symbol, line = text[:2], text[2:]
    body = line.lstrip(" ")
    indent = " " * (len(line) - len(body))
    room = max(1, width - len(symbol) - len(indent))
    lines = wrap(body, room) or [""]
    return [f"{'  ' if number else symbol}{indent}{each}" for number, each in enumerate(lines)]
