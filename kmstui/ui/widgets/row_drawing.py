"""The text of one line of a table, from cells and the widths of columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kmstui.ui.style.cells import fit
from kmstui.ui.style.symbols import Symbols
from kmstui.ui.style.text_styles import Part, text_and_style
from kmstui.ui.widgets.columns import GAP, Column

Fitted = Sequence[tuple[Column, int]]
"""Columns in sight, each with its width in cells."""


def header_text(fitted: Fitted, sorted_by: tuple[str, bool] | None, signs: Symbols) -> str:
    """The titles; `sorted_by` is a column and whether it descends."""
    titles = []
    for column, width in fitted:
        title = column.title
        if sorted_by is not None and sorted_by[0] == column.id:
            title += signs.descending if sorted_by[1] else signs.ascending
        titles.append(fit(title, width, right=column.right))
    return (" " * GAP).join(titles)


def placed_cells(cells: Sequence[Part], fitted: Fitted) -> Iterator[tuple[str, str]]:
    """Text and role of each cell at the width of its column, with the gap behind it.

    The last of too few cells takes what is left of the line.
    """
    last = len(fitted) - 1
    for number, (cell, (column, width)) in enumerate(zip(cells, fitted, strict=False)):
        text, role = text_and_style(cell)
        if number == len(cells) - 1 and number < last:
            rest = fitted[number:]
            room = sum(each for _, each in rest) + GAP * (len(rest) - 1)
            yield fit(text, room), role
        else:
            yield fit(text, width, right=column.right) + " " * (GAP * (number < last)), role


def runs_of(cells: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Neighbours of one role joined: each run costs the terminal one change of style."""
    runs: list[tuple[str, str]] = []
    for text, role in cells:
        if runs and runs[-1][1] == role:
            runs[-1] = (runs[-1][0] + text, role)
        else:
            runs.append((text, role))
    return runs
