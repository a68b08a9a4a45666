"""Sending the changes of many keys in a row, and reading each back.

Sending keeps the order and is paced by the gateway; reading back runs beside it, since a key may
take seconds to show its change and the next one shall not wait for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic

from kmstui.service.changes import (
    FOR_ONE_OF_MANY,
    FOR_QUOTA,
    Change,
    ChangeResult,
    ChangeScope,
    Check,
    Shown,
    Sleep,
    Waiting,
    begin_in_scopes,
    confirm_change,
    end_change,
    read_back,
    send_change,
    send_until_taken,
)
from kmstui.service.errors import (
    CREDENTIALS_REFUSED,
    OPEN_OUTCOME,
    CancelledByPersonError,
    ConflictError,
    EndpointError,
    NetworkError,
    ReadOnlyError,
    ServiceError,
    ThrottledError,
)
from kmstui.service.ports import ChangeRecord, Gateway, Scope
from kmstui.service.runs.kinds import RunKind, Step, T
from kmstui.service.runs.outcomes import C, RunOutcome, RunResult
from kmstui.service.session import Session

SENDING_AT_ONCE = 5
"""Hides the latency of writes. These are under way when a person cancels: not many."""

READING_AT_ONCE = 64
"""Keys that are being read back; with more, sending waits."""

_OF_THE_CONNECTION = (
    *CREDENTIALS_REFUSED,
    EndpointError,
    NetworkError,
    ReadOnlyError,
    CancelledByPersonError,
)
"""What stops one key stops all: nothing more is sent, instead of failing hundreds of times."""

Observer = Callable[[int, RunResult[C]], None]
"""Told the index of a change and how far it is."""


class _UntilCancelled(Waiting):
    """Waits before a change that was turned away is sent again, until the person cancels."""

    def __init__(self, cancelled: Callable[[], bool], sleep: Sleep) -> None:
        super().__init__(FOR_QUOTA, sleep)
        self._cancelled = cancelled

    @property
    def is_stopped(self) -> bool:
        return self._cancelled()


@dataclass(slots=True)
class _Sending(Generic[C, T]):
    """The calls that the change of one key takes."""

    index: int
    asked: C
    scope: ChangeScope
    gateway: Gateway
    kind: RunKind[C, T]
    cancelled: Callable[[], bool]
    pause: Sleep
    steps: Sequence[Step[T]] = ()
    done: int = 0
    """How many of them were taken; the others may still be to come."""

    def __post_init__(self) -> None:
        self.steps = self.kind.steps(self.gateway, self.asked)

    @property
    def check(self) -> Check[T]:
        """How to see whether the key was changed."""
        return self.kind.check(self.gateway, self.asked)

    @property
    def change(self) -> Change[T]:
        """The change as the runner takes it."""
        return Change(
            self.kind.operation_of(self.asked),
            self.asked.key_id,
            dict(self.asked.before),
            dict(self.asked.after),
            self._send,
            self.check,
            refusal=self._refusal,
        )

    async def _send(self) -> None:
        while self.done < len(self.steps):
            step = self.steps[self.done]
            await self._take(step)
            self.done += 1
            if self.done < len(self.steps) and step.seen is not None:
                # What comes next would take away what this one is to replace.
                read = await read_back(step.seen, Waiting(FOR_ONE_OF_MANY, self.pause))
                if read.shown is Shown.OLD:
                    raise ConflictError(step.late, "r tries again.")

    async def _take(self, step: Step[T]) -> None:
        if step.still is not None:
            change = Change("", self.asked.key_id, {}, {}, step.send, step.seen, step.still)
            await send_until_taken(change, _UntilCancelled(self.cancelled, self.pause))
            return
        for seconds in FOR_QUOTA:
            try:
                await step.send()
            except ThrottledError:
                if self.cancelled():
                    raise
            else:
                return
            await self.pause(seconds)
        await step.send()

    def _refusal(self, error: ServiceError) -> tuple[str, str]:
        result = self.refused(error)
        return "cancelled" if result.outcome is RunOutcome.CANCELLED else "failed", result.detail

    def refused(self, error: ServiceError, found: T | None = None) -> RunResult[C]:
        """The result of a refusal, after which this was read of the key."""
        signed_out = isinstance(error, CREDENTIALS_REFUSED)
        if self.done:
            words = f"{self.steps[self.done - 1].half_done} {error.sentence}".lstrip()
            return RunResult(self.asked, RunOutcome.FAILED, words, found, signed_out)
        ended = isinstance(error, CancelledByPersonError | ReadOnlyError)
        outcome = RunOutcome.CANCELLED if ended else RunOutcome.FAILED
        return RunResult(self.asked, outcome, error.sentence, signed_out=signed_out)


Item = tuple[_Sending[C, T], ChangeRecord]


class Run(Generic[C, T]):
    """One run over many keys, on the connection that it was begun with."""

    def __init__(
        self,
        session: Session,
        kind: RunKind[C, T],
        batch: str,
        observer: Observer[C],
        cancelled: Callable[[], bool],
        pause: Sleep,
    ) -> None:
        self._session = session
        self._kind = kind
        self._batch = batch
        self._gateway = session.gateway
        self._observer = observer
        self._cancelled = cancelled
        self._pause = pause
        self._stopped: dict[Scope, str] = {}
        """Why nothing more is sent in an account and Region."""
        self._readers = asyncio.Semaphore(READING_AT_ONCE)
        self._results: dict[int, RunResult[C]] = {}

    async def begin(self, changes: Sequence[tuple[int, C]]) -> list[Item[C, T]]:
        """Write down all changes, each with its index.

        Raises:
            JournalError: they could not be written down, so nothing may be sent.
        """
        of = self._session.of
        sendings = [
            _Sending(
                index,
                each,
                of(each.key_id).change_scope(self._batch),
                self._gateway,
                self._kind,
                self._cancelled,
                self._pause,
            )
            for index, each in changes
        ]
        records = await begin_in_scopes([(each.scope, each.change) for each in sendings])
        return list(zip(sendings, records, strict=True))

    async def run(self, items: Sequence[Item[C, T]]) -> dict[int, RunResult[C]]:
        """Send all, in their order; returns how each ended, by index."""
        queue = iter(items)
        async with asyncio.TaskGroup() as readers, asyncio.TaskGroup() as senders:
            for _ in range(SENDING_AT_ONCE):
                senders.create_task(self._send_all(queue, readers))
        return self._results

    async def _send_all(self, queue: Iterator[Item[C, T]], readers: asyncio.TaskGroup) -> None:
        for sending, record in queue:
            asked = sending.asked
            stopped = self._stopped.get(sending.scope.where, "")
            if self._cancelled() or stopped:
                why = stopped or "Cancelled before it was sent."
                problem = await end_change(sending.scope, record, "cancelled", why)
                self._end(sending.index, RunResult(asked, RunOutcome.CANCELLED, why), problem)
                continue
            await self._readers.acquire()
            self._observer(sending.index, RunResult(asked, RunOutcome.RUNNING))
            sent = await send_change(sending.scope, sending.change, record)
            if sent.refused and sent.error is not None:
                self._readers.release()
                await self._refused(sending, sent.error, sent.journal_problem)
            else:
                why = sent.error.sentence if sent.error is not None else ""
                self._observer(sending.index, RunResult(asked, RunOutcome.SENT, why))
                readers.create_task(self._finish(sending, sent))

    def _end(self, index: int, result: RunResult[C], journal_problem: str) -> None:
        if journal_problem:
            result = replace(result, detail=f"{result.detail} {journal_problem}".strip())
        self._results[index] = result
        self._observer(index, result)

    def _stop(self, where: Scope, why: str, error: ServiceError) -> None:
        self._stopped.setdefault(where, f"Not sent, because {why}: {error.sentence}")

    async def _refused(
        self, sending: _Sending[C, T], error: ServiceError, journal_problem: str
    ) -> None:
        if isinstance(error, _OF_THE_CONNECTION):
            self._stop(sending.scope.where, "an earlier one failed", error)
        found = await self._read(sending) if sending.done else None
        self._end(sending.index, sending.refused(error, found), journal_problem)

    async def _finish(self, sending: _Sending[C, T], sent: ChangeResult[T]) -> None:
        waiting = Waiting(FOR_ONE_OF_MANY, self._pause)
        try:
            ended = await confirm_change(sending.scope, sending.check, sent, waiting)
        finally:
            self._readers.release()
        if ended.error is not None and ended.read.shown is Shown.UNREADABLE:
            # Whoever answers in AWS's place does so to all.
            why = "nobody can tell what became of an earlier one"
            self._stop(sending.scope.where, why, ended.error)
        if ended.read.shown is Shown.OURS:
            self._keep(sending.asked.key_id, ended.read.value)
        self._end(sending.index, _result(sending.asked, ended), ended.journal_problem)

    async def _read(self, sending: _Sending[C, T]) -> T | None:
        try:
            value = await sending.check.read()
        except ServiceError as error:
            self._session.notify(error.sentence, "warning")
            return None
        self._keep(sending.asked.key_id, value)
        return value

    def _keep(self, key_id: str, value: T | None) -> None:
        # After a switch the store is of another account; the run's results still are told.
        if value is not None and self._session.is_connected_by(self._gateway):
            self._kind.keep(self._session.store, key_id, value)


def _result(change: C, ended: ChangeResult[T]) -> RunResult[C]:
    read = ended.read
    if read.shown is Shown.OURS:
        return RunResult(change, RunOutcome.DONE, "", read.value)
    if ended.error is not None:
        words = f"{ended.error.sentence} {read.problem}"
        if not read.problem:
            said = ended.error.sentence.replace(OPEN_OUTCOME, "")
            words = f"{said} Read back afterwards, the key does not show it yet."
        return RunResult(change, RunOutcome.UNKNOWN, words, read.value)
    if read.value is None:
        words = f"KMS accepted it, but it could not be read back. {read.problem}"
        return RunResult(change, RunOutcome.UNREAD, words)
    words = "KMS accepted it; the key does not show it yet, which can take minutes."
    return RunResult(change, RunOutcome.PROPAGATING, words, read.value)
