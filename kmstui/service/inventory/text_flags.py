"""With which keys or aliases something was done: a byte for each instead of a set of names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kmstui.service.inventory.text_table import TextTable


class TextFlags:
    """A set of texts of one table; what is not in the table is in no set."""

    def __init__(self, texts: TextTable, flags: Iterable[object] = ()) -> None:
        """`flags` say of each text, in the order of their numbers, whether it is in the set."""
        self._texts = texts
        self._flags = bytearray(map(bool, flags))
        self._count = sum(self._flags)
        self._popped = 0
        """Behind the one that `pop` took last."""

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        return (self._texts[number] for number, flag in enumerate(self._flags) if flag)

    def __contains__(self, text: str) -> bool:
        number = self._texts.find(text)
        return number is not None and self.has(number)

    def has(self, number: int) -> bool:
        """Whether the text with this number is in the set."""
        return number < len(self._flags) and bool(self._flags[number])

    def add(self, text: str) -> None:
        """Put a text into the set."""
        number = self._texts.find(text)
        if number is not None:
            self.add_at(number)

    def add_at(self, number: int) -> None:
        """Put the text with this number into the set."""
        if number >= len(self._flags):
            self._flags.extend(bytes(len(self._texts) - len(self._flags)))
        self._count += not self._flags[number]
        self._flags[number] = True

    def update(self, texts: Iterable[str]) -> None:
        """Put these into the set."""
        for text in texts:
            self.add(text)

    def discard(self, text: str) -> None:
        """Take a text out of the set."""
        number = self._texts.find(text)
        if number is not None:
            self.discard_at(number)

    def discard_at(self, number: int) -> None:
        """Take the text with this number out of the set."""
        if self.has(number):
            self._count -= 1
            self._flags[number] = False

    def difference_update(self, texts: Iterable[str]) -> None:
        """Take these out of the set."""
        for text in texts:
            self.discard(text)

    def pop(self) -> int:
        """Take one out of the set, each in its turn; answers its number.

        Raises:
            KeyError: the set is empty.
        """
        number = self._flags.find(True, self._popped)
        if number < 0:
            number = self._flags.find(True)
        if number < 0:
            raise KeyError("pop from an empty set")
        self._flags[number] = False
        self._count -= 1
        self._popped = number + 1
        return number

    def clear(self) -> None:
        """Take all out of the set."""
        self._flags.clear()
        self._count = 0
