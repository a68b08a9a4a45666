"""What of Textual 8.2.8's TextArea the policy's text area needs and is not public."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from rich.cells import cell_len
from textual.expand_tabs import expand_tabs_inline
from textual.geometry import Offset
from textual.widgets import TextArea
from textual.widgets.text_area import Location, TextAreaTheme, WrappedDocument


class Wrapping(WrappedDocument):
    """A document as it is wrapped; tells where a place is drawn quickly for lines of any length.

    A policy may be one line of 32 KB. Textual's own builds all pieces of a line, as rich texts, to
    say where one column of it is drawn, and does so many times with every key.
    """

    hidden: tuple[range, ...] = ()
    """Rows that are not shown, in order and apart; each range has a row above it."""

    def _hidden_lines(self) -> Iterator[tuple[int, int]]:
        """Of each hidden range its first line on the screen were it shown, and how many."""
        for rows in self.hidden:
            first = self._line_index_to_offsets[rows.start][0]
            last = self._line_index_to_offsets[rows.stop - 1][-1]
            yield first, last - first + 1

    def _all_lines(self, y: int) -> int:
        """The line among all that is shown as line `y`."""
        for first, count in self._hidden_lines():
            if y >= first:
                y += count
        return y

    def _shown_line(self, y: int) -> int:
        """Where a line among all is shown; a hidden one at that above it."""
        before = 0
        for first, count in self._hidden_lines():
            if y >= first + count:
                before += count
            elif y >= first:
                return first - 1 - before
        return y - before

    def offset_to_location(self, offset: Offset) -> Location:
        """The place that is drawn at an offset of the text."""
        x, y = offset
        return super().offset_to_location(Offset(x, self._all_lines(max(0, y))))

    def bounds(self, row: int, section: int) -> tuple[int, int]:
        """The columns of a section of a row: its first, and the one behind its last."""
        offsets = self.get_offsets(row)
        start = offsets[section - 1] if section else 0
        stop = offsets[section] if section < len(offsets) else len(self.document[row])
        return start, stop

    def place_at(self, y: int) -> tuple[int, int] | None:
        """The row and its section that are drawn on a line; None below the text."""
        y = self._all_lines(y)
        return self._offset_to_line_info[y] if y < len(self._offset_to_line_info) else None

    def get_sections(self, line_index: int) -> list[str]:
        """The pieces into which a row is wrapped."""
        line, offsets = self.document[line_index], self.get_offsets(line_index)
        return [
            line[start:stop]
            for start, stop in zip([0, *offsets], [*offsets, len(line)], strict=True)
        ]

    def location_to_offset(self, location: Location) -> Offset:
        """Where a location is drawn, counted from the text's upper left corner."""
        row, column = location
        offsets = self.get_offsets(row)
        section = bisect_right(offsets, column)
        before = self.document[row][offsets[section - 1] if section else 0 : column]
        if before.isascii() and "\t" not in before:
            width = len(before)
        else:
            width = cell_len(expand_tabs_inline(before, self._tab_width))
        return Offset(width, self._shown_line(self._line_index_to_offsets[row][section]))


class ForgottenTextArea(TextArea):
    """A text area that is gone when its screen was left."""

    def on_unmount(self) -> None:
        """Let the app know nothing of it any more.

        Textual's has the app tell it of another theme, and ours by a second way; each keeps it, and
        with it its whole screen, until there is one: half a megabyte for each look into the editor.
        """
        self.app.theme_changed_signal.unsubscribe(self)
        for watchers in getattr(self.app, "__watchers", {}).values():
            watchers[:] = [each for each in watchers if each[0] is not self]


class InsideTextArea(ForgottenTextArea):
    """A text area that measures and wraps its text by itself."""

    @property
    def wrapped_document(self) -> Wrapping:
        """The text as it is wrapped."""
        return self._wrapping

    @wrapped_document.setter
    def wrapped_document(self, plain: WrappedDocument) -> None:
        # A text that is loaded gets one of Textual's here, which goes on to scroll, and with that
        # to draw, before the loading has come to its end.
        self._wrapping = Wrapping(plain.document, self.wrap_width, self.indent_width)

    def measure(self) -> None:
        """Set `virtual_size`: the text or the room for it is another."""
        raise NotImplementedError

    @property
    def theme_in_use(self) -> TextAreaTheme:
        """The colours it is drawn in; `theme` is no more than their name."""
        return self._theme

    @property
    def has_cursor(self) -> bool:
        """Whether there is a cursor to be drawn, and its line to be marked."""
        return self._has_cursor

    @property
    def draws_cursor(self) -> bool:
        """Whether the cursor itself is drawn now."""
        return self._draw_cursor

    def _refresh_size(self) -> None:
        # Called after every edit; the base class measures every line anew.
        self.measure()
        self._refresh_scrollbars()
