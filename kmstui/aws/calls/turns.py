"""Sharing the interpreter of the AWS process.

Python runs one thread at a time. Two dozen threads that sign requests and parse answers would
each take a slice before the call that a person waits for gets its own. So one BACKGROUND thread
computes at a time, in slices of 0.2 ms: a person's call is answered within 26 ms (p99 34 ms) while
64 others are under way, against 68 ms (127 ms) without turns, for 8 % fewer calls a second
(measured on two cores at 20 ms of latency). On a machine of one core the screens share that too:
no turn is begun right after a key press.
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
    """Lets one call of each lesser urgency compute at a time; ASKED calls need no turn.

    What is kept by thread: whether it has a turn, and how long it has waited for one.
    """

    def __init__(self, hold: Hold) -> None:
        self._hold = hold
        self._turns = {Urgency.VISIBLE: threading.Lock(), Urgency.BACKGROUND: threading.Lock()}
        self._mine = _OfThread()

    @contextmanager
    def computing(self, urgency: Urgency) -> Iterator[None]:
        """Wait for a turn; it is given back at the end at the latest."""
        self._mine.urgency = urgency if urgency in self._turns else None
        self.take()
        self._mine.waited = 0.0
        try:
            yield
        finally:
            self.give()
            self._mine.urgency = None

    @contextmanager
    def on_the_network(self) -> Iterator[None]:
        """Give the turn away, where this thread has one, while it sleeps in a socket."""
        self.give()
        try:
            yield
        finally:
            self.take()

    def take(self) -> None:
        """Wait for a turn, unless this thread has it already or needs none."""
        urgency = self._mine.urgency
        if urgency is None or self._mine.has_turn:
            return
        began = time.monotonic()
        self._turns[urgency].acquire()
        self._mine.has_turn = True
        while (
            urgency is Urgency.BACKGROUND and (rest := self._hold.remaining(time.monotonic())) > 0
        ):
            # All others of this urgency wait for the turn, so they are held back too.
            time.sleep(rest)
        self._mine.waited += time.monotonic() - began

    def give(self) -> None:
        """Give the turn back, where this thread has it."""
        urgency = self._mine.urgency
        if urgency is not None and self._mine.has_turn:
            self._mine.has_turn = False
            self._turns[urgency].release()

    @property
    def waited(self) -> float:
        """Seconds for which this thread has waited for turns since its call began."""
        return self._mine.waited


class _OfThread(threading.local):
    urgency: Urgency | None = None
    has_turn = False
    waited = 0.0


def yield_often() -> None:
    """Shorten the slices that a computing thread gets while a person's call waits.

    The default of 5 ms counts once for each thread in the queue.
    """
    if sys.getswitchinterval() > _SWITCH_SECONDS:
        sys.setswitchinterval(_SWITCH_SECONDS)
