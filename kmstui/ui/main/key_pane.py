"""Pane 3: the chosen key, through one of several views."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.containers import Vertical
from textual.events import Click
from textual.message import Message
from textual.widget import AwaitMount, Widget

from kmstui.service.session import Session
from kmstui.ui.main.panes import Pane
from kmstui.ui.main.views import VIEWS, KeyView
from kmstui.ui.runtime import Changes
from kmstui.ui.style import Part, Symbols, parts_width

_NUMBER_WIDTH = 3
"""Cells of the pane's number before its title."""


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
        parts: list[Part] = []
        self._names_views = True
        for index, entry in enumerate(VIEWS):
            parts.append((front, "title") if index == self._number else (entry.title, "dim"))
            parts.append(" ")
        if parts_width(parts) + _NUMBER_WIDTH > self.size.width > 0:
            self._names_views = False
            parts = [(front, "title"), (f" ({self._number + 1} of {len(VIEWS)}: ])", "dim"), " "]
        if self.key_id is not None:
            parts.append((f" {self._session.store.short_name(self.key_id)}", "accent"))
        self.show_title(parts)

    @on(Click)
    async def _title_clicked(self, event: Click) -> None:
        """With the mouse on: open the view whose word was clicked."""
        part = self.title_line.part_at(event.x) if event.widget is self.title_line else None
        # Behind the pane's number each view has a word and a gap.
        if part and self._names_views and (part - 1) // 2 < len(VIEWS):
            await self.open_view(VIEWS[(part - 1) // 2].scope)
            self.post_message(self.Asked(self))

    def on_resize(self) -> None:
        """There is more or less room for the titles of the views."""
        self.write_title()
