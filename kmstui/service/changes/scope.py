"""What a change needs to know of the session: where it is written down, by whom and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kmstui.service.errors import JournalError
from kmstui.service.ports import Journal, Scope

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class ChangeScope:
    """Who changes something, where that is written down, and what time it is."""

    journal: Journal
    where: Scope
    """The account and Region."""
    caller: str
    """ARN; empty when unknown."""
    clock: Clock
    batch: str = ""
    """What the changes of several keys made together share; empty for a single one."""

    def check_durable(self) -> None:
        """Nothing may be changed that cannot be written down for good.

        Raises:
            JournalError: it cannot.
        """
        if not self.journal.durable:
            raise JournalError(self.journal.warning.strip() or "the journal cannot be written")

    async def close_draft(self, subject: str) -> None:
        """A draft was stored or discarded: it is history now.

        Raises:
            JournalError
        """
        await self.journal.close_draft(self.where, subject)

    async def keep(self, subject: str, text: str, kind: str, note: str = "") -> None:
        """Keep one text of a policy in the journal.

        Raises:
            JournalError: it is not kept.
        """
        await self.journal.keep_version(
            self.where, subject, text, kind, caller=self.caller, note=note
        )
