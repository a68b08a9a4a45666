"""Pane 2: the aliases of the account, each with the key it names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import ClassVar

from kmstui.model import bare_name
from kmstui.service.inventory import Store, TimeSlices, value_text
from kmstui.ui.commands import ALIASES, key_of
from kmstui.ui.main.key_columns import folded, state_style
from kmstui.ui.main.live_rows import LiveRows, RowsChanged
from kmstui.ui.main.panes import TablePane
from kmstui.ui.style import Symbols
from kmstui.ui.widgets import Cells, Column, LineTable

_COLUMNS = (
    Column("alias", "ALIAS", 20, rank=0, most=60),
    Column("key", "KEY ID", 36, rank=2, least=12),
    Column("state", "STATE", 15, rank=1),
    Column("updated", "UPDATED", 10, rank=3, right=True),
)


class AliasRows(LiveRows):
    """The aliases by name; AWS's own ones when they are asked for."""

    def __init__(self, store: Store, slices: TimeSlices, changed: RowsChanged) -> None:
        self._store = store
        self.only: Collection[str] | None = None
        """IDs of the keys whose aliases are shown; None: those of all."""
        super().__init__(slices, changed)

    @property
    def managed_by_aws(self) -> Iterable[str]:
        """AWS's own aliases."""
        return [each.name for each in self._store.aliases.values() if each.is_aws]

    @property
    def candidates(self) -> Collection[str]:
        """Every alias."""
        return self._store.aliases

    def text(self, row: str) -> str | None:
        """An alias is sorted by its name."""
        alias = self._store.aliases.get(row)
        if alias is None or (alias.is_aws and not self.with_aws):
            return None
        if self.only is not None and alias.key_id not in self.only:
            return None
        return folded(alias.bare_name)


class AliasesPane(TablePane):
    """The aliases of the chosen key; while a person walks through them, of all keys shown."""

    number: ClassVar[int] = 2
    scope: ClassVar[str] = ALIASES

    def __init__(self, store: Store, slices: TimeSlices, symbols: Symbols) -> None:
        super().__init__(id="aliases")
        self._store = store
        self._key_id = ""
        self._browsing = False
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

    def show_key(self, key_id: str | None) -> None:
        """Show the aliases of this key, unless a person walks through the aliases."""
        self._key_id = key_id or ""
        self._show_those_of_key()

    def browse(self, only: Collection[str] | None) -> None:
        """A person walks through the aliases of these keys, or of all."""
        self._browsing = True
        if only is not self.alias_rows.only or only is not None:
            self.alias_rows.only = only
            self.alias_rows.ask()
        self._rows_changed(None, True)
        self.table.keep_place()

    def go_to_key(self, key_id: str | None) -> None:
        """Put the cursor on the first alias of a key, if it has one."""
        for name in self._store.alias_ids_of(key_id or "")[:1]:
            self.table.move_to_row(name)

    def follow(self) -> None:
        """The person walks elsewhere: show the aliases of the chosen key again."""
        self._browsing = False
        self._show_those_of_key()

    def _show_those_of_key(self) -> None:
        if not self._browsing:
            self.table.set_rows(self._store.alias_ids_of(self._key_id))
            self._write()

    def _rows_changed(self, names: frozenset[str] | None, moved: bool) -> None:
        if self._browsing:
            rows = self.alias_rows.rows
            self.table.show_rows(rows, rows.position, names, moved=moved)
            self._write()
        else:
            self._show_those_of_key()

    def keys_changed(self, ids: frozenset[str]) -> None:
        """Keys were described: their state stands beside their aliases."""
        if not ids:
            self.table.redraw()
            return
        aliases = map(self._store.aliases.get, self.table.rows_drawn)
        self.table.redraw([alias.name for alias in aliases if alias and alias.key_id in ids])

    def _write(self) -> None:
        shown = len(self.table.rows)
        total = len(self._store.aliases)
        hidden = total - shown
        count = f"  {shown:,}" + (
            f" (and {hidden:,} of AWS: {key_of('keys.aws', self)})" if hidden else ""
        )
        if not self._browsing:
            count = f"  {shown:,} of {total:,} for this key" if self._key_id else f"  {total:,}"
        elif self.alias_rows.only is not None:
            count = f"  {shown:,} of {total:,}, of the keys that the filter shows"
        self.show_title([("Aliases", "title"), count])
        progress = self._store.progress
        unread = "No aliases."
        if progress.stopped:
            unread = f"Not read to their end. {key_of('session.refresh', self)} reads again."
        self.table.set_empty("Reading…" if progress.loading else unread)

    def _cells(self, row: str, _: Sequence[str]) -> Cells:
        alias = self._store.aliases.get(row)
        if alias is None:
            return ()
        key = self._store.keys.get(alias.key_id)
        state = key.metadata.state if key and key.metadata else ""
        return {
            "alias": (alias.bare_name.removeprefix("alias/"), "accent"),
            "key": bare_name(alias.key_id) or ("no key yet", "dim"),
            "state": (state, state_style(state)) if state else "",
            "updated": (value_text(alias.updated or alias.created), "dim"),
        }
