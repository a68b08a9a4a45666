"""What dialogs have in common: a box in the middle, and Esc to leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.css.scalar import Scalar
from textual.screen import ModalScreen
from textual.widget import Widget

from kmstui.ui.widgets import Sentences

Answer = TypeVar("Answer")

_SHARE = 0.9
"""Of the screen's height that a box takes at most, as dialogs.tcss has it."""
_BORDER = 2


class Dialog(ModalScreen[Answer]):
    """A box over the screen; returns None when it is left with Esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
    ]

    parts: Sequence[Widget] = ()
    """What stands in the box, from above; the first that takes keys has them at first."""
    flexible: Widget | None = None
    """What scrolls in a low window, where the other parts leave it too little room."""

    def __init__(self, title: str) -> None:
        super().__init__(classes="dialog")
        self.heading = title
        self.box = Vertical(classes="dialog--box")

    def compose(self) -> ComposeResult:
        """The box with its parts."""
        with self.box:
            yield from self.parts

    def on_mount(self) -> None:
        """Give the keys to the first part that takes them."""
        first = next((part for part in self.parts if part.can_focus), None)
        if first is not None:
            first.focus()

    def heading_line(self, style: str = "title") -> Sentences:
        """The title, as prose that wraps."""
        line = Sentences(classes="dialog--heading")
        line.say(self.heading, style)
        return line

    def on_resize(self) -> None:
        """There is more or less room."""
        if self.flexible is not None:
            self.call_after_refresh(self.share_room, self.flexible)

    def share_room(self, flexible: Widget, least: int = 2) -> None:
        """Leave this part of the box the lines that the other parts do not take.

        A box as high as its content has no rest to share by CSS. Call it after a refresh, when
        the others have been laid out.
        """
        others = sum(
            child.outer_size.height
            for child in self.box.children
            if child is not flexible and child.display
        )
        room = max(least, int(self.size.height * _SHARE) - _BORDER - others)
        if flexible.styles.max_height != Scalar.from_number(room):
            flexible.styles.max_height = room

    def action_leave(self) -> None:
        """Leave without a result."""
        self.dismiss(None)
