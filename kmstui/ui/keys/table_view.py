"""What views of the chosen key share that are one table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import ClassVar, Generic, TypeVar

from kmstui.service.session import Session
from kmstui.ui.main import KeyView
from kmstui.ui.style import Part, Symbols, text_and_style, width_of
from kmstui.ui.widgets import Cells, Column, TextTable

Entry = TypeVar("Entry")

_MEASURED = 200
"""Entries that are looked at for the widths of columns."""


class TableView(KeyView, Generic[Entry]):
    """A row for each entry, or why there is none."""

    columns: ClassVar[tuple[Column, ...]]
    header: ClassVar[bool] = True
    waiting: ClassVar[str] = "Reading…"
    """Stands in the place of the rows until they are read."""

    def __init__(self, session: Session, symbols: Symbols) -> None:
        super().__init__(session, symbols)
        self.entries: dict[str, Entry] | None = None
        """By row; None before they are read."""
        self.table = TextTable(self.columns, self._cells, symbols=symbols, header=self.header)
        self.parts = (self.table,)

    @property
    def focus_target(self) -> TextTable:
        """The table."""
        return self.table

    @property
    def count(self) -> str:
        """How many there are."""
        return "" if self.entries is None else str(len(self.entries))

    @property
    def chosen(self) -> Entry | None:
        """The entry under the cursor."""
        return (self.entries or {}).get(self.table.cursor_row or "")

    @property
    def rows(self) -> Iterable[str]:
        """The rows of the table, in their order."""
        return self.entries or ()

    def show_key(self, key_id: str | None) -> None:
        """Another key's entries are read when they are asked for."""
        if key_id != self.key_id:
            self.key_id, self.entries = key_id, None
            self.table.forget_place()
            self.show_rows(self.waiting if key_id else "")

    def show_problem(self, sentence: str) -> None:
        """The reason stands where the entries would."""
        self.entries = None
        self.show_rows(f"{self.symbols.error} {sentence}", "bad")

    def show_rows(self, empty: str, style: str = "dim") -> None:
        """Draw the rows; `empty` is said where there are none."""
        self.table.set_empty(empty, style)
        columns = self._fitting_columns()
        if columns != tuple(self.table.columns):
            self.table.set_columns(columns)
        self.table.set_rows(list(self.rows))
        self.post_message(self.TitleChanged())

    def _fitting_columns(self) -> tuple[Column, ...]:
        """The columns as wide as what stands in them: no text is cut while another has room."""
        if not self.header or not self.entries:
            return self.columns
        needed: dict[str, int] = {}
        for entry in islice(self.entries.values(), _MEASURED):
            for name, part in self.cells_of(entry).items():
                width = width_of(text_and_style(part)[0])
                needed[name] = max(width, needed.get(name, 0))
        return tuple(
            _fitting(column, max(len(column.title), needed.get(column.id, 0)))
            for column in self.columns
        )

    def cells_of(self, entry: Entry) -> Mapping[str, Part]:
        """The cells of an entry by column."""
        raise NotImplementedError

    def _cells(self, row: str, _: Sequence[str]) -> Cells:
        entry = (self.entries or {}).get(row)
        return () if entry is None else self.cells_of(entry)


def _fitting(column: Column, needed: int) -> Column:
    width = min(column.width, needed)
    return replace(
        column, width=width, least=min(column.least, width), most=min(column.most, needed)
    )


def moment(time: datetime | None) -> str:
    """A time in UTC, to the second."""
    return "" if time is None else f"{time:%Y-%m-%d %H:%M:%S} UTC"


def as_json(members: Mapping[str, object]) -> str:
    """What is known of an entry, by the service's names, to be copied."""
    return json.dumps({name: value for name, value in members.items() if value}, indent=2)
