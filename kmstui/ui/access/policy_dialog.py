"""An IAM policy, or one statement of it, to read."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from kmstui.ui.commands import KeyBar
from kmstui.ui.dialogs import Dialog
from kmstui.ui.policy import ReadingArea
from kmstui.ui.style import Symbols


class PolicyDialog(Dialog[None]):
    """Shows JSON as the editor does, without judging it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,enter", "leave", "leave", show=False)]

    def __init__(self, title: str, text: str, symbols: Symbols) -> None:
        super().__init__(title)
        self.add_class("dialog-wide")
        self.add_class("policy-dialog")
        self.area = ReadingArea(text, read_only=True, symbols=symbols)

    def compose(self) -> ComposeResult:
        """Title, text, and how to leave."""
        keys = KeyBar()
        keys.show([(" Esc", "key"), " Close ", (" j k", "key"), " Scroll "])
        with self.box:
            yield self.heading_line()
            yield self.area
            yield keys

    def on_mount(self) -> None:
        """The text has the keys."""
        self.area.focus()
