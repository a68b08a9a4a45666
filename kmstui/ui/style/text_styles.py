"""Styles by what a piece of text means, taken from the theme's sheet."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from kmstui.ui.style.cells import fit, width_of

Part = str | tuple[str, str]
"""Text, or text with the name of its style."""

Cell = Part | list[Part]
"""A cell of a table: a part, or several one after the other."""

TEXT_STYLES = (
    "dim",
    "good",
    "warn",
    "bad",
    "accent",
    "title",
    "key",
    "front",
    "frame",
    "changed",
    "shade",
)
"""`dim` secondary · `good` `warn` `bad` state · `accent` names · `title` headings · `key` keys ·
`front` the view in front · `frame` lines around a pane ·
`changed` words of a difference · `shade` behind its lines."""

JSON_STYLES = tuple(
    f"json-{name}"
    for name in (
        "name", "punctuation", "number", "wrong", "allow", "deny", "prefix", "action", "wildcard",
        "arn", "account", "resource", "service", "operator", "condition", "placeholder",
    )
)  # fmt: skip
"""Parts of a policy: `prefix` is the `kms:` of an action, `arn` all before an ARN's account,
`condition` a condition key; other strings have no style."""

TEXT_STYLE_CLASSES = frozenset(f"text--{name}" for name in (*TEXT_STYLES, *JSON_STYLES))
"""For the `COMPONENT_CLASSES` of the app: what a style looks like is worked out once, not again
for each widget that draws with it."""


class StyledWidget(Widget):
    """A widget that draws with named styles; `.text--NAME` in theme.tcss says how each looks."""

    @cached_property
    def _text_styles(self) -> dict[str, Style]:
        return {}

    @property
    def plain(self) -> bool:
        """Whether styles keep their attributes alone, because colours cannot be read here."""
        return False

    def style_named(self, name: str) -> Style:
        """Colours and attributes of a text style, or of several with blanks between their names.

        Without what lies behind it, unless the style has a shade of its own; "" is plain.
        """
        style = self._text_styles.get(name)
        if style is None:
            style = self._text_styles[name] = self._styled(name) if name else Style.null()
        return style

    def _styled(self, name: str) -> Style:
        of = self.app.get_component_styles
        named = (of(f"text--{each}").partial_rich_style for each in name.split())
        style = sum(named, Style.null())
        return style.without_color if self.plain else style

    def notify_style_update(self) -> None:
        """The theme or a class changed: take the styles anew."""
        super().notify_style_update()
        self._text_styles = {}


def text_and_style(part: Part) -> tuple[str, str]:
    """A part taken in two."""
    return (part, "") if isinstance(part, str) else part


def parts_width(parts: Iterable[Part]) -> int:
    """How many cells the parts take."""
    return sum(width_of(text_and_style(part)[0]) for part in parts)


class OneLine(StyledWidget):
    """One line of parts, cut at the right where it does not fit; `end` stands at the right."""

    def __init__(
        self,
        parts: Iterable[Part] = (),
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._parts = tuple(parts)
        self._end: tuple[Part, ...] = ()
        self._edges: tuple[str, str, str] = ("", " ", "")
        """What stands at the left edge, between parts and end, and at the right edge."""

    @property
    def text(self) -> str:
        """What the line says, for tests and screen readers."""
        return "".join(text_and_style(part)[0] for part in (*self._parts, *self._end))

    def part_at(self, cell: int) -> int | None:
        """Index of the part on a cell of the line, such as one that was clicked."""
        cell -= len(self._edges[0])
        for index, part in enumerate(self._parts):
            cell -= width_of(text_and_style(part)[0])
            if cell < 0:
                return index
        return None

    def show(self, parts: Iterable[Part], end: Iterable[Part] = ()) -> None:
        """Draw these parts, if they differ from what is drawn."""
        parts, end = tuple(parts), tuple(end)
        if (parts, end) != (self._parts, self._end):
            self._parts, self._end = parts, end
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line; blank below it."""
        base = self.rich_style
        if y > 0:
            return Strip.blank(self.size.width, base)
        first, fill, last = self._edges
        line_style = base + self.style_named(self.line_style)
        width = self.size.width - len(first + last)
        end_width = parts_width(self._end)
        if end_width >= width:
            end_width = 0
        segments = [Segment(first, line_style)]
        gap = min(self.gap, end_width)
        left = gap + self._place(self._parts, width - end_width - gap, base, segments)
        if left:
            segments.append(Segment(" " + fill * (left - 1), line_style))
        if end_width:
            self._place(self._end, end_width, base, segments)
        segments.append(Segment(last, line_style))
        return Strip([each for each in segments if each.text], self.size.width)

    line_style = ""
    """The style of what is no part."""

    gap = 0
    """Blanks at least before the end."""

    def _place(self, parts: Iterable[Part], room: int, base: Style, segments: list[Segment]) -> int:
        for part in parts:
            text, style = text_and_style(part)
            width = min(width_of(text), room)
            if width > 0:
                segments.append(Segment(fit(text, width), base + self.style_named(style)))
                room -= width
        return room


class TitleLine(OneLine):
    """The title of a pane or a screen; what has the focus (`-focused`) has a colour of its own."""

    @property
    def framed(self) -> bool:
        """Whether it is the upper line of a frame around a pane."""
        return bool(self._edges[0])

    def set_frame(self, *, framed: bool, focused: bool) -> None:
        """Draw it as the upper line of a frame, or as a bar over the whole width."""
        self._edges = ("╭", "─", "╮") if framed else ("", " ", "")
        self.line_style = ("key" if focused else "frame") if framed else ""
        self.update_classes({"-framed": framed, "-focused": focused}, animate=False)
        self.refresh()

    def style_named(self, name: str) -> Style:
        """As everywhere, but of panes with frames the name of the focused one alone stands out."""
        away = self.framed and not self.has_class("-focused")
        return super().style_named("dim" if away and name == "title" else name)

    @property
    def plain(self) -> bool:
        """On the colour of a bar that has the focus."""
        return self.has_class("-focused") and not self.framed


def tabs(names: Iterable[tuple[str, str]], front: int, *, marked: bool) -> list[Part]:
    """The names of views with their keys, the one in front standing out.

    Two parts for each. `marked`: by a sign too, where attributes of letters may not be seen.
    """
    listed = list(names)
    gap = "  " if any(key for _, key in listed) else " "
    parts: list[Part] = []
    for number, (name, key) in enumerate(listed):
        if number == front:
            parts += [(f"[{name}]" if marked else name, "front"), gap]
        else:
            parts += [(name, "dim"), (f" {key}{gap}", "key") if key else gap]
    return parts
