"""How a policy is saved: review, merge where it must be, save, and what comes of it.

Each screen is pushed by the handler that decides so, without waiting in between, so that keys
typed ahead reach the screen they were meant for and never the text below it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType

from kmstui.model import ConnectionInfo
from kmstui.service.changes import ChangeStep
from kmstui.service.editing import (
    Conflict,
    PolicyEditing,
    PolicyLocation,
    Review,
    RolePolicyLocation,
    SaveEnd,
    SaveOutcome,
    SaveResult,
)
from kmstui.service.errors import CREDENTIALS_REFUSED, JournalError, ServiceError
from kmstui.ui.commands import KeyBar, aws_command, program_of
from kmstui.ui.dialogs import Dialog
from kmstui.ui.editing.conflict_screen import ConflictScreen
from kmstui.ui.editing.policy_screen import PolicyScreen
from kmstui.ui.editing.review_rows import diff_rows
from kmstui.ui.editing.review_screen import GoToSpan, ReviewAnswer, ReviewScreen
from kmstui.ui.style import Symbols
from kmstui.ui.widgets import Block, Row, Rows


def put_command(
    info: ConnectionInfo | None, place: PolicyLocation, text: str, *, bypass: bool = False
) -> str:
    """`aws kms put-key-policy …` or `aws iam put-role-policy …` with the text on one line."""
    document = _one_line(text)
    if isinstance(place, RolePolicyLocation):
        _, role, policy = place.subject.split("/")
        return aws_command(
            info, "put-role-policy", "--role-name", role, "--policy-name", policy,
            "--policy-document", document, service="iam",
        )  # fmt: skip
    flag = ("--bypass-policy-lockout-safety-check",) if bypass else ()
    return aws_command(
        info, "put-key-policy", "--key-id", place.subject, "--policy-name", "default",
        *flag, "--policy", document,
    )  # fmt: skip


def _one_line(text: str) -> str:
    try:
        return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def review_and_save(screen: PolicyScreen) -> None:
    """Show what the present text does; save it once that is confirmed."""
    text, refused = screen.viewer.text, screen.refused

    def reviewed(answer: ReviewAnswer) -> None:
        if isinstance(answer, Conflict):
            _merge(screen, answer)
        elif isinstance(answer, GoToSpan):
            screen.select(answer.span)
        else:
            _save(screen, text, answer.bypass_alias)

    review = ReviewScreen(
        screen.target,
        screen.editing,
        text,
        screen.symbols,
        prepare=lambda: screen.ready_for_review(text),
        refused=refused is not None and refused.locks_out and refused.sent == text,
    )
    screen.program.ask(review, reviewed)


def _merge(screen: PolicyScreen, conflict: Conflict) -> None:
    def merged(text: str) -> None:
        screen.editing.rebase(conflict)
        screen.put_text(text)
        review_and_save(screen)

    title = screen.target.title
    screen.program.ask(ConflictScreen(title, conflict, screen.symbols), merged)


def _save(screen: PolicyScreen, text: str, bypass_alias: str) -> None:
    def ended(answer: SavingAnswer) -> None:
        if isinstance(answer, Conflict):
            _merge(screen, answer)
        elif isinstance(answer, SaveResult) and answer.end is SaveEnd.REFUSED:
            _show_refusal(screen, answer)
        elif isinstance(answer, SaveResult) and (answer.is_stored or answer.is_taken):
            _finish(screen, text, answer, bypassed=bool(bypass_alias))

    editing = screen.editing
    saving = SavingScreen(
        editing,
        editing.review(text),
        screen.symbols,
        partial(_tell_later, screen, text, bypassed=bool(bypass_alias)),
        bypass_alias=bypass_alias,
    )
    screen.program.ask(saving, ended)


def _tell_later(screen: PolicyScreen, text: str, end: SavingAnswer, *, bypassed: bool) -> None:
    """The person has left the save to itself."""
    title = screen.target.title
    if isinstance(end, Conflict):
        words = f"{title} was not saved: somebody else has changed it. e shows both texts."
    elif isinstance(end, SaveResult) and (end.is_stored or end.is_taken):
        _tell_saved(screen, text, end, bypassed=bypassed)
        return
    else:
        words = f"{title} was not saved. {' '.join(_words(end))}"
        if isinstance(end, SaveResult) and end.end is SaveEnd.UNKNOWN:
            words = end.sentence
    screen.session.notify(words, "warning")


def _finish(screen: PolicyScreen, text: str, result: SaveResult, *, bypassed: bool) -> None:
    _tell_saved(screen, text, result, bypassed=bypassed)
    screen.dismiss(None)


def _tell_saved(screen: PolicyScreen, text: str, result: SaveResult, *, bypassed: bool) -> None:
    severity = "information" if result.is_stored else "warning"
    screen.session.notify(result.sentence, severity)
    if result.end is not SaveEnd.UNCHANGED:
        screen.program.last_change_command = put_command(
            screen.session.of(screen.target.location.subject).info,
            screen.target.location,
            text,
            bypass=bypassed,
        )
    screen.program.work(
        screen.target.show_stored, group="stored", what="reading what is stored", exclusive=False
    )


def _show_refusal(screen: PolicyScreen, refused: SaveResult) -> None:
    screen.refused = refused
    screen.viewer.set_lint(screen.lint)
    screen.notice.tell(refused.sentence, "bad")
    if refused.parts:
        screen.select(refused.parts[0].span)


SavingAnswer = SaveOutcome | ServiceError
"""How a save ended; an error was raised before anything was sent."""

_TITLES: dict[SaveEnd, tuple[str, str]] = {
    SaveEnd.PROPAGATING: ("Saved, still propagating", "warn"),
    SaveEnd.DIFFERS: ("Accepted, but something else is stored", "bad"),
    SaveEnd.UNREAD: ("Accepted, not read back", "warn"),
    SaveEnd.REFUSED: ("Refused: nothing has changed", "bad"),
    SaveEnd.UNKNOWN: ("It is not known yet whether it was saved", "bad"),
}


_WAITS = frozenset({ChangeStep.TURN, ChangeStep.BUSY, ChangeStep.WAITING})
"""Steps that a person can end; what was sent can only be left to itself."""


class SavingScreen(Dialog[SavingAnswer]):
    """Runs the save; closes by itself where it ended as wished, else after it was read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "wait no longer", show=False),
        Binding("enter,q", "close", "close", show=False),
    ]

    def __init__(
        self,
        editing: PolicyEditing,
        review: Review,
        symbols: Symbols,
        later: Callable[[SavingAnswer], None],
        *,
        bypass_alias: str = "",
    ) -> None:
        """`later` is told how it ended where the person has left it to itself."""
        super().__init__(f"Saving the policy of {editing.location.label}", "dialog-wide", "saving")
        self._editing = editing
        self._review = review
        self._later = later
        self._bypass_alias = bypass_alias
        self._symbols = symbols
        self._steps: list[ChangeStep] = []
        self._end: SavingAnswer | None = None
        self._left = False
        self._head = self.heading_line()
        self.rows = Rows(symbols=symbols)
        self.keys = KeyBar()
        self.parts = (self._head, self.rows, self.keys)

    def on_mount(self) -> None:
        """Begin."""
        self._show_steps()
        # Where this is cancelled, the editing itself carries the save to its end.
        program_of(self).work(self._run, group="save", what="saving", exclusive=False)

    async def _run(self) -> None:
        try:
            self._take(await self._save())
        finally:
            if self._end is None and self.is_attached:
                # A fault of our own, which is told; the person must not be stuck here.
                self.dismiss(None)

    async def _save(self) -> SavingAnswer:
        try:
            return await self._editing.save(
                self._review, bypass_alias=self._bypass_alias, observe=self._observe
            )
        except ServiceError as error:
            return error

    def _take(self, end: SavingAnswer) -> None:
        self._end = end
        if self._left:
            self._later(end)
        elif isinstance(end, Conflict) or (isinstance(end, SaveResult) and end.is_stored):
            self.dismiss(end)
        else:
            self._show_end(end)

    def _observe(self, step: ChangeStep) -> None:
        if step in self._steps[-1:]:
            return
        if step in self._steps:
            # It is done again, and told once: after the one that made it necessary.
            self._steps.remove(step)
        self._steps.append(step)
        self._show_steps()

    def _show_steps(self) -> None:
        rows: list[Row] = [
            Block(f"{step}", "good", f" {self._symbols.done} ") for step in self._steps[:-1]
        ]
        rows += [Block(f"{step}…", "", "   ") for step in self._steps[-1:]]
        self.rows.show(rows)
        stop = " Wait no longer " if self._can_stop else " Leave it to itself "
        if self._steps[-1:] == [ChangeStep.CHECKING]:
            stop = " Do not send "
        self.keys.show([(" Esc", "key"), stop])

    def _show_end(self, end: SaveResult | ServiceError) -> None:
        title, role = "Not saved: nothing was sent", "bad"
        if isinstance(end, SaveResult):
            title, role = _TITLES[end.end]
        self._head.say(title, role)
        rows: list[Row] = [Block(paragraph) for paragraph in _words(end)]
        if isinstance(end, SaveResult):
            rows += _differences(end)
        self.rows.show(rows)
        self.keys.show([(" Enter", "key"), " Close ", (" j k", "key"), " Scroll "])

    def action_stop(self) -> None:
        """Wait no longer for reads to show it, or for an answer; or close, once it has ended."""
        if self._end is not None:
            self.action_close()
        elif self._can_stop:
            self._editing.stop_waiting()
        else:
            self._left = True
            if self._steps[-1:] == [ChangeStep.CHECKING]:
                self._editing.stop_waiting()
            else:
                program_of(self).session.notify(
                    f"The policy of {self._editing.location.label} is still being saved; how that"
                    " ended will be told here."
                )
            self.dismiss(None)

    @property
    def _can_stop(self) -> bool:
        """Whether what is waited for is not an answer of the service, or not for the first time."""
        again = ChangeStep.READING_BACK in self._steps[-1:] and ChangeStep.WAITING in self._steps
        return again or bool(_WAITS.intersection(self._steps[-1:]))

    def go_on(self) -> None:
        """Save after all: what is stored is read again before anything is sent."""
        end = self._end.error if isinstance(self._end, SaveResult) else self._end
        if isinstance(end, CREDENTIALS_REFUSED):
            self._end, self._steps = None, []
            self._head.say(self.heading, "title")
            self.on_mount()

    def action_close(self) -> None:
        """Close, if it has ended."""
        if self._end is not None:
            self.dismiss(self._end)


def _differences(result: SaveResult) -> list[Row]:
    if result.end not in (SaveEnd.DIFFERS, SaveEnd.UNKNOWN) or not result.stored:
        return []
    head = Block("From your text to what is stored now", "title")
    return [Block(""), head, *diff_rows(result.sent, result.stored)]


def _words(end: SaveResult | ServiceError) -> list[str]:
    if isinstance(end, JournalError):
        # What could not be written down is on the screen alone.
        return [end.sentence]
    if isinstance(end, ServiceError):
        return [end.sentence, "Your text is kept."]
    found = [end.sentence]
    if end.locks_out:
        found.append(
            "This is KMS's lock-out check. It can be bypassed from the review (b), after you have"
            " typed the key's alias."
        )
    if end.end is SaveEnd.UNKNOWN:
        found.append(
            "Enter goes back to your text. Ctrl-s there reads the stored policy again and shows"
            " your text beside it; nothing is sent before y."
        )
    return found
