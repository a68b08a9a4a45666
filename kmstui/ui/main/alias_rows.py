"""Which aliases the aliases table shows, by name."""

from __future__ import annotations

from collections.abc import Collection

from kmstui.service.inventory import Store
from kmstui.ui.main.key_columns import folded
from kmstui.ui.main.live_rows import LiveRows, RowsChanged
from kmstui.ui.runtime import TimeSlices


class AliasRows(LiveRows):
    """The aliases by name; AWS's own ones when they are asked for."""

    def __init__(self, store: Store, slices: TimeSlices, changed: RowsChanged) -> None:
        self._store = store
        super().__init__(slices, changed)
        self.with_aws = False

    def set_with_aws(self, *, shown: bool) -> None:
        """Show AWS's own aliases too, or not."""
        if shown != self.with_aws:
            self.with_aws = shown
            self.look_at([each.name for each in self._store.aliases.values() if each.is_aws])

    @property
    def candidates(self) -> Collection[str]:
        """Every alias."""
        return self._store.aliases

    def text(self, row: str) -> str | None:
        """An alias is sorted by its name."""
        alias = self._store.aliases.get(row)
        if alias is None or (alias.is_aws and not self.with_aws):
            return None
        return folded(alias.name)
