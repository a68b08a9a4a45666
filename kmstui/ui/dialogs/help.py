"""All keys that work: a first minute, the commands of where one is, then the others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

from kmstui.service.inventory import FILTER_WORDS
from kmstui.ui.commands import (
    EVERYWHERE,
    Command,
    KeyBar,
    Rebound,
    reachable,
    readable_key,
)
from kmstui.ui.dialogs.dialog import Dialog
from kmstui.ui.style import Part, wrap
from kmstui.ui.widgets import Column, TextTable

_KEYS_WIDTH = 16
_MARGIN = 5
"""Cells before the keys, between them and the words, and behind those."""

Rows = Iterable[tuple[str, str]]
"""Keys, and what they do."""

FIRST_MINUTE = (
    ("keys.filter", "find a key: type a part of its name, then Enter"),
    ("key.open", "read its policy; Esc comes back to the keys"),
    ("policy.edit", "edit the policy: Ctrl-s shows what a save does, y saves, Esc leaves"),
    ("tags.put", "tag the key: project=x, Enter shows what will change, Enter sends it"),
    ("program.palette", "do anything else by its name"),
)
"""Ids of commands, and what a new person does with them."""

FILTER_HELP = (
    ("text", "in an alias, ID, ARN, description or tag"),
    ("alias:x  state:enabled  spec:rsa", "in one field; also usage, origin, manager, region, id"),
    ("tag:project  tag:project=kmsworkshop", "a tag key, or a tag with that in its value"),
    ("alias:  no:alias", "has one; has none"),
    *FILTER_WORDS,
    ("-word", "excludes"),
    ("/regex/", "a regular expression over the same texts"),
    ('"two words"', "keeps spaces"),
)
"""The filter language, in short."""


def readable_keys(keys: Sequence[str]) -> str:
    """Keys as a person reads them."""
    return " ".join(dict.fromkeys(readable_key(key) for key in keys))


def own_keys(
    node: DOMNode | None, told: Collection[str | None] = (), rebound: Rebound = ()
) -> Iterator[tuple[str, str]]:
    """The keys that a screen or widget takes itself, and what they do.

    What it has from Textual has words for programmers alone. `told` are ids that are left out.
    """
    given = dict(rebound)
    by_words: dict[str, list[str]] = {}
    for kind in type(node).__mro__:
        if kind.__module__.startswith("kmstui."):
            for binding in Binding.make_bindings(kind.__dict__.get("BINDINGS", ())):
                words = binding.tooltip or binding.description
                if words and binding.id not in told:
                    by_words.setdefault(words, []).extend(
                        given.get(binding.id or "", (binding.key,))
                    )
    for words, keys in by_words.items():
        if keys:
            yield readable_keys(keys), words


def panes_help(
    commands: Sequence[Command], scopes: Sequence[str], focused: Widget | None
) -> Iterator[tuple[str, Rows]]:
    """What works in the panes: titles, and under each the keys."""
    keys = {command.id: command.keys for command in commands}
    yield "A first minute", [(readable_keys(keys[name]), does) for name, does in FIRST_MINUTE]
    here = reachable(commands, scopes)
    yield "Here", _rows([each for each in here if each.scope != EVERYWHERE])
    yield "Everywhere", _rows([each for each in here if each.scope == EVERYWHERE])
    yield "Moving here", own_keys(focused, keys)
    others = [each for each in commands if each.scope not in scopes]
    for scope in dict.fromkeys(each.scope for each in others):
        yield f"In {scope}", _rows([each for each in others if each.scope == scope])
    yield "Filter (/)", FILTER_HELP


def screen_help(screen: Screen[object], rebound: Rebound) -> Iterator[tuple[str, Rows]]:
    """What works on another screen, on the keys that a person gave (`rebound`)."""
    yield "Here", own_keys(screen, rebound=rebound)
    yield "Moving here", own_keys(screen.focused, rebound=rebound)


def _rows(commands: Sequence[Command]) -> Rows:
    return [(readable_keys(each.keys), each.help) for each in commands if each.keys]


class Help(Dialog[None]):
    """A list of keys, by where they work."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,enter,question_mark,f1", "leave", "leave", show=False)
    ]

    def __init__(self, groups: Iterable[tuple[str, Rows]]) -> None:
        super().__init__("Keys", "dialog-wide")
        self._groups = [(title, listed) for title, rows in groups if (listed := list(rows))]
        self._lines: list[tuple[Part, ...]] = []
        self.flexible = self.table = TextTable((), self._cells, header=False)
        keys = KeyBar([("Esc", "Close"), ("j k Ctrl-d", "Scroll"), ("text.search", "Search")])
        self.parts = (self.heading_line(), self.table, keys)

    def on_resize(self) -> None:
        """Lay out anew: what a key does wraps beside it."""
        super().on_resize()
        self.call_after_refresh(self._lay_out)

    def _lay_out(self) -> None:
        room = self.table.size.width
        keys = min(_KEYS_WIDTH, room // 3)
        words = max(1, room - keys - _MARGIN)
        self.table.set_columns((Column("key", "", keys, rank=1), Column("words", "", words)))
        self._lines = []
        for title, rows in self._groups:
            self._lines.append(((title, "title"),))
            for key, does in rows:
                for key_part, part in zip_longest(wrap(key, keys), wrap(does, words), fillvalue=""):
                    self._lines.append(((key_part, "key"), part))
        self.table.set_rows([str(index) for index in range(len(self._lines))])

    def _cells(self, row: str, columns: Sequence[str]) -> Sequence[Part]:
        return self._lines[int(row)][: len(columns)]
