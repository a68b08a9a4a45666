"""What uses the key: what each source tells of it, and beside it what that source cannot see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from textual.events import Resize

from kmstui.service.inventory import Topic
from kmstui.service.session import Session
from kmstui.service.uses import (
    EVENTS,
    LISTS,
    NOBODY_SEES,
    SOURCES,
    KeyUses,
    SourceReading,
    Use,
    UsesByDay,
    UseSource,
    UsesReader,
    UseState,
)
from kmstui.ui.keys.table_view import TableView, moment
from kmstui.ui.keys.use_chart import UseChart
from kmstui.ui.runtime import Changes
from kmstui.ui.style import Part, Symbols
from kmstui.ui.widgets import Column, Sentences

Row = tuple[UseSource, Use | None]
"""A source, or one use that it told of."""

_COLUMNS = (
    Column("what", "WHAT", 26, rank=1, most=48, least=18),
    Column("when", "LAST SEEN", 10, rank=2),
    Column("how", "HOW", 24, rank=0, most=110),
)
_STYLES = {
    UseState.NOT_LOOKED: "warn",
    UseState.READING: "dim",
    UseState.READ: "",
    UseState.PARTLY: "warn",
    UseState.DENIED: "bad",
    UseState.FAILED: "bad",
}
_LOW = 16
"""Lines of the view under which the words below the table are kept short."""


def source_lines(source: UseSource, reading: SourceReading) -> Iterator[str]:
    """Everything that a source tells, and what it cannot tell."""
    yield f"{source.title}: {reading.claim}"
    if reading.problem:
        yield reading.problem
    for use in reading.uses:
        when = f"  {moment(use.at)}" if use.at else ""
        yield f"  {use.what}{when}  {use.how}".rstrip()
    yield f"It sees: {source.sees}"
    yield f"It does not see: {source.misses}"
    if reading.read_at:
        yield f"Read {moment(reading.read_at)}."


class UsesView(TableView[Row]):
    """A row for each source, with what it found under it, and in words what it cannot see."""

    scope: ClassVar[str] = "uses"
    columns: ClassVar[tuple[Column, ...]] = _COLUMNS

    def __init__(self, session: Session, symbols: Symbols) -> None:
        super().__init__(session, symbols)
        self.words = Sentences(least_lines=4, most_lines=4, more="(all of it: Enter)")
        self.chart = UseChart(symbols)
        self.parts = (self.table, self.chart, self.words)

    @property
    def reader(self) -> UsesReader:
        """What was read, also by others."""
        return self.connection.shared(UsesReader)

    @property
    def uses(self) -> KeyUses:
        """Of the key that is shown."""
        return self.reader.of(self.key_id or "")

    @property
    def by_day(self) -> UsesByDay | None:
        """The use of the key by day; None before CloudTrail was read."""
        return self.reader.by_day(self.key_id) if self.key_id else None

    @property
    def source(self) -> UseSource | None:
        """The source of the row under the cursor."""
        return self.chosen[0] if self.chosen else None

    @property
    def count(self) -> str:
        """How many uses were found, as far as was looked."""
        if self.key_id is None:
            return ""
        found = sum(len(reading.uses) for _, reading in self.uses.found)
        return f"{found}{'…' if self.uses.is_reading else ''}"

    def show_key(self, key_id: str | None) -> None:
        """Show at once what was read of it before."""
        if key_id != self.key_id:
            self.table.forget_place()
        self.key_id = key_id
        self._show()

    async def load(self, key_id: str) -> None:
        """Read the sources that take a few calls."""
        await self._read(key_id, None)

    async def read_source(self) -> None:
        """Read the source under the cursor, again if it was read."""
        if self.source is not None and self.key_id is not None:
            await self._read(self.key_id, (self.source,), again=True)

    async def read_more(self) -> None:
        """Go on where CloudTrail ended, or ask every service that was not asked yet."""
        if self.key_id is None:
            return
        if self.source is EVENTS and self.uses.of(EVENTS).more:
            await self.read_source()
        else:
            await self._read(self.key_id, LISTS)

    async def _read(
        self, key_id: str, sources: Sequence[UseSource] | None, *, again: bool = False
    ) -> None:
        key = self.store.keys.get(key_id)
        if key is not None:
            await self.reader.read(key, sources, self._show, again=again)
            self._show()

    def show_problem(self, sentence: str) -> None:
        """It stands below what is known."""
        self._show()
        self.words.say(f"{self.symbols.error} {sentence}", "bad")

    def store_changed(self, changes: Changes) -> None:
        """A refresh was asked for: everything is read again."""
        if Topic.POLICIES in changes and not changes[Topic.POLICIES] and self.key_id is not None:
            self._show()
            self.read(self.key_id)

    def on_resize(self, event: Resize) -> None:
        """Words as there is room."""
        lines = 2 if event.size.height < _LOW else 4
        self.words.set_lines(lines, lines)
        self.chart.set_room(event.size.height)

    def on_line_table_moved(self) -> None:
        """Speak of another row."""
        self._speak()

    def lines(self) -> Sequence[str]:
        """All of it as text."""
        found = (source_lines(each, self.uses.of(each)) for each in SOURCES)
        return [*(line for lines in found for line in (*lines, "")), NOBODY_SEES]

    def copies(self) -> Sequence[tuple[str, str, str]]:
        """What is under the cursor, and all of it as text."""
        use = self.chosen[1] if self.chosen else None
        named = [("What", "1", use.what)] if use else []
        return (*named, ("All of Uses as text", "2", "\n".join(self.lines())))

    def _show(self) -> None:
        entries: dict[str, Row] = {}
        for source in SOURCES if self.key_id else ():
            entries[source.title] = (source, None)
            for number, use in enumerate(self.uses.of(source).uses):
                entries[f"{source.title}/{number}"] = (source, use)
        self.entries = entries
        self.show_rows("")
        self.chart.show(self.by_day)
        self._speak()

    def _speak(self) -> None:
        if self.chosen is None:
            self.words.say(NOBODY_SEES if self.key_id else "", "dim")
            return
        source, use = self.chosen
        reading = self.uses.of(source)
        if use is not None:
            when = f" {moment(use.at)}." if use.at else ""
            self.words.say(f"{source.title}: {use.what}.{when} {use.how}".rstrip())
        elif reading.problem:
            words = f"{reading.problem} It does not see: {source.misses}"
            self.words.say(words, _STYLES[reading.state])
        else:
            self.words.say(f"{source.sees} It does not see: {source.misses}", "dim")

    def cells_of(self, row: Row) -> Mapping[str, Part]:
        """The source and what follows from it, or one use."""
        source, use = row
        if use is None:
            reading = self.uses.of(source)
            offered = {
                UseState.NOT_LOOKED: " Enter asks.",
                UseState.FAILED: f" {reading.problem}",
                UseState.DENIED: f" {reading.problem}",
            }.get(reading.state, "")
            how: Part = (f"{reading.claim}{offered}", _STYLES[reading.state])
            return {"what": (source.title, "title"), "when": "", "how": how}
        when = f"{use.at:%Y-%m-%d}" if use.at else ""
        return {"what": (f"  {use.what}", "accent"), "when": (when, "dim"), "how": use.how}
