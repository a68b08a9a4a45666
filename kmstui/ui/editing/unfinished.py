"""What an earlier run did not live to see, told once the connection stands."""

from __future__ import annotations

import asyncio

from kmstui.service.session import Session

_KEYS_FIRST = 10.0
"""Seconds after which a look at CloudTrail is in nobody's way."""


async def tell_overwritten_puts(session: Session) -> None:
    """Say which puts replaced somebody else's that nobody had seen, as CloudTrail comes to tell."""
    await asyncio.sleep(_KEYS_FIRST)
    from kmstui.service.editing import watch_puts

    await watch_puts(session)


async def tell_unfinished_changes(session: Session) -> None:
    """Say what became of unfinished changes, and which drafts wait; nothing where there are none.

    Raises:
        JournalError: the journal cannot be read or written.
    """
    where, journal = session.scope, session.journal
    if where is None or not (await journal.pending(where) or await journal.drafts(where)):
        # As at most starts: the first keys need not wait for the policy engines to load.
        return
    from kmstui.service.changes import TYPED_TEXTS, WHAT_IF
    from kmstui.service.editing import (
        PUTS,
        PolicyLocation,
        examine_puts,
        location_of,
        policy_of,
    )
    from kmstui.service.keys import settle_key_changes
    from kmstui.ui.editing.edited_files import is_note, take_in

    def location(subject: str) -> PolicyLocation:
        return location_of(session.gateway, subject, session.store.aliases_of(subject))

    def label(subject: str) -> str:
        return TYPED_TEXTS[subject][0] if subject in TYPED_TEXTS else location(subject).label

    examined = await examine_puts(session.change_scope(), location)
    left = await take_in(session.change_scope())
    saved = {
        (change.subject, policy_of(change.after))
        for change in await journal.changes(where, operations=PUTS)
        if change.outcome == "done"
    }
    # What was saved is no draft any more, though nobody lived to put it away; so it is asked after
    # the puts were looked at.
    drafts = [
        draft
        for draft in await journal.drafts(where)
        if not is_note(draft)
        and draft.subject != WHAT_IF
        and (draft.subject, draft.text) not in saved
    ]
    if drafts:
        names = ", ".join(label(draft.subject) for draft in drafts[:3])
        more = f" and {len(drafts) - 3} more" if len(drafts) > 3 else ""
        keys = {_key_for(draft.subject) for draft in drafts}
        opens = " or ".join(sorted(keys))
        session.notify(f"Drafts that are not saved: {names}{more}. {opens} opens one again.")
    for sentence in (*(each.sentence for each in examined), *left):
        session.notify(sentence, "warning")
    for sentence in await settle_key_changes(session):
        session.notify(sentence, "warning")


def _key_for(subject: str) -> str:
    """What opens a draft again."""
    from kmstui.service.changes import TYPED_TEXTS

    if subject in TYPED_TEXTS:
        return TYPED_TEXTS[subject][1]
    return "i" if subject.startswith("role/") else "e"
