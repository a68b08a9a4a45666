"""An app whose frames are painted sparingly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from rich.color import ColorSystem
from rich.console import Console, RenderableType
from textual import events
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App, ReturnType
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import Screen
from textual.types import CSSPathType

from kmstui.ui.terminal.painting.painter import Painter, Piece


class PaintedApp(App[ReturnType]):
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

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        # Textual 8.2.8 has no public place for this; every frame goes through here.
        shown: Any = renderable
        if isinstance(renderable, ChopsUpdate | LayoutUpdate):
            shown = _PaintedUpdate(renderable, self._painter, self.size)
        super()._display(screen, shown)


class _PaintedUpdate(CompositorUpdate):
    """What Textual's update shows, by the painter."""

    def __init__(self, update: ChopsUpdate | LayoutUpdate, painter: Painter, size: Size) -> None:
        self._update = update
        self._painter = painter
        self._size = size

    def render_segments(self, console: Console) -> str:
        """The sequence to write."""
        # Without a colour system Textual takes its colours for the terminal's.
        system = console._color_system or ColorSystem.TRUECOLOR
        return self._painter.paint(_pieces(self._update), self._size, system)


def _pieces(update: ChopsUpdate | LayoutUpdate) -> Iterator[Piece]:
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            yield y, update.region.x, strips
        return
    for y, start, end in update.spans:
        for stop, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and start < stop and x < end:
                yield y, x, [strip]
