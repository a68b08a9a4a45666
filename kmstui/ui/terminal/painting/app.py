"""An app whose frames are painted sparingly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rich.console import COLOR_SYSTEMS, Console
from textual import events
from textual.app import ReturnType
from textual.binding import Binding, BindingType
from textual.types import CSSPathType

from kmstui.ui.terminal.painting.painter import Painter
from kmstui.ui.textual_internals.app import InsideApp, Piece


class PaintedApp(InsideApp[ReturnType]):
    """Sends the cells that differ from what the terminal shows, where Textual sends whole lines.

    Over a slow line a person waits for bytes: to open a line with Enter at 80x24 costs 0.4 KB
    instead of 5, for the terminal moves the lines below by itself.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # What the painter has drawn is not sent again by leaving a screen or coming back.
        Binding("ctrl+l", "draw_anew", "Redraw", show=False, priority=True),
    ]

    def __init__(self, css_path: CSSPathType | None = None, ansi_color: bool | None = None) -> None:
        self._painter = Painter()
        super().__init__(css_path=css_path, ansi_color=ansi_color)

    def on_mount(self) -> None:
        """Draw everything anew when the terminal comes back from another program."""
        self.app_resume_signal.subscribe(self, lambda _: self.draw_anew(), immediate=True)

    def on_resize(self, _: events.Resize) -> None:
        """Terminals lay out anew what they show, each in its own way."""
        self.draw_anew()

    def draw_anew(self) -> None:
        """Send the whole screen, as when another program has written over it."""
        if self._painter.has_painted:
            self._painter.forget()
            self.refresh()

    def action_draw_anew(self) -> None:
        """Send the whole screen."""
        self.draw_anew()

    def encode_frame(self, pieces: Iterator[Piece], console: Console) -> str:
        """The sequence that makes the terminal show these pieces."""
        # Without a colour system Textual takes its colours for the terminal's.
        system = COLOR_SYSTEMS[console.color_system or "truecolor"]
        return self._painter.paint(pieces, self.size, system)
