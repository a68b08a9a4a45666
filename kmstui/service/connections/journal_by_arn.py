"""The journal where keys and aliases go by their ARNs: it has them by ID and name, as ever.

What was written down with one Region open is found again with several, and the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from kmstui.model import Arn, bare_name, beside
from kmstui.service.ports import ChangeRecord, Journal, PolicyVersion, Scope, Turn


class JournalByArn:
    """Implements `kmstui.service.ports.Journal` over another one."""

    def __init__(self, journal: Journal, place_of: Callable[[Scope], str]) -> None:
        """`place_of` gives the ARN up to `key/` of what is in an open account and Region, or ""."""
        self._journal = journal
        self._place_of = place_of

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def keep_version(
        self,
        scope: Scope,
        subject: str,
        text: str,
        kind: str,
        *,
        caller: str = "",
        note: str = "",
    ) -> PolicyVersion:
        """Add one text."""
        kept = await self._journal.keep_version(
            scope, _plain(scope, subject), text, kind, caller=caller, note=note
        )
        return self._version(kept)

    async def versions(
        self,
        scope: Scope,
        subject: str,
        *,
        since: datetime | None = None,
        limit: int | None = None,
    ) -> tuple[PolicyVersion, ...]:
        """Texts of a subject."""
        found = await self._journal.versions(
            scope, _plain(scope, subject), since=since, limit=limit
        )
        return tuple(map(self._version, found))

    async def save_draft(
        self, scope: Scope, subject: str, text: str, *, base: str, caller: str = ""
    ) -> None:
        """Keep a draft; a text is a person's own, whatever it looks like."""
        await self._journal.save_draft(
            scope, _plain(scope, subject), text, base=base, caller=caller
        )

    async def draft(self, scope: Scope, subject: str) -> PolicyVersion | None:
        """The open draft."""
        found = await self._journal.draft(scope, _plain(scope, subject))
        return None if found is None else self._version(found)

    async def drafts(self, scope: Scope) -> tuple[PolicyVersion, ...]:
        """All open drafts."""
        return tuple(map(self._version, await self._journal.drafts(scope)))

    async def close_draft(self, scope: Scope, subject: str) -> None:
        """Move a draft to the history."""
        await self._journal.close_draft(scope, _plain(scope, subject))

    async def begin(self, changes: Sequence[ChangeRecord]) -> tuple[ChangeRecord, ...]:
        """Write changes down."""
        plain = [replace(each, subject=_plain(each.scope, each.subject)) for each in changes]
        return tuple(map(self._record, await self._journal.begin(plain)))

    async def changes(
        self,
        scope: Scope | None = None,
        *,
        batch: str = "",
        subject: str = "",
        operations: Sequence[str] = (),
        limit: int = 1000,
    ) -> tuple[ChangeRecord, ...]:
        """Changes, newest first."""
        plain = _plain(scope, subject) if scope is not None else subject
        found = await self._journal.changes(
            scope, batch=batch, subject=plain, operations=operations, limit=limit
        )
        return tuple(map(self._record, found))

    async def pending(self, scope: Scope) -> tuple[ChangeRecord, ...]:
        """Changes that never ended."""
        return tuple(map(self._record, await self._journal.pending(scope)))

    def turn(self, scope: Scope, subject: str) -> Turn:
        """The turn to save a policy."""
        return self._journal.turn(scope, _plain(scope, subject))

    def _record(self, record: ChangeRecord) -> ChangeRecord:
        return replace(record, subject=self._handle(record.scope, record.subject))

    def _version(self, version: PolicyVersion) -> PolicyVersion:
        return replace(version, subject=self._handle(version.scope, version.subject))

    def _handle(self, scope: Scope, subject: str) -> str:
        place = self._place_of(scope)
        is_ours = subject.startswith("alias/") or _KEY_ID.fullmatch(subject)
        return beside(place, subject) if place and is_ours else subject


def _plain(scope: Scope, subject: str) -> str:
    """The ID or name of what is in the account and Region; of other things what they go by."""
    if not subject.startswith("arn:"):
        return subject
    arn = Arn.maybe(subject)
    if arn is None or (arn.service, arn.account, arn.region) != (
        "kms",
        scope.account,
        scope.region,
    ):
        return subject
    return bare_name(subject)


_KEY_ID = re.compile(r"(mrk-)?[0-9a-fA-F-]{32,36}")
"""No role, and no text that a person types, is called so."""
