"""Choosing which columns the keys table has, in which order, and how wide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType

from kmstui.ui.commands import KeyBar
from kmstui.ui.dialogs import Dialog
from kmstui.ui.main.key_columns import KEY_COLUMNS
from kmstui.ui.style import Part, Symbols
from kmstui.ui.widgets import Column, LineTable

_STEP = 4
"""Cells by which a column becomes wider or narrower at once."""

_LEAST = 4

_COLUMNS = (Column("shown", "", 4), Column("title", "", 14), Column("width", "", 8, right=True))


class ColumnsDialog(Dialog[None]):
    """Every change is shown in the keys table at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "turn", "show or hide it", show=False),
        Binding("plus,equals_sign,right", "widen(1)", "wider", show=False),
        Binding("minus,underscore,left", "widen(-1)", "narrower", show=False),
        Binding("J,shift+down", "shift(1)", "further to the right", show=False),
        Binding("K,shift+up", "shift(-1)", "further to the left", show=False),
        Binding("enter,q", "leave", "close", show=False),
    ]

    def __init__(
        self, shown: Sequence[Column], show: Callable[[Sequence[Column]], None], symbols: Symbols
    ) -> None:
        """`shown` are those that the table has; `show` gives it others."""
        super().__init__("Columns of the keys")
        self._symbols = symbols
        self._show = show
        self._shown = {column.id for column in shown}
        others = [each.column for each in KEY_COLUMNS.values() if each.column.id not in self._shown]
        self._columns = {column.id: column for column in (*shown, *others)}
        self.flexible = self.table = LineTable(_COLUMNS, self._cells, header=False)
        self.table.set_rows(list(self._columns))
        keys = [("Space", "Show"), ("+ -", "Width"), ("J K", "Order"), ("Esc", "Close")]
        self.parts = (self.heading_line(), self.table, KeyBar(keys))

    def _cells(self, row: str, _: Sequence[str]) -> dict[str, Part]:
        column, shown = self._columns[row], row in self._shown
        return {
            "shown": (f"[{self._symbols.done if shown else ' '}]", "good" if shown else "dim"),
            "title": (column.title.capitalize(), "" if shown else "dim"),
            "width": (f"{max(column.width, column.most)}", "dim"),
        }

    def action_turn(self) -> None:
        """Show the column or hide it; the last one stays."""
        row = self.table.cursor_row
        if row is not None and (self._shown ^ {row}):
            self._shown ^= {row}
            self._apply()

    def action_widen(self, steps: int) -> None:
        """Make the column wider or narrower."""
        row = self.table.cursor_row
        if row is not None:
            column = self._columns[row]
            width = max(_LEAST, max(column.width, column.most) + steps * _STEP)
            self._columns[row] = replace(
                column, width=width, most=width, least=min(column.least or width, width)
            )
            self._apply()

    def action_shift(self, steps: int) -> None:
        """Move the column among the others."""
        row, order = self.table.cursor_row, list(self._columns)
        at = self.table.cursor + steps
        if row is not None and 0 <= at < len(order):
            order.remove(row)
            order.insert(at, row)
            self._columns = {name: self._columns[name] for name in order}
            self.table.set_rows(order)
            self._apply()

    def _apply(self) -> None:
        self.table.redraw()
        shown = [column for column in self._columns.values() if column.id in self._shown]
        # The person's order is also the order of usefulness.
        self._show([replace(column, rank=rank) for rank, column in enumerate(shown)])
