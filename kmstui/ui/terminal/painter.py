"""Frames as the shortest sequences that make the terminal show them, and an app drawn so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console
from textual import events
from textual.app import ReturnType
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip
from textual.types import CSSPathType

from kmstui.ui.terminal.renditions import StyleTable
from kmstui.ui.terminal.rows import UNKNOWN, Cell, Row, cells_of, find_scroll, is_even
from kmstui.ui.textual_internals import InsideApp, Piece

_GAP = 4
"""Cells that are alike are sent again where they are no more than this: to move the cursor over
them takes as many bytes."""


class Painter:
    """Knows what stands on the terminal, and sends what shall stand there otherwise."""

    def __init__(self) -> None:
        self._styles = StyleTable()
        self._rows: list[Row] = []
        self._size = Size(0, 0)

    @property
    def has_painted(self) -> bool:
        """Something stands on the terminal."""
        return bool(self._rows)

    def forget(self) -> None:
        """Somebody else has written to the terminal, or it has been resized."""
        self._rows = []

    def paint(self, pieces: Iterable[Piece], size: Size, system: ColorSystem) -> str:
        """The sequence that makes the terminal of this size show these pieces."""
        if not self._styles.use(system) or size != self._size or not self._rows:
            self._size = size
            self._rows = [[UNKNOWN] * size.width for _ in range(size.height)]
        wanted: dict[int, Row] = {}
        for y, x, strips in pieces:
            # What was laid out for another size may lie outside.
            if 0 <= y < size.height and 0 <= x < size.width:
                row = wanted.get(y)
                if row is None:
                    row = wanted[y] = self._rows[y].copy()
                cells = self._cells(strips)[: size.width - x]
                row[x : x + len(cells)] = cells
        changed = {y: row for y, row in wanted.items() if row != self._rows[y]}
        return "".join(self._changes(changed))

    def _cells(self, strips: Iterable[Strip]) -> Row:
        number = self._styles.number
        cells: Row = []
        for strip in strips:
            for text, style, control in strip:
                if not control:
                    cells.extend(cells_of(text, number(style)))
        return cells

    def _changes(self, changed: dict[int, Row]) -> Iterator[str]:
        rows = self._rows
        if scroll := find_scroll(rows, changed):
            yield scroll.sequence
            within = range(scroll.top, scroll.bottom + 1)
            # What nobody wanted to change has moved too, and must come back.
            changed = {**{y: rows[y] for y in within}, **changed}
            scroll.apply(rows)
        style = 0
        for y in sorted(changed):
            row = changed[y]
            at = None
            for start, end in _ranges(rows[y], row):
                # Within a row it takes fewer bytes to say how far than to say where.
                yield f"\x1b[{y + 1};{start + 1}H" if at is None else f"\x1b[{start - at}C"
                at = end
                for character, number in row[start:end]:
                    if number != style:
                        yield self._styles.change(style, number)
                        style = number
                    yield character
            rows[y] = row
        yield self._styles.change(style, 0)


def _ranges(old: Sequence[Cell], new: Sequence[Cell]) -> list[tuple[int, int]]:
    """The columns to send. Rows whose cells terminals may count otherwise are sent as a whole."""
    if old == new:
        return []
    whole = not (is_even(new) and is_even([cell for cell in old if cell is not UNKNOWN]))
    gap = 0 if whole else _GAP
    ranges: list[tuple[int, int]] = []
    for column, (before, after) in enumerate(zip(old, new, strict=True)):
        if after is UNKNOWN or (before == after and not whole):
            continue
        if ranges and column - ranges[-1][1] <= gap:
            ranges[-1] = (ranges[-1][0], column + 1)
        else:
            ranges.append((column, column + 1))
    return ranges


class PaintedApp(InsideApp[ReturnType]):
    """Sends the cells that differ from what the terminal shows, where Textual sends whole lines.

    Over a slow line a person waits for bytes: to open a line with Enter at 80x24 costs 0.4 KB
    instead of 5, for the terminal moves the lines below by itself.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # What the painter has drawn is not sent again by leaving a screen or coming back.
        Binding("ctrl+l", "draw_anew", "Redraw", show=False, priority=True),
    ]

    def __init__(self, css_path: CSSPathType | None = None, ansi_color: bool | None = None) -> None:
        self._painter = Painter()
        super().__init__(css_path=css_path, ansi_color=ansi_color)

    def on_mount(self) -> None:
        """Draw everything anew when the terminal comes back from another program."""
        self.app_resume_signal.subscribe(self, lambda _: self.action_draw_anew(), immediate=True)

    def on_resize(self, _: events.Resize) -> None:
        """Terminals lay out anew what they show, each in its own way."""
        self.action_draw_anew()

    def action_draw_anew(self) -> None:
        """Send the whole screen, as when another program has written over it."""
        if self._painter.has_painted:
            self._painter.forget()
            self.refresh()

    def frame_failed(self, error: Exception) -> None:
        """Begin anew with the next frame: nobody can tell what the terminal shows."""
        self._painter.forget()

    def encode_frame(self, pieces: Iterator[Piece], console: Console) -> str:
        """The sequence that makes the terminal show these pieces."""
        # Without a colour system Textual takes its colours for the terminal's.
        system = COLOR_SYSTEMS[console.color_system or "truecolor"]
        return self._painter.paint(pieces, self.size, system)
