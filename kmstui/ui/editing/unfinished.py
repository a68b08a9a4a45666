"""Puts that an earlier run did not live to see the end of, told once the connection stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kmstui.model.caller import ConnectionInfo
from kmstui.service.session import Session

if TYPE_CHECKING:
    from kmstui.service.editing.location import PolicyPlace


class Unfinished:
    """Examines each connection once, as soon as its account and Region are known."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._examined: ConnectionInfo | None = None

    @property
    def due(self) -> bool:
        """Whether this connection was not examined yet and can be."""
        return self._session.scope is not None and self._examined is not self._session.store.info

    async def tell(self) -> None:
        """Say what became of unfinished puts, and which drafts wait; nothing where there are none.

        Raises:
            JournalError: the journal cannot be read or written.
        """
        session = self._session
        self._examined = session.store.info
        scope, journal = session.scope, session.journal
        if scope is None or not (await journal.pending(scope) or await journal.drafts(scope)):
            # As at most starts: the first keys need not wait for the policy engines to load.
            return
        from kmstui.service.editing.put import desk_of, policy_of
        from kmstui.service.editing.unfinished import PUTS, examine_puts

        desk = desk_of(session)
        saved = {
            (change.subject, policy_of(change.after))
            for change in await desk.journal.changes(desk.scope, operations=PUTS)
            if change.outcome == "done"
        }
        # What was saved is no draft any more, though nobody lived to put it away.
        drafts = [
            draft
            for draft in await desk.journal.drafts(desk.scope)
            if (draft.subject, draft.text) not in saved
        ]
        if drafts:
            names = ", ".join(self._place(draft.subject).label for draft in drafts[:3])
            more = f" and {len(drafts) - 3} more" if len(drafts) > 3 else ""
            keys = {"i" if draft.subject.startswith("role/") else "e" for draft in drafts}
            opens = " or ".join(sorted(keys))
            session.notify(f"Drafts that are not saved: {names}{more}. {opens} opens one again.")
        for examined in await examine_puts(desk, self._place):
            session.notify(examined.sentence, "warning")

    def _place(self, subject: str) -> PolicyPlace:
        from kmstui.service.editing.location import place_of

        return place_of(self._session.gateway, subject, self._session.store.aliases_of(subject))
