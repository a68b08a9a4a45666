"""The list of proposals at the cursor, drawn over the text.

It is no widget: showing and hiding one would lay the whole screen out anew with every word typed.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset, Region, Size
from textual.strip import Strip

from kmstui.policy.authoring import Completion, Completions
from kmstui.ui.style import fit, width_of

MOST_ROWS = 6
"""More would cost more than 2 KB to draw over with the next key."""
_WIDEST = 72
_NARROWEST = 44
"""Cells. Rather than becoming narrower, the popup moves to the left of its place."""

STYLES = ("popup--row", "popup--cursor", "popup--detail")
"""Component classes that the area it is drawn over must have."""


class CompletionPopup:
    """Proposals, a cursor in them, and where they are drawn."""

    def __init__(self, completions: Completions, at: Offset, area: Size) -> None:
        """Stand below `at`, a place in an area, or above it where there is more room."""
        self.completions = completions
        self._labels = max(width_of(item.label) for item in completions.items)
        self._cursor = self._top = 0
        self.moved = False
        """The person has picked a proposal, rather than left the first one as it was."""
        details = max(width_of(item.detail) for item in completions.items)
        wanted = min(self._labels + (details + 2 if details else 0) + 2, _WIDEST)
        width = min(wanted, max(area.width - at.x, _NARROWEST), area.width)
        line = max(0, min(at.y, area.height - 1))
        below, above = area.height - line - 1, line
        rows = min(len(completions.items), MOST_ROWS, max(below, above, 1))
        y = line + 1 if rows <= below else max(0, line - rows)
        self.region = Region(max(0, min(at.x, area.width - width)), y, width, rows)

    @property
    def chosen(self) -> Completion:
        """The proposal under the popup's cursor."""
        return self.completions.items[self._cursor]

    def move(self, by: int) -> None:
        """Move the cursor; one step past an end it comes back at the other."""
        self.moved = True
        count = len(self.completions.items)
        if abs(by) == 1:
            self._cursor = (self._cursor + by) % count
        else:
            self._cursor = max(0, min(count - 1, self._cursor + by))
        self._top = max(min(self._top, self._cursor), self._cursor - self.region.height + 1)

    def over(self, strip: Strip, y: int, styles: Mapping[str, Style]) -> Strip:
        """Line `y` of the area with the popup's part of it, if it has one there."""
        x, top, width, height = self.region
        if not top <= y < top + height:
            return strip
        row = self._row(self._top + y - top, width, styles)
        strip = strip.extend_cell_length(x + width)
        return Strip.join([strip.crop(0, x), row, strip.crop(x + width)])

    def _row(self, index: int, width: int, styles: Mapping[str, Style]) -> Strip:
        item = self.completions.items[index]
        selected = index == self._cursor
        style = styles["popup--cursor" if selected else "popup--row"]
        faint = style if selected else styles["popup--detail"]
        # With labels longer than the popup there is no room for a column of details.
        labels = min(self._labels, max(0, width - 2))
        label = fit(f" {item.label}", min(labels + 1, width))
        detail = fit(f"  {item.detail}", width - labels - 1)
        return Strip([Segment(label, style), Segment(detail, faint)], width)
