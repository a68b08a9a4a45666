"""A pilot that waits until the program is at rest, and not a moment longer.

Textual's own `wait_for_idle` looks at the process's CPU time in steps of 20 ms, twice for each
key: most of the time of a screen's test was spent in it, and a process that a busy machine lets
starve looks idle to it. Here the event loop itself is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import pytest

TURNS = 3
"""So many turns of the loop without anything to run make it quiet: what one turn's selecting
finds is run in the next."""

HORIZON_SECONDS = 0.02
"""Timers due this soon after the loop is quiet for the first time belong to what was just done:
Textual repaints up to 1/60 s later. Later ones may come again and again and are not waited for."""

THREAD_SECONDS = 0.05
"""A job in a thread is waited for no longer: it may itself wait for a person."""

OPENING_SECONDS = 60.0
"""How long keys wait for what the one before opens, unless a test says otherwise."""

_THREAD_POLL_SECONDS = 0.001

_in_threads: WeakSet[asyncio.Future[Any]] = WeakSet()


async def until_quiet(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Wait until the loop has nothing to run, nothing due soon, and no job in a thread.

    Takes the place of `textual._wait.wait_for_idle`, therefore its parameters: `max_sleep`
    seconds are waited at most, for a program may have reason to be busy.
    """
    loop: Any = asyncio.get_running_loop()
    end = loop.time() + max_sleep
    await _until_nothing_is_ready(loop, end)
    quiet_at = loop.time()
    while loop.time() < end:
        due = min((each.when() for each in loop._scheduled if not each.cancelled()), default=end)
        if due <= quiet_at + HORIZON_SECONDS:
            await asyncio.sleep(due - loop.time())
        elif loop.time() < quiet_at + THREAD_SECONDS and _works_in_threads(loop):
            await asyncio.sleep(_THREAD_POLL_SECONDS)
        else:
            return
        await _until_nothing_is_ready(loop, end)


def _works_in_threads(loop: Any) -> bool:
    return any(not job.done() and job.get_loop() is loop for job in _in_threads)


async def _until_nothing_is_ready(loop: Any, end: float) -> None:
    quiet = 0
    while quiet < TURNS and loop.time() < end:
        await asyncio.sleep(0)
        quiet = 0 if loop._ready else quiet + 1


@contextmanager
def quiet_pilots() -> Iterator[None]:
    """Let every pilot wait by `until_quiet`."""
    run_in_executor = asyncio.BaseEventLoop.run_in_executor

    def noted(loop: Any, executor: Any, function: Any, *arguments: Any) -> Any:
        future = run_in_executor(loop, executor, function, *arguments)
        _in_threads.add(future)
        return future

    with pytest.MonkeyPatch.context() as patch:
        # On a busy machine the three seconds are over before a test has pressed its keys.
        patch.setattr("kmstui.ui.runtime.type_ahead.OPENING_SECONDS", OPENING_SECONDS)
        patch.setattr("textual.app.wait_for_idle", until_quiet)
        patch.setattr("textual.pilot.wait_for_idle", until_quiet)
        patch.setattr(asyncio.BaseEventLoop, "run_in_executor", noted)
        yield
