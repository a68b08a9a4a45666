"""Prose and findings as rows of a table that wraps them and lets a person walk through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, repeat, starmap, zip_longest

from textual.events import Resize
from textual.message import Message

from kmstui.model import visible
from kmstui.ui.style import FANCY, Cell, Part, Symbols, json_ranges, wrap
from kmstui.ui.widgets.columns import GAP, Column
from kmstui.ui.widgets.text_table import TextTable


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph; wraps, its further lines under the first word."""

    text: str
    style: str = ""
    lead: str = ""
    """What stands before the text and is not wrapped: a mark, a number."""
    about: str = ""
    """What the person points at with the cursor on it; "" for nothing in particular."""
    lead_style: str | None = None
    """That of the lead, where it is not the text's."""


_LONG_LABEL = 18
"""Cells; a longer label would take the room of all values."""


def labelled(pairs: Iterable[tuple[str, str]]) -> Iterator[Block]:
    """Values below each other, what they are in grey to the left; above, where that is long."""
    listed = list(pairs)
    width = max((len(label) for label, _ in listed if len(label) <= _LONG_LABEL), default=0)
    for label, value in listed:
        if len(label) > width:
            yield Block(label, "dim")
        beside = label if len(label) <= width else ""
        yield Block(value, lead=f"{beside:<{width}}  ", lead_style="dim")


@dataclass(frozen=True, slots=True)
class Code:
    """A line of a policy, in its colours; its indentation stays where it wraps."""

    line: str
    sign: str = ""
    """What stands before it: `- ` `+ ` where it went or came, blanks beside such lines."""
    changed: tuple[int, int] = (0, 0)
    """Where the line differs from the one that it takes the place of."""


def code_lines(text: str) -> Iterator[Code]:
    """The lines of a policy."""
    return map(Code, text.splitlines())


@dataclass(frozen=True, slots=True)
class Pair:
    """Two lines of texts side by side; each wraps by itself, for what is cut off may differ."""

    left: Code
    right: Code


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines before and after a change, alike where nothing changes.

    Where there is room they stand side by side.
    """

    old: Sequence[str]
    new: Sequence[str]

    def rows(self, *, beside: bool) -> Iterator[Code | Pair]:
        """The lines as they are drawn."""
        if self.old == self.new:
            same = [Code(line, "  ") for line in self.old]
            yield from map(Pair, same, same) if beside else same
            return
        old, new = _lines(self.old, "- ", self.new), _lines(self.new, "+ ", self.old)
        if beside:
            yield from starmap(Pair, zip_longest(old, new, fillvalue=Code("")))
        else:
            yield from (*old, *new)


def _lines(lines: Sequence[str], sign: str, others: Sequence[str]) -> list[Code]:
    """The lines of one side; where both have as many, each takes the place of one."""
    if len(lines) != len(others):
        return [Code(line, sign) for line in lines]
    return [Code(*each) for each in zip(lines, repeat(sign), map(_changed, lines, others))]


def _changed(line: str, other: str) -> tuple[int, int]:
    start = _alike(line, other)
    return start, len(line) - _alike(line[start:][::-1], other[start:][::-1])


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next(
        (at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right),
        min(len(one), len(other)),
    )


Row = Block | Code | Hunk

SIDE_BY_SIDE_WIDTH = 140
"""Cells from which on two texts stand beside each other."""


_SIGN_STYLES = {"- ": "bad", "+ ": "good changed"}


class Rows(TextTable):
    """Blocks and hunks in a table, a line of the screen each row."""

    class Resized(Message):
        """There is more or less room: what depends on the width may be laid out anew."""

    def __init__(self, *, symbols: Symbols = FANCY, id: str | None = None) -> None:
        super().__init__((Column("left", "", 1),), self._read, symbols=symbols, header=False, id=id)
        self._content: tuple[Row, ...] = ()
        self._drawn: list[tuple[Cell | _Piece, ...]] = []
        self._about: list[str] = []
        self._texts: list[str] = []

    def text_of(self, row: str) -> str:
        """The whole paragraph at its first line: what is looked for may stand where it wraps."""
        return self._texts[int(row)]

    @property
    def text(self) -> str:
        """All of it as prose, for tests."""
        return "\n".join(map(_prose, self._lines()))

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
        drawn: list[tuple[Cell | _Piece, ...]] = []
        about: list[str] = []
        texts: list[str] = []
        for row in self._lines():
            text = _prose(row)
            for parts in self._lines_of(row):
                drawn.append(parts)
                about.append(row.about if isinstance(row, Block) else "")
                texts.append(text)
                text = ""
        self._drawn, self._about, self._texts = drawn, about, texts
        half = (self._room - GAP) // 2
        self.set_columns((Column("left", "", half), Column("right", "", half)))
        self.set_rows([str(index) for index in range(len(drawn))])

    def _lines(self) -> Iterator[Block | Code | Pair]:
        beside = self.size.width >= SIDE_BY_SIDE_WIDTH
        for row in self._content:
            if isinstance(row, Hunk):
                yield from row.rows(beside=beside)
            else:
                yield row

    def _lines_of(self, row: Block | Code | Pair) -> Iterable[tuple[Cell | _Piece, ...]]:
        if isinstance(row, Pair):
            half = (self._room - GAP) // 2
            left, right = _pieces(row.left, half), _pieces(row.right, half)
            return zip_longest(left, right, fillvalue="")
        if isinstance(row, Code):
            return zip(_pieces(row, self._room))
        lines = wrap(row.text, self._room - len(row.lead)) or [""]
        leads = chain([row.lead], repeat(" " * len(row.lead)))
        if row.lead_style is None:
            return [
                ((f"{lead}{line}", row.style),) for lead, line in zip(leads, lines, strict=False)
            ]
        return [
            ([(lead, row.lead_style), (line, row.style)],)
            for lead, line in zip(leads, lines, strict=False)
        ]

    def _read(self, row: str, columns: Sequence[str]) -> Sequence[Cell]:
        cells = [
            each.parts() if isinstance(each, _Piece) else each for each in self._drawn[int(row)]
        ]
        return cells[: len(columns)] if len(cells) > 1 else cells


def _prose(row: Block | Code | Pair) -> str:
    if isinstance(row, Pair):
        return f"{_prose(row.left)} | {_prose(row.right)}"
    return f"{row.lead}{row.text}" if isinstance(row, Block) else f"{row.sign}{row.line}"


@dataclass(frozen=True, slots=True)
class _Piece:
    """As much of a line of a policy as stands on one line of the screen."""

    code: Code
    line: str
    """The whole line, made visible."""
    lead: str
    start: int
    stop: int

    def parts(self) -> list[Part]:
        """With the styles of what it holds."""
        shade = "shade" if self.code.sign.strip() else ""
        styles = [shade] * len(self.line)
        for start, end, style in json_ranges(self.line):
            styles[start:end] = [f"{shade} {style}"] * (end - start)
        for at in range(*self.code.changed):
            styles[at] += " changed"
        runs = groupby(range(self.start, self.stop), styles.__getitem__)
        words: list[Part] = [("".join(self.line[at] for at in run), name) for name, run in runs]
        sign = f"{shade} {_SIGN_STYLES.get(self.code.sign, '')}"
        return [(self.lead, sign), *words, ("", shade)]


def _pieces(code: Code, width: int) -> list[_Piece]:
    """A line wrapped so that its indentation stays and its sign stands once."""
    line = visible(code.line)
    body = line.lstrip(" ")
    at = len(line) - len(body)
    indent = " " * at
    pieces: list[_Piece] = []
    for words in wrap(body, max(1, width - len(code.sign) - at)) or [""]:
        at = line.index(words, at)
        sign = " " * len(code.sign) if pieces else code.sign
        pieces.append(_Piece(code, line, sign + indent, at, at + len(words)))
        at += len(words)
    return pieces
