"""Forms: fields from top to bottom, and nothing is sent before a review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from kmstui.ui.commands import Context, KeyBar
from kmstui.ui.dialogs import Dialog
from kmstui.ui.style import OneLine, Part
from kmstui.ui.widgets import Sentences


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
        """Enter goes on."""
        if event.key == "enter":
            event.stop()
            self.post_message(self.Submitted())

    def watch_has_focus(self, focused: bool) -> None:
        """The signs stand out while the arrow keys turn it."""
        super().watch_has_focus(focused)
        self._write()

    def _write(self) -> None:
        style = "key" if self.has_focus else "dim"
        words = self._choices[self._number][1] if self._choices else ""
        many = len(self._choices) > 1
        parts: list[Part] = [("< " if many else "  ", style), words, (" >" if many else "", style)]
        if many:
            parts.append((f"  {self._number + 1} of {len(self._choices)}", "dim"))
        self.show(parts)


def text_line(name: str, placeholder: str) -> Input:
    """A field to type into."""
    line = Input(placeholder=placeholder, compact=True, id=name)
    line.cursor_blink = False
    return line


class Form(Dialog[None]):
    """Fields with their labels, what the one in use is about, and what is wrong as they are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "review", "review", show=False),
        Binding("down,tab", "turn(1)", "next field", show=False),
        Binding("up,shift+tab", "turn(-1)", "field before", show=False),
    ]

    def __init__(self, title: str, context: Context, fields: Sequence[tuple[str, Widget]]) -> None:
        """`fields` are labels and widgets; `help_of` tells by their ids what each is about."""
        super().__init__(title, "dialog-wide")
        self.about = context
        self._fields = tuple(field for _, field in fields)
        self._labels = {
            field: (label, OneLine([(f"  {label}", "dim")], classes="form--label"))
            for label, field in fields
        }
        self._rows: Mapping[Widget, Horizontal] = {
            field: Horizontal(line, field, classes="form--row")
            for field, (_, line) in self._labels.items()
        }
        self.help_line = Sentences(most_lines=4)
        self.reason = Sentences(classes="dialog--reason")
        keys = KeyBar(
            [("↑ ↓", "Field "), ("← →", "Choose "), ("Ctrl-s", "Review "), ("Esc", "Leave")]
        )
        rows = self._rows.values()
        self.parts = (self.heading_line(), *rows, self.help_line, self.reason, keys)

    def on_mount(self) -> None:
        """Begin at the first field."""
        self._fields[0].focus()
        self.explain(self._fields[0].id or "")

    @property
    def problem(self) -> str:
        """Why it cannot be sent so, as a sentence, or ""."""
        raise NotImplementedError

    def help_of(self, field: str) -> str:
        """What a field is about, as sentences."""
        raise NotImplementedError

    def turned(self, line: ChoiceLine) -> None:
        """Another value of a choice was chosen."""

    def typed(self, line: Input) -> None:
        """Something else stands in a field."""

    def action_review(self) -> None:
        """Show what would be sent, and send it once that is confirmed."""
        raise NotImplementedError

    def show_field(self, field: Widget, *, shown: bool) -> None:
        """Show a field, or leave it out while it makes no sense."""
        self._rows[field].display = shown

    def action_turn(self, steps: int) -> None:
        """Go to the next field, or the one before."""
        fields = self._shown()
        index = next((i for i, field in enumerate(fields) if field.has_focus), 0)
        # At once: a key typed ahead is for the field that it goes to.
        self.set_focus(fields[(index + steps) % len(fields)])

    def _shown(self) -> Sequence[Widget]:
        return [field for field in self._fields if self._rows[field].display]

    @on(ChoiceLine.Changed)
    def _turned(self, event: ChoiceLine.Changed) -> None:
        event.stop()
        self.turned(event.line)
        self.explain(event.line.id or "")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.typed(event.input)
        self.explain(event.input.id or "")

    @on(Input.Submitted)
    @on(ChoiceLine.Submitted)
    def _entered(self, event: Input.Submitted | ChoiceLine.Submitted) -> None:
        event.stop()
        if self._shown()[-1].has_focus:
            self.action_review()
        else:
            self.action_turn(1)

    def on_descendant_focus(self) -> None:
        """Say what the field is about, and point at it: colour alone would not tell."""
        cursor = self.about.app.symbols.cursor
        for field, (label, line) in self._labels.items():
            if field.has_focus:
                line.show([(f"{cursor} ", "key"), label])
            else:
                line.show([(f"  {label}", "dim")])
        self.explain(self.focused.id or "" if self.focused else "")

    def explain(self, field: str) -> None:
        """Say what a field is about, and what is wrong with all of them."""
        self.help_line.say(self.help_of(field), "dim")
        self.reason.say(self.problem, "warn")
