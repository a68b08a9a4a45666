"""Rows that are kept in order in slices, while they come by the thousand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from kmstui.service.sorted_rows import FoundRows, SortedRows
from kmstui.service.text_flags import TextFlags
from kmstui.service.text_table import TextTable
from kmstui.ui.breath import Breath

RowsChanged = Callable[[frozenset[str] | None, bool], None]
"""Told the rows that show something else now (None: all), and whether rows moved."""

STEP = 16
"""Rows between two looks at the clock."""


class LiveRows:
    """Sorted rows of a table. `run` does the work; the other methods say what is to be done.

    A subclass says which rows there are and where each belongs.
    """

    def __init__(self, breath: Breath, changed: RowsChanged) -> None:
        self._breath = breath
        self._changed = changed
        self._dirty = TextFlags(self.candidates)
        self._asked = True
        self._ordering = False
        self._work = asyncio.Event()
        self._work.set()
        self._went_on = asyncio.Event()
        self.reverse = False
        self._ordered = self._no_rows()

    @property
    def candidates(self) -> TextTable:
        """The rows that may have to be shown, before `text` looks at each."""
        raise NotImplementedError

    def text(self, row: str) -> str | None:
        """What a row is sorted by, or None when it is not shown."""
        raise NotImplementedError

    @property
    def rows(self) -> SortedRows | FoundRows:
        """What the table shows."""
        return self._ordered

    @property
    def built(self) -> bool:
        """Whether the rows are what was asked for, though some may have changed since."""
        return not (self._asked or self._ordering)

    @property
    def settled(self) -> bool:
        """Whether the rows are what was asked for, as they are now."""
        return self.built and not self._dirty

    def clear(self) -> None:
        """Show nothing, at once."""
        self._ordered = self._no_rows()
        self.ask()

    def touch(self, rows: frozenset[str]) -> None:
        """These rows changed; none: everything may have."""
        if rows:
            self._dirty.update(rows)
            self._work.set()
        else:
            self.ask()

    def ask(self) -> None:
        """Look at all candidates again."""
        self._asked = True
        self._dirty = TextFlags(self.candidates)
        self._work.set()

    async def wait_settled(self) -> None:
        """Wait until the rows are what was asked for."""
        while not self.settled:
            self._went_on.clear()
            await self._went_on.wait()

    async def wait_built(self) -> None:
        """Wait until the rows are those asked for, though some of them may have changed since."""
        while not self.built:
            self._went_on.clear()
            await self._went_on.wait()

    async def run(self) -> None:
        """Keep the rows up to date, for ever."""
        while True:
            await self._work.wait()
            self._work.clear()
            await self._breath.take()
            while not self.settled:
                await self._go_on()
                self._went_on.set()
                await self._breath.take()

    async def _go_on(self) -> None:
        """Do the next of what is to be done."""
        if self._asked:
            await self._order()
        else:
            self._catch_up()

    async def _order(self) -> None:
        self._asked, self._ordering = False, True
        ordered = self._no_rows()
        candidates = ordered.names
        count = len(candidates)
        for start in range(0, count, STEP):
            rows = [candidates[number] for number in range(start, min(start + STEP, count))]
            ordered.update({row: self.text(row) for row in rows})
            if self._breath.over:
                await self._breath.take()
                if self._asked:
                    return
        self._ordered, self._ordering = ordered, False
        self._show_ordered()

    def _no_rows(self) -> SortedRows:
        return SortedRows(self.candidates, reverse=self.reverse)

    def _show_ordered(self) -> None:
        """All rows stand in order."""
        self._changed(None, True)

    def _catch_up(self) -> None:
        changed: set[str] = set()
        moved = False
        while self._dirty and not (changed and self._breath.over):
            changes: dict[str, str | None] = {}
            for _ in range(min(STEP, len(self._dirty))):
                row = self._dirty.pop()
                changes[row] = self.text(row)
            moved = self._apply(changes) or moved
            changed.update(changes)
        self._changed(frozenset(changed), moved)

    def _apply(self, changes: Mapping[str, str | None]) -> bool:
        """Give rows new texts; answers whether anything moved on the screen."""
        return self._ordered.update(changes)
