"""The journal's port without a disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count

from kmstui.service.ports import (
    ChangeRecord,
    PolicyVersion,
    Scope,
    Turn,
)
from tests.fakes.world import NOW


class MemoryJournal:
    """The journal's port without a disk; `error` makes every method raise it."""

    durable = True
    warning = ""

    def __init__(self, clock: Callable[[], datetime] = lambda: NOW) -> None:
        self._clock = clock
        self._ids = count(1)
        self._versions: list[PolicyVersion] = []
        self._drafts: dict[tuple[Scope, str], PolicyVersion] = {}
        self._changes: dict[int, ChangeRecord] = {}
        self.error: Exception | None = None
        self.closed = False
        self.turns: set[tuple[Scope, str]] = set()
        """What somebody saves at the moment."""

    def _check(self) -> None:
        if self.error is not None:
            raise self.error

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
        self._check()
        newest = await self.versions(scope, subject)
        if kind == "fetched" and newest and newest[0].text == text:
            return newest[0]
        version = PolicyVersion(
            next(self._ids), self._clock(), scope, subject, text, kind, caller, note
        )
        self._versions.append(version)
        return version

    async def versions(
        self,
        scope: Scope,
        subject: str,
        *,
        since: datetime | None = None,
        limit: int | None = None,
    ) -> tuple[PolicyVersion, ...]:
        self._check()
        mine = [
            each
            for each in self._versions
            if (each.scope, each.subject) == (scope, subject)
            and (since is None or each.time >= since)
        ]
        return tuple(reversed(mine))[:limit]

    async def save_draft(
        self, scope: Scope, subject: str, text: str, *, base: str, caller: str = ""
    ) -> None:
        self._check()
        self._drafts[(scope, subject)] = PolicyVersion(
            next(self._ids), self._clock(), scope, subject, text, "draft", caller, base=base
        )

    async def draft(self, scope: Scope, subject: str) -> PolicyVersion | None:
        self._check()
        return self._drafts.get((scope, subject))

    async def drafts(self, scope: Scope) -> tuple[PolicyVersion, ...]:
        self._check()
        mine = [each for (where, _), each in self._drafts.items() if where == scope]
        return tuple(sorted(mine, key=lambda each: each.id, reverse=True))

    async def close_draft(self, scope: Scope, subject: str) -> None:
        self._check()
        draft = self._drafts.pop((scope, subject), None)
        if draft is not None:
            self._versions.append(draft)

    async def begin(self, changes: Sequence[ChangeRecord]) -> tuple[ChangeRecord, ...]:
        self._check()
        written = tuple(replace(change, id=next(self._ids)) for change in changes)
        self._changes.update({change.id: change for change in written})
        return written

    async def end(self, change_id: int, outcome: str, detail: str = "") -> None:
        self._check()
        self._changes[change_id] = replace(
            self._changes[change_id], outcome=outcome, detail=detail, ended=self._clock()
        )

    async def changes(
        self,
        scope: Scope | None = None,
        *,
        batch: str = "",
        subject: str = "",
        operations: Sequence[str] = (),
        limit: int = 1000,
    ) -> tuple[ChangeRecord, ...]:
        self._check()
        mine = [
            each
            for each in self._changes.values()
            if scope in (None, each.scope)
            and batch in ("", each.batch)
            and subject in ("", each.subject)
            and (not operations or each.operation in operations)
        ]
        return tuple(reversed(mine))[:limit]

    async def pending(self, scope: Scope) -> tuple[ChangeRecord, ...]:
        self._check()
        return tuple(
            each
            for each in self._changes.values()
            if each.scope == scope and each.outcome == "pending"
        )

    def turn(self, scope: Scope, subject: str) -> Turn:
        return MemoryTurn(self, (scope, subject))

    def close(self) -> None:
        self.closed = True


class MemoryTurn:
    """A turn among the edits of one `MemoryJournal`."""

    def __init__(self, journal: MemoryJournal, what: tuple[Scope, str]) -> None:
        self._journal = journal
        self._what = what
        self._taken = False

    async def take(self) -> bool:
        self._journal._check()
        if self._what not in self._journal.turns:
            self._journal.turns.add(self._what)
            self._taken = True
        return self._taken

    def give(self) -> None:
        if self._taken:
            self._journal.turns.discard(self._what)
            self._taken = False
