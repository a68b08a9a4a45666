"""A text to read, or to select with the terminal's own means."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from kmstui.model import visible
from kmstui.ui.commands import KeyBar
from kmstui.ui.dialogs.dialog import Dialog


class TextLines(VerticalScroll, inherit_bindings=False):
    """A wrapped text that scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_down", "down", show=False),
        Binding("k,up", "scroll_up", "up", show=False),
        Binding("ctrl+d,pagedown,space", "page_down", "page down", show=False),
        Binding("ctrl+u,pageup", "page_up", "page up", show=False),
        Binding("g,home", "scroll_home", "first line", show=False),
        Binding("G,end", "scroll_end", "last line", show=False),
    ]

    def __init__(self, text: str) -> None:
        lines = map(visible, text.split("\n"))
        super().__init__(Static("\n".join(lines), markup=False))


class TextDialog(Dialog[None]):
    """Shows a text under a title."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,enter", "leave", "leave", show=False)]

    def __init__(self, title: str, text: str | Widget) -> None:
        super().__init__(title, "dialog-wide")
        self.flexible = self.lines = TextLines(text) if isinstance(text, str) else text
        keys = KeyBar([("Esc", "Close"), ("j k", "Scroll")])
        self.parts = (self.heading_line(), self.lines, keys)
