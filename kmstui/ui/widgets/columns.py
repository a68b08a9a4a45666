"""Which columns of a table fit, and the text of one line in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf

from kmstui.ui.style import Cell, Symbols, fit, text_and_style, width_of

GAP = 2
"""Cells between two columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    id: str
    title: str
    width: int
    """Cells it needs to be of use."""
    rank: int = 0
    """Usefulness; the columns with the highest ranks are dropped first."""
    most: int = 0
    """Cells it may grow to; 0: it does not grow."""
    least: int = 0
    """Cells it may be cut to before it is dropped; 0: it is dropped rather than cut."""
    right: bool = False
    """Whether its text stands at the right, as numbers do."""
    whole_rank: int | None = None
    """Growing to `most` at once is more useful than columns of higher ranks, of which the next one
    still fits; None: it grows last, by as many cells as are left."""


Fitted = Sequence[tuple[Column, int]]
"""Columns in sight, each with its width in cells."""


def fit_columns(columns: Sequence[Column], width: int) -> list[tuple[Column, int]]:
    """The columns that fit into `width` cells, in their order, each with its width.

    At least one column is returned, cut if it must be.
    """
    by_rank = sorted(columns, key=lambda column: column.rank)
    widths: dict[str, int] = {}
    room = width + GAP
    for column in by_rank:
        least = column.least or column.width
        room -= _grow_whole(by_rank, widths, room - GAP - least, before=column.rank)
        taken = min(column.width, room - GAP)
        if taken < least and widths:
            break
        widths[column.id] = max(0, taken)
        room -= GAP + widths[column.id]
    room -= _grow_whole(by_rank, widths, room, before=inf)
    for column in by_rank:
        if column.id in widths:
            growth = min(max(0, room), max(0, column.most - widths[column.id]))
            widths[column.id] += growth
            room -= growth
    return [(column, widths[column.id]) for column in columns if column.id in widths]


def _grow_whole(columns: Sequence[Column], widths: dict[str, int], room: int, before: float) -> int:
    """Let columns grow whose whole text goes before those of a rank; returns the cells taken."""
    taken = 0
    for column in columns:
        if column.id in widths and column.whole_rank is not None and column.whole_rank < before:
            growth = column.most - widths[column.id]
            if 0 < growth <= room - taken:
                widths[column.id] += growth
                taken += growth
    return taken


def header_text(fitted: Fitted, sorted_by: tuple[str, bool] | None, symbols: Symbols) -> str:
    """The titles; `sorted_by` is a column and whether it descends."""
    titles = []
    for column, width in fitted:
        title = column.title
        if sorted_by is not None and sorted_by[0] == column.id:
            title += symbols.descending if sorted_by[1] else symbols.ascending
        titles.append(fit(title, width, right=column.right))
    return (" " * GAP).join(titles)


def placed_cells(cells: Sequence[Cell], fitted: Fitted) -> Iterator[tuple[str, str]]:
    """Text and style of each cell at the width of its column, with the gap behind it.

    The last of too few cells takes what is left of the line.
    """
    last = len(fitted) - 1
    for number, (cell, (column, width)) in enumerate(zip(cells, fitted, strict=False)):
        if number == len(cells) - 1 and number < last:
            rest = fitted[number:]
            yield from _placed(cell, sum(each for _, each in rest) + GAP * (len(rest) - 1))
        else:
            gap = GAP * (number < last)
            yield from _placed(cell, width, gap, right=column.right)


def _placed(
    cell: Cell, width: int, gap: int = 0, *, right: bool = False
) -> Iterator[tuple[str, str]]:
    """A cell cut or filled to so many cells, and the gap behind it, with the style it ends in."""
    *parts, last = cell if isinstance(cell, list) else [cell]
    for text, style in map(text_and_style, parts):
        taken = min(width_of(text), width)
        if taken:
            yield fit(text, taken), style
            width -= taken
    text, style = text_and_style(last)
    yield fit(text, width, right=right) + " " * gap, style


def runs_of(cells: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Neighbours of one style joined: each run costs the terminal one change of style."""
    runs: list[tuple[str, str]] = []
    for text, style in cells:
        if runs and runs[-1][1] == style:
            runs[-1] = (runs[-1][0] + text, style)
        else:
            runs.append((text, style))
    return runs
