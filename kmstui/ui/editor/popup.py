"""The list of proposals that opens at the cursor."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Offset, Size
from textual.strip import Strip
from textual.widget import Widget

from kmstui.policy.completion import Completion, Completions
from kmstui.ui.text import fit, width_of

MOST_ROWS = 8
_WIDEST = 72
_NARROWEST = 44
"""Cells. Rather than becoming narrower, the popup moves to the left of its place."""


class CompletionPopup(Widget):
    """Draws the proposals; the text keeps the focus, and the editor passes the keys on."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"popup--cursor", "popup--detail"}

    can_focus = False

    def __init__(self) -> None:
        super().__init__()
        self.completions: Completions | None = None
        self.cursor = 0
        self._top = 0
        self.display = False

    @property
    def is_open(self) -> bool:
        """Proposals are shown."""
        return bool(self.display)

    @property
    def chosen(self) -> Completion | None:
        """The proposal under the popup's cursor."""
        return self.completions.items[self.cursor] if self.completions else None

    def open(self, completions: Completions, at: Offset, screen: Size) -> None:
        """Show proposals at a place of the screen: below it, or above where there is more room."""
        if completions == self.completions and self.display:
            return
        self.completions = completions
        self.cursor = self._top = 0
        labels = max(width_of(item.label) for item in completions.items)
        details = max(width_of(item.detail) for item in completions.items)
        wanted = min(labels + (details + 2 if details else 0) + 2, _WIDEST)
        width = min(wanted, max(screen.width - at.x, _NARROWEST), screen.width)
        below, above = screen.height - at.y - 1, at.y
        rows = min(len(completions.items), MOST_ROWS, max(below, above, 1))
        y = at.y + 1 if rows <= below or below >= above else max(0, at.y - rows)
        self.styles.width, self.styles.height = width, rows
        self.absolute_offset = Offset(max(0, min(at.x, screen.width - width)), y)
        self.display = True
        self.refresh(layout=True)

    def close(self) -> None:
        """Show nothing."""
        if self.display:
            self.display = False
        self.completions = None

    def move(self, by: int) -> None:
        """Move the cursor; past an end it comes back at the other."""
        if self.completions is None:
            return
        count = len(self.completions.items)
        if abs(by) == 1:
            self.cursor = (self.cursor + by) % count
        else:
            self.cursor = max(0, min(count - 1, self.cursor + by))
        rows = max(1, self.size.height)
        self._top = max(min(self._top, self.cursor), self.cursor - rows + 1)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One proposal: what it writes, and a word on it."""
        index = self._top + y
        width = self.size.width
        if self.completions is None or index >= len(self.completions.items):
            return Strip.blank(width, self.rich_style)
        items = self.completions.items
        item = items[index]
        selected = index == self.cursor
        style = self.get_component_rich_style("popup--cursor") if selected else self.rich_style
        faint = style if selected else self.get_component_rich_style("popup--detail")
        # With labels longer than the popup there is no room for a column of details.
        labels = min(max(width_of(each.label) for each in items), max(0, width - 2))
        segments = [Segment(f" {fit(item.label, labels)}", style)]
        rest = width - labels - 1
        segments.append(Segment(fit(f"  {item.detail}", rest), faint))
        return Strip(segments, width)
