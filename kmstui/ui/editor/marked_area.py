"""A policy on the screen: coloured JSON with findings drawn in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Span as TextSpan
from rich.text import Text
from textual.cache import LRUCache
from textual.geometry import Offset
from textual.strip import Strip
from textual.theme import Theme
from textual.widgets.text_area import TextAreaTheme

from kmstui.policy.findings import Finding, Severity
from kmstui.ui.editor.finding_marks import Mark, Marks
from kmstui.ui.editor.frugal import FrugalTextArea
from kmstui.ui.editor.glyphs import StandIns, glyph, stand_ins_in
from kmstui.ui.editor.highlight import KINDS, token_spans
from kmstui.ui.editor.line_end import line_end_message
from kmstui.ui.editor.popup import STYLES as POPUP_STYLES
from kmstui.ui.editor.popup import CompletionPopup
from kmstui.ui.editor.styled_cells import over, styled_cells
from kmstui.ui.marks import marks
from kmstui.ui.painting.cells import is_simple


class MarkedTextArea(FrugalTextArea):
    """Draws the lines of a JSON policy, their findings, and proposals over them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"policy--{kind}" for kind in KINDS),
        *(f"policy--{severity.word}" for severity in Severity),
        "policy--strange",
        *POPUP_STYLES,
    }

    def __init__(
        self, text: str, *, read_only: bool, ascii_marks: bool, id: str | None, classes: str | None
    ) -> None:
        self._ascii_marks = ascii_marks
        self._stand_ins = StandIns()
        self._marks = Marks()
        self._popup: CompletionPopup | None = None
        self._styles_by_name: dict[str, Style] = {}
        self._rows: LRUCache[object, Strip] = LRUCache(512)
        self._bodies: LRUCache[object, Strip] = LRUCache(512)
        self._room: object = None
        self._gutter_style: Style | None = None
        self._base_style: Style | None = None
        super().__init__(self._stand_ins.encode(text), read_only=read_only, id=id, classes=classes)

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
        return super().gutter_width + 1 if self.show_line_numbers else 0

    def get_line(self, line_index: int) -> Text:
        """One line, coloured, with the findings on it underlined."""
        line = self.document.get_line(line_index)
        style = self._style
        spans = [TextSpan(start, end, style(kind)) for start, end, kind in token_spans(line)]
        plain = line
        if strange := set(stand_ins_in(line)):
            original = self._stand_ins.original
            plain = "".join(
                glyph(original(character)) if index in strange else character
                for index, character in enumerate(line)
            )
            spans += [TextSpan(index, index + 1, style("strange")) for index in strange]
        for mark in reversed(self._marks.on_row(line_index)):
            start, end = _drawn_columns(mark, len(line))
            spans.append(TextSpan(start, end, style(mark.finding.severity.word)))
        return Text(plain, end="", no_wrap=True, spans=spans)

    def line(self, y: int) -> Strip:
        """Gutter with its mark, text, message of the worst finding, and the popup over it."""
        offset_y = y + self.scroll_offset.y
        if offset_y >= self.text_height or not self.show_line_numbers:
            strip = super().line(y)
        elif self.soft_wrap or self.is_special(offset_y):
            strip = self._decorated(self._cropped(y), offset_y).simplify()
        else:
            strip = self._plain_row(y, offset_y)
        if self._popup is not None:
            strip = self._popup.over(strip, y, self._popup_styles)
        return strip

    def _plain_row(self, y: int, row: int) -> Strip:
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
            strip = self._rows[row, said] = self._numbered(y, row, said)
        return strip

    def _numbered(self, y: int, row: int, said: object) -> Strip:
        width = self.gutter_width
        body = self._bodies.get(said)
        if body is None:
            # Without the number, which is all that differs when the row has moved.
            body = self._bodies[said] = self._quick_body(row) or self._slow_body(y, row)
        number = f"{row + self.line_number_start:>{width - 3}} "
        return Strip([Segment(number, self._gutter_style), *body], width - 2 + body.cell_length)

    def _slow_body(self, y: int, row: int) -> Strip:
        strip = self._decorated(self._cropped(y), row).simplify()
        self._gutter_style = next(iter(strip), Segment("")).style
        return strip.crop(self.gutter_width - 2)

    def _cropped(self, y: int) -> Strip:
        """What the base class draws, which goes on behind the edge for as long as the text does."""
        return super().line(y).crop(0, self.size.width)

    def _quick_body(self, row: int) -> Strip | None:
        """As the base class draws it, without all that it does for lines less simple."""
        line = self.document.get_line(row)
        if self._gutter_style is None or not is_simple(line) or "\t" in line:
            return None
        here = self._marks.on_row(row)
        spans = [(start, end, self._style(kind)) for start, end, kind in token_spans(line)]
        for mark in reversed(here):
            start, end = _drawn_columns(mark, len(line))
            spans.append((start, end, self._style(mark.finding.severity.word)))
        width = self.size.width - self.gutter_width
        base = self._base
        text = styled_cells(line, spans, base, self.scroll_offset.x, width)
        cells = [*self._mark_cells(here[0] if here else None, self._gutter_style), *text]
        strip = Strip(cells).extend_cell_length(width + 2, base)
        if here:
            message = self._message_of(row, len(line), [mark.finding for mark in here], base)
            strip = over(strip, message, 2 + max(0, len(line) - self.scroll_offset.x) + 2)
        return strip.simplify()

    def prepare_to_draw(self) -> None:
        """Forget the rows drawn before if there is other room for them now."""
        room = (
            self.scroll_offset.x,
            self.scrollable_content_region.size,
            self.gutter_width,
        )
        if room != self._room:
            self._room = room
            self._forget_rows()

    def _forget_rows(self) -> None:
        self._rows.clear()
        self._bodies.clear()

    def _decorated(self, strip: Strip, offset_y: int) -> Strip:
        row, column = self.wrapped_document.offset_to_location(Offset(0, offset_y))
        here = self._marks.on_row(row)
        strip = self._with_mark(strip, here[0] if here and column == 0 else None)
        if here and offset_y == self._y_of(row, len(self.document[row])):
            strip = self._with_message(strip, row, [mark.finding for mark in here])
        return strip

    def _with_mark(self, strip: Strip, mark: Mark | None) -> Strip:
        width = self.gutter_width
        numbers = strip.crop(1, width - 1)
        background = next(iter(numbers), Segment("")).style or Style()
        cells = Strip(self._mark_cells(mark, background), 2)
        return Strip.join([numbers, cells, strip.crop(width)])

    def _mark_cells(self, mark: Mark | None, background: Style) -> list[Segment]:
        if mark is None:
            return [Segment("  ", background)]
        severity = mark.finding.severity
        style = background + self._words + self._style(severity.word) + Style(underline=False)
        sign = mark_of(severity, ascii_only=self._ascii_marks)
        return [Segment(sign, style), Segment(" ", background)]

    def _with_message(self, strip: Strip, row: int, findings: Sequence[Finding]) -> Strip:
        sections = self.wrapped_document.get_sections(row)
        text_width = Text(sections[-1], tab_size=self.indent_width)
        text_width.expand_tabs(self.indent_width)
        message = self._message_of(row, text_width.cell_len, findings, _background(strip))
        scroll_x = 0 if self.soft_wrap else self.scroll_offset.x
        start = self.gutter_width + max(0, text_width.cell_len - scroll_x) + 2
        return over(strip, message, start)

    def _message_of(
        self, row: int, text_width: int, findings: Sequence[Finding], background: Style
    ) -> Segment | None:
        scroll_x = 0 if self.soft_wrap else self.scroll_offset.x
        start = self.gutter_width + max(0, text_width - scroll_x) + 2
        width = self.scrollable_content_region.width
        message = line_end_message([finding.message for finding in findings], width - start)
        if not message:
            return None
        style = self._style(findings[0].severity.word) + Style(underline=False, bold=False)
        return Segment(message, Style(bgcolor=background.bgcolor) + self._words + style)

    # Style

    def _style(self, name: str) -> Style:
        style = self._styles_by_name.get(name)
        if style is None:
            css = self.get_component_styles(f"policy--{name}")
            color = css.color.rich_color if css.has_rule("color") else None
            style = Style(color=color) + (css.text_style or Style())
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
        self._gutter_style = self._base_style = None
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


def mark_of(severity: Severity, *, ascii_only: bool) -> str:
    """The mark of a severity, one cell wide."""
    signs = marks(ascii_only=ascii_only)
    return {
        Severity.ERROR: signs.error,
        Severity.WARNING: signs.warning,
        Severity.INFO: signs.information,
    }[severity]


def _drawn_columns(mark: Mark, length: int) -> tuple[int, int]:
    """The columns of a mark on its first row: at least one, and never past the line's end."""
    end = mark.end[1] if mark.end[0] == mark.start[0] else length
    start = min(mark.start[1], max(0, length - 1))
    return start, max(start + 1, min(end, length))


def _background(strip: Strip) -> Style:
    last = next(reversed(list(strip)), None)
    return Style(bgcolor=last.style.bgcolor) if last and last.style else Style()
