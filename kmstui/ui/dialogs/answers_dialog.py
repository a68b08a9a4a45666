"""A dialog that asks AWS while it is open, and shows each answer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TypeVar

from kmstui.service.errors import CancelledByPersonError
from kmstui.ui.commands import KeyBar
from kmstui.ui.dialogs.dialog import Dialog
from kmstui.ui.style import Symbols
from kmstui.ui.widgets import Rows, Sentences

Answer = TypeVar("Answer")


class AnswersDialog(Dialog[Answer]):
    """How far it is, and below it the answers; leaving it ends the asking."""

    def __init__(self, title: str, symbols: Symbols, keys: Sequence[tuple[str, str]] = ()) -> None:
        """`keys` are those beside the usual ones, for the key bar."""
        super().__init__(title, "dialog-wide", "reasoning")
        self.symbols = symbols
        self.state = Sentences("", "dim", most_lines=2)
        self.rows = Rows(symbols=symbols)
        bar = KeyBar([*keys, ("j k", "Scroll"), ("text.search", "Search"), ("Esc", "Close")])
        self.parts = (self.heading_line(), self.state, self.rows, bar)

    def on_mount(self) -> None:
        """Ask."""
        self.run_worker(self._ask_until_left(), exit_on_error=True)

    async def _ask_until_left(self) -> None:
        try:
            await self.ask()
        except CancelledByPersonError as error:
            self.state.say(error.sentence, "warn")

    @abstractmethod
    async def ask(self) -> None:
        """Ask, and show what comes of it."""
