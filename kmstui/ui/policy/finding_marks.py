"""Findings as marks in the text, carried along while somebody types."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kmstui.policy.lint import Finding
from kmstui.policy.syntax import Document

Location = tuple[int, int]
"""Row and column, counted from 0, as a TextArea counts them."""


@dataclass(frozen=True, slots=True)
class FindingMark:
    """One finding where it stands in the text now."""

    finding: Finding
    start: Location
    end: Location
    """Not included; a range of several rows is drawn on its first."""


def carried(position: Location, top: Location, bottom: Location, end: Location) -> Location:
    """Where `position` is after `top`…`bottom` was replaced by a text that ends at `end`."""
    if position < top:
        return position
    if position < bottom:
        return min(position, end)
    row, column = position
    if row == bottom[0]:
        column += end[1] - bottom[1]
    return row + end[0] - bottom[0], column


def _carry_one(mark: FindingMark, top: Location, bottom: Location, end: Location) -> FindingMark:
    if mark.end <= top and mark.start < mark.end:
        # Typing right behind a marked range does not widen it.
        return mark
    start = carried(mark.start, top, bottom, end)
    return FindingMark(mark.finding, start, max(start, carried(mark.end, top, bottom, end)))


class FindingMarks:
    """The marks of one text, in the order of the text."""

    def __init__(self) -> None:
        self._marks: list[FindingMark] = []
        self._rows: dict[int, list[FindingMark]] | None = None

    def __len__(self) -> int:
        return len(self._marks)

    def __iter__(self) -> Iterator[FindingMark]:
        return iter(self._marks)

    def put(self, findings: Iterable[Finding], text: str) -> None:
        """Replace all marks by findings whose spans are offsets into `text`."""
        location = Document(text, None, ()).location
        last = len(text)
        self._marks = sorted(
            (
                FindingMark(
                    finding,
                    location(min(finding.span.start, last)),
                    location(min(finding.span.end, last)),
                )
                for finding in findings
            ),
            key=lambda mark: (mark.start, -mark.finding.severity, mark.end),
        )
        self._rows = None

    def carry(self, top: Location, bottom: Location, end: Location) -> None:
        """Follow an edit that replaced `top`…`bottom` by a text that ends at `end`."""
        stays_below = bottom[0] if end[0] == bottom[0] else None
        moved = [
            mark
            if mark.end < top or (stays_below is not None and mark.start[0] > stays_below)
            else _carry_one(mark, top, bottom, end)
            for mark in self._marks
        ]
        if moved != self._marks:
            self._marks = moved
            self._rows = None

    def on_row(self, row: int) -> Sequence[FindingMark]:
        """The marks that begin on a row, the worst first."""
        if self._rows is None:
            self._rows = {}
            for mark in self._marks:
                self._rows.setdefault(mark.start[0], []).append(mark)
            for marks in self._rows.values():
                marks.sort(key=lambda mark: -mark.finding.severity)
        return self._rows.get(row, ())

    def rows(self) -> set[int]:
        """Every row on which a mark begins."""
        return {mark.start[0] for mark in self._marks}

    def after(self, location: Location, told: Finding | None = None) -> FindingMark | None:
        """The next mark, from the top again when there is none below.

        Of several that begin here, those behind the one of `told`, which is spoken of, come first.
        """
        here = self._here(location, told)
        index = bisect_left(self._marks, location, key=lambda mark: mark.start)
        index = index if here is None else here + 1
        return self._marks[index % len(self._marks)] if self._marks else None

    def before(self, location: Location, told: Finding | None = None) -> FindingMark | None:
        """The previous mark, from the bottom again when there is none above; `told` as there."""
        here = self._here(location, told)
        index = bisect_left(self._marks, location, key=lambda mark: mark.start)
        return self._marks[(index if here is None else here) - 1] if self._marks else None

    def _here(self, location: Location, told: Finding | None) -> int | None:
        return next(
            (
                index
                for index, mark in enumerate(self._marks)
                if mark.start == location and mark.finding is told
            ),
            None,
        )

    def at(self, location: Location) -> FindingMark | None:
        """The mark to speak of at the cursor: one around it, else the worst of its row."""
        around = [mark for mark in self._marks if mark.start <= location <= mark.end]
        on_row = self.on_row(location[0])
        same_row = [mark for mark in around if mark.start[0] == location[0]]
        candidates = same_row or on_row or around
        return max(candidates, key=lambda mark: mark.finding.severity, default=None)
