"""Prose below a table, at a height that does not change while the cursor moves."""

from __future__ import annotations

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip

from kmstui.ui.style.cells import fit, width_of, wrap
from kmstui.ui.style.text_styles import StyledWidget


class WordBox(StyledWidget):
    """A few lines of prose; says where the rest is found when there is more."""

    def __init__(self, *, least: int = 0, most: int, more: str = "", id: str | None = None) -> None:
        """Take `least` to `most` lines; `more` tells how to see what does not fit."""
        super().__init__(id=id)
        self.least, self.most = least, most
        self._more = more
        self._text = ""
        self._role = ""

    @property
    def text(self) -> str:
        """What is said."""
        return self._text

    def say(self, text: str, role: str = "") -> None:
        """Say this; "" says nothing, and takes no room where `least` is 0."""
        if (text, role) == (self._text, self._role):
            return
        before = self._height(self.size.width)
        self._text, self._role = text, role
        self.display = bool(text) or self.least > 0
        self.refresh(layout=before != self._height(self.size.width))

    def set_lines(self, least: int, most: int) -> None:
        """Take so many lines from now on."""
        if (least, most) != (self.least, self.most):
            self.least, self.most = least, most
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The lines of the text, within the bounds."""
        return self._height(width)

    def _height(self, width: int) -> int:
        return max(self.least, len(self._lines(width)))

    def _lines(self, width: int) -> list[str]:
        room = max(1, width - 2)
        lines = wrap(self._text, room) if self._text else []
        if len(lines) > self.most:
            lines = lines[: self.most]
            left = room - len(self._more) - 1
            cut = lines[-1] if width_of(lines[-1]) < left else fit(lines[-1], left - 1)[:-1]
            lines[-1] = f"{cut.rstrip()}… {self._more}"
        return lines

    def render_line(self, y: int) -> Strip:
        """One line."""
        width = self.size.width
        lines = self._lines(width)
        base = self.rich_style
        if y >= len(lines):
            return Strip.blank(width, base)
        return Strip(
            [Segment(fit(f" {lines[y]}", width), base + self.style_named(self._role))], width
        )
