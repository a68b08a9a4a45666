"""All findings of a text, to walk through and to fix by kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from kmstui.policy.lint.core.findings import Finding
from kmstui.ui.policy.finding_line import counted
from kmstui.ui.policy.finding_marks import Mark
from kmstui.ui.policy.marked_area import mark_of
from kmstui.ui.style.cells import fit
from kmstui.ui.widgets.finding_counts import Counts


class FindingsList(ScrollView, can_focus=True):
    """The list that F2 opens below the text: one line a finding."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"findings--cursor"}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("pagedown", "move(10)", show=False),
        Binding("pageup", "move(-10)", show=False),
        Binding("home,g", "move(-100000)", show=False),
        Binding("end,G", "move(100000)", show=False),
        Binding("enter", "choose", "Go there"),
    ]

    @dataclass
    class Chosen(Message):
        """Go to this finding."""

        mark: Mark

    def __init__(self, *, ascii_marks: bool = False) -> None:
        super().__init__()
        self._ascii_marks = ascii_marks
        self._marks: tuple[Mark, ...] = ()
        self._cursor = 0

    def show(self, marks: Sequence[Mark]) -> None:
        """List these, keeping the place."""
        self._marks = tuple(marks)
        self._cursor = max(0, min(self._cursor, len(self._marks) - 1))
        self.border_title = counted(Counts.of(mark.finding for mark in self._marks)).capitalize()
        self.styles.height = max(1, len(self._marks)) + 1
        self.virtual_size = Size(1, len(self._marks))
        self.refresh()

    @property
    def chosen(self) -> Finding | None:
        """The finding under the list's cursor."""
        return self._marks[self._cursor].finding if self._marks else None

    def render_line(self, y: int) -> Strip:
        """One finding: its mark, place, rule and message; a star says that it can be fixed."""
        width = self.size.width
        index = y + self.scroll_offset.y
        if index >= len(self._marks):
            return Strip.blank(width, self.rich_style)
        finding = self._marks[index].finding
        row, column = self._marks[index].start
        sign = mark_of(finding.severity, ascii_only=self._ascii_marks)
        fixable = "*" if finding.fix else " "
        text = f"{sign} {row + 1:>4}:{column + 1:<3} {finding.rule}{fixable} {finding.message}"
        chosen = index == self._cursor and self.has_focus
        style = self.get_component_rich_style("findings--cursor") if chosen else self.rich_style
        return Strip([Segment(fit(text, width), style)], width)

    def action_move(self, by: int) -> None:
        """Move the cursor by so many findings, as far as there are any."""
        self._cursor = max(0, min(self._cursor + by, len(self._marks) - 1))
        height = max(1, self.size.height)
        top = max(min(self.scroll_offset.y, self._cursor), self._cursor - height + 1)
        self.scroll_to(y=top, animate=False, immediate=True)
        self.refresh()

    def action_choose(self) -> None:
        """Go to the finding under the cursor."""
        if self._marks:
            self.post_message(self.Chosen(self._marks[self._cursor]))
