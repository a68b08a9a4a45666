"""Rows that are kept filtered and sorted in slices, while they come by the thousand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from kmstui.service.sorting import SortedRows
from kmstui.ui.breath import Breath

RowsChanged = Callable[[frozenset[str], bool], None]
"""Told the rows that show something else now (none: all), and whether rows moved."""

_STEP = 64
"""Rows between two looks at the clock."""


class LiveRows:
    """Sorted rows of a table. `run` does the work; the other methods say what is to be done.

    A subclass says which rows there are and where each belongs.
    """

    def __init__(self, breath: Breath, changed: RowsChanged) -> None:
        self._breath = breath
        self._changed = changed
        self._dirty: dict[str, None] = {}
        self._asked = True
        self._building = False
        self._work = asyncio.Event()
        self._work.set()
        self._settled = asyncio.Event()
        self._built = asyncio.Event()
        self.rows = SortedRows()
        self.reverse = False

    def candidates(self) -> Iterable[str]:
        """The rows that may have to be shown, before `place` looks at each."""
        raise NotImplementedError

    def place(self, row: str) -> str | None:
        """Where a row belongs, or None when it is not shown."""
        raise NotImplementedError

    def built(self) -> None:
        """All candidates were looked at; `rows` is what was asked for when that began."""

    @property
    def settled(self) -> bool:
        """Whether the rows are what was asked for."""
        return not (self._asked or self._building or self._dirty)

    def clear(self) -> None:
        """Show nothing, at once."""
        self._dirty.clear()
        self.rows = SortedRows(reverse=self.reverse)
        self.ask()

    def touch(self, rows: frozenset[str]) -> None:
        """These rows changed; none: everything may have."""
        if rows:
            self._dirty.update(dict.fromkeys(rows))
            self._work.set()
        else:
            self.ask()

    def ask(self) -> None:
        """Look at all candidates again."""
        self._asked = True
        self._work.set()

    async def wait_settled(self) -> None:
        """Wait until the rows are what was asked for."""
        while not self.settled:
            self._settled.clear()
            await self._settled.wait()

    async def wait_built(self) -> None:
        """Wait until the rows are those asked for, though some of them may have changed since."""
        while self._asked or self._building:
            self._built.clear()
            await self._built.wait()

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

    def _catch_up(self) -> None:
        changes: dict[str, str | None] = {}
        while self._dirty and not (changes and self._breath.over):
            for _ in range(min(_STEP, len(self._dirty))):
                row, _ = self._dirty.popitem()
                changes[row] = self.place(row)
        moved = self.rows.update(changes)
        self._changed(frozenset(changes), moved)

    async def _build(self) -> None:
        self._asked, self._building = False, True
        candidates = list(self.candidates())
        runs: list[list[str]] = []
        places: dict[str, str] = {}
        for start in range(0, len(candidates), _STEP):
            found = {
                row: place
                for row in candidates[start : start + _STEP]
                if (place := self.place(row)) is not None
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
        if self._asked:
            return
        self.rows = SortedRows(runs[0] if runs else [], places, reverse=self.reverse)
        self._building = False
        self.built()
        self._changed(frozenset(), True)
        self._built.set()


def _add_run(runs: list[list[str]], run: list[str]) -> None:
    # Runs stay at least twice as long as the next, so that each row is merged few times.
    runs.append(run)
    while len(runs) > 1 and len(runs[-1]) >= len(runs[-2]) / 2:
        last = runs.pop()
        runs[-1] = _merged(runs[-1], last)


def _merged(one: list[str], other: list[str]) -> list[str]:
    merged = one + other
    merged.sort()  # two sorted runs: Python finds and merges them
    return merged
