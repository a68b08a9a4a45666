"""The views of the chosen key behind pane 3, and what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from kmstui.service.errors import ServiceError
from kmstui.service.session import Session
from kmstui.ui.commands import program_of
from kmstui.ui.runtime import Changes
from kmstui.ui.style import Symbols


class KeyView(Vertical):
    """One view of the chosen key.

    The pane makes a view when it is first opened, and calls `read` each time another key is
    shown, so that a slow answer for the key before never arrives.
    """

    scope: ClassVar[str]
    """Whose commands work while the view has the focus."""

    class TitleChanged(Message):
        """`count` changed."""

    class KeysChanged(Message):
        """`line_scope` changed."""

    parts: Sequence[Widget]
    """What it shows, from above; `__init__` makes it."""

    def __init__(self, session: Session, symbols: Symbols) -> None:
        super().__init__(classes="view")
        self.session = session
        self.store = session.store
        self.symbols = symbols
        self.key_id: str | None = None
        """The key that is shown."""

    @property
    def connection(self) -> Session:
        """The session over the connection of the key that is shown."""
        return self.session.of(self.key_id or "")

    def compose(self) -> ComposeResult:
        """The parts."""
        yield from self.parts

    @property
    def count(self) -> str:
        """What stands behind the view's word in the title, such as a number; may be empty."""
        return ""

    @property
    def line_scope(self) -> str:
        """Whose commands alone work while a line is typed into; empty while none is."""
        return ""

    @property
    def focus_target(self) -> Widget:
        """What gets the focus."""
        raise NotImplementedError

    def show_key(self, key_id: str | None) -> None:
        """Show at once what is known of the key; None: no key is chosen. Must not wait."""
        raise NotImplementedError

    async def load(self, key_id: str) -> None:
        """Read what is not known yet, and show it.

        Raises:
            ServiceError: it could not be read; `show_problem` gets the sentence.
        """

    async def wait_until_shown(self) -> None:
        """Wait until there is what the view's commands are about, or a problem in its place."""

    def read(self, key_id: str) -> None:
        """Load what is shown of a key; a reading for another key ends, a failure is shown."""

        async def load() -> None:
            try:
                await self.load(key_id)
            except ServiceError as error:
                self.show_problem(error.sentence)

        program_of(self).work(load, group="view", what=f"the {self.scope} view")

    def show_problem(self, sentence: str) -> None:
        """Show why `load` failed, where the answer would stand."""
        raise NotImplementedError

    def store_changed(self, changes: Changes) -> None:
        """The store changed; draw again what it concerns."""

    def copies(self) -> Sequence[tuple[str, str, str]]:
        """What the copy menu offers of the view's own: name, digit that chooses it, text."""
        return ()


@dataclass(frozen=True, slots=True)
class ViewEntry:
    """Where a view is found; it is imported when it is first opened."""

    title: str
    """The word in the pane's title."""
    scope: str
    """As the view's own `scope`."""
    module: str
    name: str
    """The class in the module."""

    def make(self, session: Session, symbols: Symbols) -> KeyView:
        """Import and build the view."""
        view_class: type[KeyView] = getattr(import_module(self.module), self.name)
        return view_class(session, symbols)


VIEWS: tuple[ViewEntry, ...] = (
    ViewEntry("Policy", "policy", "kmstui.ui.main.policy_view", "PolicyView"),
    ViewEntry("Access", "access", "kmstui.ui.access.access_view", "AccessView"),
    ViewEntry("Role", "role", "kmstui.ui.access.role_view", "RoleView"),
    ViewEntry("Details", "details", "kmstui.ui.keys.details_view", "DetailsView"),
    ViewEntry("Grants", "grants", "kmstui.ui.keys.grants_view", "GrantsView"),
    ViewEntry("Events", "events", "kmstui.ui.keys.events_view", "EventsView"),
    ViewEntry("Uses", "uses", "kmstui.ui.keys.uses_view", "UsesView"),
    ViewEntry("History", "history", "kmstui.ui.editing.history_screen", "HistoryView"),
)
"""Add an entry to add a view."""
