"""How far a run is, and how long it still takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic

from kmstui.service.tags import PUTS_A_SECOND, REMOVALS_A_SECOND, TagChange
from kmstui.ui.tags.words import number

_SOON = 2.0
"""Seconds after which the measured pace is believed more than the quota."""


class RunProgress:
    """Counts what is done, and compares the pace with what the quotas allow."""

    def __init__(self, changes: Iterable[TagChange], now: Callable[[], float] = monotonic) -> None:
        """`changes` are those that are sent."""
        sent = tuple(changes)
        self._now = now
        self._began = now()
        self.total = len(sent)
        self.ended = 0
        self._puts = self._all_puts = sum(bool(change.put) for change in sent)
        self._removals = self._all_removals = sum(bool(change.remove) for change in sent)

    def end(self, change: TagChange) -> None:
        """One is done, however it ended."""
        self.ended += 1
        self._puts -= bool(change.put)
        self._removals -= bool(change.remove)

    @property
    def left(self) -> int:
        """How many are still to end."""
        return self.total - self.ended

    @property
    def seconds_left(self) -> float:
        """Seconds until the end, at the pace at which it went so far."""
        elapsed = self._now() - self._began
        left = _at_least(self._puts, self._removals)
        done = _at_least(self._all_puts, self._all_removals) - left
        if elapsed < _SOON or done <= 0:
            return left
        return left * max(1.0, elapsed / done)

    def words(self) -> str:
        """How far it is."""
        words = f"{self.ended:,} of {number(self.total, 'key')}"
        return f"{words}, {duration(self.seconds_left)} left…" if self.left else words


def _at_least(puts: int, removals: int) -> float:
    return max(puts / PUTS_A_SECOND, removals / REMOVALS_A_SECOND)


def duration(seconds: float) -> str:
    """A time span as a person says it."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 100:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min"
