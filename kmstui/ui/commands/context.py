"""What a command acts on, at the moment it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.screen import Screen

    from kmstui.model import Key
    from kmstui.service.inventory import Store
    from kmstui.service.session import Session
    from kmstui.ui.commands.program import Program


@dataclass(frozen=True, slots=True)
class Context:
    """The running program as commands see it."""

    app: Program
    screen: Screen[Any]
    """The screen in front."""

    @property
    def session(self) -> Session:
        """The connection in use."""
        return self.app.session

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
    return f"No keys in {store.info.region}."


def needs_key(context: Context) -> str | None:
    """Off while no key is chosen."""
    return None if context.key is not None else no_key(context)


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
    """Off for AWS-managed keys too, which only AWS may change."""
    reason = needs_writing(context)
    if reason is None and context.key is not None and context.key.is_aws_managed:
        name = context.store.name_of(context.key.id)
        return f"{name} is managed by AWS: nobody else can change it."
    return reason
