"""A thread of our own, for what would block the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


async def on_own_thread(name: str, job: Callable[[], T]) -> T:
    """What `job` returns or raises, on a thread that ends with it."""
    thread = JobThread(name)
    try:
        return await thread.run(job)
    finally:
        thread.post(None)


class JobThread:
    """Runs jobs one after the other, off the event loop.

    A daemon thread: a disk that hangs must not keep the program from ending. A job that was
    handed over is run even if its waiter is cancelled, so that the last draft of a program that
    quits is kept.
    """

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def run(self, job: Callable[[], T]) -> T:
        """What `job` returns or raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def settle(set_outcome: Callable[[Any], None], value: object) -> None:
            if not answer.done():
                set_outcome(value)

        def work() -> None:
            outcome: tuple[Callable[[Any], None], object]
            try:
                outcome = answer.set_result, job()
            except BaseException as error:
                outcome = answer.set_exception, error
            # The loop is closed when the program is ending: nobody waits any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, *outcome)

        self._jobs.put(work)
        return await answer

    def post(self, job: Callable[[], None] | None) -> None:
        """Run `job`, which must not raise, and tell nobody; None ends the thread."""
        self._jobs.put(job)

    def stop(self, last: Callable[[], None], seconds: float) -> bool:
        """Finish what was handed over, then run `last`; False when that takes too long."""
        self._jobs.put(last)
        self._jobs.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
