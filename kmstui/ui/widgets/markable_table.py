"""A table whose rows can be marked, for what is done to many at once."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from kmstui.ui.widgets.line_table import LineTable


class MarkableTable(LineTable):
    """Adds marks by the keyboard: one, a range, all that are shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "mark the row, or take the mark away", show=False),
        Binding("ctrl+@,ctrl+space", "mark_range", "mark from the last mark to here", show=False),
        Binding("asterisk", "mark_all", "mark all rows shown, or none of them", show=False),
    ]

    _mark_from: str | None = None

    def forget_place(self) -> None:
        """As in any table; a range cannot start at a row that is gone either."""
        super().forget_place()
        self._mark_from = None

    def action_mark(self) -> None:
        """Mark the row or take its mark away, and go to the next."""
        row = self.cursor_row
        if row is None:
            return
        self._mark_from = row
        self.set_marks(self._marks ^ {row})
        self.action_move(1)

    def action_mark_range(self) -> None:
        """Mark from the row marked last to this one."""
        start = self._place.find(self._mark_from) if self._mark_from is not None else None
        if self.cursor_row is None:
            return
        if start is None:
            start = self.cursor
        low, high = sorted((start, self.cursor))
        self._mark_from = self.cursor_row
        self.set_marks(self._marks | set(self.rows[low : high + 1]))

    def action_mark_all(self) -> None:
        """Mark all rows that are shown, or none when all of them are."""
        shown = set(self.rows)
        self.set_marks(self._marks - shown if shown <= self._marks else self._marks | shown)
