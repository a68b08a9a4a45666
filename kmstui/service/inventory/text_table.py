"""Hundreds of thousands of texts in little memory, each with a number by which others keep it.

As strings in a dictionary, the IDs of 100,000 keys take 18 MB. Here they take 5.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

_SEGMENTS = 256
"""Parts of the hash table. Each grows for itself: a table that grew as a whole would hold up the
event loop for 100 ms at 100,000 entries."""

_FIRST_SLOTS = 8


class TextTable:
    """Different texts, numbered from 0 in the order they came; none ever goes.

    A hash table with open addressing, whose slots hold numbers.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        """All of them, one behind the other."""
        self._ends = array("I", [0])
        """Where each ends, behind a 0 for where the first begins."""
        self._segments: list[array[int]] = [_free_slots(_FIRST_SLOTS) for _ in range(_SEGMENTS)]
        """Slots, as many as a power of two: 0 where one is free, else a number and 1."""
        self._counts = array("I", bytes(4 * _SEGMENTS))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[str]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> str:
        content = self._bytes[self._ends[number] : self._ends[number + 1]]
        return content.decode("utf-8", "surrogatepass")

    def find(self, text: str) -> int | None:
        """The number of a text that was added before, or None."""
        content = to_bytes(text)
        code = hash(text)
        slots = self._segments[code % _SEGMENTS]
        # What __getitem__ and _free_slot do, in a third of the time: nothing is called more often.
        every, ends, mask = self._bytes, self._ends, len(slots) - 1
        slot = code // _SEGMENTS & mask
        while number := slots[slot]:
            if every[ends[number - 1] : ends[number]] == content:
                return number - 1
            slot = slot + 1 & mask
        return None

    def add(self, text: str) -> int:
        """The number of a text, which is new where it was not added before."""
        known = self.find(text)
        if known is not None:
            return known
        self._bytes += to_bytes(text)
        self._ends.append(len(self._bytes))
        number = len(self)
        segment = hash(text) % _SEGMENTS
        self._counts[segment] += 1
        slots = self._segments[segment]
        if 3 * self._counts[segment] > 2 * len(slots):
            slots = self._segments[segment] = self._twice(slots)
        slots[_free_slot(slots, text)] = number
        return number - 1

    def _twice(self, slots: array[int]) -> array[int]:
        larger = _free_slots(2 * len(slots))
        for number in slots:
            if number:
                larger[_free_slot(larger, self[number - 1])] = number
        return larger


def to_bytes(text: str) -> bytes:
    """UTF-8, in which texts sort as they do themselves; halves of a character are let through."""
    return text.encode("utf-8", "surrogatepass")


def _free_slots(count: int) -> array[int]:
    return array("I", bytes(4 * count))


def _free_slot(slots: array[int], text: str) -> int:
    mask = len(slots) - 1
    slot = hash(text) // _SEGMENTS & mask
    while slots[slot]:
        slot = slot + 1 & mask
    return slot
