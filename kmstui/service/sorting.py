"""The order of the keys table, kept sorted while keys arrive by the thousand.

A row's place is one string, made of everything it is sorted by and ending in the row's ID.
Python sorts and merges such strings many times faster than tuples or with a key function, and
the ID can be read from the string's end.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import overload

from kmstui.model.key import Key, KeyMetadata

_END = "\x00"
_BLOCK = 512
"""Places in a block: short enough to insert into, long enough to have few blocks."""

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


def place_of_name(name: str) -> str:
    """The string that sorts a row which is known by its name, such as an alias."""
    return f"{name.casefold()}{_END}{name}"


def row_of(place: str) -> str:
    """The row's ID at the end of its place."""
    return place[place.rindex(_END) + 1 :]


class SortedRows(Sequence[str]):
    """Row IDs in the order of their places; reads backwards when `reverse` is set.

    The places stand in blocks, so that a change moves a few hundred of them and not all.
    """

    def __init__(
        self,
        order: Sequence[str] = (),
        places: dict[str, str] | None = None,
        *,
        reverse: bool = False,
    ) -> None:
        """`order` must be sorted; takes over `places`, the same ones by row ID."""
        self._blocks = [
            list(order[start : start + _BLOCK]) for start in range(0, len(order), _BLOCK)
        ]
        self._lasts = [block[-1] for block in self._blocks]
        self._starts: list[int] | None = None
        self._places = {row_of(place): place for place in order} if places is None else places
        self.reverse = reverse

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        blocks = reversed(self._blocks) if self.reverse else self._blocks
        for block in blocks:
            for place in reversed(block) if self.reverse else block:
                yield row_of(place)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        count = len(self._places)
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
        return row_of(self._blocks[number][index - starts[number]])

    def __contains__(self, row: object) -> bool:
        return row in self._places

    @property
    def unordered(self) -> Collection[str]:
        """The rows in no particular order, which takes no time."""
        return self._places.keys()

    def position(self, row: str) -> int | None:
        """Where a row stands, or None when it is not among them."""
        place = self._places.get(row)
        if place is None:
            return None
        number = bisect_left(self._lasts, place)
        index = self._block_starts()[number] + bisect_left(self._blocks[number], place)
        return len(self._places) - 1 - index if self.reverse else index

    def update(self, changes: Mapping[str, str | None]) -> bool:
        """Give rows new places, or take them away (None); answers whether anything moved."""
        moved = False
        for row, place in changes.items():
            old = self._places.get(row)
            if old == place:
                continue
            moved = True
            if old is not None:
                self._remove(old)
                del self._places[row]
            if place is not None:
                self._add(place)
                self._places[row] = place
        if moved:
            self._starts = None
        return moved

    def _block_starts(self) -> list[int]:
        if self._starts is None:
            self._starts = list(accumulate(map(len, self._blocks[:-1]), initial=0))
        return self._starts

    def _add(self, place: str) -> None:
        if not self._blocks:
            self._blocks.append([place])
            self._lasts.append(place)
            return
        number = min(bisect_left(self._lasts, place), len(self._blocks) - 1)
        block = self._blocks[number]
        insort(block, place)
        self._lasts[number] = block[-1]
        if len(block) > 2 * _BLOCK:
            self._blocks[number : number + 1] = [block[:_BLOCK], block[_BLOCK:]]
            self._lasts[number : number + 1] = [block[_BLOCK - 1], block[-1]]

    def _remove(self, place: str) -> None:
        number = bisect_left(self._lasts, place)
        block = self._blocks[number]
        del block[bisect_left(block, place)]
        if block:
            self._lasts[number] = block[-1]
        else:
            del self._blocks[number]
            del self._lasts[number]
