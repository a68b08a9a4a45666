"""Reading a policy back after a put, with patience: KMS and IAM are eventually consistent.

A change takes seconds, and up to five minutes, to be seen by every reader (KMS Developer Guide,
"Eventual consistency"; IAM User Guide, "Changes that I make are not always immediately visible").
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from kmstui.policy.iam.equality import same_meaning
from kmstui.service.editing.location import PolicyPlace
from kmstui.service.errors import ServiceError

Sleep = Callable[[float], Awaitable[None]]
"""Waits for seconds."""

PATIENCE = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each look; fifteen in all, which is as long as a person likes to wait."""

AGAIN = (0.0, 0.5, 1.0)
"""As PATIENCE, where a person who opens a policy waits for what an earlier put should show."""

PROPAGATION = timedelta(minutes=5)
"""After this time what is read is what is stored."""

SURE_AFTER = 3
"""So many looks in a row at the same third text: it is no stale answer."""


class Held(StrEnum):
    """What a place was found to hold."""

    OURS = "ours"
    OLD = "old"
    """What was there before the put."""
    OTHER = "other"
    """Neither: somebody else put in between."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Reading:
    """The last look, after which no other was needed or time was up."""

    held: Held
    text: str = ""
    problem: str = ""
    """Why it could not be read, as a sentence."""


class ReadBack:
    """Looks at a place until it holds what was put, something else for good, or time is up."""

    def __init__(
        self, place: PolicyPlace, sleep: Sleep, patience: tuple[float, ...] = PATIENCE
    ) -> None:
        self._place = place
        self._sleep = sleep
        self._patience = patience
        self._stopped = asyncio.Event()

    def stop_waiting(self) -> None:
        """The person has seen enough: what is known now is the answer."""
        self._stopped.set()

    async def look(self, sent: str, before: str, told: Callable[[], None]) -> Reading:
        """The place's content beside the text that was sent and the one before it.

        `told` is called before each wait.
        """
        reading = Reading(Held.UNREADABLE)
        alike = 0
        for delay in self._patience:
            if delay:
                told()
                await self._pause(delay)
            if self._stopped.is_set() and reading != Reading(Held.UNREADABLE):
                break
            latest, again = await self._look_once(sent, before)
            alike = alike + 1 if latest == reading else 1
            reading = latest
            if not again or (reading.held is Held.OTHER and alike >= SURE_AFTER):
                break
        return reading

    async def _look_once(self, sent: str, before: str) -> tuple[Reading, bool]:
        """What is held, and whether another look may tell more."""
        try:
            text = await self._place.read()
        except ServiceError as error:
            return Reading(Held.UNREADABLE, problem=error.sentence), error.retryable
        held = what_is(text, sent, before)
        return Reading(held, text), held is not Held.OURS

    async def _pause(self, seconds: float) -> None:
        """Wait, but no longer than until `stop_waiting`."""
        tasks = [
            asyncio.ensure_future(self._sleep(seconds)),
            asyncio.ensure_future(self._stopped.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()


def what_is(text: str, sent: str, before: str) -> Held:
    """Which of the two texts `text` means; where they mean the same, the one sent."""
    if same_meaning(text, sent):
        return Held.OURS
    return Held.OLD if same_meaning(text, before) else Held.OTHER
