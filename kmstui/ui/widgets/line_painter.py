"""The lines of a table, drawn once and kept while they are in sight."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from kmstui.ui.style import Cell, StyledWidget, Symbols, fit, text_and_style, wrap
from kmstui.ui.widgets.columns import GAP, Column, fit_columns, header_text, placed_cells, runs_of

Cells = Mapping[str, Cell] | Sequence[Cell]
"""The cells of a row by the IDs of their columns; or those of the columns in sight one after the
other, the last of which reaches to the end of the line where they are fewer than the columns."""

CellReader = Callable[[str, Sequence[str]], Cells]
"""Returns the cells of a row, given its ID and the IDs of the columns in sight."""

RowLook = tuple[bool, bool, bool]
"""Whether the cursor is on the row, whether the table has the focus, whether the row is marked."""

_ROWS_KEPT = 200
"""Rows whose drawn lines are kept: several screens full."""

_PREFIX = 2
"""Cells before the first column: the cursor's sign and the mark's."""


class LinePainter:
    """Draws the lines of one table.

    Attributes:
        columns: All columns; those that fit are drawn.
        cells: Reads the cells of a row.
        sorted_by: The column whose title carries the sign of the order, and whether it descends.
    """

    def __init__(
        self, table: StyledWidget, columns: Sequence[Column], cells: CellReader, symbols: Symbols
    ) -> None:
        self._table = table
        self.cells = cells
        self._symbols = symbols
        self._width = 0
        self._fitted: list[tuple[Column, int]] = []
        self._lines: dict[str, dict[RowLook, Strip]] = {}
        self._styles: dict[str, Style] = {}
        self._empty: tuple[str, str] = ("", "dim")
        self._empty_lines: list[str] | None = None
        self.columns = tuple(columns)
        self._passed = 0
        """Columns scrolled out of sight behind the first one."""
        self.sorted_by: tuple[str, bool] | None = None

    @property
    def visible_columns(self) -> tuple[str, ...]:
        """IDs of the columns that fit."""
        return tuple(column.id for column, _ in self._fitted)

    def width_of(self, column: str) -> int:
        """Cells that a column has; 0 where it does not fit."""
        return next((width for each, width in self._fitted if each.id == column), 0)

    def column_at(self, cell: int) -> str:
        """ID of the column on a cell of the line; empty where there is none."""
        end = _PREFIX
        for column, width in self._fitted:
            end += width + GAP
            if _PREFIX <= cell < end:
                return column.id
        return ""

    @property
    def rows_kept(self) -> Collection[str]:
        """IDs of the rows whose lines are kept."""
        return self._lines.keys()

    def fit(self, width: int) -> None:
        """The table is so wide, or has other columns."""
        self._width = width
        self._fitted = fit_columns(self._in_reach, width - _PREFIX)
        self._empty_lines = None
        self._lines.clear()

    @property
    def _in_reach(self) -> Sequence[Column]:
        """All columns; once scrolled, the first one and those on from where it was scrolled to."""
        if not self._passed:
            return self.columns
        reached = (self.columns[0], *self.columns[1 + self._passed :])
        return [replace(column, rank=rank) for rank, column in enumerate(reached)]

    def scroll(self, steps: int) -> bool:
        """Scroll sideways by columns; returns whether there was anything to scroll to."""
        passed, in_sight = self._passed, self.visible_columns
        if steps > 0 and len(in_sight) == len(self._in_reach):
            return False
        self._passed = max(0, min(passed + steps, len(self.columns) - 2))
        self.fit(self._width)
        return self._passed != passed

    def forget(self, rows: Iterable[str]) -> None:
        """These rows show something else now."""
        for row in rows:
            self._lines.pop(row, None)

    def forget_all(self) -> None:
        """Every row may show something else now."""
        self._lines.clear()

    def forget_styles(self) -> None:
        """The theme changed."""
        self._styles.clear()
        self._lines.clear()

    def set_empty(self, text: str, style: str) -> bool:
        """What stands in the place of the rows where there are none; returns whether it is new."""
        if self._empty == (text, style):
            return False
        self._empty = (text, style)
        self._empty_lines = None
        return True

    def empty_height(self, width: int) -> int:
        """Lines that it takes to say why there are no rows."""
        return len(wrap(self._empty[0], width - _PREFIX - 1)) if self._empty[0] else 0

    def text_of(self, row: str) -> str:
        """What the cells of a row say, also where they are cut off."""
        read = self.cells(row, self.visible_columns)
        cells = read.values() if isinstance(read, Mapping) else read
        parts = (part for cell in cells for part in (cell if isinstance(cell, list) else [cell]))
        return " ".join(text_and_style(part)[0] for part in parts)

    # Lines

    def header(self) -> Strip:
        """The titles of the columns."""
        text = header_text(self._fitted, self.sorted_by, self._symbols)
        shown = fit(" " * _PREFIX + text, self._width)
        return Strip([Segment(shown, self._style("header"))], self._width)

    def row(self, row: str, look: RowLook) -> Strip:
        """The line of a row."""
        drawn = self._lines.get(row)
        if drawn is None:
            if len(self._lines) >= _ROWS_KEPT:
                self._lines.clear()
            drawn = self._lines[row] = {}
        strip = drawn.get(look)
        if strip is None:
            strip = drawn[look] = self._draw(row, look)
        return strip

    def blank(self) -> Strip:
        """A line below the rows."""
        return Strip.blank(self._width, self._style(""))

    def empty(self, line: int) -> Strip:
        """A line of a table without rows, from 0."""
        text, style = self._empty
        if self._empty_lines is None:
            self._empty_lines = wrap(text, self._width - _PREFIX - 1) if text else []
        if line >= len(self._empty_lines):
            return self.blank()
        shown = fit(" " * _PREFIX + self._empty_lines[line], self._width)
        drawn_style = self._style("") + self._table.style_named(style)
        return Strip([Segment(shown, drawn_style)], self._width)

    def _style(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            table = self._table
            component = f"line-table--{name}"
            style = table.get_component_rich_style(component) if name else table.rich_style
            self._styles[name] = style
        return style

    def _draw(self, row: str, look: RowLook) -> Strip:
        at_cursor, focused, marked = look
        name = ""
        if at_cursor:
            name = "cursor" if focused else "cursor-away"
        elif marked:
            name = "marked"
        base = self._style(name)
        symbols = self._symbols
        prefix = (symbols.cursor if at_cursor else " ") + (symbols.marked if marked else " ")
        # Under the cursor one style keeps the contrast; words say the rest.
        plain = at_cursor and focused
        columns = self.visible_columns
        read = self.cells(row, columns)
        listed = [read[column] for column in columns] if isinstance(read, Mapping) else read
        cells = placed_cells(listed, self._fitted)
        runs = runs_of(
            [(prefix, ""), *(((text, "") if plain else (text, style)) for text, style in cells)]
        )
        style_named = self._table.style_named
        segments = [Segment(text, base + style_named(style)) for text, style in runs]
        return Strip(segments).adjust_cell_length(self._width, base)
