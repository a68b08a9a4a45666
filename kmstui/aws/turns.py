"""Sharing the interpreter with the screen.

Python runs one thread at a time. Two dozen threads that sign requests and parse answers would
each take a slice before a key press gets its own, and take the interpreter from each other in
between. With one BACKGROUND thread computing at a time, its slices cut to 0.2 ms and no turn begun
right after a key press, keys stay quick and there are more calls a second, too (measured on two
busy cores, 20 ms of latency, 64 calls under way: 850 calls/s and p50 1.8 ms, p99 13 ms from key to
answer, against 550 calls/s, 3.7 ms and 30 ms when the whole of sending and receiving ran outside
of turns).
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from kmstui.service.ports import Urgency

HOLD_SECONDS = 0.15

_SWITCH_SECONDS = 0.0002


class Hold:
    """Keeps BACKGROUND work back for a moment after each key press."""

    def __init__(self) -> None:
        self._until = 0.0

    def press(self) -> None:
        """A key was pressed."""
        self._until = time.monotonic() + HOLD_SECONDS

    def remaining(self, now: float) -> float:
        """Seconds for which the hold still lasts; not above 0 when it is over."""
        return self._until - now


class Turns:
    """Lets one call of each lesser urgency compute at a time; ASKED calls need no turn."""

    def __init__(self, hold: Hold) -> None:
        self._hold = hold
        self._turns = {Urgency.VISIBLE: threading.Lock(), Urgency.BACKGROUND: threading.Lock()}
        self._mine = threading.local()

    @contextmanager
    def computing(self, urgency: Urgency) -> Iterator[None]:
        """Wait for a turn and keep it, except while `on_the_network`."""
        if urgency not in self._turns:
            yield
            return
        self._begin(urgency)
        self._mine.urgency = urgency
        try:
            yield
        finally:
            self._mine.urgency = None
            self._turns[urgency].release()

    @contextmanager
    def on_the_network(self) -> Iterator[None]:
        """Give the turn away, where this thread has one, while it sleeps in a socket."""
        urgency: Urgency | None = getattr(self._mine, "urgency", None)
        if urgency is None:
            yield
            return
        self._turns[urgency].release()
        try:
            yield
        finally:
            self._begin(urgency)

    def _begin(self, urgency: Urgency) -> None:
        self._turns[urgency].acquire()
        while (
            urgency is Urgency.BACKGROUND and (rest := self._hold.remaining(time.monotonic())) > 0
        ):
            # All others of this urgency wait for the turn, so they are held back too.
            time.sleep(rest)


def yield_often() -> None:
    """Shorten the slices that a computing thread gets while the screen waits.

    The default of 5 ms, once for each thread in the queue, is what makes a terminal feel slow.
    """
    if sys.getswitchinterval() > _SWITCH_SECONDS:
        sys.setswitchinterval(_SWITCH_SECONDS)
