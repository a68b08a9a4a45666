"""Lines of prose, and notices that stay until a person goes on working."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip

from kmstui.service.inventory.store import Notice, Store
from kmstui.ui.style.cells import fit, width_of, wrap
from kmstui.ui.style.text_styles import StyledWidget

NOTICE_SECONDS = 2.0
"""A notice outlives keys pressed within this time: they were on their way already."""

_ROLES = {"information": "good", "warning": "warn", "error": "bad"}


class Sentences(StyledWidget):
    """A few lines of prose that take no room while there is nothing to say."""

    def __init__(
        self,
        *,
        most_lines: int = 5,
        more: str = "(all of it: !)",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """`more` ends a text that takes more lines: it says where all of it is."""
        super().__init__(id=id, classes=classes)
        self._most_lines = most_lines
        self._more = more
        self._text = ""
        self._role = ""
        self.display = False

    @property
    def text(self) -> str:
        """What is said."""
        return self._text

    def say(self, text: str, role: str = "") -> None:
        """Say this; "" says nothing."""
        if (text, role) != (self._text, self._role):
            self._text, self._role = text, role
            self.display = bool(text)
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the sentence takes."""
        return len(self._lines(width))

    def _lines(self, width: int) -> Sequence[str]:
        lines = wrap(self._text, max(1, width - 2)) if self._text else []
        if len(lines) > self._most_lines:
            lines = lines[: self._most_lines]
            room = max(1, width - 2)
            cut = max(1, room - width_of(self._more) - 1)
            last = lines[-1] if width_of(lines[-1]) <= cut else fit(lines[-1], cut)
            lines[-1] = fit(f"{last} {self._more}", room)
        return lines

    def render_line(self, y: int) -> Strip:
        """One line of the sentence."""
        width = self.size.width
        lines = self._lines(width)
        base = self.rich_style
        if y >= len(lines):
            return Strip.blank(width, base)
        style = base + self.style_named(self._role)
        return Strip([Segment(fit(f" {lines[y]}", width), style)], width)


class FadingLine(Sentences):
    """What was there long enough to be read goes with the next key."""

    _said = 0.0

    def tell(self, text: str, role: str = "") -> None:
        """Say this until the person goes on working."""
        self._said = monotonic()
        self.say(text, role)

    def tell_notice(self, notice: Notice) -> None:
        """Say this notice in its colour."""
        self.tell(notice.text, _ROLES.get(notice.severity, ""))

    def fade(self) -> None:
        """The person goes on."""
        if self.text and monotonic() - self._said > NOTICE_SECONDS:
            self.say("")

    def close(self) -> bool:
        """Take the text away; answers whether there was one."""
        there = bool(self.text)
        self.say("")
        return there


class NewestNotice(FadingLine):
    """The notice told last."""

    def __init__(self, store: Store, *, id: str) -> None:
        super().__init__(id=id)
        self._store = store
        self._newest: Notice | None = None

    def show_newest(self) -> None:
        """Show it, unless it is shown already or the banner says the same."""
        notices = self._store.notices
        if not notices or notices[-1] is self._newest:
            return
        self._newest = notices[-1]
        if self._newest.text != self._store.banner:
            self.tell_notice(self._newest)
