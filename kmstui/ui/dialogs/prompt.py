"""One line to type."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.widgets import Input

from kmstui.ui.dialogs.dialog import Dialog
from kmstui.ui.widgets.sentences import Sentences

Check = Callable[[str], str]
"""Answers why a text cannot be taken, as a sentence, or "" when it can."""


class Prompt(Dialog[str]):
    """Answers the line typed, or None when it was left."""

    def __init__(
        self,
        title: str,
        words: str = "",
        *,
        value: str = "",
        placeholder: str = "",
        secret: bool = False,
        check: Check | None = None,
    ) -> None:
        super().__init__(title)
        self._words = words
        self._check = check or (lambda text: "")
        self.input = Input(
            value, placeholder, compact=True, password=secret, classes="dialog--input"
        )
        self.input.cursor_blink = False
        self.reason = Sentences(classes="dialog--reason")

    def compose(self) -> ComposeResult:
        """Title, words, the line, and why it cannot be taken."""
        words = Sentences(most_lines=12)
        words.say(self._words)
        with self.box:
            yield self.heading_line()
            yield words
            yield self.input
            yield self.reason

    def on_mount(self) -> None:
        """The line has the keys."""
        self.input.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what is wrong while it is typed."""
        event.stop()
        self.reason.say(self._check(event.value) if event.value else "", "warn")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: take the line if it can be taken."""
        event.stop()
        reason = self._check(event.value)
        if reason:
            self.reason.say(reason, "bad")
        else:
            self.dismiss(event.value)
