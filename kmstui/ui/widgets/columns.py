"""Which columns of a table fit, and how wide they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    right: bool = False
    """Whether its text stands at the right, as numbers do."""


def fit_columns(columns: Sequence[Column], width: int) -> list[tuple[Column, int]]:
    """The columns that fit into `width` cells, in their order, each with its width.

    At least one column is answered, cut if it must be.
    """
    kept: list[Column] = []
    used = -GAP
    for column in sorted(columns, key=lambda column: column.rank):
        if used + GAP + column.width > width and kept:
            break
        kept.append(column)
        used += GAP + column.width
    spare = max(0, width - used)
    widths = {column.id: min(column.width, max(width, 0)) for column in kept}
    for column in kept:
        growth = min(spare, max(0, column.most - column.width))
        widths[column.id] += growth
        spare -= growth
    return [(column, widths[column.id]) for column in columns if column in kept]
