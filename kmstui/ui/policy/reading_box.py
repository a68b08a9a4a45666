"""A box over a policy with something to read, searched as any text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from kmstui.ui.commands import key_of
from kmstui.ui.style import FANCY, Symbols
from kmstui.ui.widgets import Row, Rows


class ReadingBox(ModalScreen[None]):
    """Shows rows in a frame that says what they are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "close", show=False),
    ]

    def __init__(
        self, title: str, content: Iterable[Row], more: str = "", *, symbols: Symbols = FANCY
    ) -> None:
        """`more` is said of keys beside those that close it and search in it."""
        super().__init__(classes="reading")
        self._more = more
        self.rows = Rows(symbols=symbols)
        self.rows.show(content)
        self.box = Vertical(self.rows, classes="reading--box")
        self.box.border_title = title

    def compose(self) -> ComposeResult:
        """One box with the rows."""
        yield self.box

    def on_mount(self) -> None:
        """The rows have the keys."""
        words = ["Esc closes", f"{key_of('text.search', self)} searches", self._more]
        self.box.border_subtitle = " · ".join(filter(None, words))
        self.rows.focus()
