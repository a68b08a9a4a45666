"""Rows kept in order while they come by the thousand, and those of them that a filter finds.

Rows are kept by the numbers that their names have in a table of texts, and what they are sorted
by is packed: about 15 bytes a row beside that text.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count
from typing import overload

from kmstui.service.inventory.text_table import TextTable, to_bytes

_BLOCK = 64
"""Rows in a block, at most twice as many: few enough to be unpacked for every change, enough for
the blocks themselves to take little."""

_SEPARATOR = b"\n"


class _Block:
    """Rows that stand one behind the other."""

    __slots__ = ("number", "packed", "rows", "start")

    def __init__(self, number: int, rows: array[int], texts: list[bytes]) -> None:
        self.number = number
        self.rows = rows
        self.packed = _SEPARATOR.join(texts)
        """What each of them is sorted by."""
        self.start = 0
        """How many rows are before the block, when they were counted last."""

    @property
    def texts(self) -> list[bytes]:
        """What each row is sorted by, to be read only."""
        return self.packed.split(_SEPARATOR)


class SortedRows(Sequence[str]):
    """Row names in the order of their texts, and by name where those are equal.

    Reads backwards when `reverse` is set. The rows stand in blocks, so that a change moves a
    hundred of them at most.

    Attributes:
        names: the table that numbers the rows' names.
    """

    def __init__(self, names: TextTable, *, reverse: bool = False) -> None:
        self.names = names
        self.reverse = reverse
        self._count = 0
        self._blocks: list[_Block] = []
        """In order."""
        self._lasts: list[tuple[bytes, str]] = []
        """Text and name at the end of each."""
        self._by_number: dict[int, _Block] = {}
        self._numbers = count(1)
        """Of blocks; each is used once."""
        self._block_of = array("I")
        """By the number of a row: that of its block, or 0."""
        self._counted = 0
        """Blocks, from the first on, whose `start` is right. The others are counted when somebody
        asks: while rows come, most changes are behind what is on the screen."""

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        return map(self.names.__getitem__, self.in_order())

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(self._count))]
        if index < 0:
            index += self._count
        if not 0 <= index < self._count:
            raise IndexError(index)
        if self.reverse:
            index = self._count - 1 - index
        while self._rows_counted <= index:
            self._count_block()
        block = self._blocks[bisect_right(self._blocks, index, 0, self._counted, key=_start) - 1]
        return self.names[block.rows[index - block.start]]

    def __contains__(self, row: object) -> bool:
        return isinstance(row, str) and self.position(row) is not None

    def in_order(self) -> Sequence[int]:
        """The numbers of all rows at one go: a millisecond for 100,000."""
        rows = array("I", chain.from_iterable(block.rows for block in self._blocks))
        if self.reverse:
            rows.reverse()
        return rows

    def among(self, rows: Iterable[str]) -> list[str]:
        """Those of `rows` that are among these, in order."""
        return _among(self.names, rows, self.in_order())

    def position(self, row: str) -> int | None:
        """Where a row stands, or None when it is not among them."""
        number = self.names.find(row)
        return None if number is None else self.position_of(number)

    def position_of(self, number: int) -> int | None:
        """Where the row with this number stands, or None when it is not among them."""
        block = self._block(number)
        if block is None:
            return None
        place = bisect_left(self._blocks, block.start, 0, self._counted, key=_start)
        if place == self._counted or self._blocks[place] is not block:
            while self._count_block() is not block:
                pass
        index = block.start + block.rows.index(number)
        return self._count - 1 - index if self.reverse else index

    def update(self, changes: Mapping[int, str | None]) -> bool:
        """Give rows new texts, or take them away (None), by their numbers.

        Answers whether anything moved.
        """
        moved = False
        for number, text in changes.items():
            moved = self._set(number, _sortable(text)) or moved
        return moved

    def would_move(self, number: int, text: str | None) -> bool:
        """Whether `update` would do anything."""
        return self._text(number) != _sortable(text)

    def _set(self, number: int, text: bytes | None) -> bool:
        old = self._text(number)
        if old == text:
            return False
        row = self.names[number]
        if old is not None:
            self._remove(number, row, old)
        if text is not None:
            self._add(number, row, text)
        return True

    def _block(self, number: int) -> _Block | None:
        """The block in which a row stands."""
        if number >= len(self._block_of):
            return None
        return self._by_number.get(self._block_of[number])

    def _text(self, number: int) -> bytes | None:
        block = self._block(number)
        return None if block is None else block.texts[block.rows.index(number)]

    @property
    def _rows_counted(self) -> int:
        """Rows in the blocks whose `start` is right."""
        if not self._counted:
            return 0
        last = self._blocks[self._counted - 1]
        return last.start + len(last.rows)

    def _count_block(self) -> _Block:
        """Count the rows before the next block; answers that block."""
        block = self._blocks[self._counted]
        block.start = self._rows_counted
        self._counted += 1
        return block

    def _add(self, number: int, row: str, text: bytes) -> None:
        self._count += 1
        if not self._blocks:
            self._insert_block(0, array("I", [number]), [text])
            return
        place = min(bisect_left(self._lasts, (text, row)), len(self._blocks) - 1)
        block = self._blocks[place]
        texts = block.texts
        offset = bisect_left(texts, text)
        if offset < len(texts) and texts[offset] == text:
            end = bisect_right(texts, text, offset)
            offset = bisect_left(block.rows, row, offset, end, key=self.names.__getitem__)
        block.rows.insert(offset, number)
        texts.insert(offset, text)
        self._mark((number,), block)
        if len(block.rows) > 2 * _BLOCK:
            self._insert_block(place + 1, block.rows[_BLOCK:], texts[_BLOCK:])
            del block.rows[_BLOCK:], texts[_BLOCK:]
        self._keep(place, texts)

    def _remove(self, number: int, row: str, text: bytes) -> None:
        self._count -= 1
        self._block_of[number] = 0
        place = bisect_left(self._lasts, (text, row))
        block = self._blocks[place]
        offset = block.rows.index(number)
        texts = block.texts
        del block.rows[offset], texts[offset]
        if texts:
            self._keep(place, texts)
        else:
            self._counted = min(self._counted, place)
            del self._blocks[place], self._lasts[place], self._by_number[block.number]

    def _keep(self, place: int, texts: list[bytes]) -> None:
        """Pack the texts of a block whose rows have changed."""
        self._counted = min(self._counted, place + 1)
        block = self._blocks[place]
        block.packed = _SEPARATOR.join(texts)
        self._lasts[place] = (texts[-1], self.names[block.rows[-1]])

    def _insert_block(self, place: int, rows: array[int], texts: list[bytes]) -> None:
        self._counted = min(self._counted, place)
        number = next(self._numbers)
        block = self._by_number[number] = _Block(number, rows, texts)
        self._blocks.insert(place, block)
        self._lasts.insert(place, (texts[-1], self.names[rows[-1]]))
        self._mark(rows, block)

    def _mark(self, rows: Iterable[int], block: _Block) -> None:
        """Keep in which block these rows stand."""
        more = len(self.names) - len(self._block_of)
        if more > 0:
            self._block_of.frombytes(bytes(self._block_of.itemsize * more))
        for row in rows:
            self._block_of[row] = block.number


class FoundRows(Sequence[str]):
    """Some of the rows of `SortedRows`, in the same order."""

    def __init__(self, whole: SortedRows, rows: array[int]) -> None:
        """`rows` by their numbers, in the order of `whole`; they are taken over."""
        self._whole = whole
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[str]:
        return map(self._whole.names.__getitem__, self._rows)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        names = self._whole.names
        if isinstance(index, slice):
            return [names[each] for each in self._rows[index]]
        return names[self._rows[index]]

    def __contains__(self, row: object) -> bool:
        return isinstance(row, str) and self.position(row) is not None

    def among(self, rows: Iterable[str]) -> list[str]:
        """Those of `rows` that are among these, in order."""
        return _among(self._whole.names, rows, self._rows)

    def position(self, row: str) -> int | None:
        """Where a row stands, or None when it is not among them."""
        number = self._whole.names.find(row)
        return None if number is None else self.position_of(number)

    def add(self, number: int) -> None:
        """Add a row that stands in the whole."""
        index = self._place(number)
        if index is not None:
            self._rows.insert(index, number)

    def remove(self, number: int) -> None:
        """Take a row away, while it still stands in the whole where it stood."""
        index = self.position_of(number)
        if index is not None:
            del self._rows[index]

    def position_of(self, number: int) -> int | None:
        """Where the row with this number stands, or None when it is not among them."""
        index = self._place(number)
        found = index is not None and index < len(self._rows) and self._rows[index] == number
        return index if found else None

    def _place(self, number: int) -> int | None:
        """Where a row of the whole stands or belongs."""
        whole = self._whole.position_of(number)
        if whole is None:
            return None
        return bisect_left(self._rows, whole, key=self._whole_position)

    def _whole_position(self, number: int) -> int:
        position = self._whole.position_of(number)
        if position is None:
            name = self._whole.names[number]
            raise ValueError(f"{name} stands no more in the rows that it was found in")
        return position


def _start(block: _Block) -> int:
    return block.start


def _among(names: TextTable, rows: Iterable[str], ordered: Iterable[int]) -> list[str]:
    wanted = set(map(names.find, rows))
    return [names[number] for number in ordered if number in wanted]


def _sortable(text: str | None) -> bytes | None:
    """As it is kept: without what separates one from the next."""
    return None if text is None else to_bytes(text).replace(_SEPARATOR, b" ")
