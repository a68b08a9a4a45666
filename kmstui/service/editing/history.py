"""The versions of a policy: this computer's, its open draft, and CloudTrail's; written to files."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from kmstui.model import Arn, KeyEvent
from kmstui.policy.iam import canonical
from kmstui.service.editing.location import ABSENT, PUT_KEY_POLICY
from kmstui.service.editing.overwritten import overwritten
from kmstui.service.editing.review import CompareAccess
from kmstui.service.errors import InvalidInputError, JournalError, ServiceError
from kmstui.service.ports import EventGateway, Journal, PolicyVersion, Scope
from kmstui.service.session import Session

HELD_KINDS = ("fetched", "stored")
"""Kinds of versions that the service was seen to hold."""

LISTED_AT_FIRST = 100
"""Versions that are listed before a person asks for more: where each is of full size, 3 MB and a
quarter of a second to tell which of them mean the same."""


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One text in the list."""

    id: str
    time: datetime
    what: str
    """What kind of version it is, in words."""
    who: str
    """ARN; empty when unknown."""
    text: str
    kind: str = ""
    """As the journal has it; `put` and `refused` of what CloudTrail saw."""
    differs: bool = True
    """Whether it means something else than the policy held before it; True for the first."""

    @property
    def held(self) -> bool:
        """Whether the service was seen to hold it."""
        return self.kind in (*HELD_KINDS, "put")

    def who_within(self, width: int, more: str) -> str:
        """`role/session` or `user` in `width` cells; it is the session that tells who it was."""
        arn = Arn.maybe(self.who)
        short = self.who if arn is None else (arn.name or arn.resource)
        role, slash, session = short.rpartition("/")
        room = width - len(slash + session) - len(more)
        if len(short) <= width or not slash or room < 1:
            return short
        return f"{role[:room]}{more}{slash}{session}"


async def journal_items(
    journal: Journal, scope: Scope, subject: str, limit: int | None = None
) -> tuple[HistoryItem, ...]:
    """The versions of one policy that the journal holds, or the newest so many; newest first.

    Raises:
        JournalError
    """
    versions = await journal.versions(scope, subject, limit=limit)
    # Milliseconds for each large policy.
    return await asyncio.to_thread(_items, versions)


def _items(versions: Sequence[PolicyVersion]) -> tuple[HistoryItem, ...]:
    items: list[HistoryItem] = []
    meaning = lru_cache(maxsize=len(versions) + 1)(_meaning)
    sent = {version.text for version in versions if version.kind == "sent"}
    held: str | None = None
    # A draft is numbered when it is put away; it is told where it was typed.
    for version in sorted(versions, key=lambda each: (each.time, each.id)):
        kind, text = version.kind, version.text
        differs = held is None or (held != text and meaning(held) != meaning(text))
        what = _what(version, differs=differs, was_sent=text in sent)
        items.append(
            HistoryItem(
                f"version {version.id}", version.time, what, version.caller, text, kind, differs
            )
        )
        if kind in HELD_KINDS:
            held = text
    return tuple(reversed(items))


def _what(version: PolicyVersion, *, differs: bool, was_sent: bool) -> str:
    if version.kind == "draft" and was_sent:
        return "draft, sent later"
    words = {
        "fetched": "read from the service" if differs else "read again, the same",
        "draft": "draft, not saved",
        "sent": "sent",
        "stored": "saved and read back",
    }
    what = words.get(version.kind, version.kind)
    if version.text == ABSENT and version.kind == "fetched":
        what = "no such policy was there"
    return f"{what} ({version.note})" if version.note else what


def _meaning(text: str) -> object:
    """Equal for texts that mean the same; what is not JSON equals only itself."""
    try:
        return canonical(text)
    except ValueError:
        return text


async def cloudtrail_items(
    gateway: EventGateway, key_arn: str, *, pages: int = 10
) -> AsyncIterator[HistoryItem]:
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
                refused = f", refused: {event.error_code}" if event.error_code else ""
                unknown = "" if event.time else " (not when)"
                yield HistoryItem(
                    f"event {event.id}",
                    event.time or datetime.min.replace(tzinfo=UTC),
                    f"put, says CloudTrail{unknown}{refused}",
                    event.principal,
                    event.policy,
                    "refused" if refused else "put",
                )
        if not token:
            return


def parts_of_saves(items: Sequence[HistoryItem]) -> dict[str, tuple[str, ...]]:
    """IDs of the put and the draft that each save consists of, by that of what was read back."""
    parts: dict[str, tuple[str, ...]] = {}
    for index, item in enumerate(items):
        if item.kind != "stored":
            continue
        mine: dict[str, str] = {}
        for other in items[index + 1 :]:
            if other.kind == "stored" or "draft" in mine:
                break
            if other.kind in ("sent", "draft") and other.text == item.text:
                mine.setdefault(other.kind, other.id)
        if mine:
            parts[item.id] = tuple(mine.values())
    return parts


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
        session = self.session.of(self.subject)
        journal, scope = session.journal, session.scope
        if scope is None:
            raise JournalError(
                "the account is not known, so its history cannot be found",
                "Refresh with r once the service answers.",
            )
        draft = await journal.draft(scope, self.subject)
        kept = await journal_items(journal, scope, self.subject, self._limit + 1)
        self.has_more = len(kept) > self._limit
        found = [*kept[: self._limit], *self._remote]
        found.sort(key=lambda item: item.time, reverse=True)
        if draft is not None:
            what = "open draft, not saved"
            found.insert(0, HistoryItem("draft", draft.time, what, draft.caller, draft.text))
        return tuple(found)

    async def ask_cloudtrail(self) -> int:
        """Read the puts that CloudTrail saw in the last 90 days; returns how many.

        Raises:
            ServiceError: events may not be read, or not now.
        """
        found = cloudtrail_items(self.session.of(self.key_arn).gateway, self.key_arn)
        events = [each async for each in found]
        lost = await self._overwritten(events)
        self._remote = tuple(
            replace(each, what="overwritten unseen, says CloudTrail") if each.id in lost else each
            for each in events
        )
        return len(self._remote)

    async def _overwritten(self, items: Sequence[HistoryItem]) -> set[str]:
        """Which puts one of this computer's replaced though something else had been read."""
        puts = [
            KeyEvent(each.id, each.time, "PutKeyPolicy", each.who, policy=each.text)
            for each in items
            if each.held
        ]
        scope = self.session.of(self.subject).change_scope()
        records = await scope.journal.changes(
            scope.where, subject=self.subject, operations=(PUT_KEY_POLICY,)
        )
        found = [overwritten(each, puts) for each in records if each.outcome == "done"]
        return {each.id for each in found if each is not None}


# Files


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


def _cannot_write(path: Path, error: OSError) -> ServiceError:
    return InvalidInputError(
        f"{path} cannot be written ({error.strerror or error})",
        "Choose a directory that you may write and that has space.",
    )
