"""The screen with the panes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.timer import Timer

from kmstui import gc_tuning
from kmstui.service.errors import ServiceError
from kmstui.service.inventory import TimeSlices, Topic
from kmstui.service.session import Session
from kmstui.ui.commands import EVERYWHERE, TEXT, Command, CommandScreen, KeyBar, commands_in
from kmstui.ui.main.aliases_pane import AliasesPane
from kmstui.ui.main.draft_marks import mark_drafts
from kmstui.ui.main.header import HeaderLine, several_words
from kmstui.ui.main.key_pane import KeyPane
from kmstui.ui.main.keys_pane import FILTER_KEYS, KeysPane
from kmstui.ui.main.panes import Pane, Panes
from kmstui.ui.main.start_notices import tell_at_start
from kmstui.ui.main.tags_pane import TagsPane
from kmstui.ui.main.views import KeyView
from kmstui.ui.runtime import Changes, StoreFeed, UiOptions, import_ahead
from kmstui.ui.style import Symbols
from kmstui.ui.widgets import LineTable, NewestNotice, Sentences

if TYPE_CHECKING:
    from kmstui.ui.main.policy_view import PolicyView

SMALLEST = (28, 7)
"""Columns and lines under which nothing useful fits."""

REST_SECONDS = 0.1
"""The cursor rests on a key for so long before it is read: passing over keys reads nothing."""

TYPING_REST_SECONDS = 0.5
"""The same while a person types a filter, who looks at another key with each character: reading
and drawing what the panes show of it takes longer than a character may wait."""

START_SECONDS = 3.0
"""After this time the start is over, whether there are keys or not."""


class MainScreen(CommandScreen):
    """Header, panes, notices and key bar; passes what changed to the panes it concerns."""

    def __init__(
        self, session: Session, options: UiOptions, slices: TimeSlices, symbols: Symbols
    ) -> None:
        super().__init__(options, id="main")
        self.session = session
        self.store = session.store
        self.options = options
        self.symbols = symbols
        self._slices = slices
        self.header = HeaderLine(symbols, id="header")
        self.banner = Sentences(id="banner")
        self.keys_pane = KeysPane(session, symbols, options.columns)
        self.aliases_pane = AliasesPane(self.store, slices, symbols)
        self.key_pane = KeyPane(session, symbols)
        self.tags_pane = TagsPane(self.store, symbols)
        self.sharing = Panes(
            left=(self.keys_pane, self.aliases_pane), right=(self.key_pane, self.tags_pane)
        )
        self.notice = NewestNotice(self.store, under_banner=True, id="notice")
        self.key_bar = KeyBar(id="key-bar")
        self.too_small = Sentences(id="too-small")
        self._chooser: Pane = self.keys_pane
        self._rest: Timer | None = None
        self._listed = asyncio.Event()
        """Set once the keys are listed, and there are some."""
        self._collection = gc_tuning.InventoryCollection()

    def compose(self) -> ComposeResult:
        """Header, panes in two columns, notices, key bar."""
        yield self.header
        yield self.banner
        yield self.sharing
        yield self.notice
        yield self.key_bar
        yield self.too_small

    def on_mount(self) -> None:
        """Draw what is there, subscribe, and give the keys table the focus."""
        topics = [topic for topic in Topic if topic is not Topic.NOTICES]
        StoreFeed(self.store, topics, self, self._store_changed)
        self.set_timer(START_SECONDS, self._end_start)
        self._share()
        self._store_changed(dict.fromkeys(topics, frozenset()))
        self.keys_pane.table.focus(scroll_visible=False)
        if self.options.key:
            # What is typed at once is meant for that key, not for the first one that is listed.
            finding = self.run_worker(self._open_key(self.options.key), exit_on_error=True)
            self.program.type_ahead.opens(finding, self, leaves=("q", "ctrl+q", "ctrl+c"))
        tell_at_start(self.session, self.options)
        for rows in (self.keys_pane.key_rows, self.aliases_pane.alias_rows):
            self.run_worker(rows.run(), group="rows", exit_on_error=True)

    def _end_start(self) -> None:
        gc_tuning.keep()
        import_ahead()

    # What commands ask

    @property
    def scopes(self) -> Sequence[str]:
        """The focused pane's commands, and those that work everywhere."""
        pane = self.focused_pane
        text = (TEXT,) if pane is self.key_pane else ()
        return (self._line_scope or pane.scope, *text, EVERYWHERE)

    @property
    def _line_scope(self) -> str:
        return self.key_pane.line_scope if self.focused_pane is self.key_pane else ""

    @property
    def panes(self) -> tuple[Pane, ...]:
        """All panes, in the order of their numbers."""
        return self.sharing.all

    @property
    def focused_pane(self) -> Pane:
        """The pane that has the focus, or had it last."""
        return self.sharing.focused

    @property
    def chosen(self) -> str | None:
        """ID of the key under the cursor of the keys or the aliases, whichever had the focus last.

        None for an alias that names no key yet.
        """
        if self._chooser is self.aliases_pane:
            alias = self.store.aliases.get(self.aliases_pane.chosen or "")
            return (alias.key_id or None) if alias is not None else None
        return self.keys_pane.table.cursor_row

    @property
    def targets(self) -> tuple[str, ...]:
        """IDs of the marked keys in the table's order, then those hidden; or the chosen one's."""
        marks = self.keys_pane.table.marks & self.store.keys.keys()
        if not marks:
            return (self.chosen,) if self.chosen is not None else ()
        shown = self.keys_pane.key_rows.rows.among(marks)
        return (*shown, *sorted(marks.difference(shown)))

    @property
    def has_filter(self) -> bool:
        """Whether the keys are filtered, and the keys have the focus."""
        return self.focused_pane is self.keys_pane and bool(self.keys_pane.filter_text)

    # The store

    def _store_changed(self, changes: Changes) -> None:
        keys = changes.get(Topic.KEYS)
        aliases = changes.get(Topic.ALIASES)
        if keys is not None:
            self.keys_pane.keys_changed(keys)
            self.aliases_pane.keys_changed(keys)
            if not keys or self.tags_pane.key_id in keys:
                self.tags_pane.key_changed()
        if aliases is not None:
            self.keys_pane.keys_changed(aliases)
            self.key_pane.write_title()
            self.tags_pane.key_changed()
        if Topic.ALIAS_NAMES in changes:
            self.aliases_pane.aliases_changed(changes[Topic.ALIAS_NAMES])
        if Topic.PROGRESS in changes:
            self.keys_pane.progress_changed()
            progress = self.store.progress
            self._collection.progress(listed=progress.listed, loading=progress.loading)
            if self.store.keys and not progress.listing:
                self._listed.set()
            if not progress.loading and self.store.info is not None:
                # An account may have no keys, whose first one would begin it.
                self.call_after_refresh(import_ahead)
        if Topic.SESSION in changes:
            near, several = self.session.of(""), several_words(self.session, self)
            self.header.show_connection(
                near.info, near.caller, near.caller_problem,
                read_only=near.read_only, several=several,
            )  # fmt: skip
            self.banner.say(self.store.banner, "bad")
            self.keys_pane.session_changed(several=bool(several))
        self.key_pane.store_changed(changes)
        if Topic.POLICIES in changes and not changes[Topic.POLICIES]:
            self._rest_on_key()

    @on(events.ScreenResume)
    def look_for_drafts(self) -> None:
        """Mark the keys that have one; what was open over the panes may have left it."""
        mark = partial(mark_drafts, self.session, self.keys_pane)
        self.program.work(mark, group="drafts", what="looking for drafts")

    async def _open_key(self, wanted: str) -> None:
        await self._listed.wait()
        try:
            key_id = await self.session.find(wanted)
        except ServiceError as error:
            self.session.notify(error.sentence, "error")
            return
        await self.go_to_key(key_id)

    # Choosing

    @on(LineTable.Moved, "#keys-table")
    def _key_moved(self) -> None:
        # The first rows are about to be drawn.
        self.call_after_refresh(import_ahead)
        if self._chooser is self.keys_pane:
            self._rest_on_key()

    @on(LineTable.Moved, "#aliases-table")
    def _alias_moved(self) -> None:
        if self._chooser is self.aliases_pane:
            # Where a filter hides the key, the panes at the right follow all the same.
            self.keys_pane.table.move_to_row(self.chosen or "")
            self._rest_on_key()

    def _choose_in(self, pane: Pane) -> None:
        """The focus came to a pane; among keys and aliases it says which key is chosen."""
        before, chosen = self._chooser, self.chosen
        if pane is before or pane not in (self.keys_pane, self.aliases_pane):
            return
        self._chooser = pane
        if pane is self.keys_pane:
            self.aliases_pane.follow()
        else:
            self.aliases_pane.browse(self.keys_pane.found)
            if self.chosen != chosen:
                self.aliases_pane.go_to_key(chosen)
        if self.chosen != chosen:
            self._rest_on_key()

    @on(LineTable.Chosen)
    def _row_chosen(self) -> None:
        self.action_press("enter")

    @on(LineTable.Scrolled, "#keys-table")
    def _keys_scrolled(self) -> None:
        pane = self.keys_pane
        self.session.show(list(pane.table.rows_in_sight), pane.facts_in_sight)

    def _rest_on_key(self) -> None:
        if self._rest is not None:
            self._rest.stop()
        typing = self.keys_pane.filter_input.has_focus
        self._rest = self.set_timer(TYPING_REST_SECONDS if typing else REST_SECONDS, self.look)

    def look(self) -> None:
        """Show the chosen key in every pane, and read what is not known of it."""
        key_id = self.chosen
        self.key_pane.show_key(key_id)
        self.aliases_pane.show_key(key_id)
        self.tags_pane.show_key(key_id)
        if key_id is not None:
            self._keys_scrolled()
            self.program.work(
                lambda: self.session.look_at(key_id), group="look", what="reading a key"
            )
            self._load_view()

    def _load_view(self) -> None:
        if self.chosen is not None:
            self.key_pane.view.read(self.chosen)

    def on_policy_view_linted(self, message: PolicyView.Linted) -> None:
        """The findings of a policy in pane 3 are a cell of the keys table too."""
        self.keys_pane.set_findings(message.key_id, message.counts)

    @on(KeyPane.ViewChanged)
    def _view_changed(self) -> None:
        self._write_key_bar()
        self._load_view()

    @on(KeyView.KeysChanged)
    @on(KeysPane.FilterToggled)
    def _line_opened_or_closed(self) -> None:
        self._write_key_bar()

    @on(KeysPane.Typed)
    def _filter_typed(self) -> None:
        self.program.type_ahead.answered(self.keys_pane.filter_input)
        if self._rest is not None:
            self._rest_on_key()

    @on(KeysPane.Narrowed)
    def _narrowed(self) -> None:
        # The next key is about a key that the filter shows, not about the one before.
        rows, table = self.keys_pane.key_rows, self.keys_pane.table

        async def wait() -> None:
            await rows.wait_built()
            table.keep_place()

        # Before the keys that were typed behind this one.
        worker = self.program.work(wait, group="filter", what="filtering")
        self.program.type_ahead.opens(worker, self)

    async def go_to_key(self, key_id: str, *, open_keys: bool = True) -> bool:
        """Put the cursor on a key, clearing filters that hide it; returns whether it is there.

        `open_keys`: give the keys the focus; whoever goes on to another pane opens that alone.
        """
        table = self.keys_pane.table
        if key_id not in self.store.keys:
            return False
        if not table.move_to_row(key_id):
            rows = self.keys_pane.key_rows
            if self.store.keys[key_id].is_aws_managed and not rows.with_aws:
                self.toggle_aws()
            self.keys_pane.close_filter(clear=True)
            await rows.wait_settled()
            if not table.move_to_row(key_id):
                return False
        self._choose_in(self.keys_pane)
        if open_keys:
            self.open_pane(self.keys_pane)
        return True

    def toggle_aws(self) -> None:
        """Show or hide what AWS manages."""
        shown = not self.keys_pane.key_rows.with_aws
        for rows in (self.keys_pane.key_rows, self.aliases_pane.alias_rows):
            rows.set_with_aws(shown=shown)

    def run_command(self, command: Command) -> None:
        """As on any screen; what a person did something with stays under the cursor."""
        self.keys_pane.table.keep_place()
        super().run_command(command)

    # Panes

    def change_zoom(self, steps: int) -> None:
        """Give the focused pane more room or less."""
        self.sharing.change_zoom(steps)

    def open_only(self, pane: Pane) -> None:
        """Open a pane full size, until `back`."""
        self.sharing.zoom_by_opening()
        self.open_pane(pane)

    def back(self) -> bool:
        """Undo `open_only`, or go to the keys; returns whether there was a way back."""
        there = self.sharing.undo_opening() or self.focused_pane is not self.keys_pane
        if there:
            self.open_pane(self.keys_pane)
        return there

    def open_pane(self, pane: Pane) -> None:
        """Open a pane and give it the focus."""
        self.sharing.focused = pane
        self._choose_in(pane)
        if self.key_pane.key_id != self.chosen:
            # Without waiting for the cursor to rest: keys in the pane are about this key.
            self.look()
        self._share()
        pane.focus_target.focus(scroll_visible=False)

    def turn_pane(self, steps: int) -> None:
        """Go to the next pane or the one before."""
        self.open_pane(self.sharing.beside(steps))

    def _share(self) -> None:
        small = self.size.width < SMALLEST[0] or self.size.height < SMALLEST[1]
        self.set_class(small, "-too-small")
        self.too_small.say(
            f"This window is too small: kmstui needs {SMALLEST[0]}x{SMALLEST[1]}." if small else ""
        )
        self.sharing.share()
        self._write_key_bar()

    def _write_key_bar(self) -> None:
        if self.keys_pane.is_typing and self.focused_pane is self.keys_pane:
            self.key_bar.show_keys(FILTER_KEYS)
            return
        own = commands_in(self.all_commands, (self._line_scope,))
        self.key_bar.show_commands(own or self.commands)

    def on_resize(self, event: events.Resize) -> None:
        """Share the room anew; the chosen rows stay in sight."""
        self._share()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The mouse or Tab may have moved the focus to another pane."""
        for pane in self.panes:
            if pane is not self.focused_pane and event.widget in pane.query("*"):
                self.sharing.focused = pane
                self._choose_in(pane)
                self._share()

    @on(Pane.Asked)
    def _pane_asked(self, message: Pane.Asked) -> None:
        self.open_pane(message.pane)
