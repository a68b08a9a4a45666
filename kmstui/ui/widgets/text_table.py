"""Search in a text that is shown line by line: `/`, `n` and `N`, as in a pager."""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip

from kmstui.ui.style import fit, width_of
from kmstui.ui.widgets.line_table import LineTable

_FOUND = Style(reverse=True)


class Searchable:
    """A text in front that can be searched."""

    @abstractmethod
    def action_search(self) -> None:
        """Ask what to look for."""

    @abstractmethod
    def search_again(self, by: int) -> bool:
        """Go to the next match (1) or the one before (-1); returns whether anything was asked."""


class TextTable(LineTable, Searchable):
    """Rows that are read: what is looked for stands in the last line while it is typed.

    Upper and lower case count only where what is looked for has a capital letter.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "search in the text", show=False, id="text.search"),
        Binding("n", "again(1)", "next match", show=False, id="text.next"),
        Binding("N", "again(-1)", "match before", show=False, id="text.previous"),
    ]

    _pattern = ""
    _asking = False
    _line = ""
    """What the last line of the table says of the search; "" leaves it to the rows."""
    _from = 0
    """The row at which the search began."""

    def text_of(self, row: str) -> str:
        """What a row says, whole."""
        return self._painter.text_of(row)

    # What is asked

    @property
    def is_asking(self) -> bool:
        """Whether keys go into the question what to look for."""
        return self._asking

    def action_search(self) -> None:
        """Ask what to look for; what was found before is forgotten."""
        self._asking, self._from = True, self.cursor
        self._look_for("")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While nothing is looked for, the keys of matches are somebody else's."""
        return bool(self._pattern) if action == "again" else True

    def action_again(self, by: int) -> None:
        """Go to the next match, or the one before."""
        self.search_again(by)

    def search_again(self, by: int) -> bool:
        """As in any text."""
        if self._pattern:
            self._go(self.cursor + by, by)
        return bool(self._pattern)

    def on_key(self, event: events.Key) -> None:
        """While it is asked, keys go into the question."""
        if not self._asking:
            if self._line:
                self._say("")
            return
        event.stop()
        event.prevent_default()
        if event.key == "escape" or (event.key == "backspace" and not self._pattern):
            self._asking = False
            self._move_to(self._from)
            self._look_for("")
        elif event.key == "enter":
            self._asking = False
            self._say("")
        elif event.key in ("down", "up"):
            self.search_again(1 if event.key == "down" else -1)
        elif event.key == "backspace":
            self._look_for(self._pattern[:-1])
        elif event.is_printable and event.character:
            self._look_for(self._pattern + event.character)

    def on_paste(self, event: events.Paste) -> None:
        """As typed."""
        if self._asking:
            event.stop()
            self._look_for(self._pattern + " ".join(event.text.split()))

    # What is found

    def _look_for(self, pattern: str) -> None:
        self._pattern = pattern
        self.refresh()
        if pattern:
            self._go(self._from, 1)
        else:
            self._say("/" if self._asking else "")

    def _go(self, start: int, by: int) -> None:
        """Go to the first match from a row on, round and round."""
        wanted = self._wanted
        found = [index for index, row in enumerate(self.rows) if wanted.search(self.text_of(row))]
        if not found:
            self._say(f"/{self._pattern}  not found")
            return
        if by > 0:
            number = next((at for at, index in enumerate(found) if index >= start), 0)
        else:
            number = next((at for at in reversed(range(len(found))) if found[at] <= start), -1)
        self._move_to(found[number])
        self._say(f"/{self._pattern}  {found.index(found[number]) + 1} of {len(found)}")

    @property
    def _wanted(self) -> re.Pattern[str]:
        ignore_case = 0 if any(map(str.isupper, self._pattern)) else re.IGNORECASE
        return re.compile(re.escape(self._pattern), ignore_case)

    def _say(self, line: str) -> None:
        self._line = line
        self.keep_lines(1 if line else 0)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """As any table's; matches stand out, and the question stands in the last line."""
        if self._line and y == self.size.height - 1:
            width = self.size.width
            return Strip([Segment(fit(f" {self._line}", width), self.rich_style)], width)
        strip = super().render_line(y)
        return self._marked(strip) if self._pattern and y >= self._top else strip

    def _marked(self, strip: Strip) -> Strip:
        text = strip.text
        cuts = [width_of(text[:at]) for each in self._wanted.finditer(text) for at in each.span()]
        if not cuts:
            return strip
        parts = strip.divide([*cuts, strip.cell_length])
        return Strip.join(
            part.apply_style(_FOUND) if number % 2 else part for number, part in enumerate(parts)
        )
