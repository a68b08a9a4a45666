"""Lines of the screen as cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import repeat

from rich.cells import cell_len

Cell = tuple[str, int]
"""What stands in a cell, and the number of its style. The second cell of a wide character is
empty; a character without a width of its own stands in the cell of the one before it."""

Row = list[Cell]

UNKNOWN: Cell = ("", -1)
"""A cell of which nobody can tell what the terminal shows there."""

_FIRST_WIDE = "\u2e80"
"""From here on terminals do not agree how wide a character is."""


def cells_of(text: str, style: int) -> Iterable[Cell]:
    """The cells of a text in one style."""
    if text.isascii() or is_simple(text):
        return zip(text, repeat(style))
    return _measured(text, style)


def _measured(text: str, style: int) -> Iterator[Cell]:
    pending = ""
    wide = 0
    for character in text:
        width = cell_len(character)
        if not width:
            # Without a character before it in this style there is no cell to put it into.
            pending += character if pending else ""
            continue
        if pending:
            yield pending, style
            yield from repeat(("", style), wide)
        pending, wide = character, width - 1
    if pending:
        yield pending, style
        yield from repeat(("", style), wide)


@lru_cache(maxsize=2048)
def is_simple(text: str) -> bool:
    """Every character takes one cell, and every terminal agrees."""
    return text.isascii() or all(
        character < _FIRST_WIDE and cell_len(character) == 1 for character in text
    )


def is_even(row: Sequence[Cell]) -> bool:
    """Every cell of a row holds one character of one cell."""
    text = "".join([character for character, _ in row])
    return len(text) == len(row) and is_simple(text)
