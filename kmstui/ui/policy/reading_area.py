"""The text area's keys for reading."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from kmstui.ui.policy.text_area import PolicyTextArea


class ReadingArea(PolicyTextArea):
    """A policy that is read: the keys of a pager instead of those of an editor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("g", "to_top", "Top", show=False),
        Binding("G", "to_bottom", "Bottom", show=False),
        Binding("ctrl+d", "half_page(1)", "Half a page down", show=False),
        Binding("ctrl+u", "half_page(-1)", "Half a page up", show=False),
        Binding("home", "to_top", show=False),
        Binding("end", "to_bottom", show=False),
    ]

    def action_to_top(self) -> None:
        """Go to the first line."""
        self.move_cursor((0, 0))

    def action_to_bottom(self) -> None:
        """Go to the last line."""
        self.move_cursor((self.document.line_count - 1, 0))

    def action_half_page(self, direction: int) -> None:
        """Go half a screen up or down."""
        rows = max(1, self.content_size.height // 2)
        self.move_cursor_relative(rows=direction * rows)
