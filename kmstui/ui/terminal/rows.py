"""Rows of the terminal as cells, and those that it can move by itself, to be sent less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from operator import itemgetter, ne

from rich.cells import cell_len

Cell = tuple[str, int]
"""What stands in a cell, and the number of its style. The second cell of a wide character is
empty; a character without a width of its own stands in the cell of the one before it."""

Row = list[Cell]

UNKNOWN: Cell = ("", -1)
"""A cell of which nobody can tell what the terminal shows there."""

_LEAST_ROWS = 3
"""With fewer changed rows than this nothing is worth moving."""
_COST = 30
"""Cells that could be written for the bytes that moving takes."""
_COMMON = 4
"""A text that stands in more rows than this says nothing of where a row has gone."""

_character = itemgetter(0)

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


@dataclass(frozen=True, slots=True)
class Scroll:
    """Rows `top` to `bottom`, both included, move up by `by` rows, or down where it is negative."""

    top: int
    bottom: int
    by: int

    @property
    def sequence(self) -> str:
        """What makes the terminal do it.

        A scrolling region (DECSTBM) with lines deleted or inserted in it: every terminal that
        knows the VT102 does that, which is not so of scrolling up and down (SU, SD).
        """
        letter = "M" if self.by > 0 else "L"
        top, bottom = self.top + 1, self.bottom + 1
        return f"\x1b[{top};{bottom}r\x1b[{top};1H\x1b[{abs(self.by)}{letter}\x1b[r"

    def apply(self, rows: list[Row]) -> None:
        """Move what is known of the terminal alike.

        Nobody can tell in which colour a terminal leaves the lines that come in.
        """
        width = len(rows[self.top])
        blank = [[UNKNOWN] * width for _ in range(abs(self.by))]
        region = rows[self.top : self.bottom + 1]
        if self.by > 0:
            rows[self.top : self.bottom + 1] = region[self.by :] + blank
        else:
            rows[self.top : self.bottom + 1] = blank + region[: self.by]


def find_scroll(old: Sequence[Row], new: Mapping[int, Row]) -> Scroll | None:
    """The scroll for which most rows speak, if it saves anything.

    Args:
        old: All rows of the terminal.
        new: The rows that shall be different, by their place.
    """
    if len(new) < _LEAST_ROWS:
        return None
    spoken_for = _votes(old, new).most_common(1)
    return _with_shift(old, new, spoken_for[0][0]) if spoken_for else None


def _votes(old: Sequence[Row], new: Mapping[int, Row]) -> Counter[int]:
    """How many rows speak for each shift."""
    places: dict[str, list[int]] = {}
    for y, row in enumerate(old):
        places.setdefault(_words(row), []).append(y)
    votes: Counter[int] = Counter()
    for y, row in new.items():
        words = _words(row)
        found = places.get(words, ())
        if words and len(found) <= _COMMON:
            votes.update(place - y for place in found if place != y)
    return votes


def _words(row: Row) -> str:
    """The text without what may differ on a row that has moved: a number, a scroll bar."""
    return "".join(map(_character, row))[6:-2].strip()


def _with_shift(old: Sequence[Row], new: Mapping[int, Row], by: int) -> Scroll | None:
    """The run of rows that gains most by moving them; None where that costs more."""
    gain = run = 0
    best = (0, 0, 0)
    start = 0
    for y in range(max(0, -by), min(len(old), len(old) - by)):
        wanted = new.get(y) or old[y]
        value = _difference(old[y], wanted) - _difference(old[y + by], wanted)
        if run <= 0:
            run, start = 0, y
        run += value
        if run > gain:
            gain, best = run, (run, start, y)
    saved, first, last = best
    if not saved:
        return None
    top, bottom = min(first, first + by), max(last, last + by)
    came_in = range(bottom - by + 1, bottom + 1) if by > 0 else range(top, top - by)
    lost = sum(
        len(old[y]) - _difference(old[y], new.get(y) or old[y]) for y in came_in if y not in new
    )
    return Scroll(top, bottom, by) if saved > lost + _COST else None


def _difference(one: Row, other: Row) -> int:
    return 0 if one == other else sum(map(ne, one, other))
