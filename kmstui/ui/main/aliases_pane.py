"""Pane 2: the aliases of the account, each with the key it names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kmstui.service.inventory import Store
from kmstui.ui.commands import ALIASES
from kmstui.ui.main.alias_rows import AliasRows
from kmstui.ui.main.key_columns import day, state_style
from kmstui.ui.main.panes import TablePane
from kmstui.ui.runtime import TimeSlices
from kmstui.ui.style import Part, Symbols
from kmstui.ui.widgets import Column, LineTable

_COLUMNS = (
    Column("alias", "ALIAS", 20, rank=0, most=60),
    Column("key", "KEY ID", 36, rank=2, least=12),
    Column("state", "STATE", 15, rank=1),
    Column("updated", "UPDATED", 10, rank=3),
)


class AliasesPane(TablePane):
    """The aliases table."""

    number: ClassVar[int] = 2
    scope: ClassVar[str] = ALIASES

    def __init__(self, store: Store, slices: TimeSlices, symbols: Symbols) -> None:
        super().__init__(id="aliases")
        self._store = store
        self.alias_rows = AliasRows(store, slices, self._rows_changed)
        self.table = LineTable(
            _COLUMNS, self._cells, symbols=symbols, id="aliases-table", classes="pane--body"
        )

    def aliases_changed(self, names: frozenset[str]) -> None:
        """Aliases came, went or changed; none: everything may have."""
        if not names and not self._store.aliases:
            self.alias_rows.clear()
            self.table.forget_place()
            self._rows_changed(None, True)
        self.alias_rows.touch(names)

    def _rows_changed(self, names: frozenset[str] | None, moved: bool) -> None:
        rows = self.alias_rows.rows
        self.table.show_rows(rows, rows.position, names, moved=moved)
        self._write()

    def keys_changed(self, ids: frozenset[str]) -> None:
        """Keys were described: their state stands beside their aliases."""
        if not ids:
            self.table.redraw()
            return
        aliases = map(self._store.aliases.get, self.table.rows_drawn)
        self.table.redraw([alias.name for alias in aliases if alias and alias.key_id in ids])

    def set_with_aws(self, *, shown: bool) -> None:
        """Show AWS's own aliases too, or not."""
        self.alias_rows.set_with_aws(shown=shown)

    @property
    def chosen(self) -> str | None:
        """The alias under the cursor, with its prefix."""
        return self.table.cursor_row

    def _write(self) -> None:
        shown = len(self.table.rows)
        hidden = len(self._store.aliases) - shown
        count = f"  {shown:,}" + (f" (and {hidden:,} of AWS: a)" if hidden else "")
        self.show_title([("Aliases", "title"), count])
        self.table.set_empty("Reading…" if self._store.progress.loading else "No aliases.")

    def _cells(self, row: str, columns: Sequence[str]) -> Sequence[Part]:
        alias = self._store.aliases.get(row)
        if alias is None:
            return ()
        key = self._store.keys.get(alias.key_id)
        state = key.metadata.state if key and key.metadata else ""
        cells: dict[str, Part] = {
            "alias": (alias.name.removeprefix("alias/"), "accent"),
            "key": alias.key_id or ("no key yet", "dim"),
            "state": (state, state_style(state)) if state else "",
            "updated": (day(alias.updated or alias.created), "dim"),
        }
        return [cells[column] for column in columns]
