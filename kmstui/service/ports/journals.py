"""What the services ask of the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a journal entry belongs: texts of two accounts or Regions never mix."""

    account: str
    region: str


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One text of a policy that was fetched, drafted or put."""

    id: int
    time: datetime
    scope: Scope
    subject: str
    """Key ID, or `role/NAME/POLICY` for an inline policy of a role."""
    text: str
    kind: str
    """`fetched`, `draft`, `sent` (about to be put), `stored` (read back after a put)."""
    caller: str
    """ARN of the caller at that time; may be empty when unknown."""
    note: str = ""
    base: str = ""
    """For a draft: the stored text it was begun from."""


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """One change, written before it is sent, and how it ended."""

    id: int
    time: datetime
    scope: Scope
    caller: str
    batch: str
    """Changes made together share it; empty for a single one."""
    operation: str
    """`kms:TagResource` …"""
    subject: str
    """Key ID, alias name, or other thing changed."""
    before: str
    """JSON text of what was there."""
    after: str
    """JSON text of what was asked for."""
    outcome: str
    """`pending`, `done`, `failed`, `cancelled`, `unknown`."""
    detail: str = ""
    ended: datetime | None = None


class Turn(Protocol):
    """The right of one edit, among all programs on one journal, to save one policy."""

    async def take(self) -> bool:
        """Take it; False while another edit has it. It ends with the program, if not before.

        Raises:
            JournalError: nobody can tell whose turn it is.
        """
        ...

    def give(self) -> None:
        """Let the next one; where it was not taken, this does nothing."""
        ...


class Journal(Protocol):
    """Policy history, drafts and changes, durable before each method returns.

    Raises `JournalError` when it cannot keep that promise.
    """

    @property
    def durable(self) -> bool:
        """Whether what is written survives the program; where not, nothing may be changed."""
        ...

    @property
    def warning(self) -> str:
        """What the person must know about the journal, as sentences; empty when all is well.

        It can appear while the program runs, when the file is found damaged or removed.
        """
        ...

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
        """Add one text; a `fetched` text equal to the newest one of the subject adds nothing."""
        ...

    async def versions(
        self,
        scope: Scope,
        subject: str,
        *,
        since: datetime | None = None,
        limit: int | None = None,
    ) -> tuple[PolicyVersion, ...]:
        """Texts of a subject except its open draft, newest first.

        Those from `since` on, and no more than `limit`; all where neither is named.
        """
        ...

    async def save_draft(
        self, scope: Scope, subject: str, text: str, *, base: str, caller: str = ""
    ) -> None:
        """Keep `text` as the subject's open draft, replacing this program's one before.

        A draft that an ended program left goes to the history.
        """
        ...

    async def draft(self, scope: Scope, subject: str) -> PolicyVersion | None:
        """The subject's open draft, of this program or of one that ended.

        What another running kmstui types into is its own.
        """
        ...

    async def drafts(self, scope: Scope) -> tuple[PolicyVersion, ...]:
        """All open drafts, as `draft` finds them, newest first."""
        ...

    async def close_draft(self, scope: Scope, subject: str) -> None:
        """The draft was stored or discarded: move it to the history."""
        ...

    async def begin(self, changes: Sequence[ChangeRecord]) -> tuple[ChangeRecord, ...]:
        """Write changes before they are sent, in one transaction; returns them with their ids."""
        ...

    async def end(self, change_id: int, outcome: str, detail: str = "") -> None:
        """Write how a change ended."""
        ...

    async def changes(
        self,
        scope: Scope | None = None,
        *,
        batch: str = "",
        subject: str = "",
        operations: Sequence[str] = (),
        limit: int = 1000,
    ) -> tuple[ChangeRecord, ...]:
        """Changes, newest first; of all batches, subjects and operations where none is named."""
        ...

    async def pending(self, scope: Scope) -> tuple[ChangeRecord, ...]:
        """Changes that were begun and never ended, by processes that no longer run."""
        ...

    def turn(self, scope: Scope, subject: str) -> Turn:
        """The turn to read, compare and put a subject, which is to be taken first."""
        ...

    def close(self) -> None:
        """Finish what was handed over, and release the file.

        Raises:
            JournalError: the disk did not take the last writes, or not in time.
        """
        ...
