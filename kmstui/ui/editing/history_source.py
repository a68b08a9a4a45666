"""The versions of one policy as a list: this computer's, its open draft, and CloudTrail's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

from kmstui.model import Arn
from kmstui.service.editing import (
    HELD_KINDS,
    CompareAccess,
    HistoryEntry,
    history_entries,
    remote_versions,
)
from kmstui.service.errors import JournalError
from kmstui.service.session import Session

LISTED_AT_FIRST = 100
"""Versions that are listed before a person asks for more: where each is of full size, 3 MB and a
quarter of a second to tell which of them mean the same."""


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One text in the list."""

    id: str
    time: datetime
    what: str
    who: str
    """ARN; empty when unknown."""
    text: str
    differs: bool = True
    """Whether it means something else than the policy held before it."""
    held: bool = False
    """Whether the service was seen to hold it."""

    def who_within(self, width: int, more: str) -> str:
        """`role/session` or `user` in `width` cells; it is the session that tells who it was."""
        arn = Arn.maybe(self.who)
        short = self.who if arn is None else (arn.name or arn.resource)
        role, slash, session = short.rpartition("/")
        room = width - len(slash + session) - len(more)
        if len(short) <= width or not slash or room < 1:
            return short
        return f"{role[:room]}{more}{slash}{session}"


async def _at_once() -> None:
    """Nothing needs to be waited for."""


@dataclass(eq=False)
class HistorySource:
    """Reads the list, and compares what is in it."""

    session: Session
    subject: str
    """As the journal names the policy."""
    key_arn: str
    """The key whose policy it is; empty for a role's."""
    compare_access: CompareAccess
    """What one version does to access that another did not."""
    ready: Callable[[], Awaitable[object]] = _at_once
    """Waits for what `compare_access` rests on."""
    has_more: bool = field(default=False, init=False)
    """Whether the journal holds older versions than were listed."""
    _remote: tuple[HistoryItem, ...] = field(default=(), init=False)
    _limit: int = field(default=LISTED_AT_FIRST, init=False)

    def list_more(self) -> None:
        """The next time more of the older versions are listed."""
        self._limit *= 4

    async def items(self) -> tuple[HistoryItem, ...]:
        """What is known, newest first; of the journal no more than is listed at once.

        Raises:
            JournalError: the journal cannot be read, or the account is not known.
        """
        session = self.session
        if session.scope is None:
            raise JournalError(
                "the account is not known, so its history cannot be found",
                "Refresh with r once the service answers.",
            )
        draft = await session.journal.draft(session.scope, self.subject)
        entries = await history_entries(
            session.journal, session.scope, self.subject, self._limit + 1
        )
        self.has_more = len(entries) > self._limit
        entries = entries[: self._limit]
        sent = {entry.version.text for entry in entries if entry.version.kind == "sent"}
        found = [*(_item(entry, sent) for entry in entries), *self._remote]
        found.sort(key=lambda item: item.time, reverse=True)
        if draft is not None:
            found.insert(
                0,
                HistoryItem("draft", draft.time, "open draft, not saved", draft.caller, draft.text),
            )
        return tuple(found)

    async def ask_cloudtrail(self) -> int:
        """Read the puts that CloudTrail saw in the last 90 days; returns how many.

        Raises:
            ServiceError: events may not be read, or not now.
        """
        found: list[HistoryItem] = []
        async for version in remote_versions(self.session.gateway, self.key_arn):
            refused = f", refused: {version.error_code}" if version.error_code else ""
            found.append(
                HistoryItem(
                    f"event {len(found)}",
                    version.time,
                    f"put, says CloudTrail{refused}",
                    version.principal,
                    version.text,
                    held=not version.error_code,
                )
            )
        self._remote = tuple(found)
        return len(found)


def _item(entry: HistoryEntry, sent: Collection[str]) -> HistoryItem:
    version = entry.version
    return HistoryItem(
        f"version {version.id}",
        version.time,
        "draft, sent later" if version.kind == "draft" and version.text in sent else entry.what,
        version.caller,
        version.text,
        entry.changed,
        version.kind in HELD_KINDS,
    )
