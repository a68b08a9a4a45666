"""Keys that wait their turn: four bytes for each."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from kmstui.service.inventory.text_table import TextTable


class TextQueue:
    """Texts of one table, first in, first out; what is not in the table is not taken in."""

    def __init__(self, texts: TextTable) -> None:
        self._texts = texts
        self._numbers = array("I")
        self._next = 0
        """The place of the one whose turn is next."""

    def __len__(self) -> int:
        return len(self._numbers) - self._next

    def extend(self, texts: Iterable[str]) -> None:
        """Put these behind all others."""
        numbers = map(self._texts.find, texts)
        self._numbers.extend(number for number in numbers if number is not None)

    def popleft(self) -> str:
        """Take out the one that waits longest.

        Raises:
            IndexError: none waits.
        """
        number = self._numbers[self._next]
        self._next += 1
        if self._next == len(self._numbers):
            self.clear()
        return self._texts[number]

    def clear(self) -> None:
        """Let none wait any more."""
        del self._numbers[:]
        self._next = 0
