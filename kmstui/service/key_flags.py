"""Which of the listed keys something was done with: a byte a key instead of a set of IDs."""

from __future__ import annotations

from collections.abc import Iterator

from kmstui.service.key_table import KeyTable


class KeyFlags:
    """A set of keys of one table; keys that are not in the table are in no set."""

    def __init__(self, table: KeyTable) -> None:
        self._table = table
        self._flags = bytearray()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        return (key_id for key_id in self._table if key_id in self)

    def __contains__(self, key_id: str) -> bool:
        number = self._table.number_of(key_id)
        return number is not None and number < len(self._flags) and bool(self._flags[number])

    def add(self, key_id: str) -> None:
        """Put a key into the set."""
        number = self._table.number_of(key_id)
        if number is None:
            return
        if number >= len(self._flags):
            self._flags.extend(bytes(number + 1 - len(self._flags)))
        self._count += not self._flags[number]
        self._flags[number] = True

    def discard(self, key_id: str) -> None:
        """Take a key out of the set."""
        number = self._table.number_of(key_id)
        if number is not None and number < len(self._flags):
            self._count -= self._flags[number]
            self._flags[number] = False
