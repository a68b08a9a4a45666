"""The order of the keys table, kept sorted while keys arrive by the thousand.

A row's place is one string, made of everything it is sorted by and ending in the row's ID.
Python sorts and merges such strings many times faster than tuples or with a key function, and
the ID can be read from the string's end.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import overload

from kmstui.model.key import Key, KeyMetadata

_END = "\x00"
_FEW = 24
"""Up to so many changes are cheaper one by one than in one pass over the whole list."""

_Reader = Callable[[Key, Sequence[str]], str]


def _of_metadata(read: Callable[[KeyMetadata], str]) -> _Reader:
    def text(key: Key, aliases: Sequence[str]) -> str:
        return "" if key.metadata is None else read(key.metadata)

    return text


def _time(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.timestamp():020.3f}"


def _rotation(key: Key, aliases: Sequence[str]) -> str:
    return "" if key.rotation is None else ("off", "on")[key.rotation]


def _tags(key: Key, aliases: Sequence[str]) -> str:
    return " ".join(f"{tag.key}={tag.value}" for tag in key.tags or ())


_READERS: Mapping[str, _Reader] = {
    "alias": lambda key, aliases: aliases[0] if aliases else "",
    "id": lambda key, aliases: key.id,
    "state": _of_metadata(lambda metadata: metadata.state),
    "spec": _of_metadata(lambda metadata: metadata.spec),
    "usage": _of_metadata(lambda metadata: metadata.usage),
    "origin": _of_metadata(lambda metadata: metadata.origin),
    "manager": _of_metadata(lambda metadata: metadata.manager),
    "region": _of_metadata(lambda metadata: metadata.multi_region),
    "created": _of_metadata(lambda metadata: _time(metadata.created)),
    "deletion": _of_metadata(lambda metadata: _time(metadata.deletion)),
    "rotation": _rotation,
    "tags": _tags,
    "description": _of_metadata(lambda metadata: metadata.description),
}
SORT_COLUMNS = tuple(_READERS)
"""What the keys table can be sorted by."""


def place_of(key: Key, aliases: Sequence[str], column: str, *, reverse: bool = False) -> str:
    """The string that sorts a key: customer keys first, then by `column`, empty ones last.

    With `reverse` the list is read backwards, so what must stay first goes last in it.
    """
    text = _READERS[column](key, aliases).casefold().replace(_END, "")
    back = key.is_aws_managed != reverse
    missing = (not text) != reverse
    return f"{back:d}{missing:d}{text}{_END}{key.id}"


def row_of(place: str) -> str:
    """The row's ID at the end of its place."""
    return place[place.rindex(_END) + 1 :]


class SortedRows(Sequence[str]):
    """Row IDs in the order of their places; reads backwards when `reverse` is set."""

    def __init__(
        self,
        order: list[str] | None = None,
        places: dict[str, str] | None = None,
        *,
        reverse: bool = False,
    ) -> None:
        """Takes over `order`, which must be sorted, and `places`, the same ones by row ID."""
        self._order = order if order is not None else []
        if places is None:
            places = {row_of(place): place for place in self._order}
        self._places = places
        self.reverse = reverse

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self._order)))]
        if self.reverse:
            index = -1 - index
        return row_of(self._order[index])

    def __contains__(self, row: object) -> bool:
        return row in self._places

    def position(self, row: str) -> int | None:
        """Where a row stands, or None when it is not among them."""
        place = self._places.get(row)
        if place is None:
            return None
        index = bisect_left(self._order, place)
        return len(self._order) - 1 - index if self.reverse else index

    def update(self, changes: Mapping[str, str | None]) -> bool:
        """Give rows new places, or take them away (None); answers whether anything moved."""
        gone: set[str] = set()
        new: list[str] = []
        for row, place in changes.items():
            old = self._places.get(row)
            if old == place:
                continue
            if old is not None:
                gone.add(old)
                del self._places[row]
            if place is not None:
                new.append(place)
                self._places[row] = place
        if not gone and not new:
            return False
        if len(gone) + len(new) <= _FEW:
            self._update_few(gone, new)
        else:
            if gone:
                self._order = [place for place in self._order if place not in gone]
            new.sort()
            self._order.extend(new)
            self._order.sort()  # two sorted runs: one merge
        return True

    def _update_few(self, gone: set[str], new: list[str]) -> None:
        order = self._order
        for place in gone:
            del order[bisect_left(order, place)]
        for place in new:
            order.insert(bisect_left(order, place), place)
