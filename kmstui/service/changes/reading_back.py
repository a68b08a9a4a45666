"""Reading a change back until it shows, something else stands there for good, or time is up.

KMS and IAM are eventually consistent: most changes show within seconds, some take up to five
minutes (KMS Developer Guide, "Eventual consistency"; IAM User Guide, "Changes that I make are not
always immediately visible"). Nobody likes to watch that, so each schedule ends earlier.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from kmstui.service.errors import ServiceError

Sleep = Callable[[float], Awaitable[None]]
"""Waits for seconds."""

# Seconds between two reads; the first read follows the change at once.

FOR_A_POLICY = (0.5, 1.0, 2.0, 4.0, 8.0)
"""A put of a policy: fifteen in all, since a person wants to be sure of it, and can stop it."""

FOR_AN_OPENED_POLICY = (0.5, 1.0)
"""A person who opens a policy waits for what an earlier put should show."""

FOR_A_KEY = (0.3, 0.7, 1.5, 3.0)
"""A change of one key, alias or grant, behind a dialog that is closed already."""

FOR_ONE_OF_MANY = (0.1, 0.3, 0.6, 1.0, 2.0)
"""The tags of one key among many: read back beside the sending of the next ones."""

ONCE: Sequence[float] = ()
"""What was sent long ago: what is read is what is stored."""

FOR_QUOTA = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Before a change is sent again that was throttled in spite of all retries: others use the
account's quota too, and the gateway has slowed down meanwhile."""

PROPAGATION = timedelta(minutes=5)
"""After this time what is read is what is stored."""

SURE_AFTER = 3
"""So many reads in a row of the same third value: it is no stale answer."""


class Waiting:
    """Waits between reads by a schedule, until the person has seen enough."""

    def __init__(self, pauses: Sequence[float], sleep: Sleep = asyncio.sleep) -> None:
        self.pauses = pauses
        self._sleep = sleep
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Wait no longer: what is known now is the result."""
        self._stopped.set()

    @property
    def is_stopped(self) -> bool:
        """Whether the person waits no longer."""
        return self._stopped.is_set()

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than until `stop`."""
        tasks = [
            asyncio.ensure_future(self._sleep(seconds)),
            asyncio.ensure_future(self._stopped.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()


T = TypeVar("T")


class Shown(StrEnum):
    """What a read shows of a change."""

    OURS = "ours"
    """The change."""
    OLD = "old"
    """What was there before it."""
    OTHER = "other"
    """Neither: somebody else changed it in between."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Check(Generic[T]):
    """How to see whether a change happened."""

    read: Callable[[], Awaitable[T]]
    judge: Callable[[T], Shown]
    """What that shows of the change; never UNREADABLE."""


@dataclass(frozen=True, slots=True)
class ReadBack(Generic[T]):
    """The last read of a change, after which no other was needed or time was up."""

    shown: Shown = Shown.UNREADABLE
    value: T | None = None
    """What was read; None where it could not be."""
    problem: str = ""
    """Why it could not be read, as a sentence."""
    may_change: bool = False
    """Whether another read may tell more."""


def ours_if(shows: bool) -> Shown:
    """OURS or OLD, where nobody could tell a third value from a late one."""
    return Shown.OURS if shows else Shown.OLD


async def read_back(
    check: Check[T], waiting: Waiting, told: Callable[[], None] = lambda: None
) -> ReadBack[T]:
    """Read until the change shows, and no longer than `waiting` has it.

    `told` is called before each wait.
    """
    latest = await _read(check)
    alike = 1
    for seconds in waiting.pauses:
        if not latest.may_change or (latest.shown is Shown.OTHER and alike >= SURE_AFTER):
            break
        told()
        await waiting.pause(seconds)
        if waiting.is_stopped:
            break
        again = await _read(check)
        alike = alike + 1 if again == latest else 1
        latest = again
    return latest


async def _read(check: Check[T]) -> ReadBack[T]:
    try:
        value = await check.read()
    except ServiceError as error:
        return ReadBack(problem=error.sentence, may_change=error.retryable)
    shown = check.judge(value)
    return ReadBack(shown, value, may_change=shown is not Shown.OURS)
