"""The lines below the panes: what went wrong, and which keys work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip

from kmstui.ui.commands.command import Command, key_name
from kmstui.ui.style.cells import fit, width_of, wrap
from kmstui.ui.style.text_styles import OneLine, Part, RoleWidget, parts_width


class KeyBar(OneLine):
    """The few keys that work here; those that do not fit are left out whole, the last one stays."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._commands: list[Command] = []

    def show_commands(self, commands: Iterable[Command]) -> None:
        """Draw those commands that have a place in the bar."""
        self._commands = sorted((each for each in commands if each.bar), key=lambda each: each.bar)
        self._fill()

    def on_resize(self) -> None:
        """There is more or less room."""
        self._fill()

    def _fill(self) -> None:
        if not self._commands:
            return
        *others, last = self._commands
        end = _key_parts(last)
        room = self.size.width - parts_width(end)
        parts: list[Part] = []
        for command in others:
            more = _key_parts(command)
            if parts_width((*parts, *more)) > room:
                break
            parts += more
        self.show((*parts, *end))


def _key_parts(command: Command) -> tuple[Part, Part]:
    return (f" {key_name(command.keys[0])}", "key"), f" {command.label} "


class Sentences(RoleWidget):
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
        style = base + self.role_style(self._role)
        return Strip([Segment(fit(f" {lines[y]}", width), style)], width)
