"""The proposals above the tag line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip

from kmstui.service.tags import TagProposal
from kmstui.ui.style import StyledWidget, Symbols, fit, width_of

MOST_ROWS = 6
"""Proposals shown at once."""


class Proposals(StyledWidget):
    """A few proposals, the chosen one standing out; takes no room while there are none."""

    COMPONENT_CLASSES = {"tagging--chosen"}  # noqa: RUF012 - Textual reads it so

    def __init__(self, symbols: Symbols) -> None:
        super().__init__(classes="tagging--proposals")
        self._sign = f"{symbols.cursor} "
        self._items: Sequence[TagProposal] = ()
        self._index = 0
        self.picked = False
        """Whether a person has chosen one, rather than it being the first."""
        self.display = False

    @property
    def chosen(self) -> TagProposal | None:
        """The proposal that would be taken."""
        return self._items[self._index] if self._items else None

    def show(self, items: Sequence[TagProposal]) -> None:
        """Show these, the first one chosen."""
        if items == self._items and not self.picked:
            return
        rows = min(len(self._items), MOST_ROWS)
        self._items, self._index, self.picked = tuple(items), 0, False
        self.display = bool(items)
        self.refresh(layout=min(len(items), MOST_ROWS) != rows)

    def step(self, steps: int) -> None:
        """Choose the next one, or the one before."""
        if self._items:
            moved = steps if self.picked or steps < 0 else 0
            self._index = (self._index + moved) % len(self._items)
            self.picked = True
            self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One line for each, up to a few."""
        return min(len(self._items), MOST_ROWS)

    def render_line(self, y: int) -> Strip:
        """One proposal and how often it is used."""
        width = self.size.width
        base = self.rich_style
        first = max(0, self._index - MOST_ROWS + 1)
        if first + y >= len(self._items):
            return Strip.blank(width, base)
        item = self._items[first + y]
        if chosen := first + y == self._index:
            base = base + self.get_component_rich_style("tagging--chosen", partial=True)
        labels = max(width_of(each.label) for each in self._items[first : first + MOST_ROWS])
        room = max(1, min(labels, width - 18))
        dim = base if chosen else base + self.style_named("dim")
        symbol = self._sign if chosen and self.picked else "  "
        return Strip(
            [
                Segment(symbol + fit(item.label, room), base),
                Segment(fit(f"  {item.detail}", max(0, width - room - 2)), dim),
            ],
            width,
        )
