"""What dialogs have in common: a box in the middle, and Esc to leave."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from kmstui.ui.widgets.frame_lines import Sentences

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A box over the screen; answers None when it is left with Esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
    ]

    def __init__(self, title: str) -> None:
        super().__init__(classes="dialog")
        self.heading = title
        self.box = Vertical(classes="dialog--box")

    def heading_line(self, role: str = "title") -> Sentences:
        """The title, as prose that wraps."""
        line = Sentences(classes="dialog--heading")
        line.say(self.heading, role)
        return line

    def action_leave(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)
