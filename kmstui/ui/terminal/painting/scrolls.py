"""Lines that the terminal can move by itself, instead of being sent them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter, ne

from kmstui.ui.terminal.painting.cells import UNKNOWN, Row

_LEAST_ROWS = 3
"""With fewer changed rows than this nothing is worth moving."""
_COST = 30
"""Cells that could be written for the bytes that moving takes."""
_COMMON = 4
"""A text that stands in more rows than this says nothing of where a row has gone."""

_character = itemgetter(0)


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
