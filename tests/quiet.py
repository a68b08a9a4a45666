"""A pilot that waits until the program is at rest, and not a moment longer.

Textual's own `wait_for_idle` looks at the process's CPU time in steps of 20 ms, twice for each
key: most of the time of a screen's test was spent in it, and a process that a busy machine lets
starve looks idle to it. Here the event loop itself is asked.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import pytest
from textual._compositor import Compositor
from textual._context import active_app, visible_screen_stack
from textual.cache import LRUCache
from textual.css.stylesheet import Stylesheet

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


_RENDER_UPDATE = Compositor.render_update


@contextmanager
def unseen_frames() -> Iterator[None]:
    """Let a program without a terminal draw when a test looks at it, and not before.

    It has nowhere to show its frames, and drawing them took a third of the time of the screens'
    tests. What is drawn when a test looks, `tests.screens.Running.lines`, is the whole screen.
    """

    def unless_unseen(self: Compositor, full: bool = False, **named: Any) -> Any:
        # All of it is for a picture.
        if full or not active_app.get().is_headless:
            return _RENDER_UPDATE(self, full, **named)
        visible_screen_stack.set(named.get("screen_stack") or [])
        self._dirty_regions.clear()
        # What drawing makes of the layout is also what the next layout is held against.
        _ = self.full_map, self.cuts
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Compositor, "render_update", unless_unseen)
        yield


@contextmanager
def every_frame() -> Iterator[None]:
    """Draw every frame all the same, for what drawing itself does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Compositor, "render_update", _RENDER_UPDATE)
        yield


class _KeptRules(LRUCache[Any, Any]):
    """Rules of style sheets by the text that they are parsed from."""

    def clear(self) -> None:
        """Nothing: what holds for other colours has a cache of its own."""


@contextmanager
def sheets_parsed_once() -> Iterator[None]:
    """Let all programs of a process share what was parsed of the same style sheets.

    Each parsed all of them anew, for a sixth of its start. Rules do not change once parsed:
    Textual shares them between the screens of a program, too.
    """
    parse = Stylesheet.parse
    kept: dict[frozenset[tuple[str, str]], _KeptRules] = defaultdict(lambda: _KeptRules(4096))

    def parse_shared(self: Stylesheet) -> None:
        self._parse_cache = kept[frozenset(self._variables.items())]
        parse(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "parse", parse_shared)
        yield


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
