"""A whole screen about a list: its rows, and what is said of the one under the cursor."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from textual import on

from kmstui.ui.dialogs.dialog import Answer, FullScreen
from kmstui.ui.style import Symbols
from kmstui.ui.widgets import Cells, Column, LineTable


class ListScreen(FullScreen[Answer]):
    """Reads as soon as it is shown; Enter is about the row under the cursor.

    A subclass says what stands below the table in `body`.
    """

    KEYS: ClassVar[Sequence[tuple[str, str]]]
    """What the key bar shows."""

    def __init__(
        self, symbols: Symbols, columns: Sequence[Column], name: str, *, id: str | None = None
    ) -> None:
        """`name` is the class of the style sheets; `id` that of the table."""
        super().__init__(symbols)
        self.add_class(name)
        self.table = LineTable(columns, self.cells_of, symbols=symbols, id=id)

    def on_mount(self) -> None:
        """Give the list the keys, and read it."""
        self.key_bar.show_keys(self.KEYS)
        self.table.focus()
        self.begin()

    @abstractmethod
    def begin(self) -> None:
        """Read what the list shows, or show what is known of it."""

    @abstractmethod
    def cells_of(self, row: str, columns: Sequence[str]) -> Cells:
        """The cells of a row."""

    @abstractmethod
    def show_chosen(self) -> None:
        """Say more of the row under the cursor."""

    @abstractmethod
    def choose(self) -> None:
        """Enter was pressed on a row."""

    @on(LineTable.Moved)
    def _moved(self) -> None:
        self.show_chosen()

    @on(LineTable.Chosen)
    def _chosen(self) -> None:
        self.choose()

    def show_problem(self, sentence: str) -> None:
        """Show why there are no rows."""
        self.table.set_empty(f"{self.symbols.error} {sentence}", "bad")
