"""The aliases of an account in little memory, by name and by the key they name."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from datetime import datetime

from kmstui.model.alias import Alias
from kmstui.service.moments import from_microseconds, to_microseconds

_NEVER = -(2**63)
"""Stands for a date that is not known."""


class AliasTable(Mapping[str, Alias]):
    """Aliases by name, in the order they were added; each `Alias` is made when it is asked for."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._free: list[int] = []
        self._key_ids: list[str] = []
        self._created = array("q")
        """Microseconds since 1970, as in `_updated`."""
        self._updated = array("q")
        self._names_of: dict[str, str | tuple[str, ...]] = {}
        """Most keys have one alias, which stands here without a tuple around it."""

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __contains__(self, name: object) -> bool:
        return name in self._numbers

    def __getitem__(self, name: str) -> Alias:
        number = self._numbers[name]
        return Alias(
            name,
            self._key_ids[number],
            _moment(self._created[number]),
            _moment(self._updated[number]),
        )

    def names_of(self, key_id: str) -> tuple[str, ...]:
        """Names of the aliases of a key, in the order they were added."""
        names = self._names_of.get(key_id, ())
        return (names,) if isinstance(names, str) else names

    def own_id(self, key_id: str) -> str | None:
        """The table's own copy of a key's ID, for whoever wants to keep it too."""
        names = self.names_of(key_id)
        return self._key_ids[self._numbers[names[0]]] if names else None

    def put(self, alias: Alias) -> None:
        """Add an alias, or replace the one with its name."""
        number = self._numbers.get(alias.name)
        if number is None:
            number = self._new_number(alias.name)
        elif self._key_ids[number] != alias.key_id:
            self._unlink(alias.name, self._key_ids[number])
        self._key_ids[number] = alias.key_id
        self._created[number] = _number(alias.created)
        self._updated[number] = _number(alias.updated)
        names = self.names_of(alias.key_id)
        if alias.key_id and alias.name not in names:
            self._name(alias.key_id, (*names, alias.name))

    def discard(self, name: str) -> None:
        """Forget an alias."""
        number = self._numbers.pop(name, None)
        if number is not None:
            self._unlink(name, self._key_ids[number])
            self._key_ids[number] = ""
            self._free.append(number)

    def _new_number(self, name: str) -> int:
        if self._free:
            number = self._free.pop()
        else:
            number = len(self._key_ids)
            self._key_ids.append("")
            self._created.append(_NEVER)
            self._updated.append(_NEVER)
        self._numbers[name] = number
        return number

    def _unlink(self, name: str, key_id: str) -> None:
        self._name(key_id, tuple(each for each in self.names_of(key_id) if each != name))

    def _name(self, key_id: str, names: tuple[str, ...]) -> None:
        if names:
            self._names_of[key_id] = names[0] if len(names) == 1 else names
        else:
            self._names_of.pop(key_id, None)


def _number(moment: datetime | None) -> int:
    return _NEVER if moment is None else to_microseconds(moment)


def _moment(number: int) -> datetime | None:
    return None if number == _NEVER else from_microseconds(number)
