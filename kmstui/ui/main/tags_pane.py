"""Pane 4: the tags of the chosen key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from kmstui.service.inventory import Store
from kmstui.ui.commands import TAGS, key_of
from kmstui.ui.main.panes import TablePane
from kmstui.ui.style import Part, Symbols
from kmstui.ui.widgets import Column, LineTable

_COLUMNS = (
    Column("key", "TAG KEY", 12, rank=0, most=40),
    Column("value", "VALUE", 12, rank=1, most=200),
)


class TagsPane(TablePane):
    """The tags table."""

    number: ClassVar[int] = 4
    scope: ClassVar[str] = TAGS

    def __init__(self, store: Store, symbols: Symbols) -> None:
        super().__init__(id="tags")
        self._store = store
        self.key_id: str | None = None
        """The key whose tags are shown."""
        self._values: dict[str, str] = {}
        self.table = LineTable(
            _COLUMNS, self._cells, symbols=symbols, id="tags-table", classes="pane--body"
        )

    def show_key(self, key_id: str | None) -> None:
        """Show the tags of this key, as far as they are known."""
        if key_id != self.key_id:
            self.table.forget_place()
        self.key_id = key_id
        self.key_changed()

    def key_changed(self) -> None:
        """Tags of the key may have been read or changed."""
        key = self._store.keys.get(self.key_id or "")
        tags = (key.tags or ()) if key else ()
        values = {tag.key: tag.value for tag in tags}
        if values != self._values or list(self.table.rows) != list(values):
            self._values = values
            self.table.set_rows(list(values))
        if key is None:
            self._say("", "")
        elif key.tags_problem:
            self._say("✖", key.tags_problem, "bad")
        elif key.tags is None:
            self._say("…", "Reading…")
        else:
            self._say(str(len(tags)), f"No tags. {key_of('tags.put', self)} adds some.")

    def _say(self, count: str, empty: str, style: str = "dim") -> None:
        key_id = self.key_id or ""
        name = key_id if key_id in self._store.keys else ""
        alias = (*self._store.aliases_of(key_id), name)[0]
        key = self._store.keys.get(key_id)
        words = key.metadata.description if key and key.metadata else ""
        title: list[Part] = [("Tags", "title"), f"  {count}", (f"  {alias}", "dim")]
        if words:
            title.append((f"  {words}", "dim"))
        self.show_title(title)
        self.table.set_empty(empty, style)

    def _cells(self, row: str, _: Sequence[str]) -> Mapping[str, Part]:
        return {"key": (row, "accent"), "value": self._values.get(row, "")}
