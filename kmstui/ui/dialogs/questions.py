"""Questions: a line to type, and whether something shall be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from kmstui.ui.commands import KeyBar
from kmstui.ui.dialogs.dialog import Dialog
from kmstui.ui.widgets import Sentences

Check = Callable[[str], str]
"""Returns why a text cannot be taken, as a sentence, or "" when it can."""


class Prompt(Dialog[str]):
    """Returns the line typed, or None when it was left."""

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


class Confirm(Dialog[bool]):
    """Asks y or n; with `word`, the person must type it instead.

    Returns True, or None.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "sure", "yes", show=False),
        Binding("n,q", "leave", "no", show=False),
    ]

    def __init__(
        self, title: str, words: str, *, yes: str = "Yes", word: str = "", style: str = "warn"
    ) -> None:
        """`word` is what must be typed, such as the key's alias; "" asks for y alone."""
        super().__init__(title)
        self._words = words
        self._yes = yes
        self._word = word
        self._heading_style = style
        self.input = Input(compact=True, classes="dialog--input")
        self.input.cursor_blink = False
        self.reason = Sentences(classes="dialog--reason")

    def compose(self) -> ComposeResult:
        """Title, words, and how to answer."""
        words = Sentences(most_lines=20)
        words.say(self._words)
        keys = KeyBar(classes="dialog--keys")
        with self.box:
            yield self.heading_line(self._heading_style)
            yield words
            if self._word:
                ask = Sentences()
                ask.say(f"Type {self._word} to go on; Esc leaves.")
                yield ask
                yield self.input
                yield self.reason
            else:
                keys.show([(" y", "key"), f" {self._yes}  ", (" n", "key"), " No "])
                yield keys

    def on_mount(self) -> None:
        """The line to type in, where there is one."""
        if self._word:
            self.input.focus()

    def action_sure(self) -> None:
        """Y was pressed."""
        if not self._word:
            self.dismiss(True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: is it the word?"""
        event.stop()
        if event.value.strip() == self._word:
            self.dismiss(True)
        else:
            self.reason.say(f"That is not {self._word}.", "bad")
