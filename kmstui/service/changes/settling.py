"""What became of changes that a program began and did not live to see the end of.

The journal holds each change before it is sent. At a later start its subject is read, and what is
there tells whether it happened. Whoever makes changes registers, for each operation, how a record
becomes a `Check` again: the one that reads the change back when it is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from kmstui.service.changes.reading_back import Check, ReadBack, Shown, read_back
from kmstui.service.changes.runner import ChangeScope
from kmstui.service.changes.waiting import ONCE, PROPAGATION, Sleep, Waiting
from kmstui.service.ports import ChangeRecord

T = TypeVar("T")

Checks = Mapping[str, Callable[[ChangeRecord], Check[T]]]
"""By operation, how to see what became of a record."""

READ_AT_ONCE = 16
"""Subjects read at once."""


@dataclass(frozen=True, slots=True)
class SettledChange(Generic[T]):
    """What became of one change."""

    record: ChangeRecord
    read: ReadBack[T]
    recent: bool
    """Whether it may still show up, though reads do not show it."""

    @property
    def outcome(self) -> str:
        """How the journal has it; "" where that cannot be told yet."""
        match self.read.shown:
            case Shown.OURS:
                return "done"
            case Shown.OTHER:
                return "unknown"
            case Shown.OLD if not self.recent:
                return "failed"
            case Shown.UNREADABLE if self.read.lasting and not self.recent:
                return "unknown"
            case _:
                return ""


async def pending_changes(scope: ChangeScope, operations: Iterable[str]) -> list[ChangeRecord]:
    """The changes of these operations whose end is not known, in the order they were begun.

    Raises:
        JournalError: the journal cannot be read.
    """
    wanted = frozenset(operations)
    pending = await scope.journal.pending(scope.where)
    return sorted((each for each in pending if each.operation in wanted), key=lambda each: each.id)


async def examine_changes(
    scope: ChangeScope,
    checks: Checks[T],
    records: Sequence[ChangeRecord],
    pauses: Sequence[float] = ONCE,
    sleep: Sleep = asyncio.sleep,
) -> list[SettledChange[T]]:
    """Read what is there for each record; a recent change is waited for as `pauses` have it."""
    gate = asyncio.Semaphore(READ_AT_ONCE)

    async def examine(record: ChangeRecord) -> SettledChange[T]:
        recent = scope.clock() - record.time < PROPAGATION
        waiting = Waiting(pauses if recent else ONCE, sleep)
        async with gate:
            read = await read_back(checks[record.operation](record), waiting)
        return SettledChange(record, read, recent)

    return await asyncio.gather(*map(examine, records))


async def settle_changes(scope: ChangeScope, examined: Iterable[SettledChange[Any]]) -> None:
    """Write down what was found; what cannot be told yet is examined again at the next start.

    Raises:
        JournalError: it could not be written.
    """
    for each in examined:
        if each.outcome:
            detail = f"found at the next start: {each.read.shown}"
            await scope.journal.end(each.record.id, each.outcome, detail)
