"""Lines of prose, and notices that stay until a person goes on working."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import takewhile
from time import monotonic
from typing import Any

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip

from kmstui.service.inventory import Notice, Store, Topic
from kmstui.ui.runtime import Changes, StoreFeed
from kmstui.ui.style import CHARACTERS_PER_CELL, StyledWidget, fit, width_of, wrap

NOTICE_SECONDS = 2.0
"""A notice outlives keys pressed within this time: they were on their way already."""

_STYLES = {"information": "good", "warning": "warn", "error": "bad"}


class Sentences(StyledWidget):
    """A few lines of prose that take no room while there is nothing to say."""

    def __init__(
        self,
        text: str = "",
        style: str = "",
        *,
        least_lines: int = 0,
        most_lines: int = 5,
        more: str = "(all of it: !)",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """`more` ends a text that takes more lines: it says where all of it is.

        With `least_lines` the height does not change while a cursor moves elsewhere.
        """
        super().__init__(id=id, classes=classes)
        self._least, self._most = least_lines, most_lines
        self._more = more
        self._text, self._style = text, style
        self.display = bool(text) or least_lines > 0

    @property
    def text(self) -> str:
        """What is said."""
        return self._text

    def say(self, text: str, style: str = "") -> None:
        """Say this; "" says nothing."""
        if (text, style) != (self._text, self._style):
            before = self._height(self.size.width)
            self._text, self._style = text, style
            self.display = bool(text) or self._least > 0
            self.refresh(layout=before != self._height(self.size.width))

    def set_lines(self, least: int, most: int) -> None:
        """Take so many lines from now on."""
        if (least, most) != (self._least, self._most):
            self._least, self._most = least, most
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The lines of the text, within the bounds."""
        return self._height(width)

    def _height(self, width: int) -> int:
        return max(self._least, len(self._lines(width)))

    def _lines(self, width: int) -> Sequence[str]:
        room = max(1, width - 2)
        # No more of it than can be shown: it may quote what somebody has pasted.
        shown = self._text[: room * CHARACTERS_PER_CELL * (self._most + 1)]
        lines = wrap(shown, room) if shown else []
        if len(lines) > self._most:
            lines = lines[: self._most]
            end = f"… {self._more}".rstrip()
            left = room - width_of(end)
            last = lines[-1] if width_of(lines[-1]) <= left else fit(lines[-1], left + 1)[:-1]
            lines[-1] = f"{last.rstrip()}{end}"
        return lines

    def render_line(self, y: int) -> Strip:
        """One line."""
        width = self.size.width
        lines = self._lines(width)
        base = self.rich_style
        if y >= len(lines):
            return Strip.blank(width, base)
        style = base + self.style_named(self._style)
        return Strip([Segment(fit(f" {lines[y]}", width), style)], width)


class NewestNotice(Sentences):
    """The notice told last, of those that come while the line is there.

    What was there long enough to be read goes with the next key. An error gives way to nothing
    but another error until a key is pressed, and not to what comes in the moment in which a key
    may have been on its way: all stand in the messages view, but a person who looks up must find
    "Nothing can be changed", not what was told half a second later.
    """

    _said = 0.0
    _unread_error = False
    _key_pressed = False
    """Since the error; the person works on, and will see what comes next once it may show."""

    def __init__(self, store: Store, *, under_banner: bool = False, **sentences: Any) -> None:
        """`under_banner` leaves out what the banner says already."""
        super().__init__(**sentences)
        self._store = store
        self._under_banner = under_banner
        self._newest: Notice | None = None

    def on_mount(self) -> None:
        """Hear what is told from now on."""
        self._newest = self._store.notices[-1] if self._store.notices else None
        StoreFeed(self._store, (Topic.NOTICES,), self, self._told)

    def _told(self, changes: Changes) -> None:
        newest = self._store.notices[-1] if self._store.notices else None
        if newest is None or newest is self._newest:
            return
        new = [*takewhile(lambda notice: notice is not self._newest, reversed(self._store.notices))]
        self._newest = newest
        told = next((notice for notice in new if notice.severity == "error"), newest)
        if self._under_banner and told.text == self._store.banner:
            return
        if told.severity == "error" or not self._unread_error:
            self.tell(told.text, _STYLES.get(told.severity, ""))
            self._unread_error = told.severity == "error"
        elif self._key_pressed:
            # Textual knows no timer of no time.
            left = max(0.01, self._said + NOTICE_SECONDS - monotonic())
            self.set_timer(left, partial(self._tell_behind, self._said, told))

    def _tell_behind(self, said: float, told: Notice) -> None:
        """Tell what came behind an error, unless another was told since."""
        if said == self._said and self.text:
            self.tell(told.text, _STYLES.get(told.severity, ""))

    def tell(self, text: str, style: str = "") -> None:
        """Say this until the person goes on working."""
        self._said = monotonic()
        self._unread_error = self._key_pressed = False
        self.say(text, style)

    def fade(self) -> None:
        """The person goes on."""
        self._key_pressed = True
        if self.text and monotonic() - self._said > NOTICE_SECONDS:
            self._unread_error = False
            self.say("")

    def close(self) -> bool:
        """Take the text away; returns whether there was one."""
        there = bool(self.text)
        self._unread_error = False
        self.say("")
        return there
