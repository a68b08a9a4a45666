"""A dialog that finds something while a person types parts of its name."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.widgets import Input
from textual.worker import Worker

from kmstui.ui.commands import program_of
from kmstui.ui.dialogs.dialog import Dialog
from kmstui.ui.widgets import LineTable

Answer = TypeVar("Answer")

MOST_FOUND = 100
"""Lines offered at once; typing on narrows them."""


class SearchDialog(Dialog[Answer]):
    """A line to type in, and a list of what matches, in which the arrow keys move meanwhile."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "move(1)", "next", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", "previous", show=False, priority=True),
        Binding("pagedown", "move(10)", "ten further", show=False, priority=True),
        Binding("pageup", "move(-10)", "ten back", show=False, priority=True),
    ]

    def __init__(self, title: str, placeholder: str, table: LineTable) -> None:
        super().__init__(title, "dialog-wide")
        self.input = Input(placeholder=placeholder, compact=True)
        self.input.cursor_blink = False
        self.flexible = self.table = table
        self.table.can_focus = False
        self._choose_when_found = False
        self._searching: Worker[None]

    async def find(self, text: str) -> None:
        """Show what matches the text; a new search ends the one before."""
        raise NotImplementedError

    def choose(self) -> None:
        """Enter was pressed: take the line under the cursor."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Offer everything at first."""
        self._search("")

    def action_move(self, steps: int) -> None:
        """Move in the list while typing."""
        self.table.action_move(steps)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Find what matches."""
        event.stop()
        self._search(event.value)

    def on_line_table_chosen(self) -> None:
        """Clicked twice."""
        self.choose()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: what is found so far may belong to fewer letters than were typed."""
        event.stop()
        if self._searching.is_finished:
            self.choose()
        else:
            self._choose_when_found = True
            # The key typed behind this one is for what is opened with the choice.
            program_of(self).type_ahead.opens(self._searching, self)

    def _search(self, text: str) -> None:
        async def search() -> None:
            await self.find(text)
            if self._choose_when_found:
                self._choose_when_found = False
                self.choose()

        self._searching = program_of(self).work(search, group="search", what="the search")
