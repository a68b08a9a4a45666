"""Sharing the interpreter of the AWS process between its threads.

Python runs one thread at a time. Two dozen threads that sign requests and parse responses would
each take a slice before the call that a person waits for gets its own. So one BACKGROUND thread
computes at a time, and gives its turn away while it sends and waits. With 64 other calls waiting
at 20 ms of latency, a person's call takes 35 ms and a tenth of them more than 60 ms; without turns
80 ms and 260 ms, for the same number of calls a second. All connections of the process share the
turns: they share the interpreter.
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
"""The slice that a computing thread gets while others wait. The default of 5 ms counts once for
each thread that is before a person's call."""


class Turns:
    """Lets one call of each lesser urgency compute at a time; ASKED calls need no turn."""

    def __init__(self) -> None:
        self._turns = {Urgency.VISIBLE: threading.Lock(), Urgency.BACKGROUND: threading.Lock()}
        self._mine = _OfThread()
        self._held_until = 0.0
        sys.setswitchinterval(min(_SWITCH_SECONDS, sys.getswitchinterval()))

    def hold_background(self) -> None:
        """A key was pressed: begin no BACKGROUND turn for a moment.

        The screens may have to share a core with this process.
        """
        self._held_until = time.monotonic() + HOLD_SECONDS

    def held_for(self, now: float) -> float:
        """Seconds for which BACKGROUND is held back; not above 0 when it is not."""
        return self._held_until - now

    @contextmanager
    def computing(self, urgency: Urgency) -> Iterator[None]:
        """Wait for a turn; it is given back at the end at the latest."""
        self._mine.urgency = urgency
        self._mine.waited = 0.0
        self.take()
        try:
            yield
        finally:
            self.give()

    def take(self) -> None:
        """Wait for a turn, unless this thread has it already or needs none."""
        urgency = self._mine.urgency
        if urgency not in self._turns or self._mine.has_turn:
            return
        began = time.monotonic()
        self._turns[urgency].acquire()
        self._mine.has_turn = True
        while urgency is Urgency.BACKGROUND and (rest := self.held_for(time.monotonic())) > 0:
            # All others of this urgency wait for the turn, so they are held back too.
            time.sleep(rest)
        self._mine.waited += time.monotonic() - began

    def give(self) -> None:
        """Give the turn back, where this thread has it."""
        if self._mine.has_turn:
            self._mine.has_turn = False
            self._turns[self._mine.urgency].release()

    @property
    def waited(self) -> float:
        """Seconds for which this thread has waited for turns since its call began."""
        return self._mine.waited


class _OfThread(threading.local):
    urgency = Urgency.ASKED
    has_turn = False
    waited = 0.0
