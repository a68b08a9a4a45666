"""The thread that the journal's work is done on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class JournalThread:
    """Runs jobs one after the other, off the event loop.

    A daemon thread: a disk that hangs must not keep the program from ending. A job that was
    handed over is run even if its waiter is cancelled, so that the last draft of a program that
    quits is kept.
    """

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    async def run(self, job: Callable[[], T]) -> T:
        """What `job` returns or raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._jobs.put(lambda: _run_job(job, answer, loop))
        return await answer

    def post(self, job: Callable[[], None]) -> None:
        """Run `job`, which must not raise, and tell nobody; from any thread."""
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


def _run_job(
    job: Callable[[], T], answer: asyncio.Future[T], loop: asyncio.AbstractEventLoop
) -> None:
    try:
        result = job()
    except BaseException as error:
        _deliver(loop, answer, answer.set_exception, error)
    else:
        _deliver(loop, answer, answer.set_result, result)


def _deliver(
    loop: asyncio.AbstractEventLoop,
    answer: asyncio.Future[T],
    setter: Callable[[Any], None],
    value: object,
) -> None:
    def settle() -> None:
        if not answer.done():
            setter(value)

    try:
        loop.call_soon_threadsafe(settle)
    except RuntimeError:
        # The loop is closed: the program is ending and nobody waits for the answer any more.
        return
