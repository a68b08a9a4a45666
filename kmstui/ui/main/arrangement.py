"""How a person has arranged the panes: recalled when the account is known, and kept."""

from __future__ import annotations

from itertools import chain, islice
from typing import Any

from kmstui.ui.main.key_columns import KEY_COLUMNS, SORT_COLUMNS, columns_as_wide
from kmstui.ui.main.main_screen import MainScreen
from kmstui.ui.main.panes import ONLY
from kmstui.ui.main.views import VIEWS
from kmstui.ui.runtime import Memory

_MOST_NAMES = 2_000
"""Of an account and Region; a shell shows no more."""


class Arrangement:
    """Sort, columns, AWS's keys, view and widths of the main screen."""

    def __init__(self, memory: Memory, main: MainScreen) -> None:
        self._memory = memory
        self._main = main
        self._kept = self._present

    @property
    def _present(self) -> dict[str, Any]:
        rows = self._main.keys_pane.key_rows
        columns = self._main.keys_pane.table.columns
        return {
            "sort": [rows.column, rows.reverse],
            "columns": [[each.id, max(each.width, each.most)] for each in columns],
            "aws_keys": rows.with_aws,
            "view": self._main.key_pane.scope,
            "widths": self._main.sharing.chosen_zoom,
        }

    @property
    def _names(self) -> list[str]:
        """What a shell may complete: aliases first, then IDs."""
        store = self._main.store
        return list(islice(chain(store.aliases, store.keys), _MOST_NAMES))

    def keep(self) -> None:
        """Remember what the person has changed since; at the end, and before another account."""
        if not self._memory.is_somewhere:
            return
        present = self._present
        for kind, value in present.items():
            if value != self._kept[kind]:
                self._memory.remember(kind, value)
        self._kept = present
        if names := self._names:
            self._memory.remember("names", names)

    async def enter(self, scope: str) -> None:
        """Another account or Region: arrange what was remembered of it, and change nothing else.

        What does not fit, since another version or a hand has written it, is left out.
        """
        self.keep()
        if not self._memory.enter(scope):
            return
        # Of what was changed before the account was known.
        self.keep()
        match self._memory.recall("sort"):
            case [str(column), bool(reverse)] if column in SORT_COLUMNS:
                self._main.keys_pane.sort(column, reverse=reverse)
        if not self._main.options.columns and (widths := _widths(self._memory.recall("columns"))):
            self._main.keys_pane.show_columns(columns_as_wide(widths))
        match self._memory.recall("aws_keys"):
            case bool(shown) if shown != self._main.keys_pane.key_rows.with_aws:
                self._main.toggle_aws()
        match self._memory.recall("widths"):
            case int(zoom) if not isinstance(zoom, bool) and 0 <= zoom <= ONLY:
                self._main.sharing.chosen_zoom = zoom
        view = self._memory.recall("view")
        if any(view == each.scope for each in VIEWS):
            await self._main.key_pane.open_view(view)
        self._kept = self._present


def _widths(kept: Any) -> dict[str, int]:
    """The columns and widths that were kept, as far as they are some."""
    widths: dict[str, int] = {}
    for each in kept if isinstance(kept, list) else ():
        match each:
            case [str(name), int(width)] if name in KEY_COLUMNS:
                widths[name] = width
    return widths
