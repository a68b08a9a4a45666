"""Rows that are kept in order in slices, while they come by the thousand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

from kmstui.service.inventory.sorted_rows import FoundRows, SortedRows
from kmstui.service.inventory.text_flags import TextFlags
from kmstui.service.inventory.text_table import TextTable
from kmstui.ui.runtime.time_slices import TimeSlices

RowsChanged = Callable[[frozenset[str] | None, bool], None]
"""Told the rows that show something else now (None: all), and whether rows moved."""

REST_SECONDS = 0.003
"""Pause between two slices of catching up: what changes twice meanwhile is looked at once, and a
key that is pressed finds the event loop free more often."""

SLICES_WITHOUT_REST = 30
"""Enough for a thousand rows, whose order is seen to change while it is caught up with."""

STEP = 8
"""Rows between two looks at the clock."""


class LiveRows:
    """Sorted rows of a table. `run` does the work; the other methods say what is to be done.

    A subclass says which rows there are and where each belongs.
    """

    def __init__(self, slices: TimeSlices, changed: RowsChanged) -> None:
        self._slices = slices
        self._changed = changed
        self._told: list[frozenset[str]] = []
        """Rows that changed, as it was told."""
        self._dirty = TextFlags(self.candidates)
        """The same, each once."""
        self._busy_slices = 0
        """Slices of catching up since all was up to date."""
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

    def text(self, number: int) -> str | None:
        """What a row is sorted by, given its number, or None when it is not shown."""
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
        return self.built and not (self._dirty or self._told)

    def clear(self) -> None:
        """Show nothing, at once."""
        self._ordered = self._no_rows()
        self.ask()

    def touch(self, rows: frozenset[str]) -> None:
        """These rows changed; none: everything may have."""
        if rows:
            self._told.append(rows)
            self._work.set()
        else:
            self.ask()

    def touch_at(self, numbers: Iterable[int]) -> None:
        """As `touch`, by the rows' numbers."""
        if self._are_of_this_connection:
            for number in numbers:
                self._dirty.add_at(number)
            self._work.set()

    def ask(self) -> None:
        """Look at all candidates again."""
        self._asked = True
        self._told = []
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
            await self._slices.next()
            self._busy_slices = 0
            while not self.settled:
                if not self._are_of_this_connection:
                    self.clear()
                await self._go_on()
                self._went_on.set()
                await self._slices.next()

    @property
    def _are_of_this_connection(self) -> bool:
        """Whether the rows' numbers mean what they meant: a switch is told a little later."""
        return self._ordered.names is self.candidates

    async def _go_on(self) -> None:
        """Do the next of what is to be done."""
        if self._asked:
            await self._order()
        else:
            self._catch_up()
            self._busy_slices += 1
            if self._busy_slices > SLICES_WITHOUT_REST and not self.settled:
                await asyncio.sleep(REST_SECONDS)

    async def _order(self) -> None:
        self._asked, self._ordering = False, True
        ordered = self._no_rows()
        candidates = ordered.names
        count = len(candidates)
        for start in range(0, count, STEP):
            numbers = range(start, min(start + STEP, count))
            ordered.update({number: self.text(number) for number in numbers})
            if self._slices.over:
                await self._slices.next()
                if self._asked or candidates is not self.candidates:
                    return
        self._ordered, self._ordering = ordered, False
        self._show_ordered()

    def _no_rows(self) -> SortedRows:
        return SortedRows(self.candidates, reverse=self.reverse)

    def _show_ordered(self) -> None:
        """All rows stand in order."""
        self._changed(None, True)

    def _catch_up(self) -> None:
        while self._told:
            self._dirty.update(self._told.pop())
            if self._slices.over:
                return
        changed: set[str] = set()
        moved = False
        names = self._ordered.names
        while self._dirty and not (changed and self._slices.over):
            changes: dict[int, str | None] = {}
            for _ in range(min(STEP, len(self._dirty))):
                number = self._dirty.pop()
                changes[number] = self.text(number)
            moved = self._apply(changes) or moved
            changed.update(names[number] for number in changes)
        self._changed(frozenset(changed), moved)

    def _apply(self, changes: Mapping[int, str | None]) -> bool:
        """Give rows new texts; answers whether anything moved on the screen."""
        return self._ordered.update(changes)
