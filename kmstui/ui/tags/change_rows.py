"""A change of tags in rows, a key each or a tag each of one key, and how far its run is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from time import monotonic

from kmstui.service.inventory import Store
from kmstui.service.tags import TagChange, TagOutcome, TagResult, seconds_for
from kmstui.ui.style import Part, Symbols
from kmstui.ui.tags.words import (
    about,
    now_holds,
    number,
    result_parts,
    step_line,
    steps_of,
)
from kmstui.ui.widgets import Column

ONE_KEY = (
    Column("symbol", "", 1),
    Column("tag", "TAG KEY", 16, rank=1, most=40),
    Column("value", "VALUE", 20, rank=2, most=256),
)
MANY_KEYS = (
    Column("outcome", "OUTCOME", 13, rank=1),
    Column("key", "KEY", 20, most=36),
    Column("what", "WHAT", 24, rank=2, most=400),
)
_SYMBOL_STYLES = {"+": "good", "~": "warn", "-": "bad"}


class ChangeRows:
    """What was planned and what came of it, by key.

    Attributes:
        changes: The plan, by key ID, in the order asked for.
        results: How far each key is, as far as it was begun.
    """

    def __init__(self, store: Store, symbols: Symbols) -> None:
        self._store = store
        self._symbols = symbols
        self.changes: dict[str, TagChange] = {}
        self.results: dict[str, TagResult] = {}

    def plan(self, changes: Sequence[TagChange]) -> None:
        """This is what will happen."""
        self.changes = {change.key_id: change for change in changes}
        self.results = {}

    @property
    def one(self) -> TagChange | None:
        """The change, where it is about one key."""
        return next(iter(self.changes.values())) if len(self.changes) == 1 else None

    @property
    def to_send(self) -> tuple[TagChange, ...]:
        """The changes that are sent."""
        return tuple(change for change in self.changes.values() if change.will_be_sent)

    @property
    def to_retry(self) -> tuple[TagChange, ...]:
        """Changes that failed or were not sent."""
        return tuple(
            replace(result.change, refused="")
            for result in self.results.values()
            if result.outcome.can_be_retried
        )

    @property
    def to_undo(self) -> tuple[TagChange, ...]:
        """Changes that were sent, or may have been: undoing finds out.

        A failed one changed nothing, unless it takes two calls and the second failed.
        """
        return tuple(
            result.change
            for result in self.results.values()
            if result.outcome.saved
            or result.outcome is TagOutcome.UNKNOWN
            or (result.outcome is TagOutcome.FAILED and result.change.put and result.change.remove)
        )

    @property
    def order(self) -> list[str]:
        """IDs of the rows, those to see to first."""
        if self.one is not None:
            return [name for name, _ in self.one.after]
        return sorted(self.changes, key=self._place)

    def _place(self, key_id: str) -> int:
        if key_id not in self.results:
            return 0 if self.changes[key_id].refused else 1
        return 0 if self.results[key_id].outcome.can_be_retried else 1

    def cells(self, row: str, _: Sequence[str]) -> Mapping[str, Part]:
        """The cells of a row."""
        return self._key_cells(row) if self.one is None else self._tag_cells(self.one, row)

    def _tag_cells(self, change: TagChange, row: str) -> dict[str, Part]:
        steps = steps_of(change, self._symbols)
        symbol, tag, value = next(step for step in steps if step[1] == row)
        result = self.results.get(change.key_id)
        if result is not None:
            value = f"{value}   {result.outcome.value}"
        return {"symbol": (symbol, _SYMBOL_STYLES[symbol]), "tag": tag, "value": value}

    def _key_cells(self, row: str) -> dict[str, Part]:
        change, result = self.changes[row], self.results.get(row)
        if result is None and change.refused:
            result = TagResult(change, TagOutcome.REFUSED, change.refused)
        outcome: Part
        what: Part
        if result is not None:
            outcome, what = result_parts(result, self._store, self._symbols)
        elif change.is_empty:
            words = change.note or "it is as wanted already"
            outcome, what = (TagOutcome.UNCHANGED.value, "dim"), (words, "dim")
        else:
            outcome, what = ("will change", "accent"), step_line(change, self._symbols)
        return {"outcome": outcome, "key": self._store.bare_name(row), "what": what}

    def told(self, row: str) -> tuple[str, str]:
        """What a row of many has no room for, and its style."""
        change, result = self.changes[row], self.results.get(row)
        name = self._store.name_of(row)
        words = result.detail if result is not None else change.refused or change.note
        if words:
            return (words if row in words else f"{name}: {words}"), "warn"
        if result is not None and result.tags is not None:
            return now_holds(result, self._store), ""
        return name, "dim"

    def all_about(self, row: str) -> str:
        """All there is to know of a row of many."""
        return about(self.changes[row], self.results.get(row), self._symbols)


_SOON = 2.0
"""Seconds after which the measured pace is believed more than the quota."""


class RunProgress:
    """Counts what is done, and compares the pace with what the quotas allow."""

    def __init__(self, changes: Iterable[TagChange], now: Callable[[], float] = monotonic) -> None:
        """`changes` are those that are sent."""
        self._open = {change.key_id: change for change in changes}
        self._total, self._seconds = len(self._open), seconds_for(self._open.values())
        self._now, self._began = now, now()

    def end(self, change: TagChange) -> None:
        """One is done, however it ended."""
        self._open.pop(change.key_id, None)

    @property
    def left(self) -> int:
        """How many are still to end."""
        return len(self._open)

    @property
    def seconds_left(self) -> float:
        """Seconds until the end, at the pace at which it went so far."""
        elapsed = self._now() - self._began
        left = seconds_for(self._open.values())
        done = self._seconds - left
        return left if elapsed < _SOON or done <= 0 else left * max(1.0, elapsed / done)

    def words(self) -> str:
        """How far it is."""
        words = f"{self._total - self.left:,} of {number(self._total, 'key')}"
        return f"{words}, {duration(self.seconds_left)} left…" if self.left else words


def duration(seconds: float) -> str:
    """A time span as a person says it."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 100:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min"
