"""Changing many keys: what would change, then the run, read back, finished later, and undone."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic

from kmstui.service.changes import (
    Check,
    SettledChange,
    Shown,
    Sleep,
    examine_changes,
    pending_changes,
)
from kmstui.service.errors import ServiceError
from kmstui.service.ports import ChangeRecord, Gateway, Scope, Urgency
from kmstui.service.runs.kinds import RunKind, T
from kmstui.service.runs.outcomes import C, RunOutcome, RunResult
from kmstui.service.runs.run import Observer, Run
from kmstui.service.session import Session

READ_AT_ONCE = 16
"""Keys that are read at once for a plan."""

_FEW = 8
"""So many keys are read before anything else; more of them let the screen go first."""

_EVERY_RECORD = 10_000_000
"""More than any run has: the journal is asked for all records of one."""

Told = Callable[[int], None]
"""Told how many keys were looked at."""
Planner = Callable[[C, T, str], C]
"""What a change comes to on a key that reads so and has this name."""


@dataclass(frozen=True, slots=True)
class UnfinishedRun(Generic[C]):
    """A run that a killed or dropped program left behind, with what each key shows now."""

    ended: tuple[C, ...]
    """Changes whose end was written down: they were done."""
    found: tuple[tuple[C, SettledChange[Any]], ...]
    """Changes without an end in the journal, and what the keys show of them."""

    @property
    def began(self) -> datetime:
        """When the run was begun."""
        return self.found[0][1].record.time

    def _that_show(self, *shown: Shown) -> tuple[C, ...]:
        return tuple(change for change, each in self.found if each.read.shown in shown)

    @property
    def done(self) -> tuple[C, ...]:
        """Changes without an end in the journal that the keys show."""
        return self._that_show(Shown.OURS)

    @property
    def open(self) -> tuple[C, ...]:
        """Changes that the keys do not show."""
        return self._that_show(Shown.OLD, Shown.OTHER)

    @property
    def unread(self) -> tuple[tuple[C, str], ...]:
        """Changes of keys that could not be read, each with the sentence why."""
        return tuple(
            (change, each.read.problem) for change, each in self.found if each.read.problem
        )

    @property
    def all_done(self) -> tuple[C, ...]:
        """Every change of the run that is known to have been made."""
        return (*self.ended, *self.done)


class Runs(Generic[C, T]):
    """Plans and runs changes of one kind."""

    def __init__(self, session: Session, kind: RunKind[C, T], pause: Sleep = asyncio.sleep) -> None:
        self._session = session
        self._pause = pause
        self.kind = kind

    @property
    def session(self) -> Session:
        """The session over whose connections they are made."""
        return self._session

    # Planning

    async def plan_again(
        self, changes: Sequence[C], told: Told = lambda count: None
    ) -> tuple[C, ...]:
        """What is left to do so that each key shows its change."""
        return await self._plan(changes, self.kind.again, told)

    async def plan_undo(
        self, changes: Sequence[C], told: Told = lambda count: None
    ) -> tuple[C, ...]:
        """What takes the changes back; what somebody else has changed since stays."""
        return await self._plan(changes, self.kind.undo, told)

    async def _plan(
        self, changes: Sequence[C], planner: Planner[C, T], told: Told
    ) -> tuple[C, ...]:
        gateway = self._session.gateway
        urgency = Urgency.ASKED if len(changes) <= _FEW else Urgency.VISIBLE
        planned: dict[int, C] = {}
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
        self, gateway: Gateway, change: C, planner: Planner[C, T], urgency: Urgency
    ) -> C:
        store, key_id = self._session.store, change.key_id
        key, name = store.keys.get(key_id), store.name_of(key_id)
        refused = self.kind.refusal(key, name) if key is not None else ""
        if refused:
            return replace(change, before=(), after=(), refused=refused)
        try:
            value = await self.kind.read(gateway, change, urgency)
        except ServiceError as error:
            known = self.kind.known(key, error) if key is not None else None
            if known is None:
                return replace(change, before=(), after=(), refused=error.sentence)
            value = known
        if self._session.is_connected_by(gateway):
            self.kind.keep(store, key_id, value)
        return planner(change, value, name)

    # Running

    async def apply(
        self,
        changes: Sequence[C],
        observer: Observer[C],
        cancelled: Callable[[], bool] = lambda: False,
        written: Callable[[], Awaitable[None]] | None = None,
    ) -> tuple[RunResult[C], ...]:
        """Send the changes in their order, and read each back; one result per change.

        The observer is told of every step. After `cancelled` becomes true nothing more is begun,
        what is under way is brought to its end, and the rest is told as not sent. `written` is
        called once the changes are in the journal.

        Raises:
            JournalError: nothing was sent, because it could not be written down before.
        """
        run = Run(
            self._session,
            self.kind,
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

    async def unfinished(self, connection: Session | None = None) -> tuple[UnfinishedRun[C], ...]:
        """Runs that were begun and never ended, each compared with what the keys hold now."""
        batches: dict[str, list[ChangeRecord]] = {}
        connection = connection or self._session
        if connection.scope is not None:
            for record in await pending_changes(connection.change_scope(), self.kind.operations):
                # One without a batch is of one key, and told by whoever made it.
                if record.batch:
                    batches.setdefault(record.batch, []).append(record)
        return tuple([await self._examine(each) for each in batches.values()])

    async def settle(self, unfinished: UnfinishedRun[C]) -> None:
        """Write into the journal what was found of a run that had not ended.

        Keys that could not be read stay open, to be looked at again at the next start.

        Raises:
            JournalError: it could not be written.
        """
        self._session.of("").change_scope().check_durable()
        for _, each in unfinished.found:
            if outcome := _outcome(each):
                await self._session.of("").journal.end(
                    each.record.id, outcome, "Found at a later start."
                )

    async def changes_of(self, record: ChangeRecord) -> tuple[C, ...]:
        """The changes of the run that a journal entry belongs to, over all open connections.

        Those that were not sent are left out; what failed may have been half done.
        """
        if not record.batch:
            return (self.kind.change_of(record),)
        open_ones = (each.scope for each in self._session.each if each.scope is not None)
        scopes = dict.fromkeys((record.scope, *open_ones))
        return await self._of_batch(scopes, record.batch, {"done", "failed", "unknown"})

    async def _of_batch(
        self, scopes: Iterable[Scope], batch: str, outcomes: Collection[str]
    ) -> tuple[C, ...]:
        journal = self._session.of("").journal
        records = [
            record
            for scope in scopes
            for record in await journal.changes(scope, batch=batch, limit=_EVERY_RECORD)
        ]
        return tuple(
            self.kind.change_of(record)
            for record in sorted(records, key=lambda record: record.id)
            if record.outcome in outcomes and record.operation in self.kind.operations
        )

    async def _examine(self, records: list[ChangeRecord]) -> UnfinishedRun[C]:
        gateway, kind = self._session.gateway, self.kind

        def check(record: ChangeRecord) -> Check[T]:
            return kind.check(gateway, kind.change_of(record), Urgency.VISIBLE)

        checks = dict.fromkeys(kind.operations, check)
        found = await examine_changes(self._session.of("").change_scope(), checks, records)
        ended = await self._of_batch([records[0].scope], records[0].batch, {"done"})
        return UnfinishedRun(ended, tuple((kind.change_of(each.record), each) for each in found))


def _outcome(found: SettledChange[Any]) -> str:
    """How the journal has it; "" where the key could not be read."""
    match found.read.shown:
        case Shown.OURS:
            return "done"
        case Shown.UNREADABLE:
            return ""
        case Shown.OLD if not found.recent:
            return "cancelled"
        case _:
            # A third value may have replaced it, and a new one may not show yet.
            return "unknown"


def _unsent(change: C) -> RunResult[C]:
    if change.refused:
        return RunResult(change, RunOutcome.REFUSED, change.refused)
    if change.is_empty:
        return RunResult(change, RunOutcome.UNCHANGED, change.note)
    return RunResult(change, RunOutcome.WAITING)
