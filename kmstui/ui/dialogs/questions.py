"""A question: whether something shall be done, with a line to type where one is needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import DescendantFocus
from textual.widget import Widget
from textual.widgets import Input

from kmstui.service.errors import CancelledByPersonError, ServiceError
from kmstui.ui.commands import KeyBar, program_of
from kmstui.ui.dialogs.dialog import Dialog
from kmstui.ui.dialogs.drafts import KeptLine
from kmstui.ui.widgets import Sentences

Facts = Callable[[Callable[[str], None]], Awaitable[str]]
"""Reads what the person should know before the answer, as sentences; it gets what shows those that
are known meanwhile."""

_ALL_LINES = 200
"""Nothing of what a person should know is cut: it scrolls."""


def _nothing(text: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line to type."""

    ask: str = ""
    """What is asked for, where the question does not say so."""
    value: str = ""
    placeholder: str = ""
    check: Callable[[str], str] = _nothing
    """Returns why the text cannot be taken, as a sentence, or ""."""
    preview: Callable[[str], str] = _nothing
    """Returns what the text would do, as sentences."""
    keeps: str = ""
    """What the journal calls it until it was sent; "" where it is no more than a few words."""
    replaced: bool = False
    """Whether typing replaces the value, as suits a number, rather than adding to it."""


class QuestionDialog(Dialog[str]):
    """Returns the line typed ("" where there is none), or None when it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "sure", "yes", show=False),
        Binding("n,q", "leave", "no", show=False),
        Binding("down", "turn(1)", "next line", show=False),
        Binding("up", "turn(-1)", "line before", show=False),
        Binding("ctrl+r", "bring_back", "what was typed before", show=False),
        Binding("pagedown", "scroll_words(1)", "read on", show=False),
        Binding("pageup", "scroll_words(-1)", "read back", show=False),
    ]

    def __init__(
        self,
        title: str,
        words: str,
        *,
        yes: str = "Yes",
        no: str = "No",
        style: str = "warn",
        facts: Facts | None = None,
        line: Line | None = None,
        word: str = "",
    ) -> None:
        """`yes` and `no` are what its keys do.

        `word` is what must be typed to go on, such as the key's alias; "" asks for a key press
        alone.
        """
        super().__init__(title)
        self._read_facts = facts
        self._asked = line or Line()
        self._wanted = word
        self.line = self._input(self._asked) if line else None
        self.word = self._input(Line()) if word else None
        self._inputs = [each for each in (self.line, self.word) if each is not None]
        self.facts = Sentences(most_lines=_ALL_LINES)
        said = Sentences(words, most_lines=_ALL_LINES)
        self.flexible = self._words = Vertical(said, self.facts, classes="question--words")
        self.preview = Sentences(most_lines=3)
        self.reason = Sentences(classes="dialog--reason")
        parts: list[Widget] = [self.heading_line(style), self._words]
        self._labels: list[tuple[Input, Sentences, str]] = []
        if self.line is not None:
            parts += [self._label(self.line, self._asked.ask), self.line, self.preview]
        if self.word is not None:
            parts += [self._label(self.word, f"Type {word} to go on:"), self.word]
        keys = ("Enter", "Esc") if self._inputs else ("y", "n")
        self._keys = ((keys[0], f"{yes} "), (keys[1], no))
        self._kept: KeptLine | None = None
        self.key_bar = KeyBar(self._keys)
        self.parts = (*parts, self.reason, self.key_bar)

    def _label(self, field: Input, words: str) -> Sentences:
        label = Sentences(words)
        self._labels.append((field, label, words))
        return label

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Of several fields, point at the one that is typed into, and say what Enter does there."""
        if len(self._inputs) < 2:
            return
        for field, label, words in self._labels:
            here = field is event.widget
            label.say(
                f"{program_of(self).symbols.cursor} {words}" if here else f"  {words}",
                "accent" if here else "dim",
            )
        last = event.widget is self._inputs[-1]
        self.key_bar.show_keys(self._keys if last else (("Enter", "Next line "), self._keys[1]))

    @staticmethod
    def _input(line: Line) -> Input:
        made = Input(line.value, line.placeholder, compact=True, select_on_focus=line.replaced)
        made.cursor_blink = False
        return made

    def on_mount(self) -> None:
        """Say what the line would do as it is; facts are read meanwhile."""
        if self.line is not None:
            self._write_preview(self.line.value)
            self._kept = KeptLine.of(
                program_of(self), self._asked.keeps, self.line.value, self._offer
            )
        if self._read_facts is not None:
            self.facts.say("Reading what is known of its use…", "dim")
            self.run_worker(self._tell_facts(self._read_facts), exit_on_error=True)

    async def _tell_facts(self, facts: Facts) -> None:
        try:
            self.facts.say(await facts(self._tell_so_far))
        except CancelledByPersonError:
            self.facts.say("")
        except ServiceError as error:
            self.facts.say(error.sentence, "warn")
        self.on_resize()

    def _tell_so_far(self, words: str) -> None:
        self.facts.say(words)
        self.on_resize()

    # Typing

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what the line would do, or what is wrong with it."""
        event.stop()
        if event.input is self.line:
            self._write_preview(event.value)
            if self._kept is not None:
                self._kept.keep(event.value)

    def _offer(self, _: str) -> None:
        self.key_bar.show_keys([*self._keys, ("Ctrl-r", "What was typed before")])

    def action_bring_back(self) -> None:
        """Ctrl-r: what was typed before and not sent stands in the line again."""
        if self._kept is not None and self._kept.earlier and self.line is not None:
            self.line.value = self._kept.earlier
            self.line.cursor_position = len(self.line.value)

    def _write_preview(self, value: str) -> None:
        problem = self._asked.check(value) if value else ""
        self.reason.say(problem, "warn")
        self.preview.say("" if problem else self._asked.preview(value), "accent")
        self.on_resize()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: the next line, or the answer."""
        event.stop()
        problem = self._asked.check(self.line.value) if self.line is not None else ""
        if problem:
            self.reason.say(problem, "bad")
            self.set_focus(self.line)
        elif self.word is not None and event.input is not self.word:
            self.set_focus(self.word)
        elif self.word is not None and self.word.value.strip() != self._wanted:
            self.reason.say(f"That is not {self._wanted}.", "bad")
        else:
            self.dismiss(self.line.value if self.line is not None else "")

    def action_sure(self) -> None:
        """Y was pressed."""
        if not self._inputs:
            self.dismiss("")

    def action_turn(self, steps: int) -> None:
        """Go to the next line, or the one before."""
        if len(self._inputs) > 1:
            index = next((i for i, each in enumerate(self._inputs) if each.has_focus), 0)
            self.set_focus(self._inputs[(index + steps) % len(self._inputs)])

    def action_scroll_words(self, pages: int) -> None:
        """Read on in a window too small for all the words."""
        lines = pages * max(1, self._words.size.height - 1)
        self._words.scroll_relative(y=lines, animate=False, force=True, immediate=True)


_DIGITS = 6
"""A code of an MFA device has six digits (IAM User Guide, "MFA in IAM")."""


def mfa_question(serial: str) -> QuestionDialog:
    """Asks for the code that a device shows; people copy it with blanks, too."""

    def check(text: str) -> str:
        code = text.replace(" ", "")
        right = code.isascii() and code.isdigit() and len(code) == _DIGITS
        return "" if right else f"A code has {_DIGITS} digits."

    words, line = f"For the device {serial}. Esc cancels.", Line(check=check)
    return QuestionDialog("MFA code", words, yes="Go on", no="Cancel", style="title", line=line)
