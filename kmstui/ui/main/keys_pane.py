"""Pane 1: the keys of the account."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence, Set
from time import monotonic
from typing import ClassVar

from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Input

from kmstui.model import Fact
from kmstui.service.inventory import FilterError, Progress, parse_filter, why_undecided
from kmstui.service.session import Session
from kmstui.ui.commands import KEYS, key_of
from kmstui.ui.main.counts import progress_text
from kmstui.ui.main.key_columns import (
    SORT_COLUMNS,
    cells_of,
    chosen_facts,
    columns_named,
    facts_of,
    findings_cell,
    with_places,
)
from kmstui.ui.main.key_rows import KeyRows
from kmstui.ui.main.panes import TablePane
from kmstui.ui.style import Part, Symbols
from kmstui.ui.widgets import Column, Counts, LineTable, MarkableTable

FILTER_KEYS = (
    ("Enter", "Keep"), ("Esc", "Clear"), ("tag:x=y", "a tag"), ("unused:90d", ""),
    ("-word", "not"), ("/regex/", ""),
)  # fmt: skip
"""For the key bar while the filter is typed."""
_FEW_MARKS = 500
"""Each of so many is looked for; of more, all rows are gone through once."""

COUNT_SECONDS = 0.25
"""Time between two counts of what was read: each costs a line over SSH."""


class KeysPane(TablePane):
    """The keys table with its filter."""

    number: ClassVar[int] = 1
    scope: ClassVar[str] = KEYS

    table: MarkableTable

    class Narrowed(Message):
        """A person has typed a filter and goes on with what it shows."""

    class FilterToggled(Message):
        """The filter's line was opened or closed: other keys work."""

    class Typed(Message):
        """A key went into the filter and has taken effect."""

    def __init__(self, session: Session, symbols: Symbols, columns: Sequence[str] = ()) -> None:
        super().__init__(id="keys")
        self._session = session
        self._store = session.store
        self._symbols = symbols
        self.table = MarkableTable(
            columns_named(columns),
            self._cells,
            symbols=symbols,
            id="keys-table",
            classes="pane--body",
        )
        self.filter_input = Input(
            placeholder="text  tag:project=x  unused:90d  no:alias  -word  /regex/", compact=True,
            id="filter", classes="pane--body",
        )  # fmt: skip
        self.filter_input.cursor_blink = False
        self.filter_input.display = False
        self.key_rows = KeyRows(
            self._store,
            session.slices,
            self._rows_changed,
            lambda: self.table.cursor_row,
            self._want,
            self._forget_wants,
        )
        self.key_rows.set_facts(chosen_facts(self.table.columns))
        self._was_reading = False
        self._filter_problem = ""
        self._filtered_anew = False
        self._findings: dict[str, Counts] = {}
        self._drafts: frozenset[str] = frozenset()
        self._places = False
        self._stage = (False, False, False)
        self._told = 0.0
        self.table.set_rows(self.key_rows.rows, self.key_rows.rows.position)
        self.table.set_sorted("alias", descending=False)

    def compose(self) -> ComposeResult:
        """Title, table, and the filter's line while it is used."""
        yield from super().compose()
        yield self.filter_input

    @property
    def filter_text(self) -> str:
        """What the filter says."""
        return self.filter_input.value.strip()

    @property
    def is_typing(self) -> bool:
        """Whether the filter's line is open."""
        return self.filter_input.display

    @property
    def found(self) -> Collection[str] | None:
        """IDs of the keys that the filter shows; None where there is none."""
        return self.key_rows.rows if self.filter_text else None

    # What it is told

    def keys_changed(self, ids: frozenset[str]) -> None:
        """Keys or their aliases changed; none: everything may have."""
        if not ids and not self._store.keys:
            # Another connection begins: not one row of the old may stay while slices are made.
            self.key_rows.clear()
            self._findings.clear()
            self.table.forget_place()
            self._rows_changed(None, True)
        self.key_rows.touch(ids)

    def set_findings(self, key_id: str, counts: Counts) -> None:
        """The policy of a key was linted."""
        if self._findings.get(key_id) != counts:
            self._findings[key_id] = counts
            self.table.redraw((key_id,))

    def set_drafts(self, key_ids: Set[str]) -> None:
        """These keys have a draft of their policy."""
        changed, self._drafts = self._drafts ^ key_ids, frozenset(key_ids)
        self.table.redraw(changed)

    def progress_changed(self) -> None:
        """More was listed or described; counts alone are told a few times a second."""
        progress = self._store.progress
        stage = (progress.listing, progress.loading, progress.stopped)
        now = monotonic()
        if stage != self._stage or now - self._told >= COUNT_SECONDS:
            self._stage, self._told = stage, now
            self._write()

    def session_changed(self, *, several: bool = False) -> None:
        """The connection or the banner changed; with `several`, account and Region are shown."""
        if several != self._places:
            self._places = several
            self.table.set_columns(with_places(self.table.columns, several=several))
        self._write()

    # What is read of each key, where somebody wants it

    @property
    def facts_in_sight(self) -> Sequence[Fact]:
        """What the columns on the screen say that costs a call a key."""
        return facts_of(self.table.visible_columns)

    def show_columns(self, columns: Sequence[Column]) -> None:
        """Give the table other columns, and read what they need."""
        self.table.set_columns(columns)
        self.key_rows.set_facts(chosen_facts(columns))
        self._tell_sight()

    def _tell_sight(self) -> None:
        """Other columns are in sight, which is as if there were other rows."""
        self.table.post_message(LineTable.Scrolled(self.table, self.table.cursor_row))

    def scroll_columns(self, steps: int) -> None:
        """Scroll sideways, and read what came into sight."""
        self.table.scroll_columns(steps)
        self._tell_sight()

    def stop_facts(self) -> bool:
        """Read no more of what costs a call a key; returns whether anything was being read."""
        stopped = self._session.facts is not None and self._session.facts.stop()
        if stopped:
            self._write()
        return stopped

    def _want(self, fact: Fact, key_id: str) -> None:
        if self._session.facts is not None:
            self._session.facts.want(fact, key_id)

    def _forget_wants(self) -> None:
        self._was_reading = False
        if self._session.facts is not None:
            self._session.facts.stop()

    def _facts_words(self) -> Iterable[Part]:
        """What is being read, and of how many keys nobody can say whether the filter means them."""
        rows, reader = self.key_rows, self._session.facts
        left = {fact: reader.left(fact) for fact in Fact} if reader else {}
        reading = [fact for fact in Fact if left.get(fact)]
        total = len(rows.rows) + len(rows.undecided)
        for fact in reading:
            yield f"  reading {fact} {total - left[fact]:,} of {total:,}… (Esc stops)", "accent"
        unknown = len(rows.undecided) if self.filter_text else 0
        if unknown and not reading:
            yield f"  {unknown:,} not known", "warn"
        if self._was_reading and not reading and unknown:
            self._tell_why(unknown)
        self._was_reading = bool(reading)

    def _tell_why(self, unknown: int) -> None:
        """Say once why of some keys nobody can say whether they match."""
        first = self._store.keys.get(next(iter(self.key_rows.undecided)))
        if first is not None:
            why = why_undecided(self.key_rows.filter, first)
            number = "One key is" if unknown == 1 else f"{unknown:,} keys are"
            name = self._store.short_name(first.id)
            self._session.notify(
                f"{number} not shown since nobody can say whether /{self.filter_text} means them,"
                f" {name} first: {why}",
                "warning",
            )

    def _rows_changed(self, ids: frozenset[str] | None, moved: bool) -> None:
        rows = self.key_rows.rows
        # A person who types a filter looks at the first match, unless theirs is among them.
        anew, self._filtered_anew = self._filtered_anew, False
        self.table.show_rows(rows, rows.position, ids, moved=moved, anew=anew)
        self._write()

    def _cells(self, row: str, columns: Sequence[str]) -> Sequence[Part]:
        key = self._store.keys.get(row)
        if key is None:
            return ()
        findings = findings_cell(self._findings.get(row), self._symbols)
        return cells_of(
            key, self._store.aliases_of(row), columns, findings, draft=row in self._drafts
        )

    # What it says

    def _write(self) -> None:
        progress = self._store.progress
        parts: list[Part] = [("Keys", "title"), f"  {self._counts(progress)}"]
        marked = len(self.table.marks)
        if marked:
            parts.append((f"  {marked:,} marked", "accent"))
            if hidden := self._hidden_marks:
                parts.append((f", {hidden:,} of them hidden", "warn"))
        sorted_by = self.key_rows.column
        parts.extend(self._facts_words())
        if self.size.width and sorted_by not in self.table.visible_columns:
            order = "descending" if self.key_rows.reverse else "ascending"
            parts.append((f"  by {sorted_by}, {order}, not shown", "dim"))
        if problem := self._filter_problem or self.key_rows.filter_problem:
            # The sentence needs the line; it says itself that nothing is filtered.
            parts = [(problem, "bad")]
        elif self.filter_text:
            parts.append((f"  /{self.filter_text}", "accent"))
        self.show_title(parts)
        self.table.set_empty(self._why_empty(progress))

    def _counts(self, progress: Progress) -> str:
        shown = len(self.key_rows.rows)
        total = len(self._store.keys)
        known = progress_text(progress, total, key_of("session.refresh", self))
        if self.filter_text:
            return f"{shown:,} of {known}"
        if progress.loading or progress.stopped:
            return known
        hidden = total - shown
        return f"{shown:,}" + (
            f" (and {hidden:,} of AWS: {key_of('keys.aws', self)})" if hidden > 0 else ""
        )

    def _why_empty(self, progress: Progress) -> str:
        if self._store.banner:
            return ""
        if progress.loading or not self.key_rows.settled:
            return "Reading…"
        if self._store.info is None:
            return "Connecting…"
        if self._was_reading:
            return "Reading what the filter asks for…"
        if self.filter_text:
            return "No key matches the filter. Esc clears it."
        if progress.stopped:
            refresh = key_of("session.refresh", self)
            return f"The keys were not read to their end. {refresh} reads them again."
        if self._store.keys:
            return f"No customer managed keys here. {key_of('keys.aws', self)} shows those of AWS."
        where = "these places" if self._places else self._store.info.region
        region = key_of("session.region", self)
        return f"There are no keys in {where}. {region} switches to another Region."

    # Filter, sort

    def open_filter(self) -> None:
        """Let a person type a filter."""
        self.filter_input.display = True
        self.filter_input.focus(scroll_visible=False)
        self.post_message(self.FilterToggled())

    def close_filter(self, *, clear: bool) -> bool:
        """Go back to the table; returns whether there was anything to close or clear."""
        was_open = self.filter_input.display
        had_text = bool(self.filter_input.value)
        if clear:
            self.filter_input.value = ""
            self._apply_filter("")
        self.filter_input.display = False
        if was_open:
            self.post_message(self.FilterToggled())
            self.table.focus(scroll_visible=False)
        return was_open or (clear and had_text)

    def use_filter(self, text: str) -> None:
        """Filter by this text as if it had been typed."""
        self.filter_input.value = text
        self._apply_filter(text)

    def _apply_filter(self, text: str) -> None:
        try:
            wanted = parse_filter(text, self._session.clock())
        except FilterError as error:
            self._filter_problem = str(error)
        else:
            self._filter_problem = ""
            self._filtered_anew = self._filtered_anew or wanted != self.key_rows.filter
            self.key_rows.set_filter(wanted)
        self._write()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while a person types."""
        event.stop()
        self._apply_filter(event.value)
        if event.input.has_focus:
            self.post_message(self.Typed())

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: the filter stays, the table has the keys again."""
        event.stop()
        # Keys typed ahead, such as `*` or `t`, are meant for the rows that match.
        await self.key_rows.wait_settled()
        self.close_filter(clear=False)
        self.post_message(self.Narrowed())

    def on_line_table_marked(self, event: LineTable.Marked) -> None:
        """Count the marks."""
        self._write()

    @property
    def shown_marks(self) -> tuple[str, ...]:
        """IDs of the marked keys that the filter shows, in the table's order."""
        marks = self.table.marks & self._store.keys.keys()
        return tuple(self.key_rows.rows.among(marks)) if marks else ()

    @property
    def _hidden_marks(self) -> int:
        marks, rows = self.table.marks & self._store.keys.keys(), self.key_rows.rows
        few = len(marks) < _FEW_MARKS
        return (
            sum(each not in rows for each in marks) if few else len(marks) - len(self.shown_marks)
        )

    def clear_marks(self) -> bool:
        """Take all marks away; returns whether there were any."""
        there = bool(self.table.marks)
        self.table.set_marks(())
        return there

    def on_line_table_head_clicked(self, event: LineTable.HeadClicked) -> None:
        """With the mouse on: sort by the column, where it can be sorted by."""
        if event.row in SORT_COLUMNS:
            self.sort_by(event.row)

    def sort_by(self, column: str) -> None:
        """Sort by a column; by the same one again, the other way round."""
        rows = self.key_rows
        self.sort(column, reverse=rows.column == column and not rows.reverse)

    def sort(self, column: str, *, reverse: bool) -> None:
        """Sort by a column; where it does not show, the title says so."""
        self.key_rows.set_sort(column, reverse=reverse)
        self.table.set_sorted(column, descending=reverse)
        self._write()

    def on_resize(self) -> None:
        """Other columns may show now."""
        self.call_after_refresh(self._write)
        self.call_after_refresh(self._tell_sight)
