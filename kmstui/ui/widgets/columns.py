"""Which columns of a table fit, and how wide they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

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
    """Growing to `most` at once is more useful than columns of higher ranks; None: it grows last,
    by as many cells as are left."""


def fit_columns(columns: Sequence[Column], width: int) -> list[tuple[Column, int]]:
    """The columns that fit into `width` cells, in their order, each with its width.

    At least one column is answered, cut if it must be.
    """
    by_rank = sorted(columns, key=lambda column: column.rank)
    widths: dict[str, int] = {}
    room = width + GAP
    for column in by_rank:
        room -= _grow_whole(by_rank, widths, room, before=column.rank)
        taken = min(column.width, room - GAP)
        if taken < (column.least or column.width) and widths:
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
    """Let columns grow whose whole text goes before those of a rank; answers the cells taken."""
    taken = 0
    for column in columns:
        if column.id in widths and column.whole_rank is not None and column.whole_rank < before:
            growth = column.most - widths[column.id]
            if 0 < growth <= room - taken:
                widths[column.id] += growth
                taken += growth
    return taken
