"""From the threads to the event loop: many outcomes with one wake-up."""

from __future__ import annotations

import asyncio
import threading
from collections import deque

from kmstui.aws.calls.queue import Job, Outcome
from kmstui.service.ports import CallObserver, Urgency

_GATHER_SECONDS = 0.004
"""How long a BACKGROUND outcome waits for company. Each wake-up costs the loop a turn of the
selector and a fight for the interpreter; a thousand a second of them would be felt as lag."""

_AT_ONCE = 64
"""Outcomes delivered before the loop may look at key presses again."""


class Delivery:
    """Hands outcomes to the futures that wait, and their records to the observer."""

    def __init__(self, loop: asyncio.AbstractEventLoop, observer: CallObserver) -> None:
        self._loop = loop
        self._observer = observer
        self._lock = threading.Lock()
        self._done: deque[tuple[Job, Outcome]] = deque()
        self._gathering = False
        self._woken = False

    def put(self, job: Job, outcome: Outcome) -> None:
        """Pass an outcome on. Called on a worker thread.

        Raises:
            RuntimeError: the loop is closed, so nobody waits any more.
        """
        if job.urgency is Urgency.BACKGROUND:
            with self._lock:
                self._done.append((job, outcome))
                wake = not (self._gathering or self._woken)
                self._gathering = True
            if wake:
                self._loop.call_soon_threadsafe(self._gather)
            return
        with self._lock:
            self._done.appendleft((job, outcome))
            wake = not self._woken
            self._woken = True
        if wake:
            self._loop.call_soon_threadsafe(self._deliver)

    def _gather(self) -> None:
        self._loop.call_later(_GATHER_SECONDS, self._deliver)

    def _deliver(self) -> None:
        for _ in range(_AT_ONCE):
            with self._lock:
                if not self._done:
                    self._gathering = self._woken = False
                    return
                job, outcome = self._done.popleft()
            settle(job.future, outcome)
            self._tell(outcome)
        self._loop.call_soon(self._deliver)

    def _tell(self, outcome: Outcome) -> None:
        if outcome.record is None:
            return
        try:
            self._observer(outcome.record)
        except Exception as error:
            self._loop.call_exception_handler(
                {"message": "the observer of calls failed", "exception": error}
            )


def settle(future: asyncio.Future[object], outcome: Outcome) -> None:
    """Give a future its outcome unless it was cancelled. Called on the loop."""
    if future.done():
        return
    if outcome.error is None:
        future.set_result(outcome.value)
        return
    future.set_exception(outcome.error)
    # The waiter may be cancelled in this same turn of the loop and then never fetches it;
    # asyncio would print "exception was never retrieved" across the screen.
    future.exception()
