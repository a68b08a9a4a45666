"""The screen on which a run is shown, sent and told key by key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum, auto
from time import monotonic
from typing import ClassVar, Generic

from textual import on
from textual.binding import Binding, BindingType
from textual.worker import Worker

from kmstui.service.errors import CREDENTIALS_REFUSED, ServiceError
from kmstui.service.runs import RunOutcome, RunResult
from kmstui.ui.commands import Context, KeyBar, Program, bound
from kmstui.ui.dialogs import Dialog, QuestionDialog, TextDialog
from kmstui.ui.main import copy_text
from kmstui.ui.runs.run_rows import RunProgress, RunRows, duration
from kmstui.ui.runs.shown_kind import C, ShownKind
from kmstui.ui.runs.words import cli_commands, number, plan_summary, run_summary
from kmstui.ui.widgets import LineTable, Sentences, TextTable

Plan = Callable[[Callable[[int], None]], Awaitable[tuple[C, ...]]]
"""Returns what is to be done; it gets what it tells how many keys it has looked at."""

PROGRESS_SECONDS = 0.25
"""Time between two counts: each costs a line over SSH."""

_WORTH_TELLING_SECONDS = 2.0
_SEVERITIES = {"good": "information", "warn": "warning", "bad": "error"}


class Phase(Enum):
    """How far the screen is."""

    READING = auto()
    PLANNED = auto()
    RUNNING = auto()
    ENDED = auto()


class RunScreen(Dialog[bool], Generic[C]):
    """First what will happen, then what happens; returns True when something was sent."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("plan.send", "go", "send"),
        bound("plan.copy", "copy", "copy as AWS CLI commands"),
        bound("plan.retry", "retry", "try again"),
        bound("plan.undo", "undo", "undo"),
        bound("plan.details", "details", "all about the row"),
        Binding("q", "leave", "leave", show=False),
    ]

    def __init__(
        self,
        program: Program,
        kind: ShownKind[C],
        title: str,
        planner: Plan[C],
        *,
        ended: Callable[[Sequence[RunResult[C]]], None],
        written: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`written` is called when the change is in the journal, before anything is sent.

        `ended` is called with what came of a run.
        """
        super().__init__(title, "dialog-wide", "run")
        self._program = program
        self._session = kind.runs.session
        self._store = kind.store
        self._kind = kind
        self._ended = ended
        self._planner = planner
        self._written = written
        self._phase = Phase.READING
        self._rows = RunRows(kind)
        self._progress = RunProgress((), kind)
        self._reading: Worker[None] | None = None
        self._looking: Worker[None] | None = None
        self._signed_out = False
        self._cancelled = False
        self._go_at_once = False
        self._sent = False
        self._drawn = 0.0
        self._followed: str | None = None
        self._title = self.heading_line()
        self.summary = Sentences(classes="dialog--reason", most_lines=6)
        self.access = Sentences(classes="dialog--reason", most_lines=6)
        self.notice = Sentences(classes="dialog--reason", most_lines=6)
        self.detail = Sentences(most_lines=4, more="(all of it: Space)", classes="run--detail")
        self.table = TextTable(self._rows.columns, self._rows.cells, symbols=program.symbols)
        self.keys = KeyBar()
        words = (self._title, self.summary, self.access)
        self.parts = (*words, self.table, self.detail, self.notice, self.keys)

    def on_mount(self) -> None:
        """Find out what will happen."""
        self._read_plan(self._planner)

    # What will happen

    def _read_plan(self, planner: Plan[C]) -> None:
        self._enter(Phase.READING)
        self.summary.say(f"Reading {self._kind.reading}…", "dim")
        self._reading = self._work(lambda: self._plan(planner), "planning a run")

    def _work(self, job: Callable[[], Awaitable[None]], what: str) -> Worker[None]:
        return self._program.work(job, group="runs", what=what, exclusive=False, rings=True)

    async def _plan(self, planner: Plan[C]) -> None:
        try:
            changes = await planner(self._looked_at)
        except ServiceError as error:
            self._signed_out = isinstance(error, CREDENTIALS_REFUSED)
            self.summary.say(error.sentence, "bad")
            self._enter(Phase.ENDED)
            return
        self._rows.plan(changes)
        self._show_plan()
        if self._go_at_once and self._is_plain():
            self.action_go()

    def _looked_at(self, count: int) -> None:
        if self._is_time():
            self.summary.say(f"Reading {self._kind.reading}: {number(count, 'key')} so far…", "dim")

    def _show_plan(self) -> None:
        changes = tuple(self._rows.changes.values())
        words, style = plan_summary(changes, self._kind)
        seconds = self._kind.runs.kind.seconds_for(changes)
        if seconds > _WORTH_TELLING_SECONDS:
            words += f" It takes {duration(seconds)}, since KMS allows few changes a second."
        self.summary.say(words, style)
        self._warn()
        notes = [change.note for change in changes if change.note]
        more = f" And so on {number(len(notes) - 1, 'other key')}." if len(notes) > 1 else ""
        self.notice.say(f"{notes[0]}{more}" if notes else "", "warn")
        self.set_class(self._rows.one is None, "dialog-full", "-many")
        self.table.set_columns(self._rows.columns)
        self._show_rows()
        self._enter(Phase.PLANNED)
        sent = self._rows.to_send
        if self._kind.looks(sent):
            self._looking = self._program.work(
                lambda: self._kind.look(sent, self._looked), group="run-looks",
                what="reading what uses the keys", exclusive=False,
            )  # fmt: skip

    def _warn(self) -> None:
        self.access.say(self._kind.warning(self._rows.to_send), "warn")

    def _looked(self, key_id: str) -> None:
        """More is known of a key, beside the plan."""
        if self.is_running and self._phase is Phase.PLANNED:
            self._warn()
            self.table.redraw([key_id] if self._rows.one is None else None)
            if key_id == self.table.cursor_row:
                self._tell_row()

    def _stop_looking(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def _show_rows(self) -> None:
        self.table.set_rows(self._rows.order)
        self._tell_row()

    def _is_plain(self) -> bool:
        """Whether there is nothing to weigh: one key, and no value or access is lost by it."""
        change = self._rows.one
        return change is not None and change.will_be_sent and self._kind.is_plain(change)

    # What happens

    def action_go(self) -> None:
        """Send it; where there is nothing to send, leave."""
        if self._phase is Phase.READING:
            # Pressed before the plan was there: it stands if the plan holds no surprise.
            self._go_at_once = True
        elif self._phase is Phase.PLANNED and self._rows.to_send:
            self._ask()
        elif self._phase is not Phase.RUNNING:
            self.action_leave()

    def _ask(self) -> None:
        """Send it, once what must be typed was typed."""
        changes = tuple(self._rows.changes.values())
        asked = self._kind.question(self._rows.to_send)
        if asked is None:
            self._begin(changes)
            return
        words, verb, word = asked
        question = QuestionDialog(
            self.heading, words, yes=verb, no="Back to the list", style="bad", word=word
        )
        self._program.ask(question, lambda _: self._begin(changes))

    def _begin(self, changes: tuple[C, ...]) -> None:
        self._stop_looking()
        self._cancelled = False
        self._sent = True
        self._followed = None
        self._progress = RunProgress(
            (change for change in changes if change.will_be_sent), self._kind
        )
        self.access.say("")
        self.notice.say("")
        self._program.unsaved.append(self._words_if_lost)
        self._show_progress()
        self._enter(Phase.RUNNING)
        self._work(lambda: self._run(changes), "changing keys")

    async def _run(self, changes: tuple[C, ...]) -> None:
        try:
            await self._kind.runs.apply(
                changes, self._observe, lambda: self._cancelled, self._written
            )
        except ServiceError as error:
            self._sent = bool(self._rows.results)
            self._show_plan()
            self.notice.say(error.sentence, "bad")
        else:
            self._written = None
            self._show_end()
        finally:
            self._program.unsaved.remove(self._words_if_lost)
            self._ended(tuple(self._rows.results.values()))

    def _observe(self, _: int, result: RunResult[C]) -> None:
        key_id = result.change.key_id
        self._rows.results[key_id] = result
        if result.outcome.ended and result.change.will_be_sent:
            self._progress.end(result.change)
        if not self.is_running:
            return
        if self._rows.one is not None:
            self.table.redraw()
        else:
            self._observe_row(key_id, result.outcome)
        if self._is_time():
            self._show_progress()

    def _observe_row(self, key_id: str, outcome: RunOutcome) -> None:
        self.table.redraw([key_id])
        if outcome is RunOutcome.RUNNING and self._followed == self.table.cursor_row:
            # As long as the person has not moved away, the cursor goes with what is sent.
            self._followed = key_id
            self.table.move_to_row(key_id)
        elif key_id == self.table.cursor_row and outcome.ended:
            self._tell_row()

    @on(LineTable.Moved)
    def _moved(self, message: LineTable.Moved) -> None:
        message.stop()
        self._tell_row()

    def _tell_row(self) -> None:
        row = self.table.cursor_row
        if self._rows.one is not None or row is None:
            self.detail.say("")
        else:
            self.detail.say(*self._rows.told(row))

    def _is_time(self) -> bool:
        now = monotonic()
        if now - self._drawn < PROGRESS_SECONDS:
            return False
        self._drawn = now
        return True

    def _show_progress(self) -> None:
        words = self._progress.words()
        if self._cancelled:
            words += " Stopping: what is under way is brought to its end…"
        self.summary.say(words, "warn" if self._cancelled else "accent")

    def _words_if_lost(self) -> str:
        left = number(self._progress.left, "key")
        return self._kind.if_lost(left)

    # What happened

    def _show_end(self) -> None:
        results = tuple(self._rows.results.values())
        if self._rows.one is not None and results[0].outcome is RunOutcome.DONE:
            self._session.notify(f"{self._kind.now_holds(results[0])} z undoes it.")
            if self.is_running:
                self.dismiss(True)
            return
        words, style = run_summary(results)
        if not self.is_running:
            self._session.notify(
                f"{self.heading}: {words} ! lists the changes.", _SEVERITIES[style]
            )
            return
        self.summary.say(words, style)
        if self._rows.one is not None:
            self.notice.say(results[0].detail, style)
        else:
            self._show_rows()
            self.table.action_first()
        self._enter(Phase.ENDED)

    def action_retry(self) -> None:
        """Send again what failed or was not sent; what it is was agreed to already."""
        again = self._rows.to_retry
        if self._phase is Phase.ENDED and again:
            self._enter(Phase.READING)
            self.summary.say(
                f"Reading {self._kind.reading} of {number(len(again), 'key')} again…", "dim"
            )
            self._work(lambda: self._retry(again), "trying again")

    async def _retry(self, again: tuple[C, ...]) -> None:
        try:
            changes = await self._kind.runs.plan_again(again, self._looked_at)
        except ServiceError as error:
            self._signed_out = isinstance(error, CREDENTIALS_REFUSED)
            self.notice.say(error.sentence, "bad")
            self._enter(Phase.ENDED)
        else:
            self._begin(changes)

    def go_on(self) -> None:
        """Plan, or send what is left, if the credentials were refused before."""
        if self._phase is not Phase.ENDED:
            return
        refused = any(result.signed_out for result in self._rows.results.values())
        if self._rows.to_retry and (refused or self._signed_out):
            self.action_retry()
        elif self._signed_out:
            self._read_plan(self._planner)
        self._signed_out = False

    def action_undo(self) -> None:
        """Show what takes the change back."""
        changes = self._rows.to_undo
        if self._phase is Phase.ENDED and changes:
            self._title.say(f"Undo the {self._kind.noun(changes)}", "title")
            self.notice.say("")
            self._go_at_once = False
            self._read_plan(lambda told: self._kind.runs.plan_undo(changes, told))

    def action_copy(self) -> None:
        """Copy what will be sent, or what was, as AWS CLI commands."""
        changes = self._rows.to_send
        if self._phase in (Phase.PLANNED, Phase.ENDED) and changes:
            text = cli_commands(changes, self._kind, self._session)
            self._work(lambda: self._copy(text), "copying")

    async def _copy(self, text: str) -> None:
        notices = self._store.notices
        before = len(notices)
        await copy_text(Context(self._program, self), text, "AWS CLI commands")
        if len(notices) > before:
            self.notice.say(notices[-1].text, "good")

    def action_details(self) -> None:
        """Show all about a row."""
        row = self.table.cursor_row
        if row is not None and self._rows.one is None:
            title = self._store.name_of(row)
            self.app.push_screen(TextDialog(title, self._rows.all_about(row)))

    def action_leave(self) -> None:
        """Stop what runs, or leave; pressed again, leave what is under way to itself."""
        if self._phase is Phase.RUNNING and not self._cancelled:
            self._cancelled = True
            self._show_progress()
            self._enter(Phase.RUNNING)
            return
        if self._phase is Phase.RUNNING:
            noun = self._kind.noun(self._rows.to_send)
            words = f"A {noun} is still under way; how that ended will be told here."
            self._session.notify(words)
        if self._phase is Phase.READING and self._reading is not None:
            self._reading.cancel()
        self._stop_looking()
        self.dismiss(self._sent)

    # The keys

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        offered = {
            Phase.READING: [("Esc", "Leaves")],
            Phase.PLANNED: self._rows.keys_before,
            Phase.RUNNING: [("Esc", "Leaves it to itself" if self._cancelled else "Stops")],
            Phase.ENDED: self._rows.keys_after,
        }[phase]
        if self._rows.changes and self._rows.one is None:
            offered.append(("plan.details", "Details"))
        self.keys.show_keys(offered)
