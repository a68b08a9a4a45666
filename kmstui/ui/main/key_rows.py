"""Which keys the keys table shows, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from kmstui.model import Fact, Key
from kmstui.service.inventory import (
    Filter,
    FilterError,
    SortedRows,
    Store,
    TimeSlices,
    can_be_asked,
)
from kmstui.ui.main.key_columns import facts_of, sort_text
from kmstui.ui.main.live_rows import STEP, LiveRows, RowsChanged

EARLY = 100
"""Rows that are shown before all are found: more than a screen full."""

FINDS_KEPT = 8
"""What was found for the filters before, for a person who takes characters back."""


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
        want: Callable[[Fact, str], None] = lambda fact, row: None,
        forget_wants: Callable[[], None] = lambda: None,
    ) -> None:
        """`chosen` returns the row under the cursor, which stays where it is found again.

        `want` is called for what has to be read of a row to sort it, to say whether it matches, or
        since its column was chosen; `forget_wants` when something else is wanted.
        """
        self._store = store
        self._want, self._forget_wants = want, forget_wants
        self._column_facts: tuple[Fact, ...] = ()
        self._row_facts: tuple[Fact, ...] = ()
        """What has to be read of every row that is shown."""
        self.undecided: dict[str, None] = {}
        """Rows of which nobody can say whether they match, since something was not read."""
        super().__init__(slices, changed)
        self._chosen = chosen
        self._found: SortedRows | None = None
        """None while everything is shown."""
        self._found_by: Filter | None = Filter()
        """What `_found` is complete for."""
        self._finds: dict[Filter, SortedRows] = {}
        """Complete for the keys as they are now; the newest last."""
        self._all_changed = False
        self.filter = Filter()
        self.filter_problem = ""
        """Why the filter that was set last shows everything, as a sentence."""
        self.column = "alias"

    @property
    def rows(self) -> SortedRows:
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
        self.undecided.clear()
        self._found = None

    def set_filter(self, wanted: Filter) -> None:
        """Show the keys that match."""
        self.filter_problem = ""
        if wanted != self.filter:
            if wanted.facts or self.filter.facts or self._row_facts:
                self._want_anew(all_rows=not wanted.terms)
            self.filter = wanted
            self._work.set()

    def set_sort(self, column: str, *, reverse: bool) -> None:
        """Sort by this column."""
        if (column, reverse) != (self.column, self.reverse):
            self.column, self.reverse = column, reverse
            self.set_facts(self._column_facts)
            self.ask()

    def set_facts(self, facts: tuple[Fact, ...]) -> None:
        """These columns were chosen, for which something has to be read of every row."""
        self._column_facts = facts
        row_facts = tuple(dict.fromkeys((*facts_of((self.column,)), *facts)))
        if row_facts != self._row_facts:
            self._row_facts = row_facts
            self._want_anew(all_rows=True)

    def _want_anew(self, *, all_rows: bool) -> None:
        """Something else is to be read; what it is of is seen while rows are looked through."""
        self._forget_wants()
        if all_rows and self._row_facts:
            self.ask()

    def _want_for(self, key: Key, facts: Iterable[Fact]) -> None:
        for fact in facts:
            if can_be_asked(key, fact):
                self._want(fact, key.id)

    @property
    def managed_by_aws(self) -> Iterable[str]:
        """AWS-managed keys."""
        return self._store.keys.aws_managed()

    @property
    def candidates(self) -> Collection[str]:
        """Every key."""
        return self._store.keys

    def text(self, row: str) -> str | None:
        """What a key is sorted by."""
        key = self._store.keys.get(row)
        if key is None or (key.is_aws_managed and not self.with_aws):
            return None
        if not self.filter.terms:
            self._want_for(key, self._row_facts)
        return sort_text(key, self._store.aliases_of(row), self.column, reverse=self.reverse)

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

    def _apply(self, changes: Mapping[str, str | None]) -> bool:
        found = self._found
        if found is None:
            self._finds.clear()
            return super()._apply(changes)
        self._finds = {}
        new: list[str] = []
        gone = False
        for row, text in changes.items():
            was = row in found
            self.undecided.pop(row, None)
            if text is not None and self._matches(row):
                if was and not self._ordered.would_move(row, text):
                    continue
                new.append(row)
            if was:
                gone = True
                found.remove(row)
        super()._apply(changes)
        for row in new:
            found.add(row)
        self._keep_find(found)
        return gone or bool(new)

    # Finding

    async def _find(self) -> None:
        wanted = self.filter
        if not wanted.terms:
            self.undecided.clear()
            self._show(wanted, None)
            return
        found = self._finds.pop(wanted, None)
        if found is None:
            found = await self._look_through()
        else:
            self.undecided.clear()
        if found is not None:
            self._keep_find(found)
            if len(self._finds) > FINDS_KEPT:
                del self._finds[next(iter(self._finds))]
            self._show(wanted, found)

    def _keep_find(self, found: SortedRows) -> None:
        """Remember what was found, unless more may belong to it."""
        if not self.undecided:
            self._finds[self.filter] = found

    def _narrowest(self) -> SortedRows:
        """The fewest rows known to hold all that match: while a filter grows, those it found."""
        finds = [found for known, found in self._finds.items() if self.filter.narrows(known)]
        return min(finds, key=len, default=self._ordered)

    async def _look_through(self) -> SortedRows | None:
        """Those that match, or None when something else is asked for meanwhile."""
        wanted, rows = self.filter, tuple(self._narrowest())
        self.undecided.clear()
        found: list[str] = []
        shown = False
        for start in range(0, len(rows), STEP):
            found.extend(filter(self._matches, rows[start : start + STEP]))
            if self._slices.over:
                if not shown and len(found) >= EARLY and self._is_placed(found):
                    shown = True
                    self._show(None, self._ordered.found(found))
                await self._slices.next()
                given_up = self._asked or not self._is_of_this_connection
                if given_up or self.filter != wanted:
                    return None
        return self._ordered.found(found) if self.filter == wanted else None

    def _is_placed(self, found: list[str]) -> bool:
        """Whether it is known where the cursor will be among the rows found so far."""
        chosen = self._chosen()
        if chosen is None or chosen not in self._ordered or not self._matches(chosen):
            return True
        return chosen in self._ordered.found(found)

    def _matches(self, row: str) -> bool:
        key = self._store.keys.get(row)
        if key is None:
            return False
        try:
            verdict = self.filter.judge(key, self._store.aliases_of(row))
        except FilterError as error:
            self.set_filter(Filter())
            self._forget_finds()
            self.filter_problem = str(error)
            return False
        if verdict is None:
            self.undecided[row] = None
            self._want_for(key, self.filter.facts)
        elif verdict:
            self._want_for(key, self._row_facts)
        return verdict is True

    def _show(self, found_by: Filter | None, found: SortedRows | None) -> None:
        self._found_by = found_by
        self._found = found
        changed = None if self._all_changed else frozenset[str]()
        self._all_changed = False
        self._changed(changed, True)

    def _forget_finds(self) -> None:
        self._finds.clear()
        self._found_by = None
