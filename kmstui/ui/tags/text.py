"""The text of the tag line: one line, or the many that were pasted, with its faults underlined."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Span, Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult, Selection

from kmstui.service.tags import TagProblem
from kmstui.ui.policy import StandIns, glyph, stand_ins_in

_ENDS = re.compile(r"\r\n|\r|\n")
"""Terminals paste line ends as CR, and programs as they have them."""


class TagText(TextArea):
    """Enter submits it; Tab, and the right arrow at the end, take the proposal."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"tagging--problem"}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "take(True)", "complete", show=False, priority=True),
        Binding("right", "take(False)", "complete at the end", show=False),
        Binding("up", "step(-1)", "proposal before", show=False),
        Binding("down", "step(1)", "next proposal", show=False),
    ]

    class Submitted(Message):
        """Enter was pressed."""

    class TakeProposal(Message):
        """The proposal shall stand in the text."""

    class Step(Message):
        """Choose the next proposal, or the one before."""

        def __init__(self, steps: int) -> None:
            super().__init__()
            self.steps = steps

    def __init__(self, text: str, placeholder: str) -> None:
        self._stand_ins = StandIns()
        self._problems: Sequence[TagProblem] = ()
        super().__init__(
            self._stand_ins.encode(text),
            compact=True,
            soft_wrap=True,
            show_line_numbers=False,
            highlight_cursor_line=False,
            tab_behavior="focus",
            placeholder=placeholder,
            classes="tagging--text",
        )
        self.cursor_blink = False
        self.has_proposals = False
        """Whether up and down choose among proposals, rather than move in the text."""

    # The text

    @property
    def text(self) -> str:
        """The text as it was typed and pasted."""
        return self._stand_ins.decode(self.document.text)

    @text.setter
    def text(self, value: str) -> None:
        self.load_text(self._stand_ins.encode(value))

    @property
    def cursor_offset(self) -> int:
        """The cursor's place in the text, in characters."""
        row, column = self.cursor_location
        return sum(len(self.document[line]) + 1 for line in range(row)) + column

    def location_of(self, offset: int) -> tuple[int, int]:
        """Row and column of a place in the text."""
        before = self.document.text[:offset]
        return before.count("\n"), offset - (before.rfind("\n") + 1)

    def edit(self, edit: Edit) -> EditResult:
        """Do one edit; what a terminal would obey is swapped for what only looks like it."""
        edit.text = self._stand_ins.encode("\n".join(_ENDS.split(edit.text)))
        return super().edit(edit)

    def replace_range(self, text: str, start: int, end: int) -> None:
        """Put `text` in the place of some characters, and the cursor behind it."""
        result = self.replace(text, self.location_of(start), self.location_of(end))
        self.move_cursor(result.end_location)

    def select_whole(self) -> None:
        """Choose all, so that typing replaces it."""
        self.selection = Selection((0, 0), self.document.end)

    def show_problems(self, problems: Sequence[TagProblem]) -> None:
        """Underline these."""
        if tuple(problems) != tuple(self._problems):
            self._problems = tuple(problems)
            # The drawn lines are cached by their text, which has not changed.
            self.notify_style_update()
            self.refresh()

    def get_line(self, line_index: int) -> Text:
        """One line with the faults on it underlined."""
        line = self.document.get_line(line_index)
        style: Style = self.get_component_rich_style("tagging--problem", partial=True)
        first = sum(len(self.document[each]) + 1 for each in range(line_index))
        strange = set(stand_ins_in(line))
        original = self._stand_ins.original
        plain = "".join(
            glyph(original(character)) if index in strange else character
            for index, character in enumerate(line)
        )
        spans = [
            Span(max(0, problem.start - first), min(len(line), problem.end - first), style)
            for problem in self._problems
            if problem.end > first and problem.start < first + len(line)
        ]
        return Text(plain, end="", no_wrap=True, spans=spans)

    # Keys

    def on_key(self, event: events.Key) -> None:
        """Enter submits, where a text area would begin a line."""
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.post_message(self.Submitted())

    def action_take(self, always: bool) -> None:
        """Take the proposal, or move right in the text."""
        if always or (self.cursor_at_end_of_text and self.selection.is_empty):
            self.post_message(self.TakeProposal())
        else:
            self.action_cursor_right()

    def action_step(self, steps: int) -> None:
        """Choose among the proposals, or move in the text."""
        if self.has_proposals:
            self.post_message(self.Step(steps))
        elif steps > 0:
            self.action_cursor_down()
        else:
            self.action_cursor_up()
