"""All keys: the focused pane's first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from kmstui.ui.commands import EVERYWHERE, Command, KeyBar, all_commands, commands_in, readable_key
from kmstui.ui.dialogs.dialog import Dialog
from kmstui.ui.style import Part
from kmstui.ui.widgets import Column, LineTable

FILTER_HELP = (
    ("text", "in an alias, ID, ARN, description or tag"),
    ("alias:x  state:enabled  spec:rsa", "in one field; also usage, origin, manager, region, id"),
    ("tag:project  tag:project=kmsworkshop", "a tag key, or a tag with that in its value"),
    ("alias:", "has one; -alias: has none"),
    ("-word", "excludes"),
    ("/regex/", "a regular expression over the same texts"),
    ('"two words"', "keeps spaces"),
)
"""The filter language, in short."""


def readable_keys(keys: Sequence[str]) -> str:
    """Keys as a person reads them."""
    return " ".join(dict.fromkeys(readable_key(key) for key in keys))


def widget_keys(widget: Widget | None) -> Iterator[tuple[str, str]]:
    """The keys that the focused widget itself takes, and what they do."""
    if widget is None:
        return
    by_words: dict[str, list[str]] = {}
    for key, active in widget.screen.active_bindings.items():
        if active.node is widget and active.binding.description:
            by_words.setdefault(active.binding.description, []).append(key)
    for words, keys in by_words.items():
        yield readable_keys(keys), words


class Help(Dialog[None]):
    """A list of keys, by where they work."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,enter,question_mark,f1", "leave", "leave", show=False)
    ]

    def __init__(self, scopes: Sequence[str], focused: Widget | None) -> None:
        super().__init__("Keys", "dialog-wide")
        rows: list[tuple[str, str]] = []
        inner = [scope for scope in scopes if scope != EVERYWHERE]
        rows += _group("Here", commands_in(inner))
        rows += _rows("Moving here", widget_keys(focused))
        rows += _group("Everywhere", commands_in((EVERYWHERE,)))
        others = [each for each in all_commands() if each.scope not in scopes]
        for scope in dict.fromkeys(each.scope for each in others):
            rows += _group(f"In {scope}", [each for each in others if each.scope == scope])
        rows += _rows("Filter (/)", FILTER_HELP)
        self._rows = rows
        columns = (
            Column("key", "", 9, rank=1, most=22, whole_rank=1),
            Column("words", "", 20, rank=0, most=90),
        )
        self.flexible = self.table = LineTable(columns, self._cells, header=False)
        self.table.set_rows([str(index) for index in range(len(rows))])
        keys = KeyBar([("Esc", "Close"), ("j k Ctrl-d", "Scroll")])
        self.parts = (self.heading_line(), self.table, keys)

    def _cells(self, row: str, columns: Sequence[str]) -> Sequence[Part]:
        key, words = self._rows[int(row)]
        parts: list[Part] = [(key, "key"), words]
        return parts[: len(columns)] if key else [(words, "title")]


def _rows(title: str, rows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    listed = list(rows)
    return [("", title), *listed] if listed else []


def _group(title: str, commands: Sequence[Command]) -> list[tuple[str, str]]:
    return _rows(title, [(readable_keys(each.keys), each.help) for each in commands if each.keys])
