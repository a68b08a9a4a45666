"""A pane: a title line, and a body that is hidden while the pane is closed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from kmstui.ui.style.text_styles import Part, TitleLine


class Pane(Vertical):
    """One of the numbered panes of the main screen."""

    number: ClassVar[int]
    """The digit that goes to it."""
    caption: ClassVar[str]

    class Asked(Message):
        """The pane's title was clicked: a person wants it open."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="pane")
        self.title_line = TitleLine(classes="pane--title")
        self._opened = True

    @property
    def scope(self) -> str:
        """Whose commands work while the pane has the focus."""
        raise NotImplementedError

    @property
    def body(self) -> Widget:
        """What stands under the title while the pane is open."""
        raise NotImplementedError

    @property
    def focus_target(self) -> Widget:
        """What gets the focus when the pane is opened."""
        raise NotImplementedError

    def show_title(self, parts: Iterable[Part], end: Iterable[Part] = ()) -> None:
        """Write the title line: number, then `parts`; `end` stands at the right."""
        self.title_line.show([(f" {self.number} ", "key"), *parts], end)

    def set_open(self, *, opened: bool, focused: bool) -> None:
        """Show the body or the title alone."""
        if opened != self._opened:
            # A class would let Textual work out the style of every widget in it, in 20 ms.
            self._opened = opened
            self.body.display = opened
            self.styles.height = None if opened else 1
        self.title_line.set_class(focused, "-focused")

    def on_click(self) -> None:
        """With the mouse on, a click on a closed pane opens it."""
        if not self._opened:
            self.post_message(self.Asked(self))
