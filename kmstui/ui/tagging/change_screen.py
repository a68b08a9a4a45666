"""The screen on which a change of tags is shown, sent and told key by key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from enum import Enum, auto
from time import monotonic
from typing import ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from kmstui.service.errors import ServiceError
from kmstui.service.store import Store
from kmstui.service.tag_changes import Outcome, TagChange, TagResult, seconds_for
from kmstui.service.tagging import Tagging
from kmstui.ui.marks import Marks
from kmstui.ui.screens.dialog import Dialog
from kmstui.ui.screens.text_dialog import TextDialog
from kmstui.ui.tagging.progress import RunClock, duration
from kmstui.ui.tagging.words import (
    about,
    access_warning,
    now_holds,
    number,
    plan_summary,
    result_parts,
    run_summary,
    short_name,
    step_line,
    steps_of,
)
from kmstui.ui.widgets.columns import Column
from kmstui.ui.widgets.frame_lines import KeyBar, Sentences
from kmstui.ui.widgets.line_table import LineTable
from kmstui.ui.widgets.roles import Part

Planner = Callable[[Callable[[int], None]], Awaitable[tuple[TagChange, ...]]]
"""Answers what is to be done, and is told to whom it can say how many keys it has looked at."""

PROGRESS_SECONDS = 0.25
"""Time between two counts: each costs a line over SSH."""

_ONE = (
    Column("sign", "", 1),
    Column("tag", "TAG KEY", 16, rank=1, most=40),
    Column("value", "VALUE", 20, rank=2, most=256),
)
_MANY = (
    Column("outcome", "OUTCOME", 13, rank=1),
    Column("key", "KEY", 20, most=36),
    Column("what", "WHAT", 24, rank=2, most=400),
)
_SIGN_ROLES = {"+": "good", "~": "warn", "-": "bad"}


class Phase(Enum):
    """How far the screen is."""

    READING = auto()
    PLANNED = auto()
    RUNNING = auto()
    ENDED = auto()


class Desk(Protocol):
    """What the screen needs of the program around it."""

    @property
    def tagging(self) -> Tagging:
        """Plans and runs."""
        ...

    @property
    def store(self) -> Store:
        """What was read."""
        ...

    @property
    def signs(self) -> Marks:
        """How signs are drawn."""
        ...

    def work(self, job: Callable[[], Awaitable[None]], what: str) -> None:
        """Run a job beside the screen."""
        ...

    def copy(self, changes: Sequence[TagChange], told: Callable[[str], None]) -> None:
        """Copy changes as AWS CLI commands."""
        ...

    def began(self, words: Callable[[], str]) -> None:
        """A run began: leaving the program now would lose what the words say."""
        ...

    def ended(self, results: Sequence[TagResult]) -> None:
        """A run ended."""
        ...

    def tell(self, text: str) -> None:
        """Say a sentence on the screen beneath."""
        ...


class ChangeScreen(Dialog[bool]):
    """First what will happen, then what happens; answers True when something was sent."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go", "send", show=False),
        Binding("y", "copy", "copy as AWS CLI commands", show=False),
        Binding("r", "retry", "try again", show=False),
        Binding("z", "undo", "undo", show=False),
        Binding("space", "details", "all about the row", show=False),
        Binding("q", "leave", "leave", show=False),
    ]

    def __init__(
        self,
        desk: Desk,
        title: str,
        planner: Planner,
        *,
        written: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`written` is called when the change is in the journal, before anything is sent."""
        super().__init__(title)
        self.add_class("dialog-wide", "tag-change")
        self._desk = desk
        self._planner = planner
        self._written = written
        self._phase = Phase.READING
        self._changes: dict[str, TagChange] = {}
        self._results: dict[str, TagResult] = {}
        self._sending: tuple[TagChange, ...] = ()
        self._cancelled = False
        self._go_at_once = False
        self._sent = False
        self._clock = RunClock()
        self._drawn = 0.0
        self._followed: str | None = None
        self._title = self.heading_line()
        self.summary = Sentences(classes="dialog--reason", most_lines=6)
        self.access = Sentences(classes="dialog--reason", most_lines=6)
        self.notice = Sentences(classes="dialog--reason", most_lines=6)
        self.detail = Sentences(
            classes="tag-change--detail", most_lines=4, more="(all of it: Space)"
        )
        self.table = LineTable(_MANY, self._cells, signs=desk.signs)
        self.keys = KeyBar(classes="dialog--keys")

    def compose(self) -> ComposeResult:
        """Title, what it comes to, the rows, and the keys."""
        with self.box:
            yield self._title
            yield self.summary
            yield self.access
            yield self.table
            yield self.detail
            yield self.notice
            yield self.keys

    def on_mount(self) -> None:
        """Find out what will happen."""
        self.table.focus()
        self._read_plan(self._planner)

    # What will happen

    def _read_plan(self, planner: Planner) -> None:
        self._phase = Phase.READING
        self._cancelled = False
        self.summary.say("Reading the tags…", "dim")
        self._show_keys()
        self._desk.work(lambda: self._plan(planner), "planning a change of tags")

    async def _plan(self, planner: Planner) -> None:
        try:
            changes = await planner(self._looked_at)
        except ServiceError as error:
            self.summary.say(error.sentence, "bad")
            self._phase = Phase.ENDED
            self._show_keys()
            return
        self._changes = {change.key_id: change for change in changes}
        self._results = {}
        self._phase = Phase.PLANNED
        self._show_plan()
        if self._go_at_once and self._is_plain():
            self.action_go()

    def _looked_at(self, count: int) -> None:
        if self._is_time():
            self.summary.say(f"Reading the tags of {number(count, 'key')} so far…", "dim")

    def _show_plan(self) -> None:
        changes = tuple(self._changes.values())
        store = self._desk.store
        words, role = plan_summary(changes, store)
        seconds = seconds_for(changes)
        if seconds > 2:
            words += f" It takes {duration(seconds)}, since KMS allows few changes a second."
        self.summary.say(words, role)
        concerned = self._desk.tagging.policies_naming(changes)
        self.access.say(access_warning(concerned, changes, store), "warn")
        self.notice.say(" ".join(change.note for change in changes if change.note)[:600], "warn")
        self.set_class(len(changes) > 1, "dialog-full", "-many")
        if len(changes) == 1:
            self.table.set_columns(_ONE)
            self.table.set_rows([name for name, _ in changes[0].after])
        else:
            self.table.set_columns(_MANY)
            self.table.set_rows(self._in_order())
        self._tell_row()
        self._show_keys()

    def _in_order(self) -> list[str]:
        """Rows that need a look first; otherwise as they were asked for."""
        results = self._results

        def place(key_id: str) -> int:
            if key_id not in results:
                return 0 if self._changes[key_id].refused else 1
            return 0 if results[key_id].outcome.can_be_retried else 1

        return sorted(self._changes, key=place)

    def _is_plain(self) -> bool:
        """Whether there is nothing to weigh: one key, and no value or access is lost by it."""
        changes = tuple(self._changes.values())
        return (
            len(changes) == 1
            and changes[0].will_be_sent
            and len(changes[0].added) == len(changes[0].after)
            and not self._desk.tagging.policies_naming(changes)
        )

    # What happens

    def action_go(self) -> None:
        """Send it; where there is nothing to send, leave."""
        if self._phase is Phase.READING:
            # Pressed before the plan was there: it stands if the plan holds no surprise.
            self._go_at_once = True
        elif self._phase is Phase.PLANNED:
            changes = tuple(self._changes.values())
            if any(change.will_be_sent for change in changes):
                self._begin(changes)
            else:
                self.action_leave()
        elif self._phase is Phase.ENDED:
            self.action_leave()

    def _begin(self, changes: tuple[TagChange, ...]) -> None:
        self._phase = Phase.RUNNING
        self._cancelled = False
        self._sent = True
        self._sending = tuple(change for change in changes if change.will_be_sent)
        self._clock = RunClock()
        self._followed = None
        self.access.say("")
        self.notice.say("")
        self._desk.began(self._words_if_lost)
        self._show_progress()
        self._show_keys()
        self._desk.work(lambda: self._run(changes), "changing tags")

    async def _run(self, changes: tuple[TagChange, ...]) -> None:
        def observe(index: int, result: TagResult) -> None:
            self._observe(result)

        try:
            await self._desk.tagging.apply(changes, observe, self._is_cancelled, self._written)
        except ServiceError as error:
            self._phase = Phase.PLANNED
            self._sent = bool(self._results)
            self._show_plan()
            self.notice.say(error.sentence, "bad")
        else:
            self._written = None
            self._phase = Phase.ENDED
            self._show_end()
        finally:
            self._desk.ended(tuple(self._results.values()))

    def _is_cancelled(self) -> bool:
        return self._cancelled

    def _observe(self, result: TagResult) -> None:
        key_id = result.change.key_id
        self._results[key_id] = result
        if len(self._changes) == 1:
            self.table.redraw()
        else:
            self.table.redraw([key_id])
            if key_id == self.table.cursor_row and result.outcome.ended:
                self._tell_row()
            if result.outcome is Outcome.RUNNING and self._followed == self.table.cursor_row:
                self._followed = key_id
                self.table.move_to_row(key_id)
        if self._is_time():
            self._show_progress()

    @on(LineTable.Moved)
    def _moved(self, message: LineTable.Moved) -> None:
        message.stop()
        if self._phase is Phase.RUNNING and self._followed is None:
            self._followed = message.row
        self._tell_row()

    def _tell_row(self) -> None:
        """Say the whole of what a row has no room for."""
        row = self.table.cursor_row
        if len(self._changes) == 1 or row is None:
            self.detail.say("")
            return
        change, result = self._changes[row], self._results.get(row)
        store = self._desk.store
        words = result.detail if result is not None else change.refused or change.note
        if words:
            self.detail.say(words if row in words else f"{store.name_of(row)}: {words}", "warn")
        elif result is not None and result.tags is not None:
            self.detail.say(now_holds(result, store))
        else:
            self.detail.say(store.name_of(row), "dim")

    def _is_time(self) -> bool:
        now = monotonic()
        if now - self._drawn < PROGRESS_SECONDS:
            return False
        self._drawn = now
        return True

    def _show_progress(self) -> None:
        ended: list[TagChange] = []
        left: list[TagChange] = []
        for change in self._sending:
            result = self._results.get(change.key_id)
            (ended if result is not None and result.outcome.ended else left).append(change)
        words = f"{len(ended):,} of {number(len(self._sending), 'key')}"
        if self._cancelled:
            words += ". Stopping: what is under way is brought to its end…"
        elif left:
            words += f", {duration(self._clock.seconds_left(ended, left))} left…"
        self.summary.say(words, "warn" if self._cancelled else "accent")

    def _words_if_lost(self) -> str:
        left = sum(
            1 for change in self._sending
            if (result := self._results.get(change.key_id)) is None or not result.outcome.ended
        )  # fmt: skip
        return f"Tags are being changed: {number(left, 'key')} would be left as they are."

    # What happened

    def _show_end(self) -> None:
        results = tuple(self._results.values())
        if len(results) == 1 and results[0].outcome is Outcome.DONE:
            self._desk.tell(f"{now_holds(results[0], self._desk.store)} z undoes it.")
            self.dismiss(True)
            return
        words, role = run_summary(results)
        self.summary.say(words, role)
        if len(results) == 1:
            self.notice.say(results[0].detail, role)
        else:
            self.table.set_rows(self._in_order())
            self.table.action_first()
            self._tell_row()
        self._show_keys()

    def _retried(self) -> tuple[TagChange, ...]:
        return tuple(
            replace(result.change, refused="")
            for result in self._results.values()
            if result.outcome.can_be_retried
        )

    def _undone(self) -> tuple[TagChange, ...]:
        # A failed one may have been half done; what was not done needs no undoing.
        sent = (Outcome.FAILED, Outcome.UNKNOWN)
        return tuple(
            result.change
            for result in self._results.values()
            if result.outcome.saved or result.outcome in sent
        )

    def action_retry(self) -> None:
        """Send again what failed or was not sent; what it is was agreed to already."""
        again = self._retried()
        if self._phase is Phase.ENDED and again:
            self._desk.work(lambda: self._retry(again), "trying again")

    async def _retry(self, again: tuple[TagChange, ...]) -> None:
        self._phase = Phase.READING
        self.summary.say(f"Reading the tags of {number(len(again), 'key')} again…", "dim")
        try:
            changes = await self._desk.tagging.plan_again(again, self._looked_at)
        except ServiceError as error:
            self._phase = Phase.ENDED
            self.notice.say(error.sentence, "bad")
            return
        self._begin(changes)

    def action_undo(self) -> None:
        """Show what takes the change back."""
        changes = self._undone()
        if self._phase is Phase.ENDED and changes:
            self._title.say("Undo the change of tags", "title")
            self.notice.say("")
            self._go_at_once = False
            self._read_plan(lambda told: self._desk.tagging.plan_undo(changes, told))

    def action_copy(self) -> None:
        """Copy what will be sent, or what was, as AWS CLI commands."""
        changes = tuple(self._changes.values())
        if self._phase in (Phase.PLANNED, Phase.ENDED) and changes:
            self._desk.copy(changes, lambda words: self.notice.say(words, "good"))

    def action_details(self) -> None:
        """Show all about a row."""
        row = self.table.cursor_row
        if row is not None and len(self._changes) > 1:
            words = about(self._changes[row], self._results.get(row), self._desk.signs)
            self.app.push_screen(TextDialog(self._desk.store.name_of(row), words))

    def action_leave(self) -> None:
        """Stop what runs, or leave."""
        if self._phase is Phase.RUNNING:
            self._cancelled = True
            self._show_progress()
        else:
            self.dismiss(self._sent)

    # Drawing

    def _show_keys(self) -> None:
        parts: list[Part] = []

        def key(name: str, words: str) -> None:
            parts.extend([(f" {name}", "key"), f" {words} "])

        changes = self._changes.values()
        if self._phase is Phase.RUNNING:
            key("Esc", "Stops")
        elif self._phase is Phase.PLANNED:
            if any(change.will_be_sent for change in changes):
                key("Enter", "Sends it")
                key("y", "Copies AWS CLI instead")
            key("Esc", "Back")
        elif self._phase is Phase.ENDED:
            if again := len(self._retried()):
                key("r", f"Tries {again:,} again")
            if self._undone():
                key("z", "Undoes it")
                key("y", "Copies AWS CLI")
            key("Esc", "Closes")
        else:
            key("Esc", "Leaves")
        if len(changes) > 1:
            key("Space", "Details")
        self.keys.show(parts)

    def _cells(self, row: str, columns: Sequence[str]) -> Sequence[Part]:
        signs = self._desk.signs
        if len(self._changes) == 1:
            change = next(iter(self._changes.values()))
            sign, tag, value = next(each for each in steps_of(change, signs) if each[1] == row)
            result = self._results.get(change.key_id)
            if result is not None:
                value = f"{value}   {result.outcome.value}"
            cells: dict[str, Part] = {"sign": (sign, _SIGN_ROLES[sign]), "tag": tag, "value": value}
            return [cells[column] for column in columns]
        change = self._changes[row]
        result = self._results.get(row)
        if result is not None:
            outcome, what = result_parts(result, self._desk.store, signs)
        elif change.refused:
            refused = TagResult(change, Outcome.REFUSED, change.refused)
            outcome, what = result_parts(refused, self._desk.store, signs)
        elif change.is_empty:
            words = change.note or "it is as wanted already"
            outcome, what = (Outcome.UNCHANGED.value, "dim"), (words, "dim")
        else:
            outcome, what = ("will change", "accent"), step_line(change, signs)
        cells = {"outcome": outcome, "key": short_name(self._desk.store, row), "what": what}
        return [cells[column] for column in columns]
