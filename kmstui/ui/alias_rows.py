"""Which aliases the aliases table shows, by name."""

from __future__ import annotations

from collections.abc import Iterable

from kmstui.service.sorting import folded
from kmstui.service.store import Store
from kmstui.ui.breath import Breath
from kmstui.ui.live_rows import LiveRows, RowsChanged


class AliasRows(LiveRows):
    """The aliases by name; AWS's own ones when they are asked for."""

    def __init__(self, store: Store, breath: Breath, changed: RowsChanged) -> None:
        super().__init__(breath, changed)
        self._store = store
        self.with_aws = False

    def set_with_aws(self, *, shown: bool) -> None:
        """Show AWS's own aliases too, or not."""
        if shown != self.with_aws:
            self.with_aws = shown
            self.ask()

    def candidates(self) -> Iterable[str]:
        """Every alias."""
        return self._store.aliases

    def text(self, row: str) -> str | None:
        """An alias is sorted by its name."""
        alias = self._store.aliases.get(row)
        if alias is None or (alias.is_aws and not self.with_aws):
            return None
        return folded(row)
