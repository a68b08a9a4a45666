"""The mark of keys whose policy has a draft."""

from __future__ import annotations

from contextlib import suppress

from kmstui.service.errors import JournalError
from kmstui.service.session import Session
from kmstui.ui.main.keys_pane import KeysPane


async def mark_drafts(session: Session, keys: KeysPane) -> None:
    """Let the list say which keys have a draft that was not saved."""
    found: set[str] = set()
    for each in session.each:
        # A journal in trouble says so at the start.
        with suppress(JournalError):
            if each.scope is not None:
                found |= {draft.subject for draft in await each.journal.drafts(each.scope)}
    keys.set_drafts(found)
