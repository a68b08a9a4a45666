"""One of a few values, turned through with the arrow keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from kmstui.ui.style import OneLine, Part


class ChoiceLine(OneLine, can_focus=True, inherit_bindings=False):
    """Shows the value chosen between two signs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space,l", "turn(1)", "next", show=False),
        Binding("left,h", "turn(-1)", "previous", show=False),
    ]

    class Changed(Message):
        """Another value was chosen."""

        def __init__(self, line: ChoiceLine) -> None:
            super().__init__()
            self.line = line

    class Submitted(Message):
        """Enter was pressed."""

        def __init__(self, line: ChoiceLine) -> None:
            super().__init__()
            self.line = line

    def __init__(self, choices: Sequence[tuple[str, str]], *, id: str) -> None:
        """`choices` are values with the words that stand for them."""
        super().__init__(id=id, classes="choice")
        self._choices = tuple(choices)
        self._number = 0
        self._write()

    @property
    def value(self) -> str:
        """The value chosen."""
        return self._choices[self._number][0] if self._choices else ""

    def set_choices(self, choices: Sequence[tuple[str, str]]) -> None:
        """Offer other values; the one chosen stays chosen where it still is one."""
        before = self.value
        self._choices = tuple(choices)
        values = [value for value, _ in self._choices]
        self._number = values.index(before) if before in values else 0
        self._write()

    def action_turn(self, steps: int) -> None:
        """Choose the next value, or the one before."""
        if len(self._choices) > 1:
            self._number = (self._number + steps) % len(self._choices)
            self._write()
            self.post_message(self.Changed(self))

    def on_key(self, event: events.Key) -> None:
        """Enter goes on; a letter goes to the next value that begins with it."""
        if event.key == "enter":
            event.stop()
            self.post_message(self.Submitted(self))

    def on_focus(self, event: events.Focus) -> None:
        """The signs stand out while the arrow keys turn it."""
        self._write(focused=True)

    def on_blur(self, event: events.Blur) -> None:
        """As `on_focus`."""
        self._write(focused=False)

    def _write(self, *, focused: bool | None = None) -> None:
        style = "key" if (self.has_focus if focused is None else focused) else "dim"
        words = self._choices[self._number][1] if self._choices else ""
        many = len(self._choices) > 1
        parts: list[Part] = [("< " if many else "  ", style), words, (" >" if many else "", style)]
        if many:
            parts.append((f"  {self._number + 1} of {len(self._choices)}", "dim"))
        self.show(parts)
