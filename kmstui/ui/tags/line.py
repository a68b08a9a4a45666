"""The line at the bottom in which a person types tags."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import TextArea

from kmstui.model import TagDelta
from kmstui.service.tags import TagProblem
from kmstui.ui.commands import KeyBar
from kmstui.ui.style import OneLine, Part, Symbols
from kmstui.ui.tags.modes import LineMode
from kmstui.ui.tags.proposals import Proposals
from kmstui.ui.tags.text import TagText
from kmstui.ui.widgets import Sentences


class TagLine(ModalScreen[None]):
    """Takes a line, shows what is wrong with it while it is typed, and hands it on at Enter.

    It stays until what came of the line is done, so that the text can be gone back to.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
    ]

    def __init__(
        self, mode: LineMode, names: str, symbols: Symbols, submit: Callable[[TagDelta], None]
    ) -> None:
        """`names` says which keys it is about; `submit` gets what a faultless line says."""
        super().__init__(classes="tagging")
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
            self.text_area.select_whole()
        self.text_area.focus()
        keys: list[Part] = [(" Enter", "key"), " Shows what will happen ", (" Tab", "key")]
        self.key_bar.show([*keys, " Completes ", (" Esc", "key"), " Leaves "])
        self._look()

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

    def _tell(self, problems: Sequence[TagProblem], cursor: int | None = None) -> None:
        """Show the faults; the word that is just being typed may still become right."""
        told = [each for each in problems if cursor is None or each.end != cursor]
        self.text_area.show_problems(told)
        count: list[Part] = []
        if told:
            worst = f"{len(told)} fault{'s' * (len(told) > 1)}"
            count = [(f" {self._symbols.error} {worst} ", "bad")]
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
