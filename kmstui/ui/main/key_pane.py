"""Pane 3: the chosen key, through one of several views."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar, cast

from textual import on
from textual.containers import Vertical
from textual.events import Click
from textual.message import Message
from textual.widget import AwaitMount, Widget

from kmstui.model import place_in
from kmstui.service.session import Session
from kmstui.ui.commands import EVERYWHERE, CommandScreen, readable_key
from kmstui.ui.main.panes import Pane
from kmstui.ui.main.views import VIEWS, KeyView
from kmstui.ui.runtime import Changes
from kmstui.ui.style import PLAIN, Part, Symbols, parts_width, tabs, width_of

_EDGES_WIDTH = 5
"""Cells of the pane's number before its title, and of a frame."""

_NAME_LEAST, _NAME_GOOD = 5, 24
"""Cells of the key's name that still say something, and those that most names need."""

_SHORT = 3
"""Letters of the views' titles where the key's name needs the room."""


class KeyPane(Pane):
    """Shows one view at a time; the others are words in its title."""

    number: ClassVar[int] = 3

    class ViewChanged(Message):
        """Another view is in front: it may have to be loaded, and other commands work."""

    def __init__(self, session: Session, symbols: Symbols) -> None:
        super().__init__(id="key")
        self._session = session
        self._symbols = symbols
        self._number = 0
        self._names_views = False
        self.key_id: str | None = None
        """The key that is shown."""
        self._stale: set[str] = set()
        self._body = Vertical(classes="pane--body")
        self._views: dict[str, KeyView] = {}

    @property
    def view(self) -> KeyView:
        """The view in front, made when it is first asked for."""
        if self.scope not in self._views:
            self._make()
        return self._views[self.scope]

    def _make(self) -> AwaitMount:
        view = self._views[self.scope] = VIEWS[self._number].make(self._session, self._symbols)
        return self._body.mount(view)

    @property
    def scope(self) -> str:
        """The view's."""
        return VIEWS[self._number].scope

    @property
    def line_scope(self) -> str:
        """The view's, while a line of it is typed into."""
        view = self._views.get(self.scope)
        return view.line_scope if view is not None else ""

    @property
    def body(self) -> Vertical:
        """All the views."""
        return self._body

    @property
    def focus_target(self) -> Widget:
        """The view's."""
        return self.view.focus_target

    async def open_view(self, scope: str) -> None:
        """Bring a view to the front, building it the first time."""
        number = next(index for index, entry in enumerate(VIEWS) if entry.scope == scope)
        if number == self._number:
            return
        before = self._views.get(self.scope)
        had_focus = before is not None and before.focus_target.has_focus
        if before is not None:
            before.display = False
        self._number = number
        if scope not in self._views:
            await self._make()
            self._stale.add(scope)
        self.view.display = True
        if scope in self._stale:
            self._stale.discard(scope)
            self.view.show_key(self.key_id)
        if had_focus:
            self.focus_target.focus(scroll_visible=False)
        self.write_title()
        self.post_message(self.ViewChanged())

    async def turn(self, steps: int) -> None:
        """Bring the next or the previous view to the front."""
        await self.open_view(VIEWS[(self._number + steps) % len(VIEWS)].scope)

    def show_key(self, key_id: str | None) -> None:
        """Show this key; views behind learn of it when they come to the front."""
        self.key_id = key_id
        self._stale = {scope for scope in self._views if scope != self.scope}
        if key_id is not None or self.scope in self._views:
            self.view.show_key(key_id)
        self.write_title()

    def store_changed(self, changes: Changes) -> None:
        """Tell the view in front; those behind are shown anew when they are opened."""
        self._stale |= {scope for scope in self._views if scope != self.scope}
        if self.scope in self._views:
            self.view.store_changed(changes)

    def on_key_view_title_changed(self, message: KeyView.TitleChanged) -> None:
        """A view knows more now."""
        message.stop()
        self.write_title()

    def write_title(self) -> None:
        """The views, the one in front standing out, and the key."""
        view = self._views.get(self.scope)
        count = view.count if view is not None else ""
        front = f"{VIEWS[self._number].title}{' ' + count if count else ''}"
        name = ""
        if self.key_id is not None:
            name = self._session.store.short_name(self.key_id)
        room = self.size.width - _EDGES_WIDTH
        forms = self._forms(front)
        # Whose view it is comes before the others, and those before the letters that open them.
        whole, bare = width_of(name), width_of(name.removeprefix("alias/"))
        least = min(whole, _NAME_LEAST)
        needed = (whole, min(bare, _NAME_GOOD), min(bare, _NAME_GOOD), least)
        wanted = list(zip((forms[0], forms[1], forms[2], forms[2]), needed, strict=True))
        place = f" {place_in(self.key_id or '')}".rstrip()
        if place:
            # Full size it hides the row that tells account and Region.
            wanted[:0] = [(each, whole + width_of(place)) for each in forms[:3]]
        parts = next(
            (each for each, cells in wanted if parts_width(each) + cells <= room), forms[-1]
        )
        self._names_views = parts is not forms[-1]
        left = room - parts_width(parts)
        if left >= least or not self.size.width:
            short = width_of(name) > left and bool(self.size.width)
            parts.append((name.removeprefix("alias/") if short else name, "accent"))
            if place and whole + width_of(place) <= left:
                parts.append((place, "dim"))
        self.show_title(parts)

    @on(Click)
    async def _title_clicked(self, event: Click) -> None:
        """With the mouse on: open the view whose word was clicked."""
        part = self.title_line.part_at(event.x) if event.widget is self.title_line else None
        # Behind the pane's number each view has a word and a gap.
        if part and self._names_views and (part - 1) // 2 < len(VIEWS):
            await self.open_view(VIEWS[(part - 1) // 2].scope)
            self.post_message(self.Asked(self))

    def _forms(self, front: str) -> Sequence[list[Part]]:
        """The titles of the views, from the longest form to the shortest."""
        marked = self._symbols is PLAIN or self.app.no_color
        titles = [entry.title for entry in VIEWS]
        titles[self._number] = front
        short = [each if each == front else each[:_SHORT] for each in titles]
        with_keys, without, shortened = (
            tabs(zip(names, keys, strict=True), self._number, marked=marked)
            for names, keys in (
                (titles, self._keys), (titles, [""] * len(VIEWS)), (short, [""] * len(VIEWS)),
            )
        )  # fmt: skip
        alone = tabs([(front, "")], 0, marked=marked)
        alone[-1] = (f" ({self._number + 1} of {len(VIEWS)}: ])  ", "dim")
        return with_keys, without, shortened, alone

    @cached_property
    def _keys(self) -> list[str]:
        """The key that opens each view; empty where there is none."""
        opening = {
            each.id: readable_key(each.keys[0])
            for each in cast("CommandScreen", self.screen).commands
            if each.keys and each.scope == EVERYWHERE
        }
        scopes = (entry.scope for entry in VIEWS)
        return [opening.get(f"view.{each}") or opening.get(f"{each}.open", "") for each in scopes]

    def on_resize(self) -> None:
        """There is more or less room for the titles of the views."""
        self.write_title()
