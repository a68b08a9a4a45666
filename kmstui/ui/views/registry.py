"""The views behind pane 3, in their order."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from kmstui.service.session import Session
from kmstui.ui.style import Symbols
from kmstui.ui.views.view import KeyView


@dataclass(frozen=True, slots=True)
class ViewEntry:
    """Where a view is found; it is imported when it is first opened."""

    title: str
    """As the view's own `title`."""
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
    ViewEntry("History", "history", "kmstui.ui.editing.history_screen", "HistoryView"),
)
"""Add an entry to add a view."""
