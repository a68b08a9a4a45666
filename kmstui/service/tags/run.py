"""Sending changes of tags, many in a row, and reading each back.

Sending keeps the order and is paced by the gateway; reading back runs beside it, since a key may
take seconds to show its new tags and the next one shall not wait for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from kmstui.model import Tag
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
    ours_if,
    read_back,
    send_change,
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
from kmstui.service.ports import ChangeRecord, Gateway, Scope, Urgency
from kmstui.service.session import Session
from kmstui.service.tags.change import TagChange, TagOutcome, TagResult, operation_of, shows

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

Observer = Callable[[int, TagResult], None]
"""Told the index of a change and how far it is."""
Tags = tuple[Tag, ...]


def tag_check(gateway: Gateway, change: TagChange, urgency: Urgency = Urgency.ASKED) -> Check[Tags]:
    """How to see whether the tags of a key were changed."""
    return Check(
        lambda: gateway.list_tags(change.key_id, urgency), lambda tags: ours_if(shows(tags, change))
    )


@dataclass(slots=True)
class _Sending:
    """The one or two calls that the change of one key takes."""

    index: int
    tags: TagChange
    scope: ChangeScope
    gateway: Gateway
    retried: Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]
    """Makes one call, and again where it was throttled."""
    pause: Sleep
    put: bool = False
    """Whether the tags were put; the others may still be there."""

    @property
    def change(self) -> Change[Tags]:
        """The change as the runner takes it."""
        return Change(
            operation_of(self.tags),
            self.tags.key_id,
            dict(self.tags.before),
            dict(self.tags.after),
            self._send,
            tag_check(self.gateway, self.tags),
            refusal=self._refusal,
        )

    async def _send(self) -> None:
        gateway, tags = self.gateway, self.tags
        # Put before remove: a rename that stops half-way leaves both tags, not none.
        if tags.put:
            await self.retried(lambda: gateway.tag(tags.key_id, tags.put))
            self.put = True
        if tags.put and tags.remove:
            await self._see_put()
        if tags.remove:
            await self.retried(lambda: gateway.untag(tags.key_id, tags.remove))

    async def _see_put(self) -> None:
        """Read the new tags back: the old ones may hold the only copy of a value until then."""
        put = replace(self.tags, after=tuple((tag.key, tag.value) for tag in self.tags.put))
        waiting = Waiting(FOR_ONE_OF_MANY, self.pause)
        read = await read_back(tag_check(self.gateway, put), waiting)
        if read.shown is Shown.OLD:
            raise ConflictError(
                "KMS does not show the new tags yet, so the old ones were left", "r tries again."
            )

    def _refusal(self, error: ServiceError) -> tuple[str, str]:
        result = self.refused(error)
        return "cancelled" if result.outcome is TagOutcome.CANCELLED else "failed", result.detail

    def refused(self, error: ServiceError, found: Tags | None = None) -> TagResult:
        """The result of a refusal, after which the key was found to hold these tags."""
        signed_out = isinstance(error, CREDENTIALS_REFUSED)
        if self.put:
            words = f"The tags were put, but {', '.join(self.tags.remove)} stayed. {error.sentence}"
            return TagResult(self.tags, TagOutcome.FAILED, words, found, signed_out)
        ended = isinstance(error, CancelledByPersonError | ReadOnlyError)
        outcome = TagOutcome.CANCELLED if ended else TagOutcome.FAILED
        return TagResult(self.tags, outcome, error.sentence, signed_out=signed_out)


Item = tuple[_Sending, ChangeRecord]


class TagRun:
    """One run over many keys, on the connection that it was begun with."""

    def __init__(
        self,
        session: Session,
        batch: str,
        observer: Observer,
        cancelled: Callable[[], bool],
        pause: Sleep,
    ) -> None:
        self._session = session
        self._batch = batch
        self._gateway = session.gateway
        self._observer = observer
        self._cancelled = cancelled
        self._pause = pause
        self._stopped: dict[Scope, str] = {}
        """Why nothing more is sent in an account and Region."""
        self._readers = asyncio.Semaphore(READING_AT_ONCE)
        self._results: dict[int, TagResult] = {}

    async def begin(self, changes: Sequence[tuple[int, TagChange]]) -> list[Item]:
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
                self._retried,
                self._pause,
            )
            for index, each in changes
        ]
        records = await begin_in_scopes([(each.scope, each.change) for each in sendings])
        return list(zip(sendings, records, strict=True))

    async def run(self, items: Sequence[Item]) -> dict[int, TagResult]:
        """Send all, in their order; returns how each ended, by index."""
        queue = iter(items)
        async with asyncio.TaskGroup() as readers, asyncio.TaskGroup() as senders:
            for _ in range(SENDING_AT_ONCE):
                senders.create_task(self._send_all(queue, readers))
        return self._results

    async def _send_all(self, queue: Iterator[Item], readers: asyncio.TaskGroup) -> None:
        for sending, record in queue:
            tags = sending.tags
            stopped = self._stopped.get(sending.scope.where, "")
            if self._cancelled() or stopped:
                why = stopped or "Cancelled before it was sent."
                problem = await end_change(sending.scope, record, "cancelled", why)
                self._end(sending.index, TagResult(tags, TagOutcome.CANCELLED, why), problem)
                continue
            await self._readers.acquire()
            self._observer(sending.index, TagResult(tags, TagOutcome.RUNNING))
            sent = await send_change(sending.scope, sending.change, record)
            if sent.refused and sent.error is not None:
                self._readers.release()
                await self._refused(sending, sent.error, sent.journal_problem)
            else:
                why = sent.error.sentence if sent.error is not None else ""
                self._observer(sending.index, TagResult(tags, TagOutcome.SENT, why))
                readers.create_task(self._finish(sending, sent))

    def _end(self, index: int, result: TagResult, journal_problem: str) -> None:
        if journal_problem:
            result = replace(result, detail=f"{result.detail} {journal_problem}".strip())
        self._results[index] = result
        self._observer(index, result)

    async def _retried(self, call: Callable[[], Awaitable[None]]) -> None:
        for seconds in FOR_QUOTA:
            try:
                return await call()
            except ThrottledError:
                if self._cancelled():
                    raise
            await self._pause(seconds)
        return await call()

    def _stop(self, where: Scope, why: str, error: ServiceError) -> None:
        self._stopped.setdefault(where, f"Not sent, because {why}: {error.sentence}")

    async def _refused(self, sending: _Sending, error: ServiceError, journal_problem: str) -> None:
        if isinstance(error, _OF_THE_CONNECTION):
            self._stop(sending.scope.where, "an earlier one failed", error)
        found = await self._read(sending.tags.key_id) if sending.put else None
        self._end(sending.index, sending.refused(error, found), journal_problem)

    async def _finish(self, sending: _Sending, sent: ChangeResult[Tags]) -> None:
        check = tag_check(self._gateway, sending.tags)
        waiting = Waiting(FOR_ONE_OF_MANY, self._pause)
        try:
            ended = await confirm_change(sending.scope, check, sent, waiting)
        finally:
            self._readers.release()
        if ended.error is not None and ended.read.shown is Shown.UNREADABLE:
            # Whoever answers in AWS's place does so to all.
            why = "nobody can tell what became of an earlier one"
            self._stop(sending.scope.where, why, ended.error)
        if ended.read.shown is Shown.OURS:
            self._keep(sending.tags.key_id, ended.read.value)
        self._end(sending.index, _result(sending.tags, ended), ended.journal_problem)

    async def _read(self, key_id: str) -> Tags | None:
        try:
            tags = await self._gateway.list_tags(key_id)
        except ServiceError as error:
            self._session.notify(error.sentence, "warning")
            return None
        self._keep(key_id, tags)
        return tags

    def _keep(self, key_id: str, tags: Tags | None) -> None:
        # After a switch the store is of another account; the run's results still are told.
        if tags is not None and self._session.is_connected_by(self._gateway):
            self._session.store.set_tags({key_id: tags})


def _result(change: TagChange, ended: ChangeResult[Tags]) -> TagResult:
    read = ended.read
    if read.shown is Shown.OURS:
        return TagResult(change, TagOutcome.DONE, "", read.value)
    if ended.error is not None:
        words = f"{ended.error.sentence} {read.problem}"
        if not read.problem:
            said = ended.error.sentence.replace(OPEN_OUTCOME, "")
            words = f"{said} Read back afterwards, the key does not show it yet."
        return TagResult(change, TagOutcome.UNKNOWN, words, read.value)
    if read.value is None:
        words = f"KMS accepted it, but it could not be read back. {read.problem}"
        return TagResult(change, TagOutcome.UNREAD, words)
    words = "KMS accepted it; the key does not show it yet, which can take minutes."
    return TagResult(change, TagOutcome.PROPAGATING, words, read.value)
