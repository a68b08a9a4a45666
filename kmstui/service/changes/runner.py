"""The one way in which something in AWS is changed.

A change is described by a `Change`: operation and subject as the journal has them, what was there
before and what is asked for, how to send it, and how to see whether it happened (`Check`).
`run_change` takes it through its steps:

1. It is written down, or nothing is sent (`begin_changes`; many at once for a batch).
2. It is sent (`send_change`). Where it was throttled, failed inside the service, or was refused for
   credentials that were renewed since, and is about what was read before (`Change.stands`), that is
   read again before it is sent again: looking and sending are one step. Accepted or refused is
   written down at once: a crash while it is read back must not make that unknown again.
3. It is read back (`confirm_change`), by a schedule of `waiting`. Where no clear answer came
   (`UNCERTAIN`), what is read decides; the end is written down.

Nothing raises once it was sent but the cancellation of who waits: an error is part of the
`ChangeResult`, and so is the trouble of a journal that cannot be written any more.
What a killed program left behind is found out by `settling`, with the same `Check`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from kmstui.service.changes.reading_back import Check, ReadBack, Shown, read_back
from kmstui.service.changes.waiting import FOR_QUOTA, Waiting
from kmstui.service.errors import (
    UNCERTAIN,
    ConflictError,
    CredentialsRenewedError,
    JournalError,
    ServiceError,
    ServiceFailureError,
    ThrottledError,
)
from kmstui.service.ports import ChangeRecord, Journal, Scope

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class ChangeScope:
    """Who changes something, where that is written down, and what time it is."""

    journal: Journal
    where: Scope
    """The account and Region."""
    caller: str
    """ARN; empty when unknown."""
    clock: Clock
    batch: str = ""
    """What the changes of several keys made together share; empty for a single one."""

    def check_durable(self) -> None:
        """Nothing may be changed that cannot be written down for good.

        Raises:
            JournalError: it cannot.
        """
        if not self.journal.durable:
            raise JournalError(self.journal.warning.strip() or "the journal cannot be written")

    async def close_draft(self, subject: str) -> None:
        """A draft was stored or discarded: it is history now.

        Raises:
            JournalError
        """
        await self.journal.close_draft(self.where, subject)

    async def keep(self, subject: str, text: str, kind: str, note: str = "") -> None:
        """Keep one text of a policy in the journal.

        Raises:
            JournalError: it is not kept.
        """
        await self.journal.keep_version(
            self.where, subject, text, kind, caller=self.caller, note=note
        )


T = TypeVar("T")


class ChangeStep(StrEnum):
    """What is being done, for a line on the screen."""

    TURN = "Waiting: another kmstui is saving this policy"
    CHECKING = "Reading the stored policy"
    SENDING = "Sending"
    BUSY = "Turned away, for now: waiting to look again and send it again"
    READING_BACK = "Reading it back"
    WAITING = "Waiting until reads show it"


Observer = Callable[[ChangeStep], None]
"""Told of each step."""


def _failed(error: ServiceError) -> tuple[str, str]:
    return "failed", error.sentence


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """One change of something in AWS, and how to see whether it happened."""

    operation: str
    """The permission that it needs, such as `kms:CreateAlias`."""
    subject: str
    """Key ID, alias name, or `role/NAME/POLICY`."""
    before: Mapping[str, object]
    after: Mapping[str, object]
    send: Callable[[], Awaitable[str | None]]
    """Sends it; what it returns is written down beside "done"."""
    check: Check[T] | None = None
    """None where nothing can be read back, since only the answer names what was made."""
    stands: Callable[[T], bool] | None = None
    """Whether what is read is still what the change was decided on, so that it may be sent again.
    None where the gateway sends it again by itself, or nobody does."""
    settled_later: bool = True
    """Whether the next start finds out what became of it: then no end is written down before one is
    known. Else "unknown" is written down as soon as nobody knows."""
    refusal: Callable[[ServiceError], tuple[str, str]] = _failed
    """How the journal has a refusal: outcome and detail."""


@dataclass(frozen=True, slots=True)
class ChangeResult(Generic[T]):
    """What is known of a change that was sent; in the end, how it ended."""

    record: ChangeRecord
    detail: str = ""
    """What is written down beside "done"."""
    error: ServiceError | None = None
    """Why it was refused, or why no clear answer came; None where it was accepted."""
    refused: bool = False
    journal_problem: str = ""
    """Why its end could not be written down, as a sentence: it happened all the same, so this must
    reach the person."""
    read: ReadBack[T] = field(default_factory=ReadBack)
    """What was found when it was read back."""


async def run_change(
    scope: ChangeScope,
    change: Change[T],
    waiting: Waiting,
    observe: Observer = lambda _: None,
) -> ChangeResult[T]:
    """Write a change down, send it, read it back, and write down how it ended.

    Raises:
        JournalError: it could not be written down, and nothing was sent.
    """
    (record,) = await begin_changes(scope, [change])
    observe(ChangeStep.SENDING)
    sent = await send_change(scope, change, record, waiting, observe)
    if sent.refused or change.check is None:
        return sent
    return await confirm_change(scope, change.check, sent, waiting, observe)


async def begin_changes(
    scope: ChangeScope, changes: Sequence[Change[Any]]
) -> tuple[ChangeRecord, ...]:
    """Write changes down, all or none.

    Raises:
        JournalError: they could not be written down, so nothing may be sent.
    """
    return await begin_in_scopes([(scope, change) for change in changes])


async def begin_in_scopes(
    changes: Sequence[tuple[ChangeScope, Change[Any]]],
) -> tuple[ChangeRecord, ...]:
    """As `begin_changes`, each under its own account and Region of one journal."""
    if not changes:
        return ()
    first = changes[0][0]
    first.check_durable()
    time = first.clock()
    return await first.journal.begin(
        [
            ChangeRecord(
                id=0,
                time=time,
                scope=scope.where,
                caller=scope.caller,
                batch=scope.batch,
                operation=change.operation,
                subject=change.subject,
                before=json.dumps(change.before),
                after=json.dumps(change.after),
                outcome="pending",
            )
            for scope, change in changes
        ]
    )


async def send_change(
    scope: ChangeScope,
    change: Change[T],
    record: ChangeRecord,
    waiting: Waiting | None = None,
    observe: Observer = lambda _: None,
) -> ChangeResult[T]:
    """Send a change that was written down, and write down what is known at once.

    With `waiting` it is sent again as `Change.stands` has it, until that is stopped.
    """
    try:
        detail = await send_until_taken(change, waiting, observe)
    except asyncio.CancelledError:
        # The program ends, and the request may have left: nobody will hear the answer.
        if not change.settled_later:
            why = "kmstui ended before an answer came."
            await end_change(scope, record, "unknown", why)
        raise
    except UNCERTAIN as error:
        problem = ""
        if not change.settled_later:
            problem = await end_change(scope, record, "unknown", error.sentence)
        return ChangeResult(record, error=error, journal_problem=problem)
    except ServiceError as error:
        problem = await end_change(scope, record, *change.refusal(error))
        return ChangeResult(record, error=error, refused=True, journal_problem=problem)
    problem = await end_change(scope, record, "done", detail)
    return ChangeResult(record, detail, journal_problem=problem)


async def send_until_taken(
    change: Change[T], waiting: Waiting | None, observe: Observer = lambda _: None
) -> str:
    """Send a change, again as `Change.stands` has it where it was turned away; returns its detail.

    Raises:
        ServiceError: it was refused, or no clear answer came.
    """
    for seconds in FOR_QUOTA:
        refused: ServiceError
        try:
            return await change.send() or ""
        except CredentialsRenewedError as error:
            refused = error
        except (ThrottledError, ServiceFailureError) as error:
            if waiting is None or change.stands is None:
                raise
            observe(ChangeStep.BUSY)
            await waiting.pause(seconds)
            if waiting.is_stopped:
                raise
            refused = error
        if done := await _look_again(change, refused):
            return done
        observe(ChangeStep.SENDING)
    return await change.send() or ""


async def _look_again(change: Change[T], refused: ServiceError) -> str:
    """That it is so by now, as sentences; "" where it may be sent again.

    Raises:
        ConflictError: somebody else has changed what it is about.
        ServiceError: `refused`, where nobody can look.
    """
    if change.check is None or change.stands is None:
        return ""
    try:
        found = await change.check.read()
    except ServiceError:
        raise refused from None
    if change.check.judge(found) is Shown.OURS:
        return f"{refused.sentence} {_FOUND[Shown.OURS]}"
    if not change.stands(found):
        raise ConflictError(
            "somebody else changed it while kmstui waited to send it again, so that was not done",
            "Read it again to see what is there now.",
            refused.context,
        ) from None
    return ""


async def confirm_change(
    scope: ChangeScope,
    check: Check[T],
    sent: ChangeResult[T],
    waiting: Waiting,
    observe: Observer = lambda _: None,
) -> ChangeResult[T]:
    """Read back a change that was not refused, and write down what that told."""
    observe(ChangeStep.READING_BACK)
    read = await read_back(check, waiting, lambda: observe(ChangeStep.WAITING))
    problem = sent.journal_problem
    found = _found(sent, read)
    if found is not None and not problem:
        problem = await end_change(scope, sent.record, *found)
    return replace(sent, read=read, journal_problem=problem)


_FOUND = {
    Shown.OURS: "Read back afterwards: it was done.",
    Shown.OLD: "Read back afterwards, it did not show.",
    Shown.OTHER: "Read back afterwards, something else was there.",
}


def _found(sent: ChangeResult[T], read: ReadBack[T]) -> tuple[str, str] | None:
    """Outcome and detail that the reading back adds to what is written down already."""
    if sent.error is None:
        if read.shown is Shown.OURS:
            return None
        words = {
            Shown.OLD: "not visible yet",
            Shown.OTHER: "and replaced by somebody else's",
        }.get(read.shown, f"but not read back: {read.problem}")
        return "done", f"{sent.detail or 'accepted'}, {words}"
    words = _FOUND.get(read.shown, f"Afterwards it could not be read back: {read.problem}")
    return "done" if read.shown is Shown.OURS else "unknown", f"{sent.error.sentence} {words}"


async def end_change(scope: ChangeScope, record: ChangeRecord, outcome: str, detail: str) -> str:
    """Write down how a change ended; returns why that could not be, as a sentence, or ""."""
    try:
        await scope.journal.end(record.id, outcome, detail)
    except JournalError as error:
        return journal_trouble(error)
    return ""


def journal_trouble(error: JournalError) -> str:
    """That the end of a change could not be written down, as sentences for the person."""
    reason = error.reason.rstrip(".")
    return (
        f"How it ended could not be written to the journal: {reason}. {error.next_step}"
    ).rstrip()
