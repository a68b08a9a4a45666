"""Sending changes of tags, many in a row, and reading each back.

Sending keeps the order and is paced by the gateway; reading back runs beside it, since a key may
take seconds to show its new tags and the next one shall not wait for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace

from kmstui.model.tag import Tag
from kmstui.service.changes.journaling import end_change
from kmstui.service.errors import (
    UNCERTAIN,
    CancelledByPersonError,
    CredentialsExpiredError,
    CredentialsMissingError,
    EndpointError,
    MfaError,
    NetworkError,
    ReadOnlyError,
    ServiceError,
    ThrottledError,
)
from kmstui.service.ports import ChangeRecord, Gateway
from kmstui.service.session import Session
from kmstui.service.tags.change import Outcome, TagChange, TagResult, journal_word, shows

SENDING_AT_ONCE = 5
"""Hides the latency of writes. These are under way when a person cancels: not many."""

READING_AT_ONCE = 64
"""Keys that are being read back; with more, sending waits."""

READ_BACK_PAUSES = (0.1, 0.3, 0.6, 1.0, 2.0)
"""Seconds between looks at tags that do not show yet. Tags are eventually consistent, for up to
5 minutes (KMS Developer Guide, "Eventual consistency"), which nobody wants to watch."""

THROTTLE_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before a change is sent again that was throttled in spite of all retries: others use
the account's quota too, and the gateway has slowed down meanwhile."""

_OF_THE_CONNECTION = (
    CredentialsExpiredError,
    CredentialsMissingError,
    MfaError,
    EndpointError,
    NetworkError,
    ReadOnlyError,
    CancelledByPersonError,
)
"""What stops one key stops all: nothing more is sent, instead of failing hundreds of times."""

Observer = Callable[[int, TagResult], None]
"""Told the index of a change and how far it is."""
Pause = Callable[[float], Awaitable[None]]
Item = tuple[int, TagChange, ChangeRecord]


class TagRun:
    """One run over many keys, on the connection that it was begun with."""

    def __init__(
        self,
        session: Session,
        gateway: Gateway,
        observer: Observer,
        cancelled: Callable[[], bool],
        pause: Pause,
    ) -> None:
        self._session = session
        self._gateway = gateway
        self._observer = observer
        self._cancelled = cancelled
        self._pause = pause
        self._stopped_by = ""
        self._readers = asyncio.Semaphore(READING_AT_ONCE)
        self._results: dict[int, TagResult] = {}

    async def run(self, items: Sequence[Item]) -> dict[int, TagResult]:
        """Send all, in their order; answers how each ended, by index."""
        queue = iter(items)
        async with asyncio.TaskGroup() as readers, asyncio.TaskGroup() as senders:
            for _ in range(SENDING_AT_ONCE):
                senders.create_task(self._send_all(queue, readers))
        return self._results

    async def _send_all(self, queue: Iterator[Item], readers: asyncio.TaskGroup) -> None:
        for item in queue:
            index, change, _ = item
            if self._cancelled() or self._stopped_by:
                await self._end(item, self._not_sent(change))
                continue
            await self._readers.acquire()
            self._observer(index, TagResult(change, Outcome.RUNNING))
            result = await self._send(change)
            if result.outcome is Outcome.SENT:
                self._observer(index, result)
                readers.create_task(self._finish(item, result))
            else:
                self._readers.release()
                await self._end(item, result)

    def _not_sent(self, change: TagChange) -> TagResult:
        why = self._stopped_by or "Cancelled before it was sent."
        return TagResult(change, Outcome.CANCELLED, why)

    async def _end(self, item: Item, result: TagResult) -> None:
        index, _, record = item
        word = journal_word(result.outcome)
        problem = await end_change(self._session, record, word, result.detail)
        if problem:
            result = replace(result, detail=f"{result.detail} {problem}".strip())
        self._results[index] = result
        self._observer(index, result)

    # Sending

    async def _send(self, change: TagChange) -> TagResult:
        put = False
        try:
            # Put before remove: a rename that stops half-way leaves both tags, not none.
            if change.put:
                await self._patiently(lambda: self._gateway.tag(change.key_id, change.put))
                put = True
            if change.remove:
                await self._patiently(lambda: self._gateway.untag(change.key_id, change.remove))
        except UNCERTAIN as error:
            return TagResult(change, Outcome.SENT, error.sentence)
        except ServiceError as error:
            return await self._failed(change, error, put=put)
        return TagResult(change, Outcome.SENT)

    async def _patiently(self, send: Callable[[], Awaitable[None]]) -> None:
        for seconds in THROTTLE_PAUSES:
            try:
                return await send()
            except ThrottledError:
                if self._cancelled():
                    raise
            await self._pause(seconds)
        return await send()

    async def _failed(self, change: TagChange, error: ServiceError, *, put: bool) -> TagResult:
        if isinstance(error, _OF_THE_CONNECTION) and not self._stopped_by:
            self._stopped_by = f"Not sent, since an earlier one failed: {error.sentence}"
        if not put:
            ended = isinstance(error, CancelledByPersonError | ReadOnlyError)
            outcome = Outcome.CANCELLED if ended else Outcome.FAILED
            return TagResult(change, outcome, error.sentence)
        names = ", ".join(change.remove)
        words = f"The tags were put, but {names} stayed. {error.sentence}"
        return TagResult(change, Outcome.FAILED, words, await self._look(change.key_id))

    # Reading back

    async def _finish(self, item: Item, sent: TagResult) -> None:
        try:
            result = await self._read_back(sent)
        finally:
            self._readers.release()
        await self._end(item, result)

    async def _read_back(self, sent: TagResult) -> TagResult:
        change, unreported = sent.change, sent.detail
        tags: tuple[Tag, ...] | None = None
        for seconds in (*READ_BACK_PAUSES, None):
            try:
                tags = await self._gateway.list_tags(change.key_id)
            except ServiceError as error:
                return _unread(change, unreported, error)
            if shows(tags, change):
                self._keep(change.key_id, tags)
                return TagResult(change, Outcome.DONE, "", tags)
            if seconds is not None:
                await self._pause(seconds)
        if unreported:
            return TagResult(change, Outcome.UNKNOWN, unreported, tags)
        words = "KMS accepted it; the key does not show it yet, which can take minutes."
        return TagResult(change, Outcome.PROPAGATING, words, tags)

    async def _look(self, key_id: str) -> tuple[Tag, ...] | None:
        try:
            tags = await self._gateway.list_tags(key_id)
        except ServiceError as error:
            self._session.notify(error.sentence, "warning")
            return None
        self._keep(key_id, tags)
        return tags

    def _keep(self, key_id: str, tags: tuple[Tag, ...]) -> None:
        # After a switch the store is of another account; the run's results still are told.
        if self._session.is_connected_by(self._gateway):
            self._session.store.set_tags({key_id: tags})


def _unread(change: TagChange, unreported: str, error: ServiceError) -> TagResult:
    if unreported:
        return TagResult(change, Outcome.UNKNOWN, f"{unreported} {error.sentence}")
    words = f"KMS accepted it, but it could not be read back. {error.sentence}"
    return TagResult(change, Outcome.UNREAD, words)
