"""What dialogs have in common, boxes in the middle, and what screens over the whole window have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.css.scalar import Scalar
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from kmstui.ui.commands import KeyBar, Program, program_of
from kmstui.ui.style import Symbols, TitleLine
from kmstui.ui.widgets import NewestNotice, Sentences

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

    def __init__(self, title: str, *classes: str) -> None:
        """`classes` are those of the style sheets, beside `dialog`."""
        super().__init__(classes=" ".join(("dialog", *classes)))
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
        return Sentences(self.heading, style, classes="dialog--heading")

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
