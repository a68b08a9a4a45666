"""When Python looks for garbage: the one place that steers its collector.

Measured with CPython 3.11, processor time alone:

- Importing Textual, or botocore, takes 260 and 220 ms, of which the collector takes 19 each.
- With Python's own thresholds of 700, 10 and 10 a key pressed in the editor had to wait for two
  collections, and every so often for a full one of 7 ms: the answer to one key in a hundred took
  12 ms, and takes 9.
- 100,000 keys with their aliases are 200,000 objects. While they come in, collections of the
  older ones would take up to 30 ms and find nothing; one of all takes 100 ms. Freezing takes
  none: what is frozen is looked at no more.
- What becomes garbage after it was frozen stays for good, unless it is thawed before the next
  collection. 50 refreshes of 1,000 keys, with 1,000 circles more to let go each time, took 22 MB;
  since each begins with a collection of everything they take 4.
- What a screen or a view was made of is one large circle, and comes to some 0.4 MB each time that
  the editor is opened. With these thresholds Python would let hundreds of them gather; so all
  is looked through when a person rests who has worked, and now and then while one works on: of
  one who opened the palette again and again without a rest, memory rose from 73 to 80 MB.
"""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

_THRESHOLDS = (5_000, 20, 20)

_THRESHOLDS_WHILE_LOADING = (5_000, 3, 1_000)
"""Collections of 15,000 young objects, which take 4 ms at most, and none of all."""


def collect_seldom() -> None:
    """Do not look for garbage again and again while much is made that stays."""
    gc.set_threshold(*_THRESHOLDS)


def start() -> None:
    """A program starts: nothing of what its start makes is garbage."""
    collect_seldom()
    gc.disable()


def keep() -> None:
    """What is there now stays: look for garbage in what comes from now on."""
    gc.freeze()
    gc.enable()


class InventoryCollection:
    """Freezes the keys that have come in, and collects before they come in again."""

    def __init__(self) -> None:
        self._listed = False
        self._loading = False

    def progress(self, *, listed: int, loading: bool) -> None:
        """Told a few times a second while keys come in, and once they are all there."""
        first = listed > 0 and not self._listed
        finished = self._loading and not loading
        if loading and not self._loading:
            if gc.get_freeze_count():
                gc.unfreeze()
                gc.collect()
                gc.freeze()
            gc.set_threshold(*_THRESHOLDS_WHILE_LOADING)
        self._listed, self._loading = listed > 0, loading
        if finished:
            collect_seldom()
        if first or finished:
            keep()


REST_SECONDS = 0.7
"""A person who has pressed no key for so long reads, and will hardly press one within 10 ms."""

WORK_SECONDS = 10.0
"""Who works on for so long is not waited for: one key in many hundreds takes 10 ms more."""


class RestCollection:
    """Collects once after work, while the person rests; an idle program stays idle."""

    def __init__(self) -> None:
        self._began = self._pressed = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def key_pressed(self) -> None:
        """The person works."""
        self._pressed = time.monotonic()
        if self._timer is None:
            self._began = self._pressed
            self._arm(REST_SECONDS)

    def _arm(self, seconds: float) -> None:
        # Commands have no event loop, and do not wait for its modules.
        import asyncio

        self._timer = asyncio.get_running_loop().call_later(seconds, self._rested)

    def _rested(self) -> None:
        left = min(self._pressed + REST_SECONDS, self._began + WORK_SECONDS) - time.monotonic()
        if left <= 0 and gc.get_threshold() == _THRESHOLDS_WHILE_LOADING:
            # The keys that come in are not frozen yet, and would be looked through.
            left = REST_SECONDS
        if left > 0:
            self._arm(left)
            return
        self._timer = None
        gc.collect()
