"""A text to read, or to select with the terminal's own means."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from kmstui.ui.commands import KeyBar
from kmstui.ui.dialogs.dialog import Dialog
from kmstui.ui.widgets import Block, Rows


class TextDialog(Dialog[None]):
    """Shows a text under a title."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,enter", "leave", "leave", show=False)]

    def __init__(self, title: str, text: str | Widget) -> None:
        super().__init__(title, "dialog-wide")
        if isinstance(text, str):
            rows = Rows()
            rows.show(map(_line, text.split("\n")))
            self.flexible = rows
        else:
            self.flexible = text
        keys = KeyBar([("Esc", "Close"), ("j k", "Scroll"), ("text.search", "Search")])
        self.parts = (self.heading_line(), self.flexible, keys)


def _line(line: str) -> Block:
    """A line whose indentation stays where it wraps."""
    body = line.lstrip(" ")
    return Block(body, lead=" " * (len(line) - len(body)))
