"""The lines that frame the panes: who and where, what went wrong, and which keys work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip

from kmstui.model.caller import Caller, ConnectionInfo
from kmstui.ui.commands.command import Command, key_name
from kmstui.ui.marks import Marks
from kmstui.ui.text import fit, wrap
from kmstui.ui.widgets.roles import OneLine, Part, RoleWidget


def header_parts(
    signs: Marks, info: ConnectionInfo | None, caller: Caller | None, problem: str
) -> list[Part]:
    """Account, caller, Region and route of the connection in use; never what was asked for."""
    parts: list[Part] = [(" kmstui ", "title")]
    if info is None:
        return [*parts, (" not connected", "dim")]
    dot: Part = (f" {signs.dot} ", "dim")
    if caller is not None:
        parts += [(f" {caller.account}", "accent"), dot, caller.short]
    elif problem:
        parts += [(" identity unknown", "warn")]
    else:
        parts += [(" asking who you are" + signs.more, "dim")]
    route = info.route.value
    if info.route.name == "CUSTOM":
        route = info.endpoint_url
    parts += [dot, (info.region, "accent"), dot, (route, "dim")]
    if info.profile:
        parts += [dot, (f"profile {info.profile}", "dim")]
    return parts


class KeyBar(OneLine):
    """The few keys that work here."""

    def show_commands(self, commands: Iterable[Command]) -> None:
        """Draw those commands that have a place in the bar."""
        parts: list[Part] = []
        for command in sorted((each for each in commands if each.bar), key=lambda each: each.bar):
            parts += [(f" {key_name(command.keys[0])}", "key"), (f" {command.label} ", "")]
        self.show(parts)


class Sentences(RoleWidget):
    """A few lines of prose that take no room while there is nothing to say."""

    MOST_LINES = 5

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
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
        if len(lines) > self.MOST_LINES:
            lines = lines[: self.MOST_LINES]
            lines[-1] = fit(lines[-1] + " (all of it: !)", max(1, width - 2))
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
