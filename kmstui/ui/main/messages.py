"""Messages, the calls made, and the changes in the journal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from kmstui.service.errors import JournalError
from kmstui.service.inventory import Notice, Topic
from kmstui.service.ports import CallRecord, ChangeRecord
from kmstui.service.session import Session
from kmstui.ui.commands import KeyBar, bound, program_of
from kmstui.ui.dialogs import Dialog, TextDialog
from kmstui.ui.runtime import Changes, StoreFeed
from kmstui.ui.style import PLAIN, Part, Symbols, TitleLine, tabs, width_of
from kmstui.ui.widgets import Column, Sentences, TextTable, labelled

_TITLES = ("Messages", "Calls", "Changes")
_CHANGES = 2
_STYLES = {"information": "", "warning": "warn", "error": "bad"}
_OUTCOMES = {"done": "good", "failed": "bad", "unknown": "bad", "pending": "warn"}
_TIME = Column("time", "TIME UTC", 8)
_COLUMNS = (
    (_TIME, Column("text", "MESSAGE", 20, most=400)),
    (
        _TIME,
        Column("operation", "OPERATION", 22, rank=1, most=48),
        Column("seconds", "MS", 6, rank=2, right=True),
        Column("retries", "RETRIES", 7, rank=4, right=True),
        Column("error", "ERROR", 16, rank=3, most=30),
        Column("key", "KEY", 16, rank=5, most=100),
    ),
    (
        Column("time", "TIME UTC", 14),
        Column("outcome", "OUTCOME", 9, rank=2),
        Column("subject", "KEY OR ALIAS", 16, rank=1, most=36),
        Column("words", "WHAT", 20, rank=3, most=60),
        Column("operation", "OPERATION", 15, rank=4, most=34),
        Column("detail", "HOW IT ENDED", 12, rank=5, most=300),
    ),
)


class Messages(Dialog[None]):
    """Three lists, newest first: what was said, what was called, what was changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,exclamation_mark", "leave", "leave", show=False),
        bound("messages.next", "turn(1)", "next list"),
        bound("messages.previous", "turn(-1)", "previous list"),
        bound("messages.open", "open", "whole text"),
        bound("messages.undo", "undo", "undo a change"),
    ]

    def __init__(self, session: Session, symbols: Symbols) -> None:
        super().__init__("Messages", "dialog-full")
        self._session = session
        self._store = session.store
        self._symbols = symbols
        self._number = 0
        self._items: dict[str, Notice | CallRecord | ChangeRecord] = {}
        self._changes: Sequence[ChangeRecord] = ()
        self.title_line = TitleLine(classes="pane--title -focused")
        self.table = TextTable(_COLUMNS[0], self._cells, symbols=symbols)
        self.reason = Sentences(classes="dialog--reason", most_lines=4)
        self.key_bar = KeyBar()
        self.parts = (self.title_line, self.table, self.reason, self.key_bar)

    def on_mount(self) -> None:
        """Show what was said, and what comes."""
        StoreFeed(self._store, (Topic.NOTICES, Topic.CALLS), self, self._store_changed)
        self._show()

    def _store_changed(self, changes: Changes) -> None:
        if (Topic.NOTICES, Topic.CALLS, None)[self._number] in changes:
            self._show()

    def action_turn(self, steps: int) -> None:
        """Show the next list."""
        self._number = (self._number + steps) % len(_TITLES)
        self.table.forget_place()
        self.table.set_columns(_COLUMNS[self._number])
        self._show()
        if self._number == _CHANGES:
            self.run_worker(self._read_changes(), group="changes", exclusive=True)

    async def _read_changes(self) -> None:
        found: list[ChangeRecord] = []
        try:
            for each in self._session.each:
                if each.scope is not None:
                    found += await each.journal.changes(each.scope)
        except JournalError as error:
            self.table.set_empty(error.sentence, "bad")
            return
        self._changes = sorted(found, key=lambda change: change.id, reverse=True)
        if self._number == _CHANGES:
            self._show()

    def action_undo(self) -> None:
        """Show what takes the change back that the chosen entry belongs to."""
        item = self._items.get(self.table.cursor_row or "")
        if self._number == _CHANGES and isinstance(item, ChangeRecord):
            self.reason.say(program_of(self).undo_change(item, self._read_again), "warn")

    def _read_again(self, _: bool | None) -> None:
        if self.is_running:
            self.run_worker(self._read_changes(), group="changes", exclusive=True)

    def action_open(self) -> None:
        """Show the whole of one entry."""
        item = self._items.get(self.table.cursor_row or "")
        if isinstance(item, Notice):
            self.app.push_screen(TextDialog(f"{item.time:%H:%M:%S} UTC", item.text))
        elif isinstance(item, CallRecord):
            told = labelled(_told(item))
            self.app.push_screen(TextDialog(f"{item.service}:{item.operation}", told))
        elif isinstance(item, ChangeRecord):
            told = labelled(self._told_change(item))
            self.app.push_screen(TextDialog(f"{item.operation}: {item.outcome}", told))

    def _told_change(self, change: ChangeRecord) -> Iterator[tuple[str, str]]:
        yield "Of", self._subject(change)
        yield "At", f"{change.time:%Y-%m-%d %H:%M:%S} UTC"
        yield "By", change.caller or "not told"
        yield "What", _change_words(change, self._symbols)
        yield "Before", change.before
        yield "After", change.after
        if change.detail:
            yield "Outcome", change.detail

    def _subject(self, change: ChangeRecord) -> str:
        is_key = change.subject in self._store.keys
        return self._store.name_of(change.subject) if is_key else change.subject

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
        empty = ("No messages yet.", "No calls yet.", "No changes yet.")
        self.table.set_empty(empty[self._number])
        marked = self._symbols is PLAIN or self.app.no_color
        names = ((title, "") for title in _TITLES)
        self.title_line.show([" ", *tabs(names, self._number, marked=marked)])
        undo = [("messages.undo", "Undo")] if self._number == _CHANGES else []
        self.key_bar.show_keys(
            [
                ("messages.open", "Whole text"),
                ("messages.next", "Next list"),
                *undo,
                ("text.search", "Search"),
                ("Esc", "Close"),
            ]
        )
        self._say_whole()

    def on_line_table_moved(self) -> None:
        """Another entry is chosen."""
        self._say_whole()

    def _say_whole(self) -> None:
        """What is too long for its row stands whole below the list."""
        item = self._items.get(self.table.cursor_row or "")
        words, column = "", ""
        if isinstance(item, Notice):
            words, column = item.text, "text"
        elif isinstance(item, CallRecord):
            words, column = item.error, "error"
        elif item is not None:
            words, column = item.detail, "detail"
        self.reason.say(words if width_of(words) > self.table.width_of(column) else "")

    def _cells(self, row: str, _: Sequence[str]) -> Mapping[str, Part]:
        item = self._items[row]
        form = "%m-%d %H:%M:%S" if isinstance(item, ChangeRecord) else "%H:%M:%S"
        time: Part = (item.time.strftime(form), "dim")
        if isinstance(item, Notice):
            return {"time": time, "text": (item.text, _STYLES.get(item.severity, ""))}
        if isinstance(item, CallRecord):
            operation = f"{item.service}:{item.operation}"
            return {
                "time": time,
                "operation": (operation, "accent" if item.mutating else ""),
                "seconds": f"{item.seconds * 1000:.0f}",
                "retries": str(item.retries) if item.retries else "",
                "error": (item.error, "bad"),
                "key": item.key,
            }
        return {
            "time": time,
            "operation": item.operation,
            "outcome": (item.outcome, _OUTCOMES.get(item.outcome, "")),
            "subject": self._store.row_name(item.subject),
            "words": _change_words(item, self._symbols),
            "detail": (item.detail, "dim"),
        }


def _told(call: CallRecord) -> Iterator[tuple[str, str]]:
    yield "Key", call.key or "none"
    yield "At", f"{call.time:%Y-%m-%d %H:%M:%S} UTC"
    yield "Took", f"{call.seconds * 1000:.1f} ms, {call.retries} retries"
    yield "Result", call.error or "answered"
    yield "Kind", "changes something" if call.mutating else "only reads"


def _change_words(record: ChangeRecord, symbols: Symbols) -> str:
    """What was changed: each thing with its value before and after."""
    before, after = _json_or_text(record.before), _json_or_text(record.after)
    if not isinstance(before, dict) or not isinstance(after, dict):
        return f"{record.before} {symbols.arrow} {record.after}"
    names = list(dict.fromkeys((*before, *after)))
    return ", ".join(
        _step(name, before.get(name), after.get(name), symbols)
        for name in names
        if before.get(name) != after.get(name)
    )


def _step(name: str, old: object, new: object, symbols: Symbols) -> str:
    if old is None:
        return f"+{name}={_value_text(new)}"
    if new is None:
        return f"-{name} (was {_value_text(old)})"
    return f"{name}: {_value_text(old)} {symbols.arrow} {_value_text(new)}"


def _value_text(value: object) -> str:
    if value == "":
        return "(empty)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _json_or_text(text: str) -> object:
    try:
        read: object = json.loads(text)
    except ValueError:
        # An entry of a damaged journal, or a newer kmstui's: shown as it stands.
        return text
    return read
