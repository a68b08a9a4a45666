"""Tagging one key or many: what would change, then the change, read back and undoable."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kmstui.model import TagDelta
from kmstui.service.access import AccessReader
from kmstui.service.changes import (
    Check,
    SettledChange,
    Shown,
    Sleep,
    examine_changes,
    pending_changes,
)
from kmstui.service.errors import AccessDeniedError, ServiceError
from kmstui.service.ports import ChangeRecord, Gateway, Scope, Urgency
from kmstui.service.session import Session
from kmstui.service.tags.change import (
    TAG_OPERATIONS,
    TagChange,
    TagOutcome,
    TagResult,
    change_asked,
    change_of,
    change_to,
    rename_of,
    shows,
    tag_refusal,
    undo_of,
    wanted_values,
)
from kmstui.service.tags.deciding import TagDecisions, tag_decisions
from kmstui.service.tags.run import Observer, TagRun, Tags, tag_check

READ_AT_ONCE = 16
"""Keys whose tags are read at once for a plan."""

_FEW = 8
"""So many keys are read before anything else; more of them let the screen go first."""

_EVERY_RECORD = 10_000_000
"""More than any run has: the journal is asked for all records of one."""

Told = Callable[[int], None]
"""Told how many keys were looked at."""
Planner = Callable[[TagChange, Tags, str], TagChange]
"""What a change comes to on a key with these tags and this name."""


@dataclass(frozen=True, slots=True)
class UnfinishedTags:
    """A run that a killed or dropped program left behind, with what each key shows now."""

    ended: tuple[TagChange, ...]
    """Changes whose end was written down: they were done."""
    found: tuple[SettledChange[Tags], ...]
    """Changes without an end in the journal, and what the keys show of them."""

    @property
    def began(self) -> datetime:
        """When the run was begun."""
        return self.found[0].record.time

    @property
    def done(self) -> tuple[TagChange, ...]:
        """Changes without an end in the journal that the keys show."""
        return tuple(change_of(each.record) for each in self.found if each.read.shown is Shown.OURS)

    @property
    def open(self) -> tuple[TagChange, ...]:
        """Changes that the keys do not show."""
        return tuple(change_of(each.record) for each in self.found if each.read.shown is Shown.OLD)

    @property
    def unread(self) -> tuple[tuple[TagChange, str], ...]:
        """Changes of keys that could not be read, each with the sentence why."""
        return tuple(
            (change_of(each.record), each.read.problem) for each in self.found if each.read.problem
        )

    @property
    def all_done(self) -> tuple[TagChange, ...]:
        """Every change of the run that is known to have been made."""
        return (*self.ended, *self.done)


class Tagging:
    """Plans and runs changes of tags."""

    def __init__(self, session: Session, pause: Sleep = asyncio.sleep) -> None:
        self._session = session
        self._pause = pause

    # Planning

    async def plan(
        self, key_ids: Sequence[str], delta: TagDelta, told: Told = lambda count: None
    ) -> tuple[TagChange, ...]:
        """What `delta` means for each key, in the order given, by the tags that KMS has now."""
        wanted = wanted_values(delta)

        def planner(change: TagChange, tags: Tags, name: str) -> TagChange:
            if delta.rename is not None:
                return rename_of(change.key_id, tags, *delta.rename, name)
            return change_asked(change.key_id, tags, wanted, name)

        return await self._plan([TagChange(key_id, (), ()) for key_id in key_ids], planner, told)

    async def plan_again(
        self, changes: Sequence[TagChange], told: Told = lambda count: None
    ) -> tuple[TagChange, ...]:
        """What is left to do so that each key shows its change."""

        def planner(change: TagChange, tags: Tags, name: str) -> TagChange:
            return change_to(change.key_id, tags, dict(change.after), name)

        return await self._plan(changes, planner, told)

    async def plan_undo(
        self, changes: Sequence[TagChange], told: Told = lambda count: None
    ) -> tuple[TagChange, ...]:
        """What takes the changes back; tags that somebody else has changed since stay."""
        return await self._plan(changes, undo_of, told)

    async def _plan(
        self, changes: Sequence[TagChange], planner: Planner, told: Told
    ) -> tuple[TagChange, ...]:
        gateway = self._session.gateway
        urgency = Urgency.ASKED if len(changes) <= _FEW else Urgency.VISIBLE
        planned: dict[int, TagChange] = {}
        queue = iter(enumerate(changes))

        async def work() -> None:
            for index, change in queue:
                planned[index] = await self._plan_one(gateway, change, planner, urgency)
                told(len(planned))

        async with asyncio.TaskGroup() as group:
            for _ in range(min(READ_AT_ONCE, len(changes))):
                group.create_task(work())
        return tuple(planned[index] for index in range(len(changes)))

    async def _plan_one(
        self, gateway: Gateway, change: TagChange, planner: Planner, urgency: Urgency
    ) -> TagChange:
        store, key_id = self._session.store, change.key_id
        key, name = store.keys.get(key_id), store.name_of(key_id)
        refused = tag_refusal(key, name) if key is not None else ""
        if refused:
            return TagChange(key_id, (), (), refused)
        try:
            tags = await gateway.list_tags(key_id, urgency)
        except ServiceError as error:
            # The tagging API may have told them where ListResourceTags is denied.
            known = key.tags if key is not None else None
            if known is None or not isinstance(error, AccessDeniedError):
                return TagChange(key_id, (), (), error.sentence)
            tags = known
        if self._session.is_connected_by(gateway):
            store.set_tags({key_id: tags})
        return planner(change, tags, name)

    def deciding(self, changes: Iterable[TagChange]) -> TagDecisions:
        """Which of the changes bear on access, by the IAM policies that were read before."""
        readers = [each.shared(AccessReader) for each in self._session.each]
        known = {each.arn: each for reader in readers for each in reader.known_identities}
        return tag_decisions(changes, known.values(), self._session.store)

    # Running

    async def apply(
        self,
        changes: Sequence[TagChange],
        observer: Observer,
        cancelled: Callable[[], bool] = lambda: False,
        written: Callable[[], Awaitable[None]] | None = None,
    ) -> tuple[TagResult, ...]:
        """Send the changes in their order, and read each back; one result per change.

        The observer is told of every step. After `cancelled` becomes true nothing more is begun,
        what is under way is brought to its end, and the rest is told as not sent. `written` is
        called once the changes are in the journal.

        Raises:
            JournalError: nothing was sent, because it could not be written down before.
        """
        run = TagRun(
            self._session,
            uuid.uuid4().hex,
            observer,
            cancelled,
            self._pause,
        )
        items = await run.begin([each for each in enumerate(changes) if each[1].will_be_sent])
        if written is not None:
            await written()
        results = [_unsent(change) for change in changes]
        for index, result in enumerate(results):
            observer(index, result)
        for index, result in (await run.run(items)).items():
            results[index] = result
        return tuple(results)

    # What the journal knows

    async def unfinished(self, connection: Session | None = None) -> tuple[UnfinishedTags, ...]:
        """Runs that were begun and never ended, each compared with what the keys hold now."""
        batches: dict[str, list[ChangeRecord]] = {}
        connection = connection or self._session
        if connection.scope is not None:
            for record in await pending_changes(connection.change_scope(), TAG_OPERATIONS):
                batches.setdefault(record.batch, []).append(record)
        return tuple([await self._examine(batch, each) for batch, each in batches.items()])

    async def settle(self, unfinished: UnfinishedTags) -> None:
        """Write into the journal what was found of a run that had not ended.

        Keys that could not be read stay open, to be looked at again at the next start.

        Raises:
            JournalError: it could not be written.
        """
        self._session.of("").change_scope().check_durable()
        for each in unfinished.found:
            if outcome := _outcome(each):
                await self._session.of("").journal.end(
                    each.record.id, outcome, "Found at a later start."
                )

    async def changes_of(self, record: ChangeRecord) -> tuple[TagChange, ...]:
        """The changes of the run that a journal entry belongs to, in their order.

        Those that were not sent are left out; what failed may have been half done.
        """
        if not record.batch:
            return (change_of(record),)
        return await self._of_batch(record.scope, record.batch, {"done", "failed", "unknown"})

    async def _of_batch(
        self, scope: Scope, batch: str, outcomes: Collection[str]
    ) -> tuple[TagChange, ...]:
        records = await self._session.of("").journal.changes(
            scope, batch=batch, limit=_EVERY_RECORD
        )
        return tuple(
            change_of(record)
            for record in reversed(records)
            if record.outcome in outcomes and record.operation in TAG_OPERATIONS
        )

    async def _examine(self, batch: str, records: list[ChangeRecord]) -> UnfinishedTags:
        gateway = self._session.gateway

        def check(record: ChangeRecord) -> Check[Tags]:
            return tag_check(gateway, change_of(record), Urgency.VISIBLE)

        checks = dict.fromkeys(TAG_OPERATIONS, check)
        found = await examine_changes(self._session.of("").change_scope(), checks, records)
        ended = await self._of_batch(records[0].scope, batch, {"done"}) if batch else ()
        return UnfinishedTags(ended, tuple(found))


def _outcome(found: SettledChange[Tags]) -> str:
    """How the journal has it; "" where the key could not be read."""
    if found.read.shown is not Shown.OLD:
        return "done" if found.read.shown is Shown.OURS else ""
    # A third value may have replaced it, and a new one may not show yet.
    change = change_of(found.record)
    was_before = shows(found.read.value or (), replace(change, after=change.before))
    return "cancelled" if was_before and not found.recent else "unknown"


def _unsent(change: TagChange) -> TagResult:
    if change.refused:
        return TagResult(change, TagOutcome.REFUSED, change.refused)
    if change.is_empty:
        return TagResult(change, TagOutcome.UNCHANGED, change.note)
    return TagResult(change, TagOutcome.WAITING)
