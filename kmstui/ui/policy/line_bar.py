"""The one-line bar below the text: find, find and replace, go to line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from kmstui.ui.policy.search import Query

Mode = Literal["find", "replace", "line"]


class LineBar(Horizontal):
    """Asks for a pattern, a replacement or a line number; says what came of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close"),
        Binding("f3,down", "step(1)", "Next"),
        Binding("shift+f3,up", "step(-1)", "Previous"),
        Binding("f2", "toggle_regex", "Regex"),
        Binding("f4", "replace_all", "Replace all"),
    ]

    @dataclass
    class Searched(Message):
        """The query has changed: show the first match from where the search began."""

        query: Query

    @dataclass
    class Step(Message):
        """Go to the next match (1) or the previous one (-1)."""

        query: Query
        by: int

    @dataclass
    class Replace(Message):
        """Replace the present match, or all."""

        query: Query
        replacement: str
        everywhere: bool

    @dataclass
    class GoTo(Message):
        """Go to this line, counted from 1; the text is what was typed."""

        line: str

    class Closed(Message):
        """Nothing is asked any more."""

    def __init__(self) -> None:
        super().__init__()
        self.mode: Mode = "find"
        self.regex = False
        self._pattern = Input(placeholder="find", compact=True, select_on_focus=True)
        self._replacement = Input(placeholder="replace with", compact=True)
        self._label = Static("Find", classes="bar--label", markup=False)
        self._state = Static("", classes="bar--state", markup=False)

    def compose(self) -> ComposeResult:
        """Label, one or two inputs, state."""
        yield self._label
        yield self._pattern
        yield self._replacement
        yield self._state

    def open(self, mode: Mode, text: str = "") -> None:
        """Ask; `text` is what to begin with."""
        self.mode = mode
        self.display = True
        self._replacement.display = mode == "replace"
        self._label.update("Line" if mode == "line" else "Find")
        if text or mode == "line":
            self._pattern.value = text
        self.tell("")
        # At once: the keys that are on their way already are meant for here.
        self.screen.set_focus(self._pattern)

    def tell(self, state: str) -> None:
        """Say what came of it: "3 of 12", or why not."""
        flag = ".* " if self.regex and self.mode != "line" else ""
        self._state.update(flag + state)

    @property
    def search(self) -> Query:
        """What is looked for now."""
        return Query(self._pattern.value, self.regex)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look while typing."""
        event.stop()
        if self.display and self.mode != "line" and event.input is self._pattern:
            self.post_message(self.Searched(self.search))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: go to the line, to the next match, or replace this one."""
        event.stop()
        if self.mode == "line":
            self.post_message(self.GoTo(self._pattern.value))
        elif event.input is self._replacement:
            self.post_message(self.Replace(self.search, self._replacement.value, everywhere=False))
        else:
            self.post_message(self.Step(self.search, 1))

    def action_step(self, by: int) -> None:
        """Next or previous match."""
        if self.mode != "line":
            self.post_message(self.Step(self.search, by))

    def action_toggle_regex(self) -> None:
        """Read the pattern as a regular expression, or plainly again."""
        self.regex = not self.regex
        self.post_message(self.Searched(self.search))

    def action_replace_all(self) -> None:
        """Replace every match as one step of undo."""
        if self.mode == "replace":
            self.post_message(self.Replace(self.search, self._replacement.value, everywhere=True))

    def action_close(self) -> None:
        """Back to the text."""
        self.display = False
        self.post_message(self.Closed())
