"""A policy on the screen: coloured JSON with findings drawn in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.expand_tabs import get_tab_widths
from textual.strip import Strip
from textual.theme import Theme
from textual.widgets.text_area import TextAreaTheme

from kmstui.policy.lint import Severity
from kmstui.ui.policy.completion_popup import STYLES as POPUP_STYLES
from kmstui.ui.policy.completion_popup import CompletionPopup
from kmstui.ui.policy.finding_marks import FindingMark, FindingMarks
from kmstui.ui.policy.folding import FoldingTextArea, summary_of
from kmstui.ui.policy.line_cells import (
    PlaceholderCharacters,
    StyledSpan,
    goes_on,
    has_a_cell_each,
    line_end_message,
    over,
    stand_ins_in,
    styled_cells,
)
from kmstui.ui.style import Symbols, fit, json_ranges, width_of


class HighlightedTextArea(FoldingTextArea):
    """Draws the lines of a JSON policy, their findings, and proposals over them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"policy--{severity.word}" for severity in Severity),
        "policy--strange",
        *POPUP_STYLES,
    }

    def __init__(self, text: str, *, read_only: bool, symbols: Symbols) -> None:
        self._symbols = symbols
        self._stand_ins = PlaceholderCharacters()
        self._marks = FindingMarks()
        self._popup: CompletionPopup | None = None
        self._styles_by_name: dict[str, Style] = {}
        self._rows: LRUCache[object, Strip] = LRUCache(512)
        self._bodies: LRUCache[object, Strip] = LRUCache(512)
        self._room: object = None
        self._base_style: Style | None = None
        super().__init__(self._stand_ins.encode(text), read_only=read_only)

    @property
    def popup(self) -> CompletionPopup | None:
        """Proposals drawn over the text; after moving its cursor, set it again."""
        return self._popup

    @popup.setter
    def popup(self, popup: CompletionPopup | None) -> None:
        if popup is not self._popup or popup is not None:
            self._popup = popup
            self.draw_differences()

    @property
    def gutter_width(self) -> int:
        """Line number, blank, mark, blank."""
        return super().gutter_width + 1

    def _spans(self, row: int, line: str, start: int, stop: int) -> list[StyledSpan]:
        """The styles of tokens and findings between two columns of a line."""
        style = self._style
        spans = [(first, end, style(name)) for first, end, name in json_ranges(line)]
        for mark in reversed(self._marks.on_row(row)):
            if mark.start[1] >= stop > start or (mark.end[0] == row and mark.end[1] < start):
                continue
            first, end = _drawn_columns(mark, len(line))
            spans.append((first, end, style(mark.finding.severity.word)))
        spans += [(column, column + 1, style("strange")) for column in stand_ins_in(line)]
        return spans

    def line(self, y: int) -> Strip:
        """Gutter with its mark, text, message of the worst finding, and the popup over it."""
        place = self.wrapped_document.place_at(y + self.scroll_offset.y)
        if place is None:
            strip = Strip.blank(self.size.width, self._base)
        elif self.soft_wrap or self.is_special(place[0]):
            strip = self._row(*place)
        else:
            strip = self._plain_row(place[0])
        fold = next((rows for rows in self.folds if place and rows.start == place[0]), None)
        if fold is not None:
            strip = self._with_summary(strip, fold)
        if self._popup is not None:
            strip = self._popup.over(strip, y, self._popup_styles)
        return strip

    def _with_summary(self, strip: Strip, fold: range) -> Strip:
        """The strip with a word on the statement that is folded behind it."""
        line, end = self.document.get_line(fold.start), self.document.get_line(fold.stop - 1)
        text = "\n".join(self.document.lines[fold.start : fold.stop])
        found = [mark.finding for row in fold[1:] for mark in self._marks.on_row(row)]
        worst = max((finding.severity for finding in found), default=None)
        sign = f"  {self._symbols.for_severity(worst.word)} {len(found)}" if worst else ""
        words = f" {self._symbols.more} {summary_of(text)} {end.strip()}{sign}"
        room = max(0, self.scrollable_content_region.width - self.gutter_width - len(line))
        start = self.gutter_width + len(line) - self.scroll_offset.x
        shown = fit(self._stand_ins.shown(words), min(room, width_of(words)))
        return over(strip, Segment(shown, self._base + Style(dim=True)), max(start, 0))

    def _plain_row(self, row: int) -> Strip:
        """A row that is drawn as its text says, remembered by that: rows move, texts stay."""
        said = (
            self.document.get_line(row),
            *(
                (mark.start[1], mark.end, mark.finding.rule, mark.finding.message)
                for mark in self._marks.on_row(row)
            ),
        )
        strip = self._rows.get((row, said))
        if strip is None:
            strip = self._rows[row, said] = self._numbered(row, said)
        return strip

    def _numbered(self, row: int, said: object) -> Strip:
        body = self._bodies.get(said)
        if body is None:
            # Without the number, which is all that differs when the row has moved.
            body = self._bodies[said] = self._row(row, 0).crop(self.gutter_width - 2)
        number = self._number(row, 0)
        return Strip([number, *body], len(number.text) + body.cell_length)

    def _row(self, row: int, section: int) -> Strip:
        """A row of the text, or a section of it where it is wrapped.

        Of a long line no more is drawn than is to be seen, unless it has characters that take
        more cells than one: then they are counted from its beginning.
        """
        line = self.document.get_line(row)
        left, width = self.scroll_offset.x, self.size.width - self.gutter_width
        whole = not self.soft_wrap and not has_a_cell_each(line[: left + width])
        if self.soft_wrap:
            start, stop = self.wrapped_document.bounds(row, section)
        else:
            start, stop = (0, len(line) + 1) if whole else (left, left + width)
        spans = self._spans(row, line, start, stop)
        shown, fill = self._stand_ins.shown(line), self._base
        if self.is_special(row):
            # Under the tokens: what has a background of its own keeps it.
            fill += self._line_style(row)
            spans += self._cursor_spans(row, line)
            # The cursor may stand behind the text.
            stop += stop == len(line) and self.soft_wrap
            shown = shown + " " if line or row == self.selection.end[0] else "\u258c"
        tabs = [tab for _, tab in get_tab_widths(line, self.indent_width)] if "\t" in line else ()
        text = Strip(styled_cells(shown, spans, fill, slice(start, stop), tabs))
        number = self._number(row, section)
        here = self._marks.on_row(row)
        marked = self._mark_cells(here[0] if here and not section else None, number.style)
        cells = [number, *marked, *(text.crop(left, left + width) if whole else text)]
        strip = Strip(cells).extend_cell_length(self.size.width, fill)
        return self._with_edges(self._with_message(strip, row, section, fill), row).simplify()

    def _number(self, row: int, section: int) -> Segment:
        theme = self.theme_in_use
        is_cursors = row == self.selection.end[0] and self._line_style(row)
        style = theme.cursor_line_gutter_style if is_cursors else theme.gutter_style
        number = "" if section else str(row + self.line_number_start)
        return Segment(f"{number:>{self.gutter_width - 3}} ", self._base + (style or Style()))

    def _line_style(self, row: int) -> Style:
        """What the cursor's row has of its own."""
        is_shown = self.highlight_cursor_line and self.has_cursor
        style = self.theme_in_use.cursor_line_style if is_shown else None
        return (style if row == self.selection.end[0] else None) or Style()

    def _cursor_spans(self, row: int, line: str) -> list[StyledSpan]:
        """What is selected, brackets and the cursor, in that order."""
        theme, none = self.theme_in_use, Style()
        cursor_row, column = self.selection.end
        spans: list[StyledSpan] = []
        top, bottom = sorted(self.selection)
        if top != bottom and top[0] <= row <= bottom[0]:
            selected = theme.selection_style or none
            if not line and row != cursor_row:
                # A glyph shows that an empty line is selected.
                return [*spans, (0, 1, Style(color=selected.bgcolor))]
            first = top[1] if row == top[0] else 0
            spans.append((first, bottom[1] if row == bottom[0] else len(line), selected))
        partner = self.matching_bracket_location
        if not (self.has_cursor and self.match_cursor_bracket and top == bottom):
            partner = None
        bracket = theme.bracket_matching_style or none
        if row == cursor_row:
            if partner is not None:
                spans.append((column, column + 1, bracket))
            if self.draws_cursor:
                spans.append((column, column + 1, theme.cursor_style or none))
        if partner is not None and partner[0] == row:
            spans.append((partner[1], partner[1] + 1, bracket))
        return spans

    def prepare_to_draw(self) -> None:
        """Forget the rows drawn before if there is other room for them now."""
        super().prepare_to_draw()
        room = self.scroll_offset.x, self.scrollable_content_region.size, self.gutter_width
        if room != self._room:
            self._room = room
            self._forget_rows()

    def _forget_rows(self) -> None:
        self._rows.clear()
        self._bodies.clear()

    def _mark_cells(self, mark: FindingMark | None, background: Style | None) -> list[Segment]:
        background = background or Style()
        if mark is None:
            return [Segment("  ", background)]
        severity = mark.finding.severity
        style = background + self._words + self._style(severity.word) + Style(underline=False)
        symbol = self._symbols.for_severity(severity.word)
        return [Segment(symbol, style), Segment(" ", background)]

    def _with_message(self, strip: Strip, row: int, section: int, background: Style) -> Strip:
        """The strip with the message of the worst finding behind the text's end, if it is here."""
        here = self._marks.on_row(row)
        if not here or section < len(self.wrapped_document.get_offsets(row)):
            return strip
        scroll_x = 0 if self.soft_wrap else self.scroll_offset.x
        end, _ = self.wrapped_document.location_to_offset((row, len(self.document[row])))
        start = self.gutter_width + max(0, end - scroll_x) + 2
        cells = self.scrollable_content_region.width - start
        message = line_end_message([mark.finding.message for mark in here], cells)
        if not message:
            return strip
        style = self._style(here[0].finding.severity.word) + Style(underline=False, bold=False)
        words = Segment(message, Style(bgcolor=background.bgcolor) + self._words + style)
        return over(strip, words, start)

    def _with_edges(self, strip: Strip, row: int) -> Strip:
        """The strip with a sign where the line goes on behind the left edge or the right one."""
        if self.soft_wrap:
            return strip
        line = self.document.get_line(row)
        left, right = self.gutter_width, self.scrollable_content_region.width - 1
        hidden = self.scroll_offset.x
        symbol = Segment(self._symbols.more, self._base + Style(dim=True))
        cursor = self._cursor_cell(row)
        if hidden and line and cursor != left:
            strip = over(strip, symbol, left)
        if goes_on(line, hidden + right + 1 - left, self.indent_width) and cursor != right:
            strip = over(strip, symbol, right)
        return strip

    def _cursor_cell(self, row: int) -> int | None:
        """Where the cursor stands in the row as it is drawn, or None."""
        if row != self.selection.end[0]:
            return None
        cell, _ = self.wrapped_document.location_to_offset(self.selection.end)
        return self.gutter_width + cell - self.scroll_offset.x

    # Style

    def _style(self, name: str) -> Style:
        style = self._styles_by_name.get(name)
        if style is None:
            if name.startswith("json-"):
                css = self.app.get_component_styles(f"text--{name}")
            else:
                css = self.get_component_styles(f"policy--{name}")
            style = css.partial_rich_style
            self._styles_by_name[name] = style
        return style

    @property
    def _base(self) -> Style:
        if self._base_style is None:
            self._base_style = self.rich_style
        return self._base_style

    @property
    def _words(self) -> Style:
        """The colour of words that have no other."""
        return Style(color=self._base.color)

    @property
    def _popup_styles(self) -> Mapping[str, Style]:
        return {name: self.get_component_rich_style(name) for name in POPUP_STYLES}

    def notify_style_update(self) -> None:
        """Styles have changed: forget what was looked up and drawn with them."""
        self._styles_by_name.clear()
        self._base_style = None
        self._forget_rows()
        super().notify_style_update()

    def on_mount(self) -> None:
        """Take the theme's colours, now and whenever it changes."""
        self._take_theme(self.app.current_theme)
        self.app.theme_changed_signal.subscribe(self, self._take_theme)

    def _take_theme(self, _: Theme) -> None:
        # The cursor's line gets a background only: the base class would take its letters'
        # colour too, and with it the highlighting.
        line = self.get_component_rich_style("text-area--cursor-line")
        self.register_theme(TextAreaTheme("kmstui", cursor_line_style=Style(bgcolor=line.bgcolor)))
        self.theme = "kmstui"
        self.notify_style_update()
        self.refresh()


def _drawn_columns(mark: FindingMark, length: int) -> tuple[int, int]:
    """The columns of a mark on its first row: at least one, and never past the line's end."""
    end = mark.end[1] if mark.end[0] == mark.start[0] else length
    start = min(mark.start[1], max(0, length - 1))
    return start, max(start + 1, min(end, length))
