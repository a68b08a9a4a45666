"""The versions of a policy: listing, comparing, restoring, exporting."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from kmstui.policy.iam import canonical, read_json
from kmstui.service.editing.location import ABSENT
from kmstui.service.errors import InvalidInputError, ServiceError
from kmstui.service.ports import EventGateway, Journal, PolicyVersion, Scope

HELD_KINDS = ("fetched", "stored")
"""Kinds of versions that the service was seen to hold."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One version in the list, beside what was held before it."""

    version: PolicyVersion
    changed: bool
    """Whether it means something else than the policy held before it; True for the first."""

    @property
    def what(self) -> str:
        """What kind of version it is, for a line of the list."""
        words = {
            "fetched": "read from the service" if self.changed else "read again, the same",
            "draft": "draft, not saved",
            "sent": "sent",
            "stored": "saved and read back",
        }
        kind = words.get(self.version.kind, self.version.kind)
        if self.version.text == ABSENT and self.version.kind == "fetched":
            kind = "no such policy was there"
        return f"{kind} ({self.version.note})" if self.version.note else kind


@dataclass(frozen=True, slots=True)
class RemoteVersion:
    """A policy text that CloudTrail saw being put, by anybody."""

    time: datetime
    principal: str
    text: str
    error_code: str
    """Empty where KMS accepted it."""


async def history_entries(
    journal: Journal, scope: Scope, subject: str, limit: int | None = None
) -> tuple[HistoryEntry, ...]:
    """The versions of one policy that the journal holds, or the newest so many; newest first.

    Raises:
        JournalError
    """
    versions = await journal.versions(scope, subject, limit=limit)
    # Milliseconds for each large policy.
    return await asyncio.to_thread(_entries, versions)


def _entries(versions: Sequence[PolicyVersion]) -> tuple[HistoryEntry, ...]:
    entries: list[HistoryEntry] = []
    meaning = lru_cache(maxsize=len(versions) + 1)(_meaning)
    held: str | None = None
    # A draft is numbered when it is put away; it is told where it was typed.
    for version in sorted(versions, key=lambda each: (each.time, each.id)):
        changed = held is None or (held != version.text and meaning(held) != meaning(version.text))
        entries.append(HistoryEntry(version, changed))
        if version.kind in HELD_KINDS:
            held = version.text
    return tuple(reversed(entries))


def _meaning(text: str) -> object:
    """Equal for texts that mean the same; what is not JSON equals only itself."""
    try:
        return canonical(text)
    except ValueError:
        return text


def pretty_json(text: str) -> str:
    """The text laid out one value a line; as it is where it is not JSON, or too deep."""
    try:
        return json.dumps(read_json(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def export(text: str, path: Path) -> None:
    """Write a version to a new file that only this user can read.

    Raises:
        InvalidInputError: the file exists or cannot be written; nothing was changed.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise InvalidInputError(
            f"{path} exists and is not written over", "Choose another name."
        ) from None
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(text if text.endswith("\n") else f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink()
        raise _cannot_write(path, error) from error


async def remote_versions(
    gateway: EventGateway, key_arn: str, *, pages: int = 10
) -> AsyncIterator[RemoteVersion]:
    """Policies that were put by anybody in the last 90 days, newest first, from CloudTrail.

    `pages` bounds the calls: LookupEvents is limited to two a second (CloudTrail API Reference).

    Raises:
        ServiceError: events may not be read, or not now.
    """
    token = ""
    for _ in range(pages):
        events, token = await gateway.events(key_arn, token, name="PutKeyPolicy")
        for event in events:
            if event.policy:
                yield RemoteVersion(event.time, event.principal, event.policy, event.error_code)
        if not token:
            return


def _cannot_write(path: Path, error: OSError) -> ServiceError:
    return InvalidInputError(
        f"{path} cannot be written ({error.strerror or error})",
        "Choose a directory that you may write and that has space.",
    )
