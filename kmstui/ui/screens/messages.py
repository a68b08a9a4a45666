"""Messages, the calls made, and the changes in the journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from kmstui.service.ports import CallRecord, ChangeRecord
from kmstui.service.session import Session
from kmstui.service.store import Notice, Topic
from kmstui.ui.feed import Changes, StoreFeed
from kmstui.ui.marks import Marks
from kmstui.ui.screens.dialog import Dialog
from kmstui.ui.screens.text_dialog import TextDialog
from kmstui.ui.widgets.columns import Column
from kmstui.ui.widgets.line_table import LineTable
from kmstui.ui.widgets.roles import OneLine, Part

_TITLES = ("Messages", "Calls", "Changes")
_ROLES = {"information": "", "warning": "warn", "error": "bad"}
_OUTCOMES = {"done": "good", "failed": "bad", "unknown": "bad", "pending": "warn"}
_TIME = Column("time", "TIME UTC", 8)
_COLUMNS = (
    (_TIME, Column("text", "MESSAGE", 40, most=400)),
    (
        _TIME,
        Column("operation", "OPERATION", 22, rank=1, most=34),
        Column("seconds", "MS", 6, rank=2, right=True),
        Column("retries", "RETRIES", 7, rank=4, right=True),
        Column("error", "ERROR", 16, rank=3, most=30),
        Column("key", "KEY", 16, rank=5, most=100),
    ),
    (
        Column("time", "TIME UTC", 19),
        Column("operation", "OPERATION", 22, rank=1, most=30),
        Column("outcome", "OUTCOME", 9, rank=2),
        Column("subject", "KEY OR ALIAS", 20, rank=3, most=44),
        Column("after", "WHAT", 12, rank=4, most=200),
    ),
)


class Messages(Dialog[None]):
    """Three lists, newest first: what was said, what was called, what was changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,exclamation_mark", "leave", "leave", show=False),
        Binding("tab,right_square_bracket,l,right", "turn(1)", "next list", show=False),
        Binding("shift+tab,left_square_bracket,h,left", "turn(-1)", "list before", show=False),
        Binding("enter", "open", "whole text", show=False),
    ]

    def __init__(self, session: Session, signs: Marks) -> None:
        super().__init__("Messages")
        self.add_class("dialog-full")
        self._session = session
        self._store = session.store
        self._number = 0
        self._items: dict[str, Notice | CallRecord | ChangeRecord] = {}
        self._changes: Sequence[ChangeRecord] = ()
        self._feed: StoreFeed | None = None
        self.title_line = OneLine(classes="pane--title -focused")
        self.table = LineTable(_COLUMNS[0], self._cells, signs=signs)

    def compose(self) -> ComposeResult:
        """Titles and the list."""
        with self.box:
            yield self.title_line
            yield self.table

    def on_mount(self) -> None:
        """Show what was said, and what comes."""
        self.table.focus()
        self._feed = StoreFeed(self._store, (Topic.NOTICES, Topic.CALLS), self, self._store_changed)
        self._show()

    def on_unmount(self) -> None:
        """No more news."""
        if self._feed is not None:
            self._feed.close()

    def _store_changed(self, changes: Changes) -> None:
        if (Topic.NOTICES, Topic.CALLS, None)[self._number] in changes:
            self._show()

    async def action_turn(self, steps: int) -> None:
        """Show the next list."""
        self._number = (self._number + steps) % len(_TITLES)
        if self._number == 2 and self._session.scope is not None:
            self._changes = await self._session.journal.changes(self._session.scope)
        self.table.forget_place()
        self.table.set_columns(_COLUMNS[self._number])
        self._show()

    def action_open(self) -> None:
        """Show the whole of one entry."""
        item = self._items.get(self.table.cursor_row or "")
        if isinstance(item, Notice):
            self.app.push_screen(TextDialog(f"{item.time:%H:%M:%S} UTC", item.text))
        elif isinstance(item, CallRecord):
            self.app.push_screen(TextDialog(f"{item.service}:{item.operation}", _told(item)))
        elif isinstance(item, ChangeRecord):
            words = f"{item.subject}\n\nbefore: {item.before}\nafter: {item.after}\n{item.detail}"
            self.app.push_screen(TextDialog(f"{item.operation}: {item.outcome}", words))

    def _show(self) -> None:
        lists: tuple[Sequence[Notice | CallRecord | ChangeRecord], ...] = (
            tuple(self._store.notices),
            tuple(self._store.calls),
            tuple(reversed(self._changes)),
        )
        items = lists[self._number]
        # Rows are numbered from the oldest, so that a row keeps its number while others come.
        self._items = {str(index): item for index, item in enumerate(items)}
        self.table.set_rows(list(reversed(self._items)))
        empty = ("Nothing was said yet.", "No calls yet.", "Nothing was changed here yet.")
        self.table.set_empty(empty[self._number])
        parts: list[Part] = []
        for index, title in enumerate(_TITLES):
            parts.append((f" {title} ", "title" if index == self._number else "dim"))
        self.title_line.show([*parts, ("  Tab turns, Enter opens, Esc closes", "dim")])

    def _cells(self, row: str, columns: Sequence[str]) -> Sequence[Part]:
        item = self._items[row]
        cells: dict[str, Part]
        if isinstance(item, Notice):
            cells = {"text": (item.text, _ROLES.get(item.severity, ""))}
        elif isinstance(item, CallRecord):
            cells = {
                "operation": (
                    f"{item.service}:{item.operation}",
                    "accent" if item.mutating else "",
                ),
                "seconds": f"{item.seconds * 1000:.0f}",
                "retries": str(item.retries) if item.retries else "",
                "error": (item.error, "bad"),
                "key": item.key,
            }
        else:
            cells = {
                "operation": item.operation,
                "outcome": (item.outcome, _OUTCOMES.get(item.outcome, "")),
                "subject": item.subject,
                "after": item.after,
            }
        form = "%Y-%m-%d %H:%M:%S" if isinstance(item, ChangeRecord) else "%H:%M:%S"
        cells["time"] = (item.time.strftime(form), "dim")
        return [cells[column] for column in columns]


def _told(call: CallRecord) -> str:
    lines = [
        f"key: {call.key or '-'}",
        f"at: {call.time:%Y-%m-%d %H:%M:%S} UTC",
        f"took: {call.seconds * 1000:.1f} ms, {call.retries} retries",
        f"result: {call.error or 'answered'}",
        "It changes something." if call.mutating else "It only reads.",
    ]
    return "\n".join(lines)
