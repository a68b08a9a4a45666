"""A text to read, or to select with the terminal's own means."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from kmstui.ui.commands import KeyBar
from kmstui.ui.dialogs.dialog import Dialog
from kmstui.ui.style import fit, wrap


class TextLines(ScrollView, can_focus=True, inherit_bindings=False):
    """Wrapped lines that scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_by(1)", "down", show=False),
        Binding("k,up", "scroll_by(-1)", "up", show=False),
        Binding("ctrl+d,pagedown,space", "scroll_pages(1)", "page down", show=False),
        Binding("ctrl+u,pageup", "scroll_pages(-1)", "page up", show=False),
        Binding("g,home", "scroll_by(-1000000)", "first line", show=False),
        Binding("G,end", "scroll_by(1000000)", "last line", show=False),
    ]

    def __init__(self, text: str, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._text = text
        self._lines: list[str] = []

    @property
    def text(self) -> str:
        """The text."""
        return self._text

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the text takes at this width."""
        return len(wrap(self._text, width))

    def on_resize(self, event: Resize) -> None:
        """Wrap anew."""
        self._wrap()

    def _wrap(self) -> None:
        width = self.size.width
        self._lines = wrap(self._text, width) if width else []
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()

    def action_scroll_by(self, lines: int) -> None:
        """Scroll by lines."""
        y = max(0, min(self.scroll_offset.y + lines, len(self._lines) - self.size.height))
        self.scroll_to(y=y, animate=False, force=True, immediate=True)

    def action_scroll_pages(self, pages: int) -> None:
        """Scroll by pages."""
        self.action_scroll_by(pages * max(1, self.size.height - 1))

    def render_line(self, y: int) -> Strip:
        """One line."""
        index = self.scroll_offset.y + y
        base = self.rich_style
        if index >= len(self._lines):
            return Strip.blank(self.size.width, base)
        shown = fit(self._lines[index], self.size.width)
        return Strip([Segment(shown, base)], self.size.width)


class TextDialog(Dialog[None]):
    """Shows a text under a title."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,enter", "leave", "leave", show=False)]

    def __init__(self, title: str, text: str) -> None:
        super().__init__(title)
        self.add_class("dialog-wide")
        self.lines = TextLines(text)

    def compose(self) -> ComposeResult:
        """Title, text, and how to leave."""
        keys = KeyBar()
        keys.show([(" Esc", "key"), " Close ", (" j k", "key"), " Scroll "])
        with self.box:
            yield self.heading_line()
            yield self.lines
            yield keys

    def on_mount(self) -> None:
        """The text has the keys."""
        self.lines.focus()
