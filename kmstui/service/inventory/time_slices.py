"""Long work on the event loop that lets keys go first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

SLICE_SECONDS = 0.0006
"""A slice of work: what a key that has just arrived may have to wait for, a few times over."""

_PRESS_SECONDS = 0.03
"""How long a pressed key has the loop for itself: long enough to be drawn."""


class TimeSlices:
    """Says when a slice of work is over, and waits while a person presses keys.

    Of all that work in slices one has its turn in each round of the event loop.
    """

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._pressed = float("-inf")
        self._slice_end = 0.0
        self._free = asyncio.Event()
        """Unset while somebody has a slice in this round."""
        self._free.set()

    def pressed(self) -> None:
        """A key was pressed."""
        self._pressed = self._now()

    @property
    def is_pressed(self) -> bool:
        """Whether a key was pressed so lately that its answer may not be on the screen yet."""
        return self._now() < self._pressed + _PRESS_SECONDS

    def begin(self) -> None:
        """A slice of work begins."""
        self._slice_end = self._now() + SLICE_SECONDS

    @property
    def over(self) -> bool:
        """Whether the slice is used up."""
        return self._now() >= self._slice_end

    async def step_back(self) -> None:
        """Let everything else run, and a pressed key first."""
        await asyncio.sleep(0)
        rest = self._pressed + _PRESS_SECONDS - self._now()
        if rest > 0:
            await asyncio.sleep(rest)

    async def next(self) -> None:
        """Let everything else run; begins the next slice."""
        await self.step_back()
        while not self._free.is_set():
            await self._free.wait()
        self._free.clear()
        asyncio.get_running_loop().call_soon(self._free.set)
        self.begin()
