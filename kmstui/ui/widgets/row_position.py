"""Where a person is in a list of rows: the row under the cursor, and the rows in sight."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Find = Callable[[str], int | None]
"""Returns a row's index, or None when it is not among the rows."""


class RowPosition:
    """Keeps the place while rows come, go, change their order, and the room for them changes.

    Attributes:
        rows: IDs of the rows, in order.
        find: Returns a row's index.
        cursor: Index of the row under the cursor.
        row: Its ID; None while there are no rows.
        first: Index of the row on the first line.
        height: Lines there are for rows.
        held: Whether the place is a person's. Before, it stays at the top while rows come.
    """

    def __init__(self) -> None:
        self.rows: Sequence[str] = ()
        self.find: Find = self._look_through
        self.cursor = 0
        self.row: str | None = None
        self.first = 0
        self.height = 0
        self.held = False
        self._last: str | None = None

    @property
    def in_sight(self) -> Sequence[str]:
        """IDs of the rows on the screen."""
        return self.rows[self.first : self.first + self.height]

    @property
    def line(self) -> int:
        """The line of the cursor, from the first row in sight."""
        return self.cursor - self.first

    def set_rows(self, rows: Sequence[str], find: Find | None) -> None:
        """These are the rows now; `settle` finds the place among them."""
        self.rows = rows
        self.find = find or self._look_through

    def _look_through(self, row: str) -> int | None:
        try:
            return self.rows.index(row)
        except ValueError:
            return None

    def settle(self, *, anew: bool) -> None:
        """Find the place again: the same row, on the same line of the screen.

        Where the row is gone, the cursor stays about where it is in the list. A row that was
        gone with all others is found again too. `anew` says that other rows were asked for: then
        the row is shown among its neighbours, and the first row stands in for one that is gone.
        """
        count = len(self.rows)
        line = self.line
        wanted = self.row or self._last
        index = self.find(wanted) if self.held and wanted is not None else None
        if index is None:
            index = min(self.cursor, count - 1) if self.held and not anew else 0
        self.cursor = max(0, index)
        self._take_row()
        if anew:
            line = self.height // 2
        self.first = max(0, min(self.cursor - line, count - self.height))
        self.keep_in_sight(ahead=False)

    def move_to(self, index: int, *, ahead: bool) -> None:
        """Put the cursor on a row, or the nearest there is."""
        if self.rows:
            self.cursor = max(0, min(index, len(self.rows) - 1))
            self._take_row()
            self.keep_in_sight(ahead=ahead)

    def _take_row(self) -> None:
        self.row = self.rows[self.cursor] if self.rows else None
        self._last = self.row or self._last

    def keep_in_sight(self, *, ahead: bool) -> None:
        """Scroll so that the cursor is on the screen; `ahead` shows half a page beyond it."""
        # Half a page at the edges costs one large frame in twenty steps instead of one at each.
        if self.height <= 0:
            return
        beyond = self.height // 2 if ahead else 0
        first = self.first
        if self.cursor < first:
            first = self.cursor - beyond
        elif self.cursor >= first + self.height:
            first = self.cursor - self.height + 1 + beyond
        self.first = max(0, min(first, len(self.rows) - self.height))

    def hold(self) -> None:
        """A person did something here: from now on the row under the cursor is theirs."""
        self.held = self.held or self.row is not None

    def forget(self) -> None:
        """What was shown is another's: start again at the top."""
        self.held = False
        self.cursor = 0
        self._last = None
