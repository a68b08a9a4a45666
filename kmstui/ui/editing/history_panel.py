"""The list of versions, and what the chosen one changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical

from kmstui.service.access import PolicyChange
from kmstui.service.editing import (
    ABSENT,
    CompareAccess,
    HistoryItem,
    HistorySource,
    export,
    json_problem,
    parts_of_saves,
)
from kmstui.service.errors import JournalError, ServiceError
from kmstui.ui.commands import program_of
from kmstui.ui.dialogs import Line, QuestionDialog
from kmstui.ui.editing.analyzer_checks import check_change
from kmstui.ui.editing.review_rows import access_rows, diff_rows
from kmstui.ui.style import Symbols
from kmstui.ui.widgets import Block, Cells, Column, LineTable, Row, Rows, TextTable

_ROOMY = 120
"""Cells from which on there is room for a long WHAT beside whom it was."""
_LEAST, _NARROW, _WIDE = 12, 24, 60


def columns_for(items: Sequence[HistoryItem], width: int) -> tuple[Column, ...]:
    """When, what and who; what takes no more than it needs, and who gets the rest."""
    what = max((len(item.what) + 2 * (item.kind == "stored") for item in items), default=_NARROW)
    most = _WIDE if width >= _ROOMY else _NARROW
    return (
        Column("time", "TIME UTC", 19, rank=1),
        Column("what", "WHAT", min(max(what, _LEAST), most), rank=0),
        Column("who", "WHO", 16, rank=2, most=_WIDE),
    )


_MORE = "more"
"""The row below the last version where there are older ones."""


class HistoryPanel(Vertical):
    """Versions above, the difference below: to what was held before, or to the marked one."""

    def __init__(self, symbols: Symbols) -> None:
        super().__init__(classes="history")
        self._symbols = symbols
        self.source: HistorySource | None = None
        """Where the list comes from."""
        self._items: dict[str, HistoryItem] = {}
        self._parts: dict[str, tuple[str, ...]] = {}
        self._opened: set[str] = set()
        self._marked = ""
        self._shown: tuple[HistoryItem | None, HistoryItem] | None = None
        self.table = TextTable(columns_for((), 80), self._cells, symbols=symbols)
        self.rows = Rows(symbols=symbols)

    def compose(self) -> ComposeResult:
        """List and difference."""
        yield self.table
        yield self.rows

    @property
    def count(self) -> int:
        """How many versions are listed."""
        return len(self._items)

    @property
    def chosen(self) -> HistoryItem | None:
        """The version under the cursor."""
        return self._items.get(self.table.cursor_row or "")

    def forget(self) -> None:
        """Another policy's history is to be shown."""
        self.source, self._items, self._marked = None, {}, ""
        self._parts, self._opened = {}, set()
        self.table.forget_place()
        self.table.set_rows(())
        self.table.set_empty("")
        self.rows.show(())

    async def read(self, source: HistorySource) -> None:
        """Show the versions of this source; what is wrong with the journal is said in place."""
        try:
            items = await source.items()
        except JournalError as error:
            self.forget()
            self.table.set_empty(error.sentence, "bad")
            return
        self.source = source
        self._items = {item.id: item for item in items}
        self._parts = parts_of_saves(items)
        self._fit()
        self._list()
        self.table.refresh(layout=True)
        self.table.set_empty("No version was kept on this computer yet.")
        self.compare()

    async def ask_cloudtrail(self) -> str:
        """Add what CloudTrail saw; returns what came of it, as a sentence."""
        if self.source is None:
            return "The history is not read yet."
        try:
            number = await self.source.ask_cloudtrail()
        except ServiceError as error:
            return error.sentence
        await self.read(self.source)
        if not number:
            return "CloudTrail saw no change of this policy in the last 90 days."
        return f"CloudTrail saw {number} change{'s' * (number != 1)} of this policy."

    async def list_more(self) -> str:
        """List older versions too; returns how many are listed now, as a sentence."""
        source = self.source
        if source is None or not source.has_more:
            return "All versions that this computer has kept are listed."
        source.list_more()
        await self.read(source)
        more = "the newest" if source.has_more else "all"
        return f"These are {more} {len(self._items)} versions."

    def _list(self) -> None:
        """One row for each save; its draft and put below it while it is open."""
        hidden = {
            part for save, ids in self._parts.items() if save not in self._opened for part in ids
        }
        rows = [row for row in self._items if row not in hidden]
        more = self.source is not None and self.source.has_more
        self.table.set_rows([*rows, *([_MORE] if more else [])])

    def toggle_save(self) -> None:
        """List the draft and the put of the save under the cursor, or no more."""
        row = self.table.cursor_row or ""
        save = next((save for save, ids in self._parts.items() if row in (save, *ids)), "")
        if save:
            self._opened ^= {save}
            self.table.move_to_row(save)
            self._list()
            self.table.refresh(layout=True)

    def mark(self) -> None:
        """Compare with the version under the cursor from now on, or no more."""
        row = self.table.cursor_row or ""
        if row == _MORE:
            return
        self._marked = "" if row == self._marked else row
        self.table.set_marks([self._marked] if self._marked else [])
        self.compare()

    def export(self) -> None:
        """Ask for a file and write the version under the cursor to it."""
        item, app = self.chosen, program_of(self)
        if item is None:
            return
        notify = app.session.notify

        def write(name: str) -> None:
            if not name:
                return
            try:
                path = Path(name).expanduser()
                export(item.text, path)
            except RuntimeError:
                notify(f"Not written: the home directory in {name} does not exist.", "error")
            except ServiceError as error:
                notify(error.sentence, "error")
            else:
                notify(f"Written to {path}, readable by you alone.")

        suggestion = Line(value=f"policy-{item.time:%Y%m%d-%H%M%S}.json")
        title, words = "Write this version to a new file", "An existing file is left alone."
        app.ask(
            QuestionDialog(title, words, yes="Write", no="Leave", style="title", line=suggestion),
            write,
        )

    def ask_analyzer(self) -> str:
        """Let IAM Access Analyzer check what is compared; returns why not, as a sentence, or ""."""
        old, new = self.pair()
        if old is None or new is None or self.source is None:
            return "There is no older version here to compare this one with."
        change = PolicyChange(old.text, new.text, self.source.key_arn)
        return check_change(program_of(self), change, self._symbols)

    def pair(self) -> tuple[HistoryItem | None, HistoryItem | None]:
        """What is compared: the older and the newer version."""
        chosen = self.chosen
        if chosen is None:
            return None, None
        ids = list(self._items)
        place = ids.index(chosen.id)
        if not self._marked or self._marked == chosen.id:
            return self._before(chosen, ids[place + 1 :]), chosen
        other = self._items[self._marked]
        return (other, chosen) if ids.index(other.id) > place else (chosen, other)

    def _before(self, chosen: HistoryItem, older: Sequence[str]) -> HistoryItem | None:
        """What the chosen version is a change of: a save's draft and put lie in between."""
        items = [self._items[each] for each in older]
        held = (each for each in items if each.held and each.text != chosen.text)
        return (next(held, None) if chosen.differs else None) or next(iter(items), None)

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        """Another version is chosen."""
        if event.table is self.table:
            event.stop()
            self.compare()

    def on_resize(self) -> None:
        """Give the columns what there is."""
        self._fit()

    def _fit(self) -> None:
        self.table.set_columns(columns_for(tuple(self._items.values()), self.size.width))

    def compare(self) -> None:
        """Work out what is shown of the two versions, again where that rests on more by now."""
        old, new = self.pair()
        if new is None or self.source is None:
            self.rows.show(())
            return
        app, source = program_of(self), self.source
        app.work(lambda: self._show_comparison(old, new, source), group="compare", what="comparing")

    async def _show_comparison(
        self, old: HistoryItem | None, new: HistoryItem, source: HistorySource
    ) -> None:
        await source.ready()
        rows = await asyncio.to_thread(comparison, old, new, source.compare_access)
        if self.is_attached and self.pair() == (old, new):
            if self._shown != (old, new):
                self.rows.forget_place()
            self._shown = (old, new)
            self.rows.show(rows)

    def _sign(self, row: str) -> str:
        """Whether a save can be opened, is open, or the row is a part of one."""
        if row in self._parts:
            return "- " if row in self._opened else "+ "
        return "  " if any(row in ids for ids in self._parts.values()) else ""

    def _cells(self, row: str, columns: Sequence[str]) -> Cells:
        item = self._items.get(row)
        if item is None:
            return [("", ""), ("older versions: m", "dim")][: len(columns)]
        role = "" if item.differs else "dim"
        return {
            "time": (f"{item.time:%Y-%m-%d %H:%M:%S}", "dim"),
            "what": (self._sign(row) + item.what, "accent" if item.id == "draft" else role),
            "who": (item.who_within(self.table.width_of("who"), self._symbols.more), "dim"),
        }


def comparison(
    old: HistoryItem | None, new: HistoryItem, compare_access: CompareAccess
) -> tuple[Row, ...]:
    """What changed from one version to the other; pure, and slow enough for a thread.

    Without an old one, the text itself.
    """
    if old is None:
        return (
            Block(f"{moment(new)}  {new.what}", "title"),
            Block(_who(new), "dim", "by "),
            *diff_rows("", new.text),
        )
    # Where the same one did both it is said once: an ARN takes lines of a small terminal.
    other = () if old.who == new.who else (Block(_who(old), "dim", "by   "),)
    return (
        Block(f"{moment(old)}  {old.what}", "dim", "from "),
        *other,
        Block(f"{moment(new)}  {new.what}", "dim", "to   "),
        Block(_who(new), "dim", "by   "),
        *_access(old.text, new.text, compare_access),
        Block("The text", "title"),
        *diff_rows(old.text, new.text),
    )


def moment(item: HistoryItem) -> str:
    """When, in UTC."""
    return f"{item.time:%Y-%m-%d %H:%M:%S} UTC"


def _who(item: HistoryItem) -> str:
    return item.who or "an unknown caller"


def _access(old: str, new: str, compare_access: CompareAccess) -> Iterator[Row]:
    found = compare_access(old, new)
    yield Block(found.title, "title")
    for name, text in (("older", old), ("newer", new)):
        reason = json_problem(text) if text != ABSENT else ""
        if reason:
            yield Block(
                f"The {name} text is not valid JSON ({reason}): only the part that could be read"
                " is compared.",
                "warn",
                "   ",
            )
    yield from access_rows(found.lines)
    if found.rests_on:
        yield Block(found.rests_on, "dim", "   ")
