"""How long a run still takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic

from kmstui.service.tag_changes import TagChange, seconds_for

_SOON = 2.0
"""Seconds after which the measured pace is believed more than the quota."""


class RunClock:
    """Knows since when a run goes, and compares its pace with what the quotas allow."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._began = now()

    def seconds_left(self, done: Iterable[TagChange], left: Iterable[TagChange]) -> float:
        """Seconds until `left` is done, too, at the pace at which `done` was."""
        elapsed = self._now() - self._began
        at_least, remaining = seconds_for(done), seconds_for(left)
        if elapsed < _SOON or not at_least:
            return remaining
        return remaining * max(1.0, elapsed / at_least)


def duration(seconds: float) -> str:
    """A time span as a person says it."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 100:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min"
