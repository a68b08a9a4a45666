"""The use of one key by day and service, counted from CloudTrail's events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kmstui.model import KeyEvent
from kmstui.service.uses.naming import is_use, service_for
from kmstui.service.uses.sources import EVENTS, counted

DAYS = 90
"""Full days before today that LookupEvents tells of (CloudTrail API Reference, LookupEvents)."""

BY_ITSELF = "directly"
"""Stands in the place of the service where neither the caller nor the encryption context is one."""

ALL = "all uses"
FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Tally:
    """Uses by day, of one service, of all, or of those that failed."""

    name: str
    days: tuple[int, ...]
    """As many as `UsesByDay.days`."""

    @property
    def total(self) -> int:
        """Of all days."""
        return sum(self.days)


@dataclass(frozen=True, slots=True)
class UsesByDay:
    """What was read of the use of a key, and how far back."""

    days: tuple[date, ...]
    """Dates in UTC, today last; the first is a day of which a part only is told."""
    services: tuple[Tally, ...]
    """Those that used it most first."""
    every: Tally
    failed: Tally
    unread: int
    """Days at the beginning of `days` of which not all events were read."""
    read: int
    """Events that were read, those that are no use among them."""
    undated: int
    """Events that could not be read, or without a time."""
    since: datetime | None
    """The oldest event that was read, where there are older ones; else None."""

    def words(self) -> str:
        """How many events these are, and how many were not read, as sentences."""
        others = self.read - self.every.total - self.undated
        told = f"{counted(self.read, 'event').capitalize()} read"
        if others > 0:
            told += f", {others:,} of them no use of the key"
        if self.since is not None:
            back = f"{self.since:%Y-%m-%d %H:%M} UTC"
            told += f"; older ones than {back} were not read, and CloudTrail does not tell how many"
        if self.undated:
            told += f"; {counted(self.undated, 'event')} could not be read"
        return f"{told}."

    def lines(self) -> Iterator[str]:
        """The numbers as text, for whoever does not see the chart; what they cannot show last."""
        first, last = self.days[0], self.days[-1]
        yield f"{self.every.total:,} uses from {first} to {last} (UTC). {self.words()}"
        for each in (*self.services, *((self.failed,) if self.failed.total else ())):
            used = [(count, day) for count, day in zip(each.days, self.days, strict=True) if count]
            most, when = max(used)
            days = counted(len(used), "day")
            yield (
                f"{each.name}: {each.total:,} on {days}, most on {when}: {most:,};"
                f" last {used[-1][1]}"
            )
        yield ""
        for index in range(len(self.days) - 1, -1, -1):
            if self.every.days[index]:
                parts = [
                    f"{each.name} {each.days[index]:,}"
                    for each in (*self.services, self.failed)
                    if each.days[index]
                ]
                yield f"{self.days[index]}  {', '.join(parts)}"
        yield ""
        yield f"CloudTrail does not show: {EVENTS.misses}"


def uses_by_day(events: Sequence[KeyEvent], now: datetime, *, older: bool) -> UsesByDay:
    """Count uses, gone well or not; `older` tells that there are events that were not read."""
    today = now.date()
    days = tuple(today - timedelta(days=DAYS - index) for index in range(DAYS + 1))
    place = {day: index for index, day in enumerate(days)}
    by_service: dict[str, Counter[int]] = {}
    failed: Counter[int] = Counter()
    undated = 0
    for event in events:
        index = place.get(event.time.date()) if event.time else None
        if index is None:
            undated += event.time is None
        elif is_use(event):
            name = service_for(event) or BY_ITSELF
            by_service.setdefault(name, Counter())[index] += 1
            failed[index] += bool(event.error_code)
    services = [_tally(name, counts) for name, counts in by_service.items()]
    oldest = min((event.time for event in events if event.time), default=now) if older else None
    return UsesByDay(
        days,
        tuple(sorted(services, key=lambda each: (-each.total, each.name))),
        _tally(ALL, sum(by_service.values(), Counter())),
        _tally(FAILED, failed),
        0 if oldest is None else place.get(oldest.date(), 0),
        len(events),
        undated,
        oldest,
    )


def _tally(name: str, counts: Counter[int]) -> Tally:
    return Tally(name, tuple(counts[index] for index in range(DAYS + 1)))
