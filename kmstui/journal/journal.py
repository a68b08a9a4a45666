"""The journal: implements the port `kmstui.service.ports.Journal` on a thread of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from kmstui.journal.database import (
    BUSY_SECONDS,
    FILE_NAME,
    Clock,
    FileStore,
    JournalStore,
    MemoryStore,
    immediate,
    utc_now,
)
from kmstui.journal.failures import DATABASE_ERRORS, is_damage, journal_error
from kmstui.journal.filesystem import TurnLock
from kmstui.journal.history import (
    add_changes,
    add_version,
    end_change,
    list_changes,
    list_pending,
    list_versions,
    open_drafts,
    put_draft,
    retire_drafts,
)
from kmstui.own_thread import JobThread
from kmstui.service.errors import JournalError
from kmstui.service.ports import ChangeRecord, Journal, PolicyVersion, Scope, Turn

T = TypeVar("T")

CLOSE_SECONDS = 5.0
"""How long the end of the program waits for the last writes."""


class StoreJournal:
    """The port over a store; every access to the store is on the journal's own thread."""

    def __init__(self, store: JournalStore, clock: Clock) -> None:
        self._store = store
        self._path = store.path
        self.directory = store.directory
        self._clock = clock
        self._thread = JobThread("journal")
        self._closed = False
        self._retired: set[tuple[Scope, str]] = set()
        store.look_through(lambda error: self._thread.post(lambda: self._take_damage(error)))

    @property
    def durable(self) -> bool:
        return self._store.durable

    @property
    def warning(self) -> str:
        return self._store.warning

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
        version = PolicyVersion(0, self._clock(), scope, subject, text, kind, caller, note)
        return await self._write(lambda store: add_version(store.connection, version))

    async def versions(
        self,
        scope: Scope,
        subject: str,
        *,
        since: datetime | None = None,
        limit: int | None = None,
    ) -> tuple[PolicyVersion, ...]:
        return await self._read(
            lambda store: list_versions(store.connection, scope, subject, since, limit)
        )

    async def save_draft(
        self, scope: Scope, subject: str, text: str, *, base: str, caller: str = ""
    ) -> None:
        draft = PolicyVersion(0, self._clock(), scope, subject, text, "draft", caller, base=base)

        def job(store: JournalStore) -> None:
            # Looked for once: later saves only replace our own.
            if (scope, subject) not in self._retired:
                retire_drafts(store, scope, subject, own=False)
            put_draft(store, draft)

        await self._write(job)
        self._retired.add((scope, subject))

    async def draft(self, scope: Scope, subject: str) -> PolicyVersion | None:
        return next((d for d in await self.drafts(scope) if d.subject == subject), None)

    async def drafts(self, scope: Scope) -> tuple[PolicyVersion, ...]:
        return await self._read(lambda store: open_drafts(store, scope))

    async def close_draft(self, scope: Scope, subject: str) -> None:
        await self._write(lambda store: retire_drafts(store, scope, subject, own=True))

    async def begin(self, changes: Sequence[ChangeRecord]) -> tuple[ChangeRecord, ...]:
        return await self._write(
            lambda store: add_changes(store.connection, store.session, changes)
        )

    async def end(self, change_id: int, outcome: str, detail: str = "") -> None:
        now = self._clock()
        await self._write(
            lambda store: end_change(store.connection, change_id, now, outcome, detail)
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
        return await self._read(
            lambda store: list_changes(
                store.connection, scope, batch, subject, tuple(operations), limit
            )
        )

    async def pending(self, scope: Scope) -> tuple[ChangeRecord, ...]:
        return await self._read(lambda store: list_pending(store, scope))

    def turn(self, scope: Scope, subject: str) -> Turn:
        return StoreTurn(self, f"{scope.account} {scope.region} {subject}")

    async def take(self, lock: TurnLock) -> bool:
        """Take a turn that others of the same file may have; in memory there are no others."""
        return await self._read(lambda store: lock.take() if store.durable else True)

    def give(self, lock: TurnLock) -> None:
        """Give it back, after whatever was begun with it."""
        self._thread.post(lock.give)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        failures: list[Exception] = []

        def close_store() -> None:
            try:
                self._store.close()
            except (sqlite3.Error, OSError) as error:
                failures.append(error)

        if not self._thread.stop(close_store, CLOSE_SECONDS):
            raise JournalError(
                f"the disk has not taken the last writes to {self._path} in {CLOSE_SECONDS:.0f} s",
                "The newest draft may be missing at the next start.",
            )
        if failures:
            raise journal_error(failures[0], self._path) from failures[0]

    async def _write(self, job: Callable[[JournalStore], T]) -> T:
        def in_transaction(store: JournalStore) -> T:
            with immediate(store.connection):
                return job(store)

        return await self._read(in_transaction)

    async def _read(self, job: Callable[[JournalStore], T]) -> T:
        if self._closed:
            raise JournalError(f"{self._path} was closed", "Start kmstui again.")
        return await self._thread.run(lambda: self._attempt(job))

    def _take_damage(self, error: Exception) -> None:
        try:
            self._store.replace_damaged(error)
        except (*DATABASE_ERRORS, OSError, JournalError) as problem:
            self._store.warn(journal_error(problem, self._path).sentence)

    def _attempt(self, job: Callable[[JournalStore], T]) -> T:
        """Run `job`; once more on a new file when this one turns out to be damaged."""
        try:
            try:
                self._store.ensure_in_place()
                return job(self._store)
            except DATABASE_ERRORS as error:
                if not is_damage(error):
                    raise
                self._store.replace_damaged(error)
                return job(self._store)
        except (*DATABASE_ERRORS, OSError) as error:
            raise journal_error(error, self._path) from error


class StoreTurn:
    """A turn, by a lock beside the journal's file."""

    def __init__(self, journal: StoreJournal, what: str) -> None:
        self._journal = journal
        self._lock = TurnLock(journal.directory, what)

    async def take(self) -> bool:
        return await self._journal.take(self._lock)

    def give(self) -> None:
        self._journal.give(self._lock)


class SqliteJournal(StoreJournal):
    """The journal in a file; what a method has returned for is on the disk.

    Raises:
        JournalError: the file cannot be written, is another program's, or a newer kmstui's.
    """

    def __init__(
        self, directory: Path, clock: Clock = utc_now, *, busy_seconds: float = BUSY_SECONDS
    ) -> None:
        try:
            store = FileStore(directory, clock, busy_seconds)
        except (*DATABASE_ERRORS, OSError) as error:
            raise journal_error(error, directory / FILE_NAME) from error
        super().__init__(store, clock)


class MemoryJournal(StoreJournal):
    """The journal where no file can be written: it forgets everything when the program ends.

    It begins with what an existing file lets itself be read, so that history, drafts and
    unfinished changes are shown all the same.
    """

    def __init__(self, directory: Path, reason: str = "", clock: Clock = utc_now) -> None:
        store = MemoryStore(directory, clock)
        earlier = " Earlier history can still be read." if store.earlier else ""
        store.warning = (
            f"{reason} Until the journal can be written, nothing you type or change would be"
            f" kept, so nothing is changed: keys can be looked at only.{earlier}"
        ).strip()
        super().__init__(store, clock)


def open_journal(directory: Path, clock: Clock = utc_now) -> Journal:
    """The journal in `directory`, or one in memory with a warning where that cannot be.

    Looks through the whole file, so call it off the event loop. The directory is made when it
    is missing; it and the files in it are for this user alone.
    """
    try:
        return SqliteJournal(directory, clock)
    except JournalError as error:
        return MemoryJournal(directory, error.sentence, clock)
