"""Tagging one key or many: what would change, then the change, read back and undoable."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from kmstui.model.key import Key
from kmstui.model.tag import Tag, TagDelta
from kmstui.service.errors import (
    JournalError,
    ServiceError,
    UnreportedOutcomeError,
)
from kmstui.service.ports import ChangeRecord, Scope
from kmstui.service.session import Session
from kmstui.service.tag_parsing import MOST_TAGS

AT_ONCE = 4
"""Keys under way at once: hides the latency of the read-backs; the gateway paces the writes."""

READ_BACK_PAUSES = (0.1, 0.3, 0.6, 1.0, 2.0)
"""Seconds between looks at tags that do not show yet. Tags are eventually consistent, for up to
5 minutes (KMS Developer Guide, "Eventual consistency"), which nobody wants to watch."""

Values = tuple[tuple[str, str | None], ...]
"""Tag keys with their values, None where the key has no such tag; sorted."""


class Outcome(StrEnum):
    """How the change of one key ended."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    """Read back as it was asked for."""
    PROPAGATING = "saved, still propagating"
    FAILED = "failed"
    CANCELLED = "not sent"
    UNKNOWN = "outcome unknown"


@dataclass(frozen=True, slots=True)
class TagChange:
    """What happens to the tags of one key; tag keys that stay as they are do not occur."""

    key_id: str
    before: Values
    after: Values
    refused: str = ""
    """Why nothing will be sent for this key, as a sentence."""

    @property
    def put(self) -> tuple[Tag, ...]:
        """Tags to add or change."""
        return tuple(Tag(name, value) for name, value in self.after if value is not None)

    @property
    def remove(self) -> tuple[str, ...]:
        """Tag keys to remove."""
        return tuple(name for name, value in self.after if value is None)

    @property
    def added(self) -> tuple[str, ...]:
        """Tag keys that the key has not yet."""
        old = dict(self.before)
        return tuple(name for name, value in self.after if value is not None and old[name] is None)

    @property
    def changed(self) -> tuple[str, ...]:
        """Tag keys that get another value."""
        old = dict(self.before)
        return tuple(
            name for name, value in self.after if value is not None and old[name] is not None
        )

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to send."""
        return not self.after

    @property
    def reverse(self) -> TagChange:
        """What takes this change back."""
        return TagChange(self.key_id, self.after, self.before)


@dataclass(frozen=True, slots=True)
class TagResult:
    """How far the change of one key is."""

    change: TagChange
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class UnfinishedTags:
    """A run that a killed or dropped program left behind, with what each key shows now."""

    batch: str
    done: tuple[TagChange, ...]
    """Changes that the keys show."""
    open: tuple[TagChange, ...]
    """Changes that the keys do not show."""
    unread: tuple[tuple[TagChange, str], ...]
    """Changes of keys that could not be read, each with the sentence why."""
    record_ids: tuple[int, ...]


Observer = Callable[[int, TagResult], None]
Pause = Callable[[float], Awaitable[None]]


class Tagging:
    """Plans and runs changes of tags."""

    def __init__(self, session: Session, pause: Pause = asyncio.sleep) -> None:
        self._session = session
        self._pause = pause

    async def plan(self, key_ids: Sequence[str], delta: TagDelta) -> tuple[TagChange, ...]:
        """What `delta` means for each key, in the order given; reads tags that are not known."""
        gateway = self._session.gateway
        keys = self._session.store.keys
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(key_id: str) -> TagChange:
            key = keys.get(key_id)
            refused = _forbidden(key) if key is not None else ""
            if refused:
                return TagChange(key_id, (), (), refused)
            tags = key.tags if key is not None else None
            if tags is None:
                try:
                    async with limit:
                        tags = await gateway.list_tags(key_id)
                except ServiceError as error:
                    return TagChange(key_id, (), (), error.sentence)
                self._session.store.set_tags({key_id: tags})
            return _change(key_id, tags, delta)

        return tuple(await asyncio.gather(*(one(key_id) for key_id in key_ids)))

    async def apply(
        self,
        changes: Sequence[TagChange],
        observer: Observer,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> tuple[TagResult, ...]:
        """Send the changes in their order, and read each back; one result per change.

        The observer is told of every step. After `cancelled` becomes true nothing more is begun,
        what is under way is brought to its end, and the rest is told as not sent.

        Raises:
            JournalError: nothing was sent, because it could not be written down before.
        """
        session = self._session
        scope = session.scope
        if scope is None:
            raise JournalError(
                "the account is not known, so the change cannot be written down",
                "Refresh with r once KMS answers.",
            )
        sent = [
            (index, change)
            for index, change in enumerate(changes)
            if not change.refused and not change.is_empty
        ]
        records = await session.journal.begin(self._records(scope, [each for _, each in sent]))
        results = [_unsent(change) for change in changes]
        queue = iter(zip(sent, records, strict=True))

        async def work() -> None:
            for (index, change), record in queue:
                if cancelled():
                    result = TagResult(change, Outcome.CANCELLED, "Cancelled before it was sent.")
                else:
                    observer(index, TagResult(change, Outcome.RUNNING))
                    result = await self._send(change)
                try:
                    await session.journal.end(
                        record.id, _journal_word(result.outcome), result.detail
                    )
                except JournalError as error:
                    # The key has changed all the same: the result must reach the person.
                    result = replace(result, detail=f"{result.detail} {error}".strip())
                results[index] = result
                observer(index, result)

        for index, result in enumerate(results):
            observer(index, result)
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        return tuple(results)

    async def unfinished(self) -> tuple[UnfinishedTags, ...]:
        """Runs that were begun and never ended, each compared with what the keys hold now."""
        scope = self._session.scope
        if scope is None:
            return ()
        records = [
            record
            for record in await self._session.journal.pending(scope)
            if record.operation in _OPERATIONS
        ]
        batches: dict[str, list[ChangeRecord]] = {}
        for record in records:
            batches.setdefault(record.batch, []).append(record)
        return tuple([await self._examine(batch, each) for batch, each in batches.items()])

    async def settle(self, unfinished: UnfinishedTags) -> None:
        """Write into the journal what was found of a run that had not ended."""
        done = {change.key_id for change in unfinished.done}
        unread = {change.key_id for change, _ in unfinished.unread}
        every = [*unfinished.done, *unfinished.open, *(change for change, _ in unfinished.unread)]
        for record_id, change in zip(unfinished.record_ids, every, strict=True):
            if change.key_id in unread:
                continue
            outcome = "done" if change.key_id in done else "cancelled"
            await self._session.journal.end(record_id, outcome, "Examined at a later start.")

    async def changes_of(self, batch: str) -> tuple[TagChange, ...]:
        """The changes of a run as the journal holds them, in their order, done ones only."""
        records = await self._session.journal.changes(self._session.scope, batch=batch)
        return tuple(
            change_of(record)
            for record in reversed(records)
            if record.outcome == "done" and record.operation in _OPERATIONS
        )

    def policies_naming(self, tag_keys: Collection[str]) -> tuple[str, ...]:
        """IDs of keys whose policy, as far as it was read, decides by one of these tags.

        Changing such a tag changes who has access (KMS Developer Guide, "ABAC for AWS KMS").
        """
        wanted = [f"aws:resourcetag/{name.lower()}" for name in tag_keys]
        return tuple(
            key_id
            for key_id, policies in self._session.store.policies.items()
            if any(word in policy.text.lower() for policy in policies for word in wanted)
        )

    # Sending

    async def _send(self, change: TagChange) -> TagResult:
        gateway = self._session.gateway
        put = False
        try:
            # Put before remove: a rename that stops half-way leaves both tags, not none.
            if change.put:
                await gateway.tag(change.key_id, change.put)
                put = True
            if change.remove:
                await gateway.untag(change.key_id, change.remove)
        except UnreportedOutcomeError as error:
            return await self._find_out(change, error)
        except ServiceError as error:
            if not put:
                return TagResult(change, Outcome.FAILED, error.sentence)
            await self._show_as_it_is(change.key_id)
            names = ", ".join(change.remove)
            return TagResult(
                change, Outcome.FAILED, f"Tags were put, but {names} stayed. {error.sentence}"
            )
        return await self._read_back(change)

    async def _show_as_it_is(self, key_id: str) -> None:
        try:
            self._session.store.set_tags({key_id: await self._session.gateway.list_tags(key_id)})
        except ServiceError as error:
            self._session.notify(error.sentence, "warning")

    async def _read_back(self, change: TagChange) -> TagResult:
        for seconds in (*READ_BACK_PAUSES, None):
            try:
                tags = await self._session.gateway.list_tags(change.key_id)
            except ServiceError as error:
                return TagResult(
                    change, Outcome.DONE, f"Accepted, but it could not be read back. {error}"
                )
            if _shows(tags, change):
                self._session.store.set_tags({change.key_id: tags})
                return TagResult(change, Outcome.DONE)
            if seconds is not None:
                await self._pause(seconds)
        return TagResult(change, Outcome.PROPAGATING, "Accepted; the key does not show it yet.")

    async def _find_out(self, change: TagChange, error: ServiceError) -> TagResult:
        result = await self._read_back(change)
        if result.outcome is Outcome.DONE and not result.detail:
            return result
        return TagResult(change, Outcome.UNKNOWN, error.sentence)

    async def _examine(self, batch: str, records: list[ChangeRecord]) -> UnfinishedTags:
        done: list[tuple[int, TagChange]] = []
        waiting: list[tuple[int, TagChange]] = []
        unread: list[tuple[int, TagChange, str]] = []
        for record in sorted(records, key=lambda each: each.id):
            change = change_of(record)
            try:
                tags = await self._session.gateway.list_tags(change.key_id)
            except ServiceError as error:
                unread.append((record.id, change, error.sentence))
                continue
            (done if _shows(tags, change) else waiting).append((record.id, change))
        return UnfinishedTags(
            batch,
            tuple(change for _, change in done),
            tuple(change for _, change in waiting),
            tuple((change, why) for _, change, why in unread),
            (
                *(each for each, _ in done),
                *(each for each, _ in waiting),
                *(each for each, _, _ in unread),
            ),
        )

    def _records(self, scope: Scope, changes: Iterable[TagChange]) -> list[ChangeRecord]:
        batch = uuid.uuid4().hex
        caller = self._session.store.caller.arn if self._session.store.caller else ""
        return [
            ChangeRecord(
                id=0,
                time=self._session.clock(),
                scope=scope,
                caller=caller,
                batch=batch,
                operation=_operation(change),
                subject=change.key_id,
                before=json.dumps(dict(change.before)),
                after=json.dumps(dict(change.after)),
                outcome="pending",
            )
            for change in changes
        ]


_BOTH = "kms:TagResource kms:UntagResource"
_OPERATIONS = frozenset({"kms:TagResource", "kms:UntagResource", _BOTH})


def change_of(record: ChangeRecord) -> TagChange:
    """The change of tags that a journal entry tells of."""
    before: dict[str, str | None] = json.loads(record.before)
    after: dict[str, str | None] = json.loads(record.after)
    return TagChange(record.subject, tuple(sorted(before.items())), tuple(sorted(after.items())))


def _operation(change: TagChange) -> str:
    if change.put and change.remove:
        return _BOTH
    return "kms:TagResource" if change.put else "kms:UntagResource"


def _change(key_id: str, tags: Sequence[Tag], delta: TagDelta) -> TagChange:
    old: dict[str, str | None] = {tag.key: tag.value for tag in tags}
    wanted: dict[str, str | None] = {tag.key: tag.value for tag in delta.put}
    wanted |= {name: None for name in delta.remove if name not in wanted}
    after = tuple(sorted((name, value) for name, value in wanted.items() if old.get(name) != value))
    change = TagChange(key_id, tuple((name, old.get(name)) for name, _ in after), after)
    total = len(old) + len(change.added) - len(change.remove)
    if total > MOST_TAGS:
        reason = f"It would have {total} tags, and a key can have {MOST_TAGS}."
        return replace(change, refused=reason)
    return change


def _forbidden(key: Key) -> str:
    if key.is_aws_managed:
        return "AWS manages this key: its tags cannot be changed."
    if key.metadata is not None and key.metadata.state == "PendingDeletion":
        return "The key is pending deletion: KMS refuses tags until the deletion is cancelled."
    return ""


def _unsent(change: TagChange) -> TagResult:
    if change.refused:
        return TagResult(change, Outcome.FAILED, change.refused)
    if change.is_empty:
        return TagResult(change, Outcome.DONE, "Nothing to change.")
    return TagResult(change, Outcome.WAITING)


def _shows(tags: Iterable[Tag], change: TagChange) -> bool:
    now = {tag.key: tag.value for tag in tags}
    return all(now.get(name) == value for name, value in change.after)


def _journal_word(outcome: Outcome) -> str:
    return {
        Outcome.DONE: "done",
        Outcome.PROPAGATING: "done",
        Outcome.CANCELLED: "cancelled",
        Outcome.UNKNOWN: "unknown",
    }.get(outcome, "failed")
