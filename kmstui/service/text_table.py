"""Hundreds of thousands of texts in little memory, each with a number by which others keep it.

As strings in a dictionary, the IDs of 100,000 keys take 18 MB. Here they take 5.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

_SEGMENTS = 256
"""Parts of the hash table. Each grows for itself: a table that grew as a whole would hold up the
event loop for 60 ms at 100,000 entries."""

_FIRST_SLOTS = 8


class BytesTable:
    """Different byte strings, numbered from 0 in the order they came; none ever goes.

    A hash table with open addressing, whose slots hold numbers.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        """All of them, one behind the other."""
        self._ends = array("I", [0])
        """Where each ends, behind a 0 for where the first begins."""
        self._segments: list[array[int] | None] = [None] * _SEGMENTS
        """Slots, as many as a power of two: 0 where one is free, else a number and 1."""
        self._counts = array("I", bytes(4 * _SEGMENTS))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> bytes:
        return bytes(self._bytes[self._ends[number] : self._ends[number + 1]])

    def find(self, content: bytes) -> int | None:
        """The number of what was added before, or None."""
        code = hash(content)
        slots = self._segments[code % _SEGMENTS]
        if slots is None:
            return None
        mask = len(slots) - 1
        slot = code // _SEGMENTS & mask
        every, ends = self._bytes, self._ends
        while number := slots[slot]:
            if every[ends[number - 1] : ends[number]] == content:
                return number - 1
            slot = slot + 1 & mask
        return None

    def add(self, content: bytes) -> int:
        """The number of this, which is new where it was not added before."""
        number = self.find(content)
        if number is not None:
            return number
        self._bytes += content
        self._ends.append(len(self._bytes))
        number = len(self._ends) - 1
        segment = hash(content) % _SEGMENTS
        self._counts[segment] += 1
        slots = self._segments[segment]
        if slots is None:
            slots = self._segments[segment] = _free_slots(_FIRST_SLOTS)
        elif 3 * self._counts[segment] > 2 * len(slots):
            slots = self._segments[segment] = self._twice(slots)
        self._take_slot(slots, content, number)
        return number - 1

    def _twice(self, slots: array[int]) -> array[int]:
        larger = _free_slots(2 * len(slots))
        for number in slots:
            if number:
                self._take_slot(larger, self[number - 1], number)
        return larger

    @staticmethod
    def _take_slot(slots: array[int], content: bytes, number: int) -> None:
        mask = len(slots) - 1
        slot = hash(content) // _SEGMENTS & mask
        while slots[slot]:
            slot = slot + 1 & mask
        slots[slot] = number


class TextTable:
    """Different texts, numbered from 0 in the order they came; none ever goes."""

    def __init__(self) -> None:
        self._table = BytesTable()

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[str]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> str:
        return self._table[number].decode("utf-8", "surrogatepass")

    def find(self, text: str) -> int | None:
        """The number of a text that was added before, or None."""
        return self._table.find(to_bytes(text))

    def add(self, text: str) -> int:
        """The number of a text, which is new where it was not added before."""
        return self._table.add(to_bytes(text))


def to_bytes(text: str) -> bytes:
    """UTF-8, in which texts sort as they do themselves; halves of a character are let through."""
    return text.encode("utf-8", "surrogatepass")


def _free_slots(count: int) -> array[int]:
    return array("I", bytes(4 * count))
