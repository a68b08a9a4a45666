"""Styles by what a piece of text means, taken from the theme's sheet."""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from kmstui.ui.style.cells import fit, width_of

Part = str | tuple[str, str]
"""Text, or text with the role that styles it."""

ROLES = ("dim", "good", "warn", "bad", "accent", "title", "key")
"""`dim` secondary · `good` `warn` `bad` state · `accent` names · `title` headings · `key` keys."""

LOOKS = frozenset(f"role--{role}" for role in ROLES)
"""For the `COMPONENT_CLASSES` of the app: what a role looks like is worked out once, not again
for each widget that draws with it."""


class RoleWidget(Widget):
    """A widget that draws with roles; `.role--NAME` in theme.tcss says how each looks."""

    def __init__(
        self,
        *children: Widget,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        super().__init__(*children, name=name, id=id, classes=classes, disabled=disabled)
        self._role_styles: dict[str, Style] = {}

    @property
    def plain(self) -> bool:
        """Whether roles keep their attributes alone, because their colours cannot be read here."""
        return False

    def role_style(self, role: str) -> Style:
        """The colours and attributes of a role, without what lies behind it; "" is plain."""
        style = self._role_styles.get(role)
        if style is None:
            style = self._role_styles[role] = self._styled(role) if role else Style.null()
        return style

    def _styled(self, role: str) -> Style:
        look = self.app.get_component_styles(f"role--{role}").partial_rich_style
        return look.without_color if self.plain else look

    def notify_style_update(self) -> None:
        """The theme or a class changed: take the styles anew."""
        super().notify_style_update()
        self._role_styles = {}


def text_and_role(part: Part) -> tuple[str, str]:
    """A part taken in two."""
    return (part, "") if isinstance(part, str) else part


def parts_width(parts: Iterable[Part]) -> int:
    """How many cells the parts take."""
    return sum(width_of(text_and_role(part)[0]) for part in parts)


class OneLine(RoleWidget):
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

    @property
    def text(self) -> str:
        """What the line says, for tests and screen readers."""
        return "".join(text_and_role(part)[0] for part in (*self._parts, *self._end))

    def show(self, parts: Iterable[Part], end: Iterable[Part] = ()) -> None:
        """Draw these parts, if they differ from what is drawn."""
        parts, end = tuple(parts), tuple(end)
        if (parts, end) != (self._parts, self._end):
            self._parts, self._end = parts, end
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line; blank below it."""
        width = self.size.width
        base = self.rich_style
        if y > 0:
            return Strip.blank(width, base)
        end_width = parts_width(self._end)
        if end_width >= width:
            end_width = 0
        segments: list[Segment] = []
        left = self._place(self._parts, width - end_width, base, segments)
        if left:
            segments.append(Segment(" " * left, base))
        if end_width:
            self._place(self._end, end_width, base, segments)
        return Strip(segments, width)

    def _place(self, parts: Iterable[Part], room: int, base: Style, segments: list[Segment]) -> int:
        for part in parts:
            text, role = text_and_role(part)
            width = min(width_of(text), room)
            if width > 0:
                segments.append(Segment(fit(text, width), base + self.role_style(role)))
                room -= width
        return room


class TitleLine(OneLine):
    """The title of a pane or a screen; what has the focus (`-focused`) has a colour of its own."""

    @property
    def plain(self) -> bool:
        """On that colour."""
        return self.has_class("-focused")
