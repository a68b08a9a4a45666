"""The keys of the account in numbers: by state, age and last use, each leading to its list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.timer import Timer

from kmstui.model import Fact
from kmstui.service.inventory import NOT_READ, Group, Overview, Topic
from kmstui.service.session import Session
from kmstui.ui.commands import Context, bound, key_of
from kmstui.ui.dialogs import FullScreen
from kmstui.ui.main import copy_text
from kmstui.ui.runtime import Changes, StoreFeed
from kmstui.ui.style import PLAIN, Part
from kmstui.ui.widgets import Cells, Column, LineTable, Sentences

DRAW_SECONDS = 0.25
"""What comes within this time is drawn together: each frame costs bytes over SSH."""

_KEYS = (
    ("overview.go", "Its keys"),
    ("overview.read", "Ask for last uses"),
    ("overview.copy", "Copy as text"),
    ("Esc", "Close"),
)
_TITLE, _NUMBER, _SHARE, _FILTER = 24, 7, 5, 22
_GAPS = 10
"""Cells between the columns and at the edges."""
_MOST_BAR = 64
_EIGHTHS = "▏▎▍▌▋▊▉█"
_STYLES = {"Enabled": "good", "Disabled": "warn", "PendingDeletion": "bad"}


def bar(share: float, width: int, *, plain: bool) -> str:
    """A bar of so much of the width; whatever is more than nothing is seen."""
    if plain:
        return "#" * max(bool(share), round(share * width))
    eighths = max(bool(share), round(share * width * 8))
    rest = _EIGHTHS[eighths % 8 - 1] if eighths % 8 else ""
    return _EIGHTHS[-1] * (eighths // 8) + rest


class OverviewScreen(FullScreen[str]):
    """Returns the filter that shows the keys of the row that was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("overview.go", "go", "show the keys of the row"),
        bound("overview.read", "read", "ask KMS for the last use of every key"),
        bound("overview.copy", "copy", "copy all of it as text"),
        Binding("escape", "back", "stop, or close", show=False),
        Binding("q", "leave", "close", show=False),
    ]

    def __init__(self, context: Context, *, with_aws: bool) -> None:
        """`with_aws` counts what AWS manages, as the list shows it."""
        super().__init__(context.app.symbols)
        self.add_class("overview")
        self._session: Session = context.session
        self._with_aws = with_aws
        self._overview = self._begun()
        self._waiting: dict[str, None] = {}
        """Keys to be counted, each once."""
        self._counting = self._asking = False
        self._drawing: Timer | None = None
        self._rows: dict[str, tuple[Group | None, int]] = {}
        """Groups with their counts by row; None is the heading of a section."""
        self.table = LineTable((), self._cells, symbols=self.symbols, header=False)
        self.words = Sentences(least_lines=2, most_lines=2, more="")
        self.body = (self.table, self.words)

    def _begun(self) -> Overview:
        return Overview(self._session.store, self._session.clock(), with_aws=self._with_aws)

    def on_mount(self) -> None:
        """Count what is known, and whatever comes."""
        StoreFeed(self._session.store, (Topic.KEYS, Topic.PROGRESS), self, self._changed)
        self.key_bar.show_keys(_KEYS)
        self.table.focus()
        self._count_soon(tuple(self._session.store.keys))

    def on_resize(self, event: Resize) -> None:
        """Bars as wide as there is room."""
        room = event.size.width - _TITLE - _NUMBER - _SHARE - _FILTER - _GAPS
        self._bar = max(8, min(_MOST_BAR, room))
        self.table.set_columns(
            (
                Column("what", "", _TITLE, rank=0),
                Column("keys", "", _NUMBER, rank=1, right=True),
                Column("share", "", _SHARE, rank=2, right=True),
                Column("bar", "", self._bar, rank=3),
                Column("filter", "", _FILTER, rank=4, most=60),
            )
        )

    # Counting

    def _changed(self, changes: Changes) -> None:
        if Topic.KEYS in changes:
            ids = changes[Topic.KEYS]
            if not ids:
                # Another connection, or everything anew: nothing of before may stay.
                self._overview = self._begun()
            self._count_soon(ids or tuple(self._session.store.keys))
        self._draw_soon()

    def _count_soon(self, key_ids: Sequence[str] | frozenset[str]) -> None:
        self._waiting.update(dict.fromkeys(key_ids))
        if not self._counting:
            self._counting = True
            self.program.work(self._count, group="overview", what="counting keys")

    async def _count(self) -> None:
        slices = self.program.slices
        try:
            while self._waiting and self.is_running:
                key_id = next(iter(self._waiting))
                del self._waiting[key_id]
                self._overview.count(key_id)
                if slices.over:
                    self._draw_soon()
                    await slices.next()
        finally:
            self._counting = False
        if self.is_running:
            self._draw()

    # Showing

    def _draw_soon(self) -> None:
        if self._drawing is None:
            self._drawing = self.set_timer(DRAW_SECONDS, self._draw)

    def _draw(self) -> None:
        if self._drawing is not None:
            self._drawing.stop()
            self._drawing = None
        before, self._rows = self._rows, {}
        for section, groups in self._overview.sections().items():
            self._rows[section] = (None, 0)
            for group, count in groups:
                self._rows[f"{section}/{group.title}"] = (group, count)
        if self._rows.keys() != before.keys():
            self.table.show_rows(list(self._rows), None, frozenset({""}), moved=True)
            if not before and len(self._rows) > 1:
                self.table.move_to_row(list(self._rows)[1])
        self.table.redraw(self._rows)
        self._write_title()
        self._speak()

    @property
    def _left(self) -> int:
        facts = self._session.facts
        return facts.left(Fact.LAST_USE) if facts is not None else 0

    def _write_title(self) -> None:
        total = self._overview.total
        parts: list[Part] = [(" Overview of the keys", "title"), f"  {total:,}"]
        if hidden := 0 if self._with_aws else len(self._session.store.keys) - total:
            if self._waiting:
                parts.append((f", {len(self._waiting):,} to be counted…", "accent"))
            else:
                parts.append((f" (and {hidden:,} of AWS)", "dim"))
        if self._session.store.progress.loading:
            parts.append(("  so far…", "accent"))
        if self._left:
            parts.append((f"  last use of {self._left:,} being asked… (Esc stops)", "accent"))
        self.title_line.show(parts)

    def _cells(self, row: str, _: Sequence[str]) -> Cells:
        group, count = self._rows.get(row, (None, 0))
        if group is None:
            return ((row, "title"),)
        share = count / self._overview.total if self._overview.total else 0.0
        unknown = not group.filter or group.filter == "problem:"
        style = "warn" if unknown and count else _STYLES.get(group.title, "key")
        return {
            "what": (f"  {group.title}", "" if count else "dim"),
            "keys": (f"{count:,}", "" if count else "dim"),
            "share": (f"{share:.0%}" if share >= 0.01 or not count else "<1%", "dim"),
            "bar": (bar(share, self._bar, plain=self.symbols is PLAIN), style),
            "filter": (f"/{group.filter}" if group.filter else "", "dim"),
        }

    @property
    def _chosen(self) -> tuple[Group | None, int]:
        return self._rows.get(self.table.cursor_row or "", (None, 0))

    @on(LineTable.Moved)
    def _speak(self) -> None:
        group, count = self._chosen
        if group is None:
            self.words.say("What was not read counts as unknown, not as none.", "dim")
            return
        keys = f"{count:,} of {self._overview.total:,} keys: {group.section.lower()} {group.title}."
        facts = self._session.facts
        problem = facts.problems.get(Fact.LAST_USE, "") if facts is not None else ""
        if group == NOT_READ and count:
            more = problem or (
                "KMS tells the last use of one key at a time, four a second"
                f" ({_duration(count)}): {key_of('overview.read', self)} asks for all of them."
            )
        elif not group.filter:
            more = self._why_unknown(group)
        else:
            more = "Enter shows them." if count else ""
        self.words.say(f"{keys} {more}".rstrip())

    def _why_unknown(self, group: Group) -> str:
        return self._overview.why(group) if group.section == "Last use" else "They are being read."

    # What a person asks

    @on(LineTable.Chosen)
    def action_go(self) -> None:
        """Close, and show the keys of the row; those that nobody asked for are asked for."""
        group, count = self._chosen
        if group == NOT_READ and count:
            self.action_read()
        elif group is not None and group.filter and count:
            self._stop()
            self.dismiss(group.filter)

    def action_read(self) -> None:
        """Ask for the last uses that nobody asked for."""
        facts = self._session.facts
        if facts is None:
            return
        self._asking = True
        self.program.work(self._want, group="overview-facts", what="asking for last uses")

    async def _want(self) -> None:
        facts, slices = self._session.facts, self.program.slices
        for key_id in tuple(self._overview.unread()):
            if facts is None or not self._asking:
                break
            facts.want(Fact.LAST_USE, key_id)
            if slices.over:
                await slices.next()
        if self.is_running:
            self._draw()
        if facts is not None:
            await facts.finish()
            self._asking = False

    def action_copy(self) -> None:
        """Copy the numbers as text."""
        lines: list[str] = []
        for row, (group, count) in self._rows.items():
            lines.append(row if group is None else f"  {group.title}: {count:,}  /{group.filter}")
        context = Context(self.program, self)
        text = "\n".join(line.rstrip(" /") for line in lines)
        self.program.work(
            lambda: copy_text(context, text, "Overview"), group="copy", what="copying"
        )

    def _stop(self) -> bool:
        asked, self._asking = self._asking, False
        facts = self._session.facts
        return asked and facts is not None and facts.stop()

    def action_back(self) -> None:
        """Stop asking, or close."""
        if self._stop():
            self._draw()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Close; nothing is asked for any more."""
        self._stop()
        self.dismiss(None)


def _duration(keys: int) -> str:
    seconds = keys / 4
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
