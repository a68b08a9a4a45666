"""Which keys the keys table shows, and in which order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kmstui.service.filtering import Filter
from kmstui.service.sorting import place_of
from kmstui.service.store import Store
from kmstui.ui.breath import Breath
from kmstui.ui.live_rows import LiveRows, RowsChanged


@dataclass(frozen=True, slots=True)
class _Asked:
    filter: Filter
    with_aws: bool

    def narrows(self, other: _Asked) -> bool:
        return self.filter.narrows(other.filter) and self.with_aws <= other.with_aws


class KeyRows(LiveRows):
    """The keys that the filter matches, sorted by a column, customer keys first."""

    def __init__(self, store: Store, breath: Breath, changed: RowsChanged) -> None:
        super().__init__(breath, changed)
        self._store = store
        self._shown: _Asked | None = None
        self._asked_for: _Asked | None = None
        self.filter = Filter()
        self.column = "alias"
        self.with_aws = False

    def clear(self) -> None:
        """Show nothing, at once."""
        self._shown = None
        super().clear()

    def touch(self, rows: frozenset[str]) -> None:
        """These keys, or their aliases, changed; none: everything may have."""
        if not rows:
            self._shown = None
        super().touch(rows)

    def set_filter(self, wanted: Filter) -> None:
        """Show the keys that match."""
        if wanted != self.filter:
            self.filter = wanted
            self.ask()

    def set_sort(self, column: str, *, reverse: bool) -> None:
        """Sort by this column."""
        if (column, reverse) != (self.column, self.reverse):
            self.column, self.reverse = column, reverse
            self.ask()

    def set_with_aws(self, *, shown: bool) -> None:
        """Show AWS-managed keys too, or not."""
        if shown != self.with_aws:
            self.with_aws = shown
            self.ask()

    def candidates(self) -> Iterable[str]:
        """While a filter grows, only what it shows already has to be looked at again."""
        self._asked_for = _Asked(self.filter, self.with_aws)
        narrower = self._shown is not None and self._asked_for.narrows(self._shown)
        return self.rows.unordered if narrower else self._store.keys

    def built(self) -> None:
        """The rows match the filter that was asked for."""
        self._shown = self._asked_for

    def place(self, row: str) -> str | None:
        """Where a key belongs."""
        key = self._store.keys.get(row)
        if key is None or (key.is_aws_managed and not self.with_aws):
            return None
        aliases = self._store.aliases_of(row)
        if self.filter.terms and not self.filter.matches(key, aliases):
            return None
        return place_of(key, aliases, self.column, reverse=self.reverse)
