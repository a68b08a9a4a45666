"""The definition of a command, what it acts on, and why one may be off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.screen import Screen

    from kmstui.model import Key
    from kmstui.service.inventory import Store
    from kmstui.service.session import Session
    from kmstui.ui.commands.program import Program

EVERYWHERE = "everywhere"
"""The scope of commands that work in every pane of the main screen."""
KEYS = "keys"
ALIASES = "aliases"
POLICY = "policy"
TAGS = "tags"
"""Scopes of the panes."""
TEXT = "texts"
"""The scope of what reads a text, in every view of pane 3."""
DETAILS = "details"
GRANTS = "grants"
EVENTS = "events"
USES = "uses"
"""Scopes of further views, as their own `scope` says; other screens name theirs."""


@dataclass(frozen=True, slots=True)
class Context:
    """The running program as commands see it."""

    app: Program
    screen: Screen[Any]
    """The screen in front."""

    @property
    def session(self) -> Session:
        """The session, over all connections in use."""
        return self.app.session

    @property
    def connection(self) -> Session:
        """The session over the connection of the chosen key; over the nearest without one."""
        return self.app.session.of(self.chosen or "")

    @property
    def store(self) -> Store:
        """What was read."""
        return self.app.session.store

    @property
    def chosen(self) -> str | None:
        """ID of the key under the cursor of the keys table."""
        return self.app.main.chosen

    @property
    def key(self) -> Key | None:
        """The key under the cursor of the keys table."""
        return None if self.chosen is None else self.store.keys.get(self.chosen)

    @property
    def targets(self) -> tuple[str, ...]:
        """IDs of the marked keys in the table's order, or of the chosen one when none is marked."""
        return self.app.main.targets


Action = Callable[[Context], Awaitable[None] | None]
Availability = Callable[[Context], str | None]
"""Returns why the command cannot be used now, as a sentence, or None when it can."""


def always(context: Context) -> str | None:
    """Can be used at any time."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing to do. Bindings, key bar, help and palette are derived from it."""

    id: str
    """Unique; `noun.verb`."""
    label: str
    """One or two words for the key bar and menus."""
    help: str
    """One line for the help and the palette, beginning with a verb."""
    run: Action
    keys: tuple[str, ...] = ()
    """Textual's names of the keys; the first is shown."""
    scope: str = EVERYWHERE
    available: Availability = always
    bar: int = 0
    """Place in the key bar, smaller first; 0: not in it."""
    opens: bool = False
    """Whether it is a job that opens something: keys typed after it wait for that."""
    palette: bool = True
    """Whether the command palette offers it."""
    typed: tuple[str, ...] = ()
    """What else it is called behind `:`, as in vi; must be typed whole."""


# Availability

READ_ONLY = "This is read-only mode: start kmstui without --read-only to make changes."
"""Why whatever changes something is off."""


def no_key(context: Context) -> str:
    """Why there is no key to do something with."""
    store = context.store
    if store.keys:
        return "Choose a key first."
    if store.info is None:
        return "Not connected yet, so there are no keys."
    if store.progress.listing:
        return "No keys yet: they are being read."
    if store.progress.stopped:
        return "No keys were read. Press r to read them."
    return f"No keys in {context.session.target.region or store.info.region}."


def needs_key(context: Context) -> str | None:
    """Off while no key is chosen."""
    return None if context.key is not None else no_key(context)


def needs_policy(context: Context) -> str | None:
    """Off for a key that another account shares, which alone may read its policy."""
    key = context.key
    if key is not None and key.sharer:
        return f"The key {key.fixed}: its policy can be read only there."
    return needs_key(context)


def no_changes(context: Context) -> str | None:
    """Why nothing can be changed at all: read-only mode, or no journal to write it down in."""
    if context.session.read_only:
        return READ_ONLY
    journal = context.session.journal
    return None if journal.durable else journal.warning


def needs_writing(context: Context) -> str | None:
    """Off in read-only mode, without a journal, and while no key is chosen."""
    return no_changes(context) or needs_key(context)


def needs_customer_key(context: Context) -> str | None:
    """Off for keys too that only AWS or another account may change."""
    reason = needs_writing(context)
    if reason is None and context.key is not None and context.key.fixed:
        name = context.store.name_of(context.key.id)
        return f"{name} {context.key.fixed}: nobody else can change it."
    return reason
