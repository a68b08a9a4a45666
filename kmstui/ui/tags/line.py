"""The line at the bottom in which a person types tags, and the proposals above it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from rich.text import Span, Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult

from kmstui.model import TagDelta
from kmstui.service.tags import TagProblem
from kmstui.ui.commands import KeyBar, program_of
from kmstui.ui.dialogs import KeptLine
from kmstui.ui.policy import PlaceholderCharacters, glyph, stand_ins_in
from kmstui.ui.runs import number
from kmstui.ui.style import OneLine, Part, Symbols
from kmstui.ui.tags.modes import LineMode
from kmstui.ui.tags.proposals import Proposals
from kmstui.ui.textual_internals import ForgottenTextArea
from kmstui.ui.widgets import Sentences

_ENDS = re.compile(r"\r\n|\r|\n")
"""Terminals paste line ends as CR, and programs as they have them."""

LONGEST_LINE = 65_536
"""Characters. The 50 tags of a key have 19,200 (KMS Developer Guide, "Quotas"; KMS API Reference,
Tag), and JSON says the names of its members with each."""


class TagText(ForgottenTextArea):
    """One line, or the many that were pasted, with its faults underlined.

    Enter submits it; Tab, and the right arrow at the end, take the proposal.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"tagging--problem"}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "take(True)", "complete", show=False, priority=True),
        Binding("right", "take(False)", "complete at the end", show=False),
        Binding("up", "step(-1)", "proposal before", show=False),
        Binding("down", "step(1)", "next proposal", show=False),
    ]

    class Submitted(Message):
        """Enter was pressed."""

    @dataclass
    class Refused(Message):
        """A paste of so many characters was not taken."""

        characters: int

    class TakeProposal(Message):
        """The proposal shall stand in the text."""

    class Step(Message):
        """Choose the next proposal, or the one before."""

        def __init__(self, steps: int) -> None:
            super().__init__()
            self.steps = steps

    def __init__(self, text: str, placeholder: str) -> None:
        self._stand_ins = PlaceholderCharacters()
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

    def on_paste(self, event: events.Paste) -> None:
        """What is far too long to be tags is refused: to read it anew with each key takes long."""
        if len(self.document.text) + len(event.text) > LONGEST_LINE:
            event.stop()
            event.prevent_default()
            self.post_message(self.Refused(len(event.text)))

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


class TagLine(ModalScreen[None]):
    """Takes a line, shows what is wrong with it while it is typed, and hands it on at Enter.

    It stays until what came of the line is done, so that the text can be gone back to.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("ctrl+r", "bring_back", "what was typed before", show=False),
    ]

    def __init__(
        self,
        mode: LineMode,
        names: str,
        symbols: Symbols,
        submit: Callable[[TagDelta], None],
    ) -> None:
        """`names` says which keys it is about; `submit` gets what a faultless line says."""
        super().__init__(classes="tagging")
        self._kept: KeptLine | None = None
        self._mode = mode
        self._submit = submit
        self._names = names
        self._symbols = symbols
        self.text_area = TagText(mode.start, mode.example)
        self.proposals = Proposals(symbols)
        self.problem = Sentences(classes="tagging--sentence", most_lines=4)
        self.title_line = OneLine(classes="tagging--title")
        self.key_bar = KeyBar(classes="tagging--keys")

    def compose(self) -> ComposeResult:
        """From the top: proposals, what is wrong, what is typed, the text, the keys."""
        with Vertical(classes="tagging--box"):
            yield self.proposals
            yield self.problem
            yield self.title_line
            yield self.text_area
            yield self.key_bar

    def on_mount(self) -> None:
        """The text has the keys."""
        if self._mode.start:
            self.text_area.select_all()
        self.text_area.focus()
        self.key_bar.show_keys(
            [("Enter", "Shows what will happen"), ("Tab", "Completes"), ("Esc", "Leaves")]
        )
        self._kept = KeptLine.of(program_of(self), self._mode.keeps, self._mode.start, self._offer)
        self._look()

    def _offer(self, age: str) -> None:
        """What was typed before and not sent is offered; nobody is kept from typing anew."""
        self.key_bar.show_keys(
            [("Ctrl-r", f"Brings back what was typed {age} ago"), ("Enter", "Shows"),
             ("Esc", "Leaves")]
        )  # fmt: skip

    def action_bring_back(self) -> None:
        """Ctrl-r: what was typed before stands in the line again."""
        if self._kept is not None and self._kept.earlier:
            self.text_area.text = self._kept.earlier
            self.text_area.move_cursor(self.text_area.document.end)

    def forget(self) -> None:
        """It was sent."""
        if self._kept is not None:
            self._kept.forget()

    @on(TextArea.Changed)
    @on(TextArea.SelectionChanged)
    def _look(self) -> None:
        """Something was typed, or the cursor moved."""
        area = self.text_area
        text, cursor = area.text, area.cursor_offset
        items = self._mode.complete(text, cursor) if area.selection.is_empty else ()
        self.proposals.show(items)
        area.has_proposals = bool(items)
        self._tell(self._mode.read(text).problems, cursor)
        if self._kept is not None:
            self._kept.keep(text)

    def _tell(self, problems: Sequence[TagProblem], cursor: int | None = None) -> None:
        """Show the faults; the word that is just being typed may still become right."""
        told = [each for each in problems if cursor is None or each.end != cursor]
        self.text_area.show_problems(told)
        count: list[Part] = []
        if told:
            count = [(f" {self._symbols.error} {number(len(told), 'fault')} ", "bad")]
            self.problem.say(_sentence(told[0], self.text_area.text), "bad")
        elif problems:
            self.problem.say(_sentence(problems[0], self.text_area.text), "dim")
        else:
            self.problem.say("")
        self.title_line.show([(f" {self._mode.title}", "title"), f"  {self._names}"], count)

    @on(TagText.Submitted)
    def _submitted(self) -> None:
        if self.proposals.picked:
            self._take()
            return
        read = self._mode.read(self.text_area.text)
        if read.problems:
            self._tell(read.problems)
            self.text_area.move_cursor(self.text_area.location_of(read.problems[0].end))
            self._tell(read.problems)
        elif read.is_empty:
            self.problem.say("Nothing is asked for yet. Esc leaves.", "warn")
        else:
            self.proposals.show(())
            self._submit(read.delta)

    @on(TagText.Refused)
    def _refused(self, message: TagText.Refused) -> None:
        self.problem.say(
            f"The paste has {message.characters:,} characters, far more than the tags of a key can "
            "have. Nothing was inserted.",
            "bad",
        )

    @on(TagText.TakeProposal)
    def _take(self) -> None:
        item = self.proposals.chosen
        if item is not None:
            self.text_area.replace_range(item.text, item.start, item.end)

    @on(TagText.Step)
    def _step(self, message: TagText.Step) -> None:
        self.proposals.step(message.steps)

    def action_leave(self) -> None:
        """Leave; nothing was sent."""
        self.dismiss(None)


def _sentence(problem: TagProblem, text: str) -> str:
    """The fault, with its line where there are many."""
    words = f"{problem.message[:1].upper()}{problem.message[1:]}."
    if "\n" in text.strip():
        return f"Line {text.count(chr(10), 0, problem.start) + 1}: {words}"
    return words
