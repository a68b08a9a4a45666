"""What screens over the whole window have in common: title, notices, and the keys that work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from kmstui.ui.commands import KeyBar, Program, program_of
from kmstui.ui.style import Symbols, TitleLine
from kmstui.ui.widgets import NewestNotice

Answer = TypeVar("Answer")


class FullScreen(Screen[Answer], Generic[Answer]):
    """A whole screen with a title line above and a key bar below."""

    notice: NewestNotice

    def __init__(self, symbols: Symbols) -> None:
        super().__init__(classes="edit")
        self.symbols = symbols
        self.body: Sequence[Widget] = ()
        """What the screen is about, from above; Tab goes from one to the next."""
        self.title_line = TitleLine(classes="edit--title -focused")
        self.key_bar = KeyBar(classes="edit--keys")

    def compose(self) -> ComposeResult:
        """Title, what the screen is about, notices, keys."""
        store = self.program.session.store
        self.notice = NewestNotice(store, most_lines=4, classes="edit--notice")
        yield self.title_line
        yield from self.body
        yield self.notice
        yield self.key_bar

    def action_leave(self) -> None:
        """Go without a result."""
        self.dismiss(None)

    @property
    def program(self) -> Program:
        """The program."""
        return program_of(self)
