"""Waiting for a pause in a stream of changes."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from textual.timer import Timer
from textual.widget import Widget


class Debounce:
    """Calls a function once changes have paused; no timer exists while nothing is pending."""

    def __init__(
        self,
        owner: Widget,
        pause: float,
        action: Callable[[], object],
        *,
        at_most: float = float("inf"),
    ) -> None:
        """Wait `pause` seconds after the last change, and `at_most` after the first."""
        self._owner = owner
        self._pause = pause
        self._action = action
        self._at_most = at_most
        self._timer: Timer | None = None
        self._first = self._last = 0.0

    @property
    def pending(self) -> bool:
        """There was a change, and the function has not been called since."""
        return self._timer is not None

    def poke(self) -> None:
        """Something has changed."""
        self._last = monotonic()
        if self._timer is None:
            self._first = self._last
            self._timer = self._owner.set_timer(self._pause, self._ring)

    def flush(self) -> None:
        """Call the function now if it is pending."""
        if self._timer is not None:
            self.cancel()
            self._action()

    def cancel(self) -> None:
        """Forget what is pending."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _ring(self) -> None:
        now = monotonic()
        # One timer is armed again for the rest, instead of a new one with every key.
        rest = min(self._last + self._pause, self._first + self._at_most) - now
        if rest > 0.001:
            self._timer = self._owner.set_timer(rest, self._ring)
        else:
            self._timer = None
            self._action()
