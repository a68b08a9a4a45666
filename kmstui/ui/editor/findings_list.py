"""All findings of a text, to walk through and to fix by kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from kmstui.policy.findings import Finding
from kmstui.ui.editor.finding_line import counted
from kmstui.ui.editor.finding_marks import Counts, Mark
from kmstui.ui.editor.text_area import mark_of
from kmstui.ui.text import visible


class FindingsList(OptionList):
    """The list that F2 opens below the text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", show=False),
        Binding("k", "cursor_up", show=False),
    ]

    @dataclass
    class Chosen(Message):
        """Go to this finding."""

        mark: Mark

    def __init__(self, *, ascii_marks: bool = False) -> None:
        super().__init__(markup=False, compact=True)
        self._ascii_marks = ascii_marks
        self._marks: tuple[Mark, ...] = ()

    def show(self, marks: Sequence[Mark]) -> None:
        """List these, keeping the place."""
        marks = tuple(marks)
        if marks == self._marks:
            return
        place = self.highlighted or 0
        self._marks = marks
        self.clear_options()
        self.add_options(Option(self._row(mark)) for mark in marks)
        self.border_title = counted(Counts.of(mark.finding for mark in marks)).capitalize()
        if marks:
            self.highlighted = min(place, len(marks) - 1)

    @property
    def chosen(self) -> Finding | None:
        """The finding under the list's cursor."""
        place = self.highlighted
        return self._marks[place].finding if place is not None and self._marks else None

    def _row(self, mark: Mark) -> Text:
        finding = mark.finding
        sign = mark_of(finding.severity, ascii_only=self._ascii_marks)
        row, column = mark.start
        fixable = "*" if finding.fix else " "
        return Text(
            f"{sign} {row + 1:>4}:{column + 1:<3} {finding.rule}{fixable} "
            + visible(finding.message),
            no_wrap=True,
            overflow="ellipsis",
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter goes there."""
        event.stop()
        self.post_message(self.Chosen(self._marks[event.option_index]))
