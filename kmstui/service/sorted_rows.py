"""Rows kept in order while they come by the thousand, and those of them that a filter finds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, chain
from typing import overload

_BLOCK = 512
"""Rows in a block: short enough to insert into, long enough to have few blocks."""


class SortedRows(Sequence[str]):
    """Row IDs in the order of their texts, and by ID where those are equal.

    Reads backwards when `reverse` is set. The rows stand in blocks, so that a change moves a few
    hundred of them and not all.
    """

    def __init__(self, *, reverse: bool = False) -> None:
        self._rows: list[list[str]] = []
        self._texts: list[list[str]] = []
        """The blocks: rows, and beside them what they are sorted by."""
        self._lasts: list[tuple[str, str]] = []
        """Text and ID at the end of each block."""
        self._starts: list[int] | None = None
        """How many rows are before each block; None after a change."""
        self._text_of: dict[str, str] = {}
        self.reverse = reverse

    def __len__(self) -> int:
        return len(self._text_of)

    def __iter__(self) -> Iterator[str]:
        for rows in reversed(self._rows) if self.reverse else self._rows:
            yield from reversed(rows) if self.reverse else rows

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        count = len(self._text_of)
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(count))]
        if index < 0:
            index += count
        if not 0 <= index < count:
            raise IndexError(index)
        if self.reverse:
            index = count - 1 - index
        starts = self._block_starts()
        number = bisect_right(starts, index) - 1
        return self._rows[number][index - starts[number]]

    def __contains__(self, row: object) -> bool:
        return row in self._text_of

    def in_order(self) -> list[str]:
        """All rows at one go: a millisecond for 100,000."""
        rows = list(chain.from_iterable(self._rows))
        if self.reverse:
            rows.reverse()
        return rows

    def position(self, row: str) -> int | None:
        """Where a row stands, or None when it is not among them."""
        text = self._text_of.get(row)
        if text is None:
            return None
        number, offset = self._find(text, row)
        index = self._block_starts()[number] + offset
        return len(self._text_of) - 1 - index if self.reverse else index

    def update(self, changes: Mapping[str, str | None]) -> bool:
        """Give rows new texts, or take them away (None); answers whether anything moved."""
        moved = False
        for row, text in changes.items():
            old = self._text_of.get(row)
            if old == text:
                continue
            moved = True
            if old is not None:
                self._remove(old, row)
            if text is not None:
                self._add(text, row)
        if moved:
            self._starts = None
        return moved

    def would_move(self, row: str, text: str | None) -> bool:
        """Whether `update` would do anything."""
        return self._text_of.get(row) != text

    def _block_starts(self) -> list[int]:
        if self._starts is None:
            self._starts = list(accumulate(map(len, self._rows[:-1]), initial=0))
        return self._starts

    def _find(self, text: str, row: str) -> tuple[int, int]:
        """Block and offset at which a row stands or belongs."""
        number = min(bisect_left(self._lasts, (text, row)), len(self._lasts) - 1)
        texts = self._texts[number]
        first = bisect_left(texts, text)
        if first == len(texts) or texts[first] != text:
            return number, first
        return number, bisect_left(self._rows[number], row, first, bisect_right(texts, text, first))

    def _add(self, text: str, row: str) -> None:
        self._text_of[row] = text
        if not self._rows:
            self._rows, self._texts, self._lasts = [[row]], [[text]], [(text, row)]
            return
        number, offset = self._find(text, row)
        rows, texts = self._rows[number], self._texts[number]
        rows.insert(offset, row)
        texts.insert(offset, text)
        if len(rows) > 2 * _BLOCK:
            self._rows[number : number + 1] = [rows[:_BLOCK], rows[_BLOCK:]]
            self._texts[number : number + 1] = [texts[:_BLOCK], texts[_BLOCK:]]
            self._lasts.insert(number, (texts[_BLOCK - 1], rows[_BLOCK - 1]))
            number += 1
        self._lasts[number] = (texts[-1], rows[-1])

    def _remove(self, text: str, row: str) -> None:
        del self._text_of[row]
        number, offset = self._find(text, row)
        rows, texts = self._rows[number], self._texts[number]
        del rows[offset], texts[offset]
        if rows:
            self._lasts[number] = (texts[-1], rows[-1])
        else:
            del self._rows[number], self._texts[number], self._lasts[number]


class FoundRows(Sequence[str]):
    """Some of the rows of `SortedRows`, in the same order."""

    def __init__(self, whole: SortedRows, rows: list[str]) -> None:
        """`rows` in the order of `whole`; they are taken over."""
        self._whole = whole
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        return self._rows[index]

    def __contains__(self, row: object) -> bool:
        return isinstance(row, str) and self.position(row) is not None

    def position(self, row: str) -> int | None:
        """Where a row stands, or None when it is not among them."""
        index = self._place(row)
        found = index is not None and index < len(self._rows) and self._rows[index] == row
        return index if found else None

    def add(self, row: str) -> None:
        """Add a row that stands in the whole."""
        index = self._place(row)
        if index is not None:
            self._rows.insert(index, row)

    def remove(self, row: str) -> None:
        """Take a row away, while it still stands in the whole where it stood."""
        index = self.position(row)
        if index is not None:
            del self._rows[index]

    def _place(self, row: str) -> int | None:
        """Where a row of the whole stands or belongs."""
        whole = self._whole.position(row)
        if whole is None:
            return None
        return bisect_left(self._rows, whole, key=self._whole_position)

    def _whole_position(self, row: str) -> int:
        position = self._whole.position(row)
        if position is None:
            raise ValueError(f"{row} stands no more in the rows that it was found in")
        return position
