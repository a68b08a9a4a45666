"""A text to read, or to select with the terminal's own means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType

from kmstui.ui.commands import KeyBar
from kmstui.ui.dialogs.dialog import Dialog
from kmstui.ui.widgets import Block, Row, Rows

_AROUND_TEXT = 8
"""Cells that border, padding and the cursor of the rows take."""


class TextDialog(Dialog[None]):
    """Shows a text under a title."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,enter", "leave", "leave", show=False)]

    def __init__(self, title: str, content: str | Iterable[Row]) -> None:
        """`content` is a text as it stands, or rows."""
        super().__init__(title, "dialog-wide")
        self.flexible = self.rows = Rows()
        lines = map(_line, content.split("\n")) if isinstance(content, str) else content
        self.rows.show(lines)
        keys = KeyBar([("Esc", "Close"), ("j k", "Scroll"), ("text.search", "Search")])
        self.parts = (self.heading_line(), self.flexible, keys)

    @staticmethod
    def text_width(screen_width: int) -> int:
        """Cells of a line that does not wrap, as dialogs.tcss has the width of the box."""
        return min(140, screen_width * 96 // 100) - _AROUND_TEXT


def _line(line: str) -> Block:
    """A line whose indentation stays where it wraps."""
    body = line.lstrip(" ")
    return Block(body, lead=" " * (len(line) - len(body)))
