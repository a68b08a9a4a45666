"""A run in rows, a key each or a step each of one key, and how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Generic

from kmstui.service.runs import RunOutcome, RunResult
from kmstui.ui.runs.shown_kind import C, ShownKind
from kmstui.ui.runs.words import about, number, result_parts
from kmstui.ui.style import Part
from kmstui.ui.widgets import Column

_MANY_KEYS = (
    Column("outcome", "OUTCOME", 13, rank=1),
    Column("key", "KEY", 20, most=52),
    Column("what", "WHAT", 22, rank=2, most=400),
)
_SEEN = Column("seen", "SEEN IN USE", 16, rank=3, most=60)
_SYMBOL_STYLES = {"+": "good", "~": "warn", "-": "bad"}


class RunRows(Generic[C]):
    """What was planned and what came of it, by key.

    Attributes:
        changes: The plan, by key ID, in the order asked for.
        results: How far each key is, as far as it was begun.
    """

    def __init__(self, kind: ShownKind[C]) -> None:
        self._kind = kind
        self.changes: dict[str, C] = {}
        self.results: dict[str, RunResult[C]] = {}

    def plan(self, changes: Sequence[C]) -> None:
        """This is what will happen."""
        self.changes = {change.key_id: change for change in changes}
        self.results = {}

    @property
    def one(self) -> C | None:
        """The change, where it is about one key."""
        return next(iter(self.changes.values())) if len(self.changes) == 1 else None

    @property
    def to_send(self) -> tuple[C, ...]:
        """The changes that are sent."""
        return tuple(change for change in self.changes.values() if change.will_be_sent)

    @property
    def to_retry(self) -> tuple[C, ...]:
        """Changes that failed or were not sent."""
        return tuple(
            replace(result.change, refused="")
            for result in self.results.values()
            if result.outcome.can_be_retried
        )

    @property
    def to_undo(self) -> tuple[C, ...]:
        """Changes that were sent, or may have been: undoing finds out.

        A failed one changed nothing, unless it takes several calls and not the first one failed.
        """
        return tuple(
            result.change
            for result in self.results.values()
            if self._may_have_changed(result) and self._kind.can_undo(result.change)
        )

    def _may_have_changed(self, result: RunResult[C]) -> bool:
        if result.outcome is RunOutcome.FAILED:
            return len([*self._kind.runs.kind.calls(result.change)]) > 1
        return result.outcome.saved or result.outcome is RunOutcome.UNKNOWN

    @property
    def keys_before(self) -> list[tuple[str, str]]:
        """What can be pressed before it is sent."""
        if not self.to_send:
            return [("Esc", "Back")]
        copies = ("plan.copy", "Copies AWS CLI instead")
        return [("plan.send", "Sends it"), copies, ("Esc", "Back")]

    @property
    def keys_after(self) -> list[tuple[str, str]]:
        """What can be pressed when it has ended."""
        keys = []
        if again := len(self.to_retry):
            keys.append(("plan.retry", f"Tries {again:,} again"))
        if self.to_undo:
            keys += [("plan.undo", "Undoes it"), ("plan.copy", "Copies AWS CLI")]
        return [*keys, ("Esc", "Closes")]

    @property
    def columns(self) -> Sequence[Column]:
        """Those of a step of one key, or of many keys."""
        if self.one is not None:
            return (
                Column("symbol", "", 1),
                Column("step", self._kind.column, 16, rank=1, most=60),
                Column("value", "VALUE", 20, rank=2, most=256),
            )
        return (*_MANY_KEYS, _SEEN) if self._kind.looks(self.to_send) else _MANY_KEYS

    @property
    def order(self) -> list[str]:
        """IDs of the rows, those to see to first."""
        if self.one is not None:
            return [str(index) for index in range(len(self._kind.steps(self.one)))]
        return sorted(self.changes, key=self._place)

    def _place(self, key_id: str) -> int:
        if key_id in self.results:
            return 0 if self.results[key_id].outcome.can_be_retried else 1
        change = self.changes[key_id]
        return 0 if change.refused else 1 if change.will_be_sent else 2

    def cells(self, row: str, _: Sequence[str]) -> Mapping[str, Part]:
        """The cells of a row."""
        return self._key_cells(row) if self.one is None else self._step_cells(self.one, row)

    def _step_cells(self, change: C, row: str) -> dict[str, Part]:
        symbol, step, value = self._kind.steps(change)[int(row)]
        result = self.results.get(change.key_id)
        if result is not None:
            value = f"{value}   {result.outcome.value}"
        return {"symbol": (symbol, _SYMBOL_STYLES[symbol]), "step": step, "value": value}

    def _key_cells(self, row: str) -> dict[str, Part]:
        change, result = self.changes[row], self.results.get(row)
        if result is None and change.refused:
            result = RunResult(change, RunOutcome.REFUSED, change.refused)
        outcome: Part
        what: Part
        if result is not None:
            outcome, what = result_parts(result, self._kind)
        elif change.is_empty:
            words = change.note or "it is as wanted already"
            outcome, what = (RunOutcome.UNCHANGED.value, "dim"), (words, "dim")
        else:
            outcome, what = ("will change", "accent"), self._kind.line(change)
        key = self._kind.store.row_name(row)
        seen = self._kind.seen(row) if change.will_be_sent else ""
        return {"outcome": outcome, "key": key, "what": what, "seen": seen}

    def told(self, row: str) -> tuple[str, str]:
        """What a row of many has no room for, and its style."""
        change, result = self.changes[row], self.results.get(row)
        name = self._kind.store.name_of(row)
        words = result.detail if result is not None else change.refused or change.note
        if words:
            return (words if row in words else f"{name}: {words}"), "warn"
        if result is not None and result.found is not None:
            return self._kind.now_holds(result), ""
        seen = self._kind.all_seen(row) if change.will_be_sent else ""
        return (f"{name}: {seen}", "") if seen else (name, "dim")

    def all_about(self, row: str) -> str:
        """All there is to know of a row of many."""
        return about(self.changes[row], self.results.get(row), self._kind)


_SOON = 2.0
"""Seconds after which the measured pace is believed more than the quota."""


class RunProgress(Generic[C]):
    """Counts what is done, and compares the pace with what the quotas allow."""

    def __init__(
        self, changes: Iterable[C], kind: ShownKind[C], now: Callable[[], float] = monotonic
    ) -> None:
        """`changes` are those that are sent."""
        self._open = {change.key_id: change for change in changes}
        self._seconds_for = kind.runs.kind.seconds_for
        self._total, self._seconds = len(self._open), self._seconds_for(self._open.values())
        self._now, self._began = now, now()

    def end(self, change: C) -> None:
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
        left = self._seconds_for(self._open.values())
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
