"""The command palette: every command, key, profile, Region and theme by its name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from kmstui.model import bare_name
from kmstui.service.errors import ServiceError
from kmstui.service.inventory import Store
from kmstui.ui.commands import TEXT, Command, Context
from kmstui.ui.dialogs import MOST_FOUND, SearchDialog, nearness, readable_keys
from kmstui.ui.main.named_filters import filter_offers
from kmstui.ui.main.navigation import bring_forward, main_of, switch_profile, switch_region
from kmstui.ui.style import THEME_NAMES, Part, width_of
from kmstui.ui.widgets import Column, LineTable, Sentences

_STEP = 64
"""Keys between two looks at the clock."""

_SHOWN_SECONDS = 1.0
"""How long a command of a view waits for what that is about to show."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that the palette offers."""

    kind: str
    text: str
    detail: str
    run: Callable[[], None]
    off: str = ""
    """Why it cannot be used now."""
    typed: tuple[str, ...] = ()
    """What else it is called when that is typed whole."""


class Palette(SearchDialog[Callable[[], None]]):
    """A line to type in, and what matches all its words; returns what runs the one chosen."""

    def __init__(self, context: Context) -> None:
        columns = (
            Column("kind", "", 8, rank=2),
            Column("text", "", 20, rank=0, most=26),
            Column("detail", "", 12, rank=1, most=100),
        )
        table = LineTable(columns, self._cells, header=False)
        super().__init__("", "command, alias, profile, Region …", table)
        self._about = context
        self._found: list[Entry] = []
        self._connections: list[Entry] | None = None
        self.words = Sentences(classes="dialog--reason", most_lines=3)
        self.parts = (self.input, self.table, self.words)

    def choose(self) -> None:
        """Do it."""
        if self._found and self.table.cursor_row is not None:
            entry = self._found[int(self.table.cursor_row)]
            if entry.off:
                return
            # Run from here, what it asks would be answered to a dialog that is gone.
            self.dismiss(entry.run)

    async def find(self, text: str) -> None:
        """Rank every command, key, profile, Region and theme."""
        slices = self._about.app.slices
        slices.begin()
        ranked: tuple[list[Entry], ...] = ([], [], [], [])
        wanted = _Wanted(text)
        if self._connections is None:
            self._connections = await _other_connections(self._about)
        filters = (Entry(*each) for each in filter_offers(self._about, text))
        for entry in (*_fixed(self._about), *self._connections, *filters):
            rank = wanted.rank(entry.kind, entry.text, entry.detail, entry.typed)
            if rank is not None:
                ranked[rank].append(entry)
        for number, (name, key_id) in enumerate(_named_keys(self._about.store)):
            rank = wanted.rank("key", name, key_id)
            if rank is not None and len(ranked[rank]) < MOST_FOUND:
                go = partial(_go_to, self._about, key_id)
                ranked[rank].append(Entry("key", name, f"Go to the key {bare_name(key_id)}", go))
                if len(ranked[1]) >= MOST_FOUND:
                    break
            if number % _STEP == 0 and slices.over:
                await slices.next()
        found = [entry for entries in ranked for entry in wanted.in_order(entries)][:MOST_FOUND]
        self._found = found
        self.table.forget_place()
        self.table.set_rows([str(index) for index in range(len(found))])
        self.table.set_empty("Nothing matches.")
        self.on_line_table_moved()

    def on_line_table_moved(self) -> None:
        """What is too long for its row stands whole below the list."""
        row = self.table.cursor_row
        entry = self._found[int(row)] if row is not None and self._found else None
        words = (entry.off or entry.detail) if entry else ""
        is_cut = width_of(words) > self.table.width_of("detail")
        self.words.say(words if is_cut else "", "dim")

    def _cells(self, row: str, _: Sequence[str]) -> Mapping[str, Part]:
        entry = self._found[int(row)]
        return {
            "kind": (entry.kind, "dim"),
            "text": (entry.text, "dim" if entry.off else "accent"),
            "detail": (entry.off or entry.detail, "dim" if entry.off else ""),
        }


class _Wanted:
    """What was typed: every word of it must be somewhere."""

    def __init__(self, text: str) -> None:
        self._text = " ".join(text.casefold().split())
        self._words = self._text.split()

    def rank(self, kind: str, text: str, detail: str, typed: Sequence[str] = ()) -> int | None:
        """0: it is called so; 1: it begins so; 2: the words are in kind and text; 3: elsewhere.

        None: not at all.
        """
        if self._text in typed:
            return 0
        whole = f"{kind} {text} {detail}".casefold()
        if not all(word in whole for word in self._words):
            return None
        if text.casefold().startswith(self._text):
            return 1
        head = f"{kind} {text}".casefold()
        return 2 if all(word in head for word in self._words) else 3

    def in_order(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """The nearest first; commands before names where they are as near."""
        if not self._text:
            return entries
        return sorted(entries, key=lambda each: nearness(self._text, each.text))


def _named_keys(store: Store) -> Iterator[tuple[str, str]]:
    """Every alias that names a key, and every key without one, with the key's ID."""
    # Copies: more may come between two of them.
    for alias in tuple(store.aliases.values()):
        if alias.key_id:
            yield alias.bare_name.removeprefix("alias/"), alias.key_id
    for key_id in tuple(store.keys):
        if not store.aliases_of(key_id):
            yield key_id, key_id


def _fixed(context: Context) -> Iterator[Entry]:
    main, app = main_of(context.app), context.app
    for command in main.all_commands:
        if command.palette:
            keys = readable_keys(command.keys[:1])
            detail = f"{command.help}  ({keys})" if keys else command.help
            off = command.available(context) or "" if command.scope in main.scopes else ""
            run = partial(_run_there, context, command)
            yield Entry("do", command.label, detail, run, off, command.typed)
    for theme in (*THEME_NAMES, *app.options.own_theme_names):
        yield Entry("theme", theme, "Use these colours", partial(setattr, app, "theme", theme))


def _run_there(context: Context, command: Command) -> None:
    """Run a command in the pane or view that it belongs to."""
    main = main_of(context.app)
    if command.scope in main.scopes:
        main.run_command(command)
        return

    async def go() -> None:
        await bring_forward(
            context, main.key_pane.scope if command.scope == TEXT else command.scope
        )
        with suppress(TimeoutError):
            await asyncio.wait_for(main.key_pane.view.wait_until_shown(), _SHOWN_SECONDS)
        main.run_command(command)

    worker = context.app.work(go, group="go", what="going to a view")
    context.app.type_ahead.opens(worker, main)


async def _other_connections(context: Context) -> list[Entry]:
    connector, info = context.session.connector, context.store.info
    try:
        profiles = await connector.profiles()
        regions = await connector.regions(info.partition if info else "aws")
    except ServiceError:
        # Connecting says what is wrong; the palette is about more than that.
        return []
    return [
        *(
            Entry("profile", each, "Switch to this profile", partial(switch_profile, context, each))
            for each in profiles
        ),
        *(
            Entry("Region", each, "Switch to this Region", partial(switch_region, context, each))
            for each in regions
        ),
    ]


def _go_to(context: Context, key_id: str) -> None:
    async def go() -> None:
        await main_of(context.app).go_to_key(key_id)

    worker = context.app.work(go, group="go", what="going to a key")
    context.app.type_ahead.opens(worker, main_of(context.app))
