"""Rows that are kept in order in slices, while they come by the thousand."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping

from kmstui.service.inventory import SortedRows, TimeSlices

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
        self._dirty: OrderedDict[str, None] = OrderedDict()
        """Rows that changed, each once, the longest waiting first."""
        self._busy_slices = 0
        """Slices of catching up since all was up to date."""
        self._asked = True
        self._ordering = False
        self._work = asyncio.Event()
        self._work.set()
        self._went_on = asyncio.Event()
        self.reverse = False
        self.with_aws = False
        """Whether what AWS manages is shown too."""
        self._source = self.candidates
        self._ordered = SortedRows()

    @property
    def candidates(self) -> Collection[str]:
        """The rows that may have to be shown, before `text` looks at each."""
        raise NotImplementedError

    @property
    def managed_by_aws(self) -> Iterable[str]:
        """The rows that are shown only with what AWS manages."""
        raise NotImplementedError

    def text(self, row: str) -> str | None:
        """What a row is sorted by, or None when it is not shown."""
        raise NotImplementedError

    @property
    def rows(self) -> SortedRows:
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
        self._source = self.candidates
        self._ordered = SortedRows(reverse=self.reverse)
        self.ask()

    def touch(self, rows: frozenset[str]) -> None:
        """These rows changed; none: everything may have."""
        if rows:
            self.look_at(rows)
        else:
            self.ask()

    def look_at(self, rows: Iterable[str]) -> None:
        """Look at these rows again."""
        self._dirty.update(dict.fromkeys(rows))
        self._work.set()

    def ask(self) -> None:
        """Look at all candidates again."""
        self._asked = True
        self._dirty.clear()
        self._work.set()

    def set_with_aws(self, *, shown: bool) -> None:
        """Show what AWS manages too, or not."""
        if shown != self.with_aws:
            self.with_aws = shown
            self.look_at(self.managed_by_aws)

    async def wait_settled(self) -> None:
        """Wait until the rows are what was asked for."""
        await self._wait(lambda: self.settled)

    async def wait_built(self) -> None:
        """Wait until the rows are those asked for, though some of them may have changed since."""
        await self._wait(lambda: self.built)

    async def _wait(self, until: Callable[[], bool]) -> None:
        while not until():
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
                if not self._is_of_this_connection:
                    self.clear()
                await self._go_on()
                self._went_on.set()
                await self._slices.next()

    @property
    def _is_of_this_connection(self) -> bool:
        """Whether these rows are those of the store: a switch is told a little later."""
        return self._source is self.candidates

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
        ordered = SortedRows(reverse=self.reverse)
        rows = tuple(self._source)
        for start in range(0, len(rows), STEP):
            ordered.update({row: self.text(row) for row in rows[start : start + STEP]})
            if self._slices.over:
                await self._slices.next()
                if self._asked or not self._is_of_this_connection:
                    return
        self._ordered, self._ordering = ordered, False
        self._show_ordered()

    def _show_ordered(self) -> None:
        """All rows stand in order."""
        self._changed(None, True)

    def _catch_up(self) -> None:
        changed: set[str] = set()
        moved = False
        while self._dirty and not (changed and self._slices.over):
            rows = [self._dirty.popitem(last=False)[0] for _ in range(min(STEP, len(self._dirty)))]
            moved = self._apply({row: self.text(row) for row in rows}) or moved
            changed.update(rows)
        self._changed(frozenset(changed), moved)

    def _apply(self, changes: Mapping[str, str | None]) -> bool:
        """Give rows new texts; returns whether anything moved on the screen."""
        return self._ordered.update(changes)
