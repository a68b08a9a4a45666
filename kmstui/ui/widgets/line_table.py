"""A table of one-line rows that stays quick at 100,000 rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Blur, Click, Focus, Resize
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.strip import Strip

from kmstui.ui.style import FANCY, StyledWidget, Symbols
from kmstui.ui.widgets.columns import Column
from kmstui.ui.widgets.line_painter import CellReader, LinePainter
from kmstui.ui.widgets.row_position import Find, RowPosition


class LineTable(StyledWidget, can_focus=True, inherit_bindings=False):
    """Rows by ID, drawn one by one when they come into sight.

    It scrolls by itself: Textual's `ScrollView` lays the whole screen out anew whenever the
    number of rows changes, and draws all lines again though the same rows are in sight.

    The table holds no data: it is given a sequence of row IDs and a function that returns a
    row's cells. Whoever changes what a row shows says so with `redraw`; whoever changes the
    sequence calls `rows_changed`, and the table finds the chosen row again.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line-table--header",
        "line-table--cursor",
        "line-table--cursor-away",
        "line-table--marked",
    }

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "next row", show=False),
        Binding("k,up", "move(-1)", "previous row", show=False),
        Binding("g,home", "first", "first row", show=False),
        Binding("G,end", "last", "last row", show=False),
        Binding("ctrl+d", "half(1)", "half a page down", show=False),
        Binding("ctrl+u", "half(-1)", "half a page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "page down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "page up", show=False),
    ]

    class RowMessage(Message):
        """Something about one row; `row` is None in an empty table."""

        def __init__(self, table: LineTable, row: str | None) -> None:
            super().__init__()
            self.table = table
            self.row = row

        @property
        def control(self) -> LineTable:
            """The table."""
            return self.table

    class Moved(RowMessage):
        """Another row is under the cursor."""

    class Chosen(RowMessage):
        """Enter was pressed on a row, or it was clicked twice."""

    class Marked(RowMessage):
        """The marks changed."""

    class HeadClicked(RowMessage):
        """The title of a column was clicked; `row` is the column's ID."""

    class Scrolled(RowMessage):
        """Other rows are in sight."""

    def __init__(
        self,
        columns: Sequence[Column],
        cells: CellReader,
        *,
        symbols: Symbols = FANCY,
        header: bool = True,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._painter = LinePainter(self, columns, cells, symbols)
        self._top = 1 if header else 0
        self._bottom = 0
        self._place = RowPosition()
        self._marks: set[str] = set()
        self._sight: tuple[str, ...] = ()

    # What it shows

    @property
    def rows(self) -> Sequence[str]:
        """IDs of the rows, in order."""
        return self._place.rows

    @property
    def cursor(self) -> int:
        """Index of the row under the cursor."""
        return self._place.cursor

    @property
    def cursor_row(self) -> str | None:
        """ID of the row under the cursor; None in an empty table."""
        return self._place.row

    @property
    def marks(self) -> frozenset[str]:
        """IDs of the marked rows, those that a filter hides included."""
        return frozenset(self._marks)

    @property
    def visible_columns(self) -> tuple[str, ...]:
        """IDs of the columns that fit."""
        return self._painter.visible_columns

    def width_of(self, column: str) -> int:
        """Cells that a column has; 0 where it does not fit."""
        return self._painter.width_of(column)

    @property
    def rows_in_sight(self) -> Sequence[str]:
        """IDs of the rows on the screen."""
        return self._place.in_sight

    @property
    def rows_drawn(self) -> Collection[str]:
        """IDs of the rows whose lines are kept: those on the screen, and others seen lately."""
        return self._painter.rows_kept

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Room for every row, where the height is automatic."""
        rows = len(self.rows) or self._painter.empty_height(width)
        return rows + self._top + self._bottom

    def set_rows(self, rows: Sequence[str], find: Find | None = None) -> None:
        """Show these rows, and find the chosen one among them.

        `find` returns a row's index faster than looking through all of them.
        """
        self.show_rows(rows, find, None, moved=True)

    def show_rows(
        self,
        rows: Sequence[str],
        find: Find | None,
        changed: frozenset[str] | None,
        *,
        moved: bool,
        anew: bool = False,
    ) -> None:
        """As `set_rows`, when it is known which rows show something else (None: all of them).

        `moved` says whether there are other rows or another order; only lines that look
        different are drawn. The cursor stays on its row and on its line of the screen, unless
        `anew` says that a person asked for other rows.
        """
        height = self.styles.height
        if height is not None and height.is_auto and len(rows) != len(self._place.rows):
            self.refresh(layout=True)
        self._place.set_rows(rows, find)
        if moved:
            self._settle(anew=anew)
        self.redraw(changed)

    def _settle(self, *, anew: bool) -> None:
        place = self._place
        before, line = place.row, place.line
        place.settle(anew=anew)
        self._look(line)
        if place.row != before:
            self.post_message(self.Moved(self, place.row))

    def _look(self, cursor_line: int | None = None) -> None:
        """Draw the lines on which another row, or the cursor, stands now."""
        before, self._sight = self._sight, tuple(self.rows_in_sight)
        if not before or not self._sight:
            self.refresh()
        else:
            line = self._place.line
            moved = {line, cursor_line} if cursor_line not in (None, line) else set()
            for y in range(max(len(before), len(self._sight))):
                if y in moved or before[y : y + 1] != self._sight[y : y + 1]:
                    self.refresh(Region(0, y + self._top, self.size.width, 1))
        if before != self._sight:
            self.post_message(self.Scrolled(self, self.cursor_row))

    def redraw(self, rows: Iterable[str] | None = None) -> None:
        """These rows (or all) show something else now; only those in sight are drawn."""
        if rows is None:
            self._painter.forget_all()
            self.refresh()
            return
        changed = rows if isinstance(rows, Collection) else tuple(rows)
        self._painter.forget(changed)
        for offset, row in enumerate(self.rows_in_sight):
            if row in changed:
                self._refresh_row(self._place.first + offset)

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns."""
        self._painter.columns = tuple(columns)
        self._painter.fit(self.size.width)
        self.refresh()

    @property
    def columns(self) -> Sequence[Column]:
        """All columns, those that do not fit included."""
        return self._painter.columns

    def scroll_columns(self, steps: int) -> None:
        """Scroll sideways by columns; the first one stays."""
        if self._painter.scroll(steps):
            self.refresh()

    def set_sorted(self, column: str, *, descending: bool) -> None:
        """Show the sign of the order at a column's title."""
        self._painter.sorted_by = (column, descending)
        self.refresh(Region(0, 0, self.size.width, 1))

    def set_empty(self, text: str, style: str = "dim") -> None:
        """What stands in the place of the rows where there are none."""
        if self._painter.set_empty(text, style) and not self.rows:
            height = self.styles.height
            self.refresh(layout=height is not None and height.is_auto)

    def set_marks(self, rows: Iterable[str]) -> None:
        """Mark these rows and no others."""
        marks = set(rows)
        changed = marks ^ self._marks
        self._marks = marks
        if changed:
            self.redraw(changed)
            self.post_message(self.Marked(self, self.cursor_row))

    def forget_place(self) -> None:
        """What was shown is another's: start again at the top, without marks."""
        self._place.forget()
        self.set_marks(())

    def keep_place(self) -> None:
        """A person did something with the row under the cursor: it stays theirs.

        Until then the cursor stays at the top while rows come.
        """
        self._place.hold()

    def move_to_row(self, row: str) -> bool:
        """Put the cursor on a row; returns whether it is among them."""
        index = self._place.find(row)
        if index is None:
            return False
        self._move_to(index, jump=False)
        return True

    # Moving

    def _move_to(self, index: int, *, jump: bool = True) -> None:
        place = self._place
        before, first, row = place.cursor, place.first, place.row
        place.move_to(index, ahead=jump)
        place.hold()
        if place.first == first:
            self._refresh_row(before)
            self._refresh_row(place.cursor)
        else:
            self._look(before - first)
        if place.row != row:
            self.post_message(self.Moved(self, place.row))

    def _refresh_row(self, index: int) -> None:
        y = index - self._place.first + self._top
        if self._top <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def action_move(self, steps: int) -> None:
        """Move by rows."""
        self._move_to(self.cursor + steps)

    def action_half(self, direction: int) -> None:
        """Move by half a page."""
        self.action_move(direction * max(1, self._place.height // 2))

    def action_page(self, direction: int) -> None:
        """Move by a page, less one row that shows where one was."""
        self.action_move(direction * max(1, self._place.height - 1))

    def action_first(self) -> None:
        """Move to the first row."""
        self._move_to(0, jump=False)

    def action_last(self) -> None:
        """Move to the last row."""
        self._move_to(len(self.rows) - 1, jump=False)

    # Events

    def on_focus(self, event: Focus) -> None:
        """The cursor's line looks different with the focus."""
        self._refresh_row(self.cursor)

    def on_blur(self, event: Blur) -> None:
        """As `on_focus`."""
        self._refresh_row(self.cursor)

    def on_resize(self, event: Resize) -> None:
        """Fit the columns and keep the chosen row in sight."""
        self._painter.fit(self.size.width)
        self.keep_lines(self._bottom)
        self.refresh()

    def keep_lines(self, number: int) -> None:
        """Leave so many of the last lines to somebody else; the chosen row stays in sight."""
        height = self.styles.height
        if number != self._bottom and height is not None and height.is_auto:
            self.refresh(layout=True)
        self._bottom = number
        self._place.height = max(0, self.size.height - self._top - number)
        self._place.keep_in_sight(ahead=False)
        self._look()

    def on_mouse_scroll_down(self) -> None:
        """With the mouse on: three rows on."""
        self.action_move(3)

    def on_mouse_scroll_up(self) -> None:
        """With the mouse on: three rows back."""
        self.action_move(-3)

    def on_click(self, event: Click) -> None:
        """With the mouse on: choose a row, twice to open it, or a column by its title."""
        if event.y < self._top and (column := self._painter.column_at(event.x)):
            self.post_message(self.HeadClicked(self, column))
        index = event.y - self._top + self._place.first
        if event.y >= self._top and index < len(self.rows):
            self._move_to(index, jump=False)
            if event.chain > 1:
                self.post_message(self.Chosen(self, self.cursor_row))

    def notify_style_update(self) -> None:
        """The theme changed: draw everything anew."""
        super().notify_style_update()
        self._painter.forget_styles()

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        if y < self._top:
            return self._painter.header()
        index = self._place.first + y - self._top
        if not self.rows:
            return self._painter.empty(y - self._top)
        if index >= len(self.rows):
            return self._painter.blank()
        row = self.rows[index]
        if index == self.cursor and self.has_focus:
            # The terminal's own cursor, hidden as it is: screen readers read where it stands.
            self.app.cursor_position = self.region.offset + Offset(0, y)
        return self._painter.row(row, (index == self.cursor, self.has_focus, row in self._marks))


class MarkableTable(LineTable):
    """Lets rows be marked: one, a range, all that are shown."""

    _mark_from: str | None = None

    def forget_place(self) -> None:
        """As in any table; a range cannot start at a row that is gone either."""
        super().forget_place()
        self._mark_from = None

    def mark(self) -> None:
        """Mark the row or take its mark away, and go to the next."""
        row = self.cursor_row
        if row is None:
            return
        self._mark_from = row
        self.set_marks(self._marks ^ {row})
        self.action_move(1)

    def mark_range(self) -> None:
        """Mark from the row marked last to this one."""
        start = self._place.find(self._mark_from) if self._mark_from is not None else None
        if self.cursor_row is None:
            return
        if start is None:
            start = self.cursor
        low, high = sorted((start, self.cursor))
        self._mark_from = self.cursor_row
        self.set_marks(self._marks | set(self.rows[low : high + 1]))

    def mark_all(self) -> None:
        """Mark all rows that are shown, or none when all of them are."""
        shown = set(self.rows)
        self.set_marks(self._marks - shown if shown <= self._marks else self._marks | shown)
