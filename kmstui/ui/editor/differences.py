"""Which cells of a line of the screen differ from what is drawn there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

Cell = tuple[str, Style | None]

_GAP = 12
"""Cells that are alike are drawn again rather than skipped where they are no more than this: to
move the terminal's cursor and to set its colours anew costs as many bytes."""


def differing(old: Strip, new: Strip) -> list[tuple[int, int]]:
    """The ranges of columns that differ; empty where none does."""
    if old is new or list(old) == list(new):
        return []
    ranges: list[tuple[int, int]] = []
    for column, (before, after) in enumerate(zip_longest(_cells(old), _cells(new))):
        if before == after:
            continue
        if ranges and column - ranges[-1][1] <= _GAP:
            ranges[-1] = (ranges[-1][0], column + 1)
        else:
            ranges.append((column, column + 1))
    return ranges


def _cells(strip: Strip) -> Iterator[Cell]:
    for text, style, _ in strip:
        if text.isascii():
            for character in text:
                yield character, style
        else:
            for character in text:
                yield character, style
                # The second cell of a wide character is drawn with the first.
                yield from [("", style)] * (cell_len(character) - 1)
