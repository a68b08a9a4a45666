"""Which keys the keys table shows, and in which order."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kmstui.service.inventory.filter import Filter
from kmstui.service.inventory.sort import sort_text
from kmstui.service.inventory.sorted_rows import FoundRows, SortedRows
from kmstui.service.inventory.store import Store
from kmstui.service.inventory.text_flags import TextFlags
from kmstui.service.inventory.text_table import TextTable
from kmstui.ui.main.live_rows import STEP, LiveRows, RowsChanged
from kmstui.ui.runtime.time_slices import TimeSlices

EARLY = 100
"""Rows that are shown before all are found: more than a screen full."""

FINDS_KEPT = 8
"""What was found for the filters before, for a person who takes characters back."""


@dataclass(frozen=True, slots=True, eq=False)
class _Find:
    """All that a filter finds."""

    rows: array[int]
    """By the numbers of their IDs, in order."""
    members: TextFlags
    """The same keys, for the question whether one is among them."""


class KeyRows(LiveRows):
    """The keys that the filter matches, sorted by a column, customer keys first.

    All keys are kept in order whatever the filter says: what it finds is in order too, and the
    first screen full is there before the last key was looked at.
    """

    def __init__(
        self,
        store: Store,
        slices: TimeSlices,
        changed: RowsChanged,
        chosen: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`chosen` answers the row under the cursor, which stays where it is found again."""
        self._store = store
        super().__init__(slices, changed)
        self._chosen = chosen
        self._found: FoundRows | None = None
        """None while everything is shown."""
        self._found_by: Filter | None = Filter()
        """What `_found` is complete for."""
        self._finds: dict[Filter, _Find] = {}
        """Complete for the keys as they are now; the newest last."""
        self._all_changed = False
        self.filter = Filter()
        self.column = "alias"
        self.with_aws = False

    @property
    def rows(self) -> SortedRows | FoundRows:
        """What the table shows."""
        return self._ordered if self._found is None else self._found

    @property
    def built(self) -> bool:
        """Whether the rows are what was asked for, though some may have changed since."""
        return super().built and self._found_by == self.filter

    def clear(self) -> None:
        """Show nothing, at once."""
        super().clear()
        self._forget_finds()
        self._found = None

    def set_filter(self, wanted: Filter) -> None:
        """Show the keys that match."""
        if wanted != self.filter:
            self.filter = wanted
            self._work.set()

    def set_sort(self, column: str, *, reverse: bool) -> None:
        """Sort by this column."""
        if (column, reverse) != (self.column, self.reverse):
            self.column, self.reverse = column, reverse
            self.ask()

    def set_with_aws(self, *, shown: bool) -> None:
        """Show AWS-managed keys too, or not."""
        if shown != self.with_aws:
            self.with_aws = shown
            self.touch_at(self._store.keys.aws_managed())

    @property
    def candidates(self) -> TextTable:
        """Every key."""
        return self._store.keys.ids

    def text(self, number: int) -> str | None:
        """What a key is sorted by."""
        key = self._store.keys.at(number)
        if key is None or (key.is_aws_managed and not self.with_aws):
            return None
        aliases = self._store.aliases.names_at(number)
        return sort_text(key, aliases, self.column, reverse=self.reverse)

    async def _go_on(self) -> None:
        if not self._asked and self._found_by != self.filter:
            await self._find()
        else:
            await super()._go_on()

    def _show_ordered(self) -> None:
        self._forget_finds()
        self._all_changed = True
        if not self.filter.terms:
            self._show(self.filter, None)

    def _apply(self, changes: Mapping[int, str | None]) -> bool:
        found = self._found
        find = self._finds.get(self.filter)
        self._finds.clear()
        if found is None or find is None:
            return super()._apply(changes)
        self._finds[self.filter] = find
        new: list[int] = []
        gone = False
        for number, text in changes.items():
            was = find.members.has(number)
            if text is not None and self._matches(number):
                if was and not self._ordered.would_move(number, text):
                    continue
                new.append(number)
            if was:
                gone = True
                found.remove(number)
                find.members.discard_at(number)
        super()._apply(changes)
        for number in new:
            found.add(number)
            find.members.add_at(number)
        return gone or bool(new)

    # Finding

    async def _find(self) -> None:
        wanted = self.filter
        if not wanted.terms:
            self._show(wanted, None)
            return
        find = self._finds.pop(wanted, None) or await self._look_through()
        if find is not None:
            self._finds[wanted] = find
            if len(self._finds) > FINDS_KEPT:
                del self._finds[next(iter(self._finds))]
            self._show(wanted, find.rows)

    def _narrowest(self) -> Sequence[int]:
        """The fewest rows known to hold all that match: while a filter grows, those it found."""
        finds = [find for known, find in self._finds.items() if self.filter.narrows(known)]
        return min((find.rows for find in finds), key=len) if finds else self._ordered.in_order()

    async def _look_through(self) -> _Find | None:
        """Those that match, or None when something else is asked for meanwhile."""
        wanted, rows = self.filter, self._narrowest()
        find = _Find(array("I"), TextFlags(self._ordered.names))
        shown = False
        for start in range(0, len(rows), STEP):
            for number in rows[start : start + STEP]:
                if self._matches(number):
                    find.rows.append(number)
                    find.members.add_at(number)
            if self._slices.over:
                if not shown and len(find.rows) >= EARLY and self._is_placed(find.rows):
                    shown = True
                    self._show(None, find.rows[:])
                await self._slices.next()
                given_up = self._asked or not self._are_of_this_connection
                if given_up or self.filter != wanted:
                    return None
        return find

    def _is_placed(self, found: array[int]) -> bool:
        """Whether it is known where the cursor will be among the rows found so far."""
        chosen = self._ordered.names.find(self._chosen() or "")
        if chosen is None or not self._matches(chosen):
            return True
        return FoundRows(self._ordered, found).position_of(chosen) is not None

    def _matches(self, number: int) -> bool:
        key = self._store.keys.at(number)
        return key is not None and self.filter.matches(key, self._store.aliases.names_at(number))

    def _show(self, found_by: Filter | None, found: array[int] | None) -> None:
        self._found_by = found_by
        self._found = None if found is None else FoundRows(self._ordered, found)
        changed = None if self._all_changed else frozenset[str]()
        self._all_changed = False
        self._changed(changed, True)

    def _forget_finds(self) -> None:
        self._finds.clear()
        self._found_by = None
