"""The threads that send calls.

They are daemon threads of our own: quitting never waits for them, as it would for asyncio's
default pool, and a call that hangs holds nothing up but itself.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

from kmstui.aws.calls.delivery import Delivery, settle
from kmstui.aws.calls.queue import Backlog, Job, Outcome
from kmstui.aws.calls.turns import Hold, yield_often
from kmstui.service.ports import CallObserver, Urgency

BACKGROUND_THREADS = 32
"""At 20 ms a round trip this fills one core, which is all that botocore can use."""

THREADS = BACKGROUND_THREADS + 8
"""Some stay free of BACKGROUND calls, so that a person's call never waits behind them."""


class Dispatcher:
    """Runs jobs in order of urgency and pace, and delivers their outcomes to the event loop.

    Idle threads wait without a timer. All methods are called on the event loop.
    """

    def __init__(self, observer: CallObserver, hold: Hold, *, threads: int = THREADS) -> None:
        self._observer = observer
        self._hold = hold
        self._max_threads = threads
        self._max_background = max(1, threads - (THREADS - BACKGROUND_THREADS))
        self._changed = threading.Condition()
        self._backlog = Backlog()
        self._running: set[Job] = set()
        self._delivery: Delivery | None = None
        self._threads = 0
        self._idle = 0
        self._starting = False
        self._background = 0
        self._timed = False
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def submit(self, job: Job) -> None:
        """Queue a job; its future gets the outcome.

        Cancelling the future drops the job when it has not been sent yet.

        Raises:
            RuntimeError: the system gives us no thread at all.
        """
        if self._delivery is None:
            self._delivery = Delivery(asyncio.get_running_loop(), self._observer)
            yield_often()
        with self._changed:
            self._backlog.put(job)
            self._changed.notify()
            self._grow()

    def close(self) -> None:
        """Drop what waits, give up what is under way, and let the threads end."""
        with self._changed:
            self._closed = True
            waiting = tuple(self._backlog.clear())
            running = tuple(self._running)
            self._changed.notify_all()
        for job in waiting:
            settle(job.future, Outcome(error=job.abandoned(False)))
        for job in running:
            settle(job.future, Outcome(error=job.abandoned(True)))

    def _grow(self) -> None:
        # One more thread when all are busy; with the lock held. One at a time: starting a thread
        # takes a moment that the loop, when it submits many jobs at once, has not to spare. Each
        # new thread starts the next one where there is more to do.
        if self._idle or self._starting or self._threads >= self._max_threads:
            return
        thread = threading.Thread(target=self._run, name=f"kmstui-aws-{self._threads}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            if not self._threads:
                raise
            # The system gives no more threads: those we have do the work, only more slowly.
            self._max_threads = self._threads
            return
        self._threads += 1
        self._starting = True

    def _run(self) -> None:
        with self._changed:
            self._starting = False
        while (job := self._take()) is not None:
            outcome = _outcome(job.work)
            with self._changed:
                self._running.discard(job)
                self._background -= job.urgency is Urgency.BACKGROUND
            if not self._deliver(job, outcome):
                return

    def _deliver(self, job: Job, outcome: Outcome) -> bool:
        if self._delivery is None:
            return False
        try:
            self._delivery.put(job, outcome)
        except RuntimeError:
            # The loop was closed while the call was under way: the program is ending.
            return False
        return True

    def _take(self) -> Job | None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                job, wait = self._backlog.next(now, self._background_after(now))
                if job is not None:
                    self._running.add(job)
                    self._background += job.urgency is Urgency.BACKGROUND
                    if self._backlog:
                        # There is more: for a thread that sleeps, or for one more thread.
                        self._changed.notify()
                        self._grow()
                    return job
                self._pause(wait)
            return None

    def _background_after(self, now: float) -> float | None:
        if self._background >= self._max_background:
            return None
        return self._hold.remaining(now)

    def _pause(self, wait: float | None) -> None:
        # One thread keeps the time for all: a crowd of timed waits would wake together only to
        # find that one call may go.
        keeper = wait is not None and not self._timed
        self._idle += 1
        self._timed = self._timed or keeper
        try:
            self._changed.wait(wait if keeper else None)
        finally:
            self._idle -= 1
            if keeper:
                self._timed = False


def _outcome(work: Callable[[], Outcome]) -> Outcome:
    try:
        return work()
    except Exception as error:
        return Outcome(error=error)
