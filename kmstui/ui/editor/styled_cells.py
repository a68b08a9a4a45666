"""A line of text in the styles of its parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

StyledSpan = tuple[int, int, Style]


def styled_cells(
    line: str, spans: Sequence[StyledSpan], base: Style, first: int, width: int
) -> Iterator[Segment]:
    """The columns from `first` on of a line each of whose characters takes one cell.

    A later span goes over an earlier one where they overlap.
    """
    styles = [base] * len(line)
    for start, end, style in spans:
        styles[start:end] = [under + style for under in styles[start:end]]
    columns = range(min(first, len(line)), min(first + width, len(line)))
    for style, run in groupby(columns, styles.__getitem__):
        where = list(run)
        yield Segment(line[where[0] : where[-1] + 1], style)


def over(strip: Strip, words: Segment | None, start: int) -> Strip:
    """The strip with words written over it from a cell on."""
    if words is None:
        return strip
    tail = Strip([words])
    after = strip.crop(min(start + tail.cell_length, strip.cell_length))
    return Strip.join([strip.crop(0, start), tail, after])
