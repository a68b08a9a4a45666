"""The aliases of an account in little memory, by name and by the key they name."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from datetime import datetime

from kmstui.model.alias import Alias
from kmstui.service.inventory.moments import from_microseconds, to_microseconds
from kmstui.service.inventory.text_flags import TextFlags
from kmstui.service.inventory.text_table import TextTable

_NEVER = -(2**63)
"""Stands for a date that is not known."""


class AliasTable(Mapping[str, Alias]):
    """Aliases by name, in the order they were added; each `Alias` is made when it is asked for.

    One that was forgotten and comes again stands where it stood.

    Attributes:
        names: the names of these aliases, and of some that are gone, with their numbers.
    """

    def __init__(self, key_ids: TextTable) -> None:
        """`key_ids` are the table of keys' own, so that nothing is kept twice."""
        self.names = TextTable()
        self._key_ids = key_ids
        self._count = 0
        self._present = bytearray()
        self._of_aws: set[int] = set()
        self._key_of = array("I")
        """Numbers of key IDs. That of an alias that names no key yet is empty."""
        self._created = array("q")
        """Microseconds since 1970, as in `_updated`."""
        self._updated = array("q")
        self._first_of = array("I")
        """By the number of a key's ID: the number of its first alias and 1, or 0."""
        self._others_of: dict[int, tuple[int, ...]] = {}
        """Most keys have one alias at most."""

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        return (self.names[number] for number, present in enumerate(self._present) if present)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._number_of(name) is not None

    def __getitem__(self, name: str) -> Alias:
        number = self._number_of(name)
        if number is None:
            raise KeyError(name)
        return self._at(number, name)

    def at(self, number: int) -> Alias | None:
        """The alias whose name has this number, or None where it is gone."""
        return self._at(number, self.names[number]) if self._present[number] else None

    def _at(self, number: int, name: str) -> Alias:
        return Alias(
            name,
            self._key_ids[self._key_of[number]],
            _moment(self._created[number]),
            _moment(self._updated[number]),
        )

    def names_of(self, key_id: str) -> tuple[str, ...]:
        """Names of the aliases of a key, in the order they were added."""
        key = self._key_ids.find(key_id)
        return () if key is None else self.names_at(key)

    def names_at(self, key: int) -> tuple[str, ...]:
        """As `names_of`, by the number of the key's ID."""
        first = self._first_of[key] if key < len(self._first_of) else 0
        if not first:
            return ()
        if key not in self._others_of:
            return (self.names[first - 1],)
        return tuple(self.names[each] for each in self._aliases_at(key))

    def of_aws(self) -> Iterator[int]:
        """The numbers of the aliases of AWS's own keys."""
        return iter(self._of_aws)

    def flagged(self) -> TextFlags:
        """A new set of all these aliases."""
        return TextFlags(self.names, self._present)

    def put(self, alias: Alias) -> None:
        """Add an alias, or replace the one with its name."""
        number = self.names.add(alias.name)
        key = self._key_ids.add(alias.key_id)
        self._make_room(number, key)
        if not self._present[number]:
            self._present[number] = True
            self._count += 1
            if alias.is_aws:
                self._of_aws.add(number)
        elif self._key_of[number] != key:
            self._unlink(number)
        self._key_of[number] = key
        self._created[number] = _number(alias.created)
        self._updated[number] = _number(alias.updated)
        names = self._aliases_at(key)
        if alias.key_id and number not in names:
            self._link(key, (*names, number))

    def discard(self, name: str) -> None:
        """Forget an alias."""
        number = self._number_of(name)
        if number is not None:
            self._unlink(number)
            self._present[number] = False
            self._count -= 1
            self._of_aws.discard(number)

    def _number_of(self, name: str) -> int | None:
        number = self.names.find(name)
        return number if number is not None and self._present[number] else None

    def _make_room(self, number: int, key: int) -> None:
        if number >= len(self._present):
            self._present.append(False)
            self._key_of.append(0)
            self._created.append(_NEVER)
            self._updated.append(_NEVER)
        more = key + 1 - len(self._first_of)
        if more > 0:
            self._first_of.frombytes(bytes(self._first_of.itemsize * more))

    def _aliases_at(self, key: int) -> tuple[int, ...]:
        first = self._first_of[key]
        return (first - 1, *self._others_of.get(key, ())) if first else ()

    def _unlink(self, number: int) -> None:
        key = self._key_of[number]
        self._link(key, tuple(each for each in self._aliases_at(key) if each != number))

    def _link(self, key: int, aliases: tuple[int, ...]) -> None:
        self._first_of[key] = aliases[0] + 1 if aliases else 0
        if len(aliases) > 1:
            self._others_of[key] = aliases[1:]
        else:
            self._others_of.pop(key, None)


def _number(moment: datetime | None) -> int:
    return _NEVER if moment is None else to_microseconds(moment)


def _moment(number: int) -> datetime | None:
    return None if number == _NEVER else from_microseconds(number)
