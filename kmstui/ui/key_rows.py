"""Which keys the table shows and in which order, kept up in slices while keys arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from kmstui.service.filtering import Filter
from kmstui.service.sorting import SortedRows, place_of
from kmstui.service.store import Store
from kmstui.ui.breath import Breath

RowsChanged = Callable[[frozenset[str], bool], None]
"""Told the rows that show something else now (none: all), and whether the order changed."""

_STEP = 64
"""Rows between two looks at the clock."""


class KeyRows:
    """The filtered and sorted rows of the keys table.

    `run` does the work, in slices; the other methods only say what is to be done.
    """

    def __init__(self, store: Store, breath: Breath, changed: RowsChanged) -> None:
        self._store = store
        self._breath = breath
        self._changed = changed
        self._dirty: dict[str, None] = {}
        self._asked = True
        self._shown: _Asked | None = None
        self._work = asyncio.Event()
        self._work.set()
        self._settled = asyncio.Event()
        self.rows = SortedRows()
        self.filter = Filter()
        self.column = "alias"
        self.reverse = False
        self.with_aws = False

    @property
    def settled(self) -> bool:
        """Whether the rows are what was asked for."""
        return not (self._asked or self._dirty)

    def clear(self) -> None:
        """Show nothing, at once."""
        self._dirty.clear()
        self.rows = SortedRows(reverse=self.reverse)
        self._shown = None
        self._ask()

    def touch(self, ids: frozenset[str]) -> None:
        """These keys, or their aliases, changed; none: everything may have."""
        if ids:
            self._dirty.update(dict.fromkeys(ids))
            self._work.set()
        else:
            self._shown = None
            self._ask()

    def set_filter(self, wanted: Filter) -> None:
        """Show the keys that match."""
        if wanted != self.filter:
            self.filter = wanted
            self._ask()

    def set_sort(self, column: str, *, reverse: bool) -> None:
        """Sort by this column."""
        if (column, reverse) != (self.column, self.reverse):
            self.column, self.reverse = column, reverse
            self._ask()

    def set_with_aws(self, *, shown: bool) -> None:
        """Show AWS-managed keys too, or not."""
        if shown != self.with_aws:
            self.with_aws = shown
            self._ask()

    def _ask(self) -> None:
        self._asked = True
        self._work.set()

    async def wait_settled(self) -> None:
        """Wait until the rows are what was asked for."""
        while not self.settled:
            self._settled.clear()
            await self._settled.wait()

    async def run(self) -> None:
        """Keep the rows up to date, for ever."""
        while True:
            self._settled.set()
            await self._work.wait()
            self._work.clear()
            await self._breath.take()
            while not self.settled:
                if self._asked:
                    await self._build()
                else:
                    self._catch_up()
                await self._breath.take()

    def _place(self, row: str) -> str | None:
        key = self._store.keys.get(row)
        if key is None or (key.is_aws_managed and not self.with_aws):
            return None
        aliases = self._store.aliases_of(row)
        if self.filter.terms and not self.filter.matches(key, aliases):
            return None
        return place_of(key, aliases, self.column, reverse=self.reverse)

    def _catch_up(self) -> None:
        changes: dict[str, str | None] = {}
        while self._dirty and not (len(changes) % _STEP == 0 and changes and self._breath.over):
            row = next(iter(self._dirty))
            del self._dirty[row]
            changes[row] = self._place(row)
        moved = self.rows.update(changes)
        self._changed(frozenset(changes), moved)

    async def _build(self) -> None:
        self._asked = False
        asked = _Asked(self.filter, self.with_aws)
        # While a filter grows, only what it shows already has to be looked at again.
        narrower = self._shown is not None and asked.narrows(self._shown)
        candidates = list(self.rows if narrower else self._store.keys)
        runs: list[list[str]] = []
        places: dict[str, str] = {}
        for start in range(0, len(candidates), _STEP):
            found = {
                row: place
                for row in candidates[start : start + _STEP]
                if (place := self._place(row)) is not None
            }
            places.update(found)
            _add_run(runs, sorted(found.values()))
            if self._breath.over:
                await self._breath.take()
                if self._asked:
                    return
        while len(runs) > 1:
            last = runs.pop()
            runs[-1] = _merged(runs[-1], last)
            await self._breath.take()
        self.rows = SortedRows(runs[0] if runs else [], places, reverse=self.reverse)
        self._shown = asked
        self._changed(frozenset(), True)


@dataclass(frozen=True, slots=True)
class _Asked:
    filter: Filter
    with_aws: bool

    def narrows(self, other: _Asked) -> bool:
        return self.filter.narrows(other.filter) and self.with_aws <= other.with_aws


def _add_run(runs: list[list[str]], run: list[str]) -> None:
    runs.append(run)
    while len(runs) > 1 and len(runs[-1]) >= len(runs[-2]) / 2:
        last = runs.pop()
        runs[-1] = _merged(runs[-1], last)


def _merged(one: list[str], other: list[str]) -> list[str]:
    merged = one + other
    merged.sort()  # two sorted runs: Python finds and merges them
    return merged
