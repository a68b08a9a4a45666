"""The calls that wait to be sent, and which of them goes next."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from kmstui.aws.calls.throttling import Bucket
from kmstui.service.ports import CallRecord, Urgency


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended: with a value, or with an error."""

    value: Any = None
    error: BaseException | None = None
    record: CallRecord | None = None


@dataclass(slots=True, eq=False)
class Job:
    """One call: what to do in a thread, and who waits for it."""

    work: Callable[[], Outcome]
    abandoned: Callable[[bool], BaseException]
    """The error for a call that is given up; told whether it may have been sent."""
    urgency: Urgency
    bucket: Bucket
    future: asyncio.Future[Any]
    number: int = field(default=0, init=False)
    """The order of arrival, given by the backlog."""


class Backlog:
    """Waiting jobs in lanes by urgency and pace; within a lane, first come, first served.

    A lane that must wait for its pace lets other lanes pass, the less urgent ones too. Not
    thread-safe: the dispatcher holds its lock.
    """

    def __init__(self) -> None:
        self._lanes: dict[Urgency, dict[Bucket, deque[Job]]] = {urgency: {} for urgency in Urgency}
        self._count = 0

    def __bool__(self) -> bool:
        return any(lane for lanes in self._lanes.values() for lane in lanes.values())

    def put(self, job: Job) -> None:
        """Add a job."""
        self._count += 1
        job.number = self._count
        self._lanes[job.urgency].setdefault(job.bucket, deque()).append(job)

    def next(self, now: float, background_after: float | None) -> tuple[Job | None, float | None]:
        """The job that goes now, or else the seconds until one may; (None, None): none can.

        Args:
            now: `time.monotonic`.
            background_after: Seconds for which BACKGROUND is held back; None while as many run
                as may run at all.
        """
        soonest: float | None = None
        for urgency, lanes in self._lanes.items():
            held = 0.0
            if urgency is Urgency.BACKGROUND:
                if background_after is None:
                    continue
                held = background_after
            ready, wait = self._ready(lanes, now)
            if ready is not None and held <= 0:
                ready.bucket.take(now)
                lanes[ready.bucket].popleft()
                return ready, None
            if ready is not None or wait is not None:
                wait = max(held, wait or 0.0)
                soonest = wait if soonest is None else min(soonest, wait)
        return None, soonest

    def clear(self) -> Iterator[Job]:
        """Take out every job, in no order."""
        for lanes in self._lanes.values():
            for lane in lanes.values():
                yield from lane
            lanes.clear()

    @staticmethod
    def _ready(lanes: dict[Bucket, deque[Job]], now: float) -> tuple[Job | None, float | None]:
        ready: Job | None = None
        soonest: float | None = None
        for bucket, lane in list(lanes.items()):
            while lane and lane[0].future.cancelled():
                lane.popleft()
            if not lane:
                del lanes[bucket]
                continue
            wait = bucket.wait(now)
            if wait > 0:
                soonest = wait if soonest is None else min(soonest, wait)
            elif ready is None or lane[0].number < ready.number:
                ready = lane[0]
        return ready, soonest
