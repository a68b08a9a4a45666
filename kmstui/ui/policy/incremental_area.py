"""A TextArea that draws no more cells than a change of the text or the cursor asks for.

Textual 8.2.8's own draws the whole widget with every key: 7 KB a key at 80×24 and 18 ms in a text
of 1,100 lines, where a slow line and a person over SSH can stand a tenth of either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from math import ceil
from typing import Self

from textual.geometry import Offset, Region, Size
from textual.reactive import Reactive, reactive
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip
from textual.widgets import TextArea
from textual.widgets.text_area import Selection

from kmstui.ui.policy.brackets import bracket_partner
from kmstui.ui.policy.finding_marks import Location
from kmstui.ui.policy.line_cells import goes_on, widest
from kmstui.ui.textual_internals import InsideTextArea

_SIZE_STEP = 32
"""Cells and lines to which the size of a text is rounded up while it is edited."""


class IncrementalTextArea(InsideTextArea):
    """Draws the lines that differ from what is on the screen; no others."""

    selection: Reactive[Selection] = reactive(
        Selection(), init=False, always_update=True, repaint=False
    )
    """Where the cursor is and what is selected; unlike the base class's, a change draws only the
    lines it touches."""

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), repaint=False)
    """How much there is to scroll through; unlike the base class's, a change lays nothing out
    anew, for the area has the room it is given, whatever its text."""

    def __init__(self, text: str, *, read_only: bool) -> None:
        self._drawn: dict[int, Strip] = {}
        self._prepared: dict[int, Strip] = {}
        self._changing = False
        self.is_repeating = False
        """An undo or redo is under way, which may be several edits."""
        self._theme_is_stale = True
        self._bracket_row = -1
        self.settled: Callable[[], None] = lambda: None
        """Called when the text or the cursor is another, before that is drawn: what is said of it
        elsewhere on the screen then comes with the same frame, and not 30 ms later."""
        self.say: Callable[[str], None] = lambda words: None
        """Called with what a person should know of a key that did nothing."""
        super().__init__(
            text,
            read_only=read_only,
            soft_wrap=False,
            show_line_numbers=True,
            tab_behavior="focus",
            max_checkpoints=1000,
        )
        # A blinking cursor would draw an idle screen twice a second.
        self.cursor_blink = False

    # Changes

    @contextmanager
    def redrawing(self, row: int | None = None) -> Iterator[None]:
        """Draw what has changed once the change is complete; no more than `row` if it can be."""
        if self._changing:
            yield
            return
        before = self._frame
        self._changing = True
        try:
            yield
        finally:
            self._changing = False
        self.settled()
        if row is None or self._frame != before:
            self.draw_differences()
        else:
            self.draw_rows(row, row)

    @property
    def _frame(self) -> tuple[Offset, int, int]:
        """What must stay the same for a change to show on its own row only."""
        return self.scroll_offset, self.text_height, self.document.line_count

    # Drawing

    @property
    def text_height(self) -> int:
        """How many lines of the screen the whole text takes."""
        if not self.soft_wrap and not self.wrapped_document.hidden:
            return self.document.line_count
        # The wrapped document's own `height` counts all lines of the text each time.
        return self._y_of(*self.document.end) + 1

    def prepare_to_draw(self) -> None:
        """Called before lines are asked for."""
        if self._theme_is_stale:
            self._theme_is_stale = False
            self.theme_in_use.apply_css(self)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the lines of a region."""
        self.prepare_to_draw()
        # Past the base class, which looks its theme's colours up anew for every frame.
        return super(TextArea, self).render_lines(crop)

    def notify_style_update(self) -> None:
        """Styles have changed: forget what was looked up and drawn with them."""
        self._theme_is_stale = True
        self._drawn.clear()
        super().notify_style_update()

    def line(self, y: int) -> Strip:
        """What line `y` of the widget shows now."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """Draw line `y`."""
        strip = self._prepared.pop(y) if y in self._prepared else self.line(y)
        self._drawn[y] = strip
        return strip

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Draw again, for something has changed; nothing prepared before that is of use."""
        self._prepared.clear()
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def draw_differences(self) -> None:
        """Draw the lines that differ from what was drawn last."""
        if not self.is_mounted or self._changing:
            return
        self.prepare_to_draw()
        lines = {y: self.line(y) for y in range(self.size.height)}
        changed = {y: line for y, line in lines.items() if line != self._drawn.get(y)}
        if changed:
            self.refresh(*_runs(changed, self.size.width))
            self._prepared = changed

    def draw_rows(self, first: int, last: int) -> None:
        """Draw these rows of the text."""
        if not self.is_mounted:
            return
        bottom = self.document.line_count - 1
        first, last = min(first, bottom), min(last, bottom)
        top_y = self._y_of(first, 0)
        self.refresh_lines(top_y, self._y_of(last, len(self.document[last])) - top_y + 1)

    def place_of(self, location: Location) -> Offset:
        """Where a location is drawn, in cells from the area's upper left corner."""
        x, y = self.wrapped_document.location_to_offset(location)
        return Offset(x + self.gutter_width, y) - self.scroll_offset

    def _y_of(self, row: int, column: int) -> int:
        return self.wrapped_document.location_to_offset((row, column)).y

    # Cursor

    def watch_selection(self, previous: Selection, selection: Selection) -> None:
        """Draw the lines again that the cursor left, entered or selected."""
        partner_at = self.matching_bracket_location
        old_bracket_row = self._bracket_row
        self._bracket_row = -1 if partner_at is None else partner_at[0]
        if not self.is_mounted:
            return
        self._lead_terminal_cursor()
        rows = {previous.end[0], selection.end[0]}
        if not (previous.is_empty and selection.is_empty):
            rows |= {previous.start[0], selection.start[0]}
            rows = set(range(min(rows), max(rows) + 1))
        visible = range(self.scroll_offset.y, self.scroll_offset.y + self.size.height)
        for row in rows | {old_bracket_row, self._bracket_row} - {-1}:
            if self.soft_wrap or self.wrapped_document.hidden or row in visible:
                self.draw_rows(row, row)
        if not self._changing:
            self.settled()

    def _lead_terminal_cursor(self) -> None:
        """Let the terminal's own cursor follow, for screen readers and input methods."""
        if self.has_focus and self.selection.end[0] < self.document.line_count:
            place = self.place_of(self.selection.end)
            self.app.cursor_position = self.content_region.offset + place

    def is_special(self, row: int) -> bool:
        """Whether a row is drawn otherwise than its text alone says: cursor, selection, bracket."""
        start, end = self.selection
        return start[0] <= row <= end[0] or end[0] <= row <= start[0] or row == self._bracket_row

    def find_matching_bracket(self, bracket: str, search_from: Location) -> Location | None:
        """The partner of a bracket, if there is a bracket."""
        is_bracket = bracket and bracket in "{}[]"
        return bracket_partner(self.document.lines, search_from) if is_bracket else None

    # Size and scrolling

    def measure(self) -> None:
        """Tell how much there is to scroll through."""
        if self.is_repeating and (self.soft_wrap or not self._wrapping_is_right):
            # Of several edits that it takes back at once, Textual 8.2.8 computes the range to
            # wrap from rows before and after the others, and then draws lines that are gone.
            self.wrapped_document.wrap(self.wrap_width, self.indent_width)
        if self.soft_wrap:
            self.virtual_size = Size(0, self.text_height)
        else:
            width = widest(self.document.lines, self.indent_width)
            self.virtual_size = Size(width + self.gutter_width + 1, self.text_height)

    @property
    def _wrapping_is_right(self) -> bool:
        return self.wrapped_document.height == self.document.line_count

    def watch_virtual_size(self, size: Size) -> None:
        """Stay within what there is."""
        self._show_place()
        self.scroll_x = min(self.scroll_x, self.max_scroll_x)
        self.scroll_y = min(self.scroll_y, self.max_scroll_y)

    def _show_place(self) -> None:
        if self.show_vertical_scrollbar:
            height = self.scrollable_content_region.height
            show_place(self.vertical_scrollbar, self.virtual_size.height, height, self.scroll_y)

    @property
    def allow_horizontal_scroll(self) -> bool:
        """There is no bar for it, which would take a line of the screen."""
        return self.max_scroll_x > 0

    def validate_virtual_size(self, size: Size) -> Size:
        """Round up, so that typing seldom draws the scroll bar anew."""
        if self.read_only:
            return size
        width, height = self.scrollable_content_region.size
        return Size(_rounded(size.width, width), _rounded(size.height, height))

    def scroll_cursor_visible(self, center: bool = False, animate: bool = False) -> Offset:
        """Scroll to the cursor; `center`: to the middle of the height.

        To the side only where the cursor's line does not fit, and back as soon as it does: what a
        person reads does not jump away sideways because of a long line that was left. Past an edge
        by half a page, so that most keys scroll nothing; past the upper and lower one too, unless
        the terminal can move the lines by itself.
        """
        row, before = self.cursor_location[0], self.scroll_offset
        if row >= self.document.line_count:
            # In the middle of an undo that shortens the text, Textual asks for this before it
            # has moved the cursor to where the text still is.
            return Offset(0, 0)
        x, y = self.wrapped_document.location_to_offset(self.cursor_location)
        width, height = self.scrollable_content_region.size
        width -= self.gutter_width
        fits = self.soft_wrap or not goes_on(
            self.document.get_line(row) + " ", width, self.indent_width
        )
        self.scroll_to(
            0 if fits else _half_page(x, before.x, width),
            y - height // 2
            if center
            else _line_step(y, before.y, height)
            if self._has_whole_lines
            else _half_page(y, before.y, height),
            animate=animate,
            immediate=True,
            force=True,
        )
        return self.scroll_offset - before

    @property
    def _has_whole_lines(self) -> bool:
        """Nothing stands beside it: terminals can move lines, but not parts of lines."""
        return self.region.width == self.screen.size.width

    def on_resize(self) -> None:
        """Keep the cursor in sight when there is less room."""
        self.call_after_refresh(self.scroll_cursor_visible)

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Draw what another part of the text shows differently."""
        self._scrolled(old_value, new_value)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw what another part of the text shows differently."""
        self._show_place()
        self._scrolled(old_value, new_value)

    def _scrolled(self, old_value: float, new_value: float) -> None:
        if round(old_value) != round(new_value):
            self._lead_terminal_cursor()
            self.draw_differences()


def _runs(rows: Iterable[int], width: int) -> Iterator[Region]:
    """Rows, in their order, as regions of rows side by side: each region costs Textual time."""
    for _, run in groupby(enumerate(rows), lambda place: place[1] - place[0]):
        (_, first), *more = run
        yield Region(0, first, width, 1 + len(more))


def _rounded(needed: int, there: int) -> int:
    return there if needed <= there else -(-needed // _SIZE_STEP) * _SIZE_STEP


def _half_page(wanted: int, top: int, length: int) -> int | None:
    """Where to scroll so that `wanted` is in sight; None where it is."""
    if top <= wanted < top + length:
        return None
    return max(0, wanted - length // 2)


def _line_step(wanted: int, top: int, length: int) -> int:
    """Where to scroll so that `wanted` is just in sight."""
    return max(wanted - length + 1, min(top, wanted), 0)


_THUMB_STEPS = len(ScrollBarRender.VERTICAL_BARS)
"""How many places of the thumb a cell can show."""


def show_place(bar: ScrollBar, lines: int, window: int, top: float) -> None:
    """Let a bar show that of so many lines a window with so many shows those from `top` on.

    Textual's takes 1 ms to draw, and would be drawn with every line scrolled; in a text of 1,000
    lines the thumb moves with every sixth.
    """
    before = _thumb(bar.window_virtual_size, bar.window_size, bar.position)
    if _thumb(lines, window, top) != before:
        bar.window_virtual_size = lines
        bar.window_size = window
        bar.position = top


def _thumb(lines: int, window: int, top: float) -> tuple[int, int, int]:
    """Where the thumb begins and ends, in steps, as `ScrollBarRender` computes it."""
    if not window or lines <= window:
        return window, 0, 0
    length = max(1, window * window / lines)
    start = int((window - length) * top / (lines - window) * _THUMB_STEPS)
    return window, start, start + ceil(length * _THUMB_STEPS)
