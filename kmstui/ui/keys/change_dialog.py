"""Shows what a change will do, takes what it needs to know, asks, and sends it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from kmstui.service.errors import CancelledByPersonError, ServiceError
from kmstui.ui.commands import Context, KeyBar, aws_command
from kmstui.ui.dialogs import Dialog
from kmstui.ui.main import main_of
from kmstui.ui.widgets import Sentences

Facts = Callable[[], Awaitable[str]]
"""Reads what the person should know before the change, as sentences."""

CHANGES_GROUP = "changes"
"""The workers that send changes; none of them ends another."""

_SLOW_SECONDS = 0.5
"""What takes longer is told while it is under way."""

_ALL_LINES = 200
"""Nothing of what a person should know is cut: it scrolls."""


def _nothing(text: str) -> str:
    return ""


def _no_command(text: str) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line to type."""

    ask: str
    """What is asked for."""
    value: str = ""
    placeholder: str = ""
    check: Callable[[str], str] = _nothing
    """Returns why the text cannot be taken, as a sentence, or ""."""
    preview: Callable[[str], str] = _nothing
    """Returns what the text would do, as sentences."""
    replaced: bool = False
    """Whether typing replaces the value, as suits a number, rather than adding to it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change before it is made."""

    title: str
    words: str
    """What will be different, and for whom."""
    yes: str
    """The verb of the key that makes it: `Disable`."""
    doing: str | Callable[[str], str]
    """What is under way, as a sentence without its full stop: `Disabling 1234… (alias/x)`; or
    what makes it of the line typed."""
    send: Callable[[str], Awaitable[str]]
    """Takes the line typed, sends the change, and returns what KMS now holds as a sentence."""
    command: Callable[[str], tuple[str, ...]] = _no_command
    """Takes the line typed and returns the AWS CLI's words for the change, after `aws kms`."""
    style: str = "title"
    """The title's text style: `warn` for what disturbs, `bad` for what destroys."""
    facts: Facts | None = None
    line: Line | None = None
    word: str = ""
    """What must be typed to go on, such as the key's alias; "" asks for a key press alone."""


class ChangeDialog(Dialog[str]):
    """Returns the line typed ("" where there is none), or None when it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "sure", "yes", show=False),
        Binding("n,q", "leave", "no", show=False),
        Binding("down", "turn(1)", "next line", show=False),
        Binding("up", "turn(-1)", "line before", show=False),
        Binding("pagedown", "scroll_words(1)", "read on", show=False),
        Binding("pageup", "scroll_words(-1)", "read back", show=False),
    ]

    def __init__(self, proposal: Proposal) -> None:
        super().__init__(proposal.title)
        self._proposal = proposal
        line = proposal.line
        self.line = (
            self._input(line.value, line.placeholder, replaced=line.replaced) if line else None
        )
        self.word = self._input() if proposal.word else None
        self._inputs = [each for each in (self.line, self.word) if each is not None]
        self._words = Vertical(classes="change--words")
        self.facts = Sentences(most_lines=_ALL_LINES)
        self.preview = Sentences(most_lines=3)
        self.reason = Sentences(classes="dialog--reason")

    @staticmethod
    def _input(value: str = "", placeholder: str = "", *, replaced: bool = False) -> Input:
        made = Input(
            value, placeholder, compact=True, select_on_focus=replaced, classes="dialog--input"
        )
        made.cursor_blink = False
        return made

    def compose(self) -> ComposeResult:
        """Title, words, facts, lines, and how to answer."""
        proposal = self._proposal
        with self.box:
            yield self.heading_line(proposal.style)
            with self._words:
                yield self._sentences(proposal.words)
                yield self.facts
            if proposal.line is not None and self.line is not None:
                yield self._sentences(proposal.line.ask)
                yield self.line
                yield self.preview
            if self.word is not None:
                yield self._sentences(f"Type {proposal.word} to go on:")
                yield self.word
            yield self.reason
            yield self._keys()

    @staticmethod
    def _sentences(text: str) -> Sentences:
        sentences = Sentences(most_lines=_ALL_LINES)
        sentences.say(text)
        return sentences

    def _keys(self) -> KeyBar:
        keys = KeyBar(classes="dialog--keys")
        yes, no = ("Enter", "Esc") if self._inputs else ("y", "n")
        keys.show_keys([(yes, f"{self._proposal.yes} "), (no, "Leave as it is")])
        return keys

    def on_mount(self) -> None:
        """The first line has the keys; facts are read meanwhile."""
        if self._inputs:
            self._inputs[0].focus()
        if self.line is not None:
            self._write_preview(self.line.value)
        if self._proposal.facts is not None:
            self.facts.say("Reading what is known of its use…", "dim")
            self.run_worker(self._read_facts(self._proposal.facts), exit_on_error=True)

    def on_resize(self) -> None:
        """The words have the room that the lines to type leave."""
        self.call_after_refresh(self._share_room)

    def _share_room(self) -> None:
        self.share_room(self._words)

    async def _read_facts(self, facts: Facts) -> None:
        try:
            self.facts.say(await facts())
        except CancelledByPersonError:
            self.facts.say("")
        except ServiceError as error:
            self.facts.say(error.sentence, "warn")
        self.call_after_refresh(self._share_room)

    # Typing

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what the line would do, or what is wrong with it."""
        event.stop()
        if event.input is self.line:
            self._write_preview(event.value)

    def _write_preview(self, value: str) -> None:
        line = self._proposal.line
        if line is None:
            return
        problem = line.check(value) if value else ""
        self.reason.say(problem, "warn")
        self.preview.say("" if problem else line.preview(value), "accent")
        self.call_after_refresh(self._share_room)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: the next line, or the change."""
        event.stop()
        if self._problem_of_line():
            return
        if self.word is not None and event.input is not self.word:
            self.set_focus(self.word)
            return
        self._answer()

    def _problem_of_line(self) -> bool:
        line = self._proposal.line
        if line is None or self.line is None:
            return False
        problem = line.check(self.line.value)
        if problem:
            self.reason.say(problem, "bad")
            self.set_focus(self.line)
        return bool(problem)

    def _answer(self) -> None:
        if self.word is not None and self.word.value.strip() != self._proposal.word:
            self.reason.say(f"That is not {self._proposal.word}.", "bad")
            return
        self.dismiss(self.line.value if self.line is not None else "")

    def action_sure(self) -> None:
        """Y was pressed."""
        if not self._inputs:
            self._answer()

    def action_turn(self, steps: int) -> None:
        """Go to the next line, or the one before."""
        if len(self._inputs) > 1:
            index = next((i for i, each in enumerate(self._inputs) if each.has_focus), 0)
            self.set_focus(self._inputs[(index + steps) % len(self._inputs)])

    def action_scroll_words(self, pages: int) -> None:
        """Read on in a window too small for all the words."""
        lines = pages * max(1, self._words.size.height - 1)
        self._words.scroll_relative(y=lines, animate=False, force=True, immediate=True)


def propose(
    context: Context, proposal: Proposal, agreed: Callable[[], object] | None = None
) -> None:
    """Show a change, and send it once the person agrees.

    Args:
        context: Where it is shown.
        proposal: The change.
        agreed: Called before it is sent.
    """

    def go(typed: str | None) -> None:
        if typed is None:
            return
        if agreed is not None:
            agreed()
        _send(context, proposal, typed)

    context.app.push_screen(ChangeDialog(proposal), go)


def _send(context: Context, proposal: Proposal, typed: str) -> None:
    """Send it in the background, and tell how it ended."""
    app, session = context.app, context.session
    doing = proposal.doing if isinstance(proposal.doing, str) else proposal.doing(typed)

    def unsaved() -> str:
        return f"{doing}, and it is not known yet how that ended."

    async def run() -> None:
        loop = asyncio.get_running_loop()
        slow = loop.call_later(_SLOW_SECONDS, session.notify, f"{doing}…")
        app.unsaved.append(unsaved)
        try:
            sentence = await proposal.send(typed)
        except ServiceError:
            # It may have been refused because the key is not any more what the panes show.
            main_of(app).look()
            raise
        finally:
            slow.cancel()
            app.unsaved.remove(unsaved)
        if words := proposal.command(typed):
            app.last_change_command = aws_command(session.store.info, *words)
        session.notify(sentence)
        # What the panes show of the key may have changed with it.
        main_of(app).look()

    app.work(run, group=CHANGES_GROUP, what=doing, exclusive=False)
