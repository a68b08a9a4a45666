"""The use of a key over 90 days as a chart of text: a row a service, a cell for some days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import ceil
from operator import itemgetter

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip

from kmstui.service.uses import Tally, UsesByDay
from kmstui.ui.style import PLAIN, Part, StyledWidget, Symbols, fit, text_and_style, width_of

_HEIGHTS = "▁▂▃▄▅▆▇█"
"""Eighths of the highest count."""
_PLAIN_HEIGHTS = "12345678"
"""The same for terminals and fonts without blocks; where nothing is higher, the count itself."""
_NONE, _PLAIN_NONE = "·", "."
_UNREAD = "?"
_NAME = 14
_TOTAL = 7
_LABELS = _NAME + _TOTAL + 2
"""Cells before the days: a service, its uses, a gap."""
_MONTH = 4
"""Cells that a month's name needs, with a gap behind it."""


def chart_rows(
    uses: UsesByDay, width: int, most: int, symbols: Symbols
) -> Iterator[Sequence[Part]]:
    """The lines of the chart, `most` of services and one of dates, in so many cells.

    A `?` stands for days that were not read. Where there are more services than lines, the last
    line is that of the others; with one line it is that of all uses.
    """
    room = max(1, width - _LABELS)
    per_cell = ceil(len(uses.days) / room)
    spans = _spans(len(uses.days), per_cell)
    tallies = list(_tallies(uses, most))
    peak = max((sum(each.days[a:b]) for each in tallies for a, b in spans), default=0)
    plain = symbols is PLAIN
    if plain:
        peak = max(peak, len(_PLAIN_HEIGHTS))
    for each in tallies:
        style = "bad" if each is uses.failed else "key"
        label = f"{fit(each.name, _NAME)}{each.total:>{_TOTAL},}  "
        yield [label, *_cells(each, spans, peak, uses.unread, style, plain=plain)]
    highest = (_PLAIN_HEIGHTS if plain else _HEIGHTS)[-1]
    span = "a day" if per_cell == 1 else f"in {per_cell} days"
    if uses.unread:
        span = f"{_UNREAD} unread"
    scale = f"{highest} = {peak:,} {span}"
    if not uses.every.total:
        scale = f"no use seen, {span}" if uses.unread else "no use seen"
    yield [(f"{fit(scale, _LABELS - 2)}  ", "dim"), (_dates(uses, spans), "dim")]


def _spans(days: int, per_cell: int) -> list[tuple[int, int]]:
    """Which days each cell is about; the last one ends today."""
    return [(max(0, end - per_cell), end) for end in range(days, 0, -per_cell)][::-1]


def _tallies(uses: UsesByDay, most: int) -> Iterator[Tally]:
    if most <= 1 or not uses.services:
        yield uses.every
        return
    room = most - bool(uses.failed.total)
    shown = uses.services if len(uses.services) <= room else uses.services[: room - 1]
    yield from shown
    if others := uses.services[len(shown) :]:
        columns = zip(*(each.days for each in others), strict=True)
        yield Tally(f"{len(others)} others", tuple(map(sum, columns)))
    if uses.failed.total:
        yield uses.failed


def _cells(
    tally: Tally,
    spans: Sequence[tuple[int, int]],
    peak: int,
    unread: int,
    style: str,
    *,
    plain: bool,
) -> Iterator[Part]:
    heights, none = (_PLAIN_HEIGHTS, _PLAIN_NONE) if plain else (_HEIGHTS, _NONE)

    def cell(span: tuple[int, int]) -> tuple[str, str]:
        count = sum(tally.days[slice(*span)])
        if count:
            return style, heights[ceil(count * len(heights) / peak) - 1]
        return ("warn", _UNREAD) if span[1] <= unread else ("dim", none)

    for drawn, run in groupby(map(cell, spans), itemgetter(0)):
        yield "".join(text for _, text in run), drawn


def _dates(uses: UsesByDay, spans: Sequence[tuple[int, int]]) -> str:
    """The first of each month below its cell, and the first day where there is room before."""
    line = ""
    for cell, (first, end) in enumerate(spans):
        month = next((day for day in uses.days[first:end] if day.day == 1), None)
        if month is not None and cell + _MONTH <= len(spans) and len(line) <= cell:
            line = f"{line:<{cell}}{month:%b} "
        elif not cell and not any(d.day == 1 for a, b in spans[:7] for d in uses.days[a:b]):
            line = f"{uses.days[0]:%b} {uses.days[0].day} "
    today = "today"
    if len(line.rstrip()) < len(spans) - len(today):
        line = f"{line:<{len(spans) - len(today)}}{today}"
    return line


def chart_text(uses: UsesByDay, width: int, symbols: Symbols) -> str:
    """The chart without colours, all services in it."""
    rows = chart_rows(uses, width, len(uses.services) + 1, symbols)
    return "\n".join("".join(text_and_style(part)[0] for part in row) for row in rows)


class UseChart(StyledWidget):
    """The chart below the rows of a view; it takes no room while nothing is known."""

    def __init__(self, symbols: Symbols) -> None:
        super().__init__()
        self._symbols = symbols
        self._uses: UsesByDay | None = None
        self._most = 1
        self.display = False

    def show(self, uses: UsesByDay | None) -> None:
        """Show these uses; None shows nothing."""
        if uses != self._uses:
            before = self._height
            self._uses = uses
            self.display = uses is not None
            self.refresh(layout=before != self._height)

    def set_room(self, lines: int) -> None:
        """There are so many lines in the view."""
        most = 1 if lines < 22 else 3 if lines < 32 else 6
        if most != self._most:
            self._most = most
            self.refresh(layout=True)

    @property
    def _height(self) -> int:
        if self._uses is None:
            return 0
        named = len(self._uses.services) + bool(self._uses.failed.total)
        return 1 + max(1, min(self._most, named)) + self._is_told

    @property
    def _is_told(self) -> bool:
        """Whether there is a line that says what was not read."""
        uses = self._uses
        return uses is not None and self._most > 1 and bool(uses.since or uses.undated)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for each service, as far as there is room, and one of dates."""
        return self._height

    def render_line(self, y: int) -> Strip:
        """One line."""
        width, base = self.size.width, self.rich_style
        if self._uses is None:
            return Strip.blank(width, base)
        rows = list(chart_rows(self._uses, width - 2, self._most, self._symbols))
        if self._is_told:
            rows.append([(fit(self._uses.words(), width - 2), "warn")])
        if y >= len(rows):
            return Strip.blank(width, base)
        parts = [" ", *rows[y]]
        segments = [
            Segment(text, base + self.style_named(style))
            for text, style in map(text_and_style, parts)
        ]
        left = width - sum(width_of(each.text) for each in segments)
        return Strip([*segments, Segment(" " * max(0, left), base)]).crop(0, width)
