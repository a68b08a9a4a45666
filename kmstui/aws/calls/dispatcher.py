"""Which call is sent next, and the threads that send them.

They are daemon threads of our own: quitting never waits for them, as it would for those of
`concurrent.futures`, and a call that hangs holds nothing up but itself.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from queue import SimpleQueue
from typing import Any

from kmstui.aws.calls.throttling import Bucket
from kmstui.aws.calls.turns import Turns
from kmstui.service.ports import CallObserver, CallRecord, Urgency

BACKGROUND_THREADS = 32
"""At 20 ms a round trip this fills one core, which is all that botocore can use."""

THREADS = BACKGROUND_THREADS + 8
"""Some stay free of BACKGROUND calls, so that a person's call never waits behind them."""

_GATHER_SECONDS = 0.004
"""How long a BACKGROUND outcome waits for company. Each wake-up costs the loop, and behind it the
screens, a turn of the selector; a thousand a second of them would be felt as lag."""


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """How a call ended: with a value, or with an error."""

    value: Any = None
    error: BaseException | None = None
    record: CallRecord | None = None


@dataclass(slots=True, eq=False)
class Job:
    """One call: what to do in a thread, and who waits for it."""

    work: Callable[[], CallOutcome]
    abandoned: Callable[[bool], BaseException]
    """The error for a call that is given up; told whether it may have been sent."""
    urgency: Urgency
    bucket: Bucket
    future: asyncio.Future[Any]


class Dispatcher:
    """Runs jobs in order of urgency and pace, and gives their futures what comes of them.

    Jobs wait in lanes by urgency and pace; within a lane, first come, first served. A lane that
    must wait for its pace lets other lanes pass, the less urgent ones too.

    All methods are called on the event loop, and all state belongs to it: the threads only do the
    work of a job.
    """

    def __init__(self, observer: CallObserver, turns: Turns, *, threads: int = THREADS) -> None:
        self._observer = observer
        self._turns = turns
        self._max_threads = threads
        self._max_background = max(1, threads - (THREADS - BACKGROUND_THREADS))
        self._lanes: dict[tuple[Urgency, Bucket], deque[tuple[int, Job]]] = {}
        self._numbers = count()
        self._running: set[Job] = set()
        self._for_threads: SimpleQueue[Job | None] = SimpleQueue()
        self._threads = 0
        self._gathered: deque[tuple[Job, CallOutcome]] = deque()
        self._gathering = False
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop
        self.closed = False
        """Whether `close` was called."""

    def submit(self, job: Job) -> None:
        """Queue a job; its future gets the outcome.

        Cancelling the future drops the job when it has not been sent yet.

        Raises:
            RuntimeError: the system gives us no thread at all.
        """
        if not self._threads:
            self._loop = asyncio.get_running_loop()
            self._add_thread()
        lane = self._lanes.setdefault((job.urgency, job.bucket), deque())
        lane.append((next(self._numbers), job))
        self._send_ready()

    def close(self) -> None:
        """Drop what waits, give up what is under way, and let the threads end."""
        self.closed = True
        waiting = [job for lane in self._lanes.values() for _, job in lane]
        self._lanes.clear()
        for job in waiting:
            _settle(job.future, CallOutcome(error=job.abandoned(False)))
        for job in self._running:
            _settle(job.future, CallOutcome(error=job.abandoned(True)))
        for _ in range(self._threads):
            self._for_threads.put(None)

    def _send_ready(self) -> None:
        """Give the threads what may go now, and come back when more may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while len(self._running) < self._max_threads:
            now = time.monotonic()
            waits = {lane: self._wait(*lane, now) for lane in self._filled_lanes()}
            ready = [lane for lane, wait in waits.items() if wait <= 0]
            if not ready:
                soonest = min(waits.values(), default=float("inf"))
                if soonest < float("inf"):
                    self._timer = self._loop.call_later(soonest, self._send_ready)
                return
            first = min(ready, key=lambda lane: (lane[0], self._lanes[lane][0][0]))
            self._start(self._lanes[first].popleft()[1], now)

    def _filled_lanes(self) -> Iterator[tuple[Urgency, Bucket]]:
        for key, lane in tuple(self._lanes.items()):
            while lane and lane[0][1].future.cancelled():
                lane.popleft()
            if lane:
                yield key
            else:
                del self._lanes[key]

    def _wait(self, urgency: Urgency, bucket: Bucket, now: float) -> float:
        """Seconds until the next call of a lane may go; infinite until another one has ended."""
        wait = bucket.wait(now)
        if urgency is not Urgency.BACKGROUND:
            return wait
        background = sum(job.urgency is Urgency.BACKGROUND for job in self._running)
        if background >= self._max_background:
            return float("inf")
        return max(wait, self._turns.held_for(now))

    def _start(self, job: Job, now: float) -> None:
        job.bucket.take(now)
        self._running.add(job)
        if len(self._running) > self._threads:
            try:
                self._add_thread()
            except RuntimeError:
                # The system gives no more threads: those we have do the work, only more slowly.
                self._max_threads = self._threads
        self._for_threads.put(job)

    def _add_thread(self) -> None:
        name = f"kmstui-aws-{self._threads}"
        threading.Thread(target=self._work, name=name, daemon=True).start()
        self._threads += 1

    def _work(self) -> None:
        while (job := self._for_threads.get()) is not None:
            try:
                outcome = job.work()
            except Exception as error:
                outcome = CallOutcome(error=error)
            try:
                self._hand_over(job, outcome)
            except RuntimeError:
                # The loop was closed while the call was under way: the program is ending.
                return

    def _hand_over(self, job: Job, outcome: CallOutcome) -> None:
        if job.urgency is not Urgency.BACKGROUND:
            self._loop.call_soon_threadsafe(self._deliver, ((job, outcome),))
            return
        self._gathered.append((job, outcome))
        if not self._gathering:
            self._gathering = True
            self._loop.call_soon_threadsafe(
                self._loop.call_later, _GATHER_SECONDS, self._deliver_gathered
            )

    def _deliver_gathered(self) -> None:
        # Before they are taken out: what comes from now on asks to be delivered again.
        self._gathering = False
        self._deliver([self._gathered.popleft() for _ in range(len(self._gathered))])

    def _deliver(self, ended: Iterable[tuple[Job, CallOutcome]]) -> None:
        for job, outcome in ended:
            self._running.discard(job)
            if outcome.record is not None:
                # In a turn of its own, so that an observer that fails hinders no outcome.
                self._loop.call_soon(self._observer, outcome.record)
            _settle(job.future, outcome)
        self._send_ready()


def _settle(future: asyncio.Future[Any], outcome: CallOutcome) -> None:
    """Give a future its outcome unless it was cancelled."""
    if future.done():
        return
    if outcome.error is None:
        future.set_result(outcome.value)
        return
    future.set_exception(outcome.error)
    # The waiter may be cancelled in this same turn of the loop and then never fetches it;
    # asyncio would print "exception was never retrieved" across the screen.
    future.exception()
