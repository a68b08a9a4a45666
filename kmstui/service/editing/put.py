"""Puts of a policy: one that is sent now, the last one that was accepted, those left unfinished."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from kmstui.policy.iam import same_meaning
from kmstui.service.changes import (
    FOR_A_POLICY,
    PROPAGATION,
    Change,
    ChangeResult,
    ChangeScope,
    Check,
    Observer,
    ReadBack,
    SettledChange,
    Shown,
    Sleep,
    Waiting,
    examine_changes,
    journal_trouble,
    pending_changes,
    run_change,
    settle_changes,
)
from kmstui.service.editing.history import HELD_KINDS
from kmstui.service.editing.location import (
    PUT_KEY_POLICY,
    PUT_ROLE_POLICY,
    PolicyLocation,
    policy_of,
)
from kmstui.service.editing.results import (
    RefusedPart,
    SaveEnd,
    SaveResult,
    locks_out,
    refused_parts,
    service_words,
)
from kmstui.service.errors import JournalError, PolicyRefusedError, ServiceError
from kmstui.service.ports import ChangeRecord, PolicyVersion

PUTS = (PUT_KEY_POLICY, PUT_ROLE_POLICY)


def what_is(text: str, sent: str, before: str) -> Shown:
    """Which of the two texts `text` means; where they mean the same, the one sent."""
    if same_meaning(text, sent):
        return Shown.OURS
    return Shown.OLD if same_meaning(text, before) else Shown.OTHER


def policy_check(location: PolicyLocation, sent: str, before: str) -> Check[str]:
    """How to see whether `sent` was put in place of `before`."""
    return Check(location.read, lambda text: what_is(text, sent, before))


def put_change(
    location: PolicyLocation, text: str, before: str, *, bypass: bool = False
) -> Change[str]:
    """The put of `text` in place of `before`."""

    async def send() -> str:
        await location.put(text, bypass_lockout_check=bypass)
        return "accepted"

    return Change(
        location.operation,
        location.subject,
        {"policy": before},
        {"policy": text},
        send,
        policy_check(location, text, before),
        stands=lambda stored: same_meaning(stored, before),
    )


# Sending one


async def put_policy(
    location: PolicyLocation,
    scope: ChangeScope,
    texts: tuple[str, str],
    waiting: Waiting,
    observe: Observer,
    *,
    bypass: bool,
) -> SaveResult:
    """Put the second of two texts in place of the first.

    Raises:
        JournalError: it could not be written down, and nothing was sent.
    """
    before, text = texts
    await scope.keep(location.subject, text, "sent", "lock-out check bypassed" if bypass else "")
    change = put_change(location, text, before, bypass=bypass)
    result = await run_change(scope, change, waiting, observe)
    trouble = result.journal_problem
    parts: tuple[RefusedPart, ...] = ()
    if not result.refused:
        trouble = trouble or await _keep_found(scope, location.subject, result.read)
    elif result.error is not None:
        parts = await _refused_parts(location, text, result.error, before)
    return SaveResult(
        label=location.label,
        end=_end_of(result),
        sent=text,
        stored=result.read.value or "",
        shown=result.read.shown,
        unread=result.read.problem,
        error=result.error,
        parts=parts,
        journal_problem=trouble,
    )


async def _refused_parts(
    location: PolicyLocation, text: str, error: ServiceError, before: str
) -> tuple[RefusedPart, ...]:
    """The parts that a refusal is about; IAM is asked where its words name none."""
    words = service_words(error)
    parts = refused_parts(text, words, before)
    about_policy = isinstance(error, PolicyRefusedError) and not locks_out(words)
    if not about_policy or any(each.certain for each in parts):
        return parts
    return refused_parts(text, words, before, await location.identities())


def _end_of(result: ChangeResult[str]) -> SaveEnd:
    shown = result.read.shown
    if result.refused:
        return SaveEnd.REFUSED
    if shown is Shown.OURS:
        return SaveEnd.SAVED
    if result.error is not None:
        return SaveEnd.UNKNOWN
    ends = {Shown.OLD: SaveEnd.PROPAGATING, Shown.OTHER: SaveEnd.DIFFERS}
    return ends.get(shown, SaveEnd.UNREAD)


async def _keep_found(scope: ChangeScope, subject: str, read: ReadBack[str]) -> str:
    """Keep what was found to be stored; returns why that could not be, as a sentence, or ""."""
    stored = read.value or ""
    try:
        if read.shown is Shown.OURS:
            await scope.keep(subject, stored, "stored")
            # The draft it was typed as is history now.
            await scope.close_draft(subject)
        elif read.shown is Shown.OTHER:
            await scope.keep(subject, stored, "fetched", "somebody else's")
    except JournalError as error:
        return journal_trouble(error)
    return ""


# The last one that was accepted


@dataclass(frozen=True, slots=True)
class AcceptedPut:
    """A put that the service accepted; reads may not show it yet."""

    sent: str
    before: str
    """What was stored when it was sent."""
    time: datetime
    shown: bool = False
    """Whether a read has shown it: what is read now was put after it, by whomever."""

    def may_be_hidden_by(self, stored: str, now: datetime) -> bool:
        """Whether a read that shows `stored` may be late, and the put be stored all the same."""
        return same_meaning(stored, self.before) and now - self.time < PROPAGATION

    def was(self, draft: PolicyVersion) -> bool:
        """Whether it is this draft that was put, which nobody has closed since.

        The same text typed again over somebody else's policy is a draft of its own.
        """
        return same_meaning(self.sent, draft.text) and same_meaning(self.before, draft.base)


async def last_accepted(scope: ChangeScope, subject: str) -> AcceptedPut | None:
    """The last put of a policy, if it was accepted.

    Raises:
        JournalError: the journal cannot be read.
    """
    journal, where = scope.journal, scope.where
    found = await journal.changes(where, subject=subject, operations=PUTS, limit=1)
    if not found or found[0].outcome != "done":
        return None
    change = found[0]
    sent, before = policy_of(change.after), policy_of(change.before)
    versions = await journal.versions(where, subject, since=change.time)
    # A read has found this text, in a read-back or at an opening.
    shown = any(each.kind in HELD_KINDS and same_meaning(each.text, sent) for each in versions)
    return AcceptedPut(sent, before, change.ended or change.time, shown)


async def read_stored(location: PolicyLocation, scope: ChangeScope, since: datetime) -> str:
    """What is stored; or what was put since on this journal, where reads may not show that yet.

    Raises:
        JournalError, ServiceError: it cannot be read.
    """
    stored = await location.read()
    await scope.keep(location.subject, stored, "fetched")
    last = await last_accepted(scope, location.subject)
    if last is None or last.shown or last.time <= since:
        return stored
    return last.sent if last.may_be_hidden_by(stored, scope.clock()) else stored


# Those that an ended program left unfinished


@dataclass(frozen=True, slots=True)
class SettledPut:
    """What became of one put."""

    found: SettledChange[str]
    sentence: str

    @property
    def settled(self) -> bool:
        """Whether the journal now has its end; else it is examined again at the next start."""
        return bool(self.found.outcome)


async def examine_puts(
    scope: ChangeScope,
    location_of: Callable[[str], PolicyLocation],
    sleep: Sleep = asyncio.sleep,
    *,
    pauses: Sequence[float] = FOR_A_POLICY,
) -> tuple[SettledPut, ...]:
    """Find out what became of every unfinished put of a policy in this account and Region.

    `location_of` gives the location that a subject of the journal names. Where nothing was left
    unfinished, nothing is read but the journal.

    Raises:
        JournalError: it cannot be read, or not be written.
    """

    def check(record: ChangeRecord) -> Check[str]:
        location = location_of(record.subject)
        return policy_check(location, policy_of(record.after), policy_of(record.before))

    records = await pending_changes(scope, PUTS)
    found = await examine_changes(scope, dict.fromkeys(PUTS, check), records, pauses, sleep)
    await settle_changes(scope, found)
    for each in found:
        if each.read.shown is Shown.OURS:
            await _keep_stored(scope, each.record, each.read.value or "")
    return tuple(
        SettledPut(each, _sentence(each, location_of(each.record.subject).label)) for each in found
    )


def _sentence(found: SettledChange[str], label: str) -> str:
    head = f"kmstui ended while it saved the policy of {label}"
    match found.read.shown:
        case Shown.OURS:
            words = "it was stored."
        case Shown.OLD if found.recent:
            words = (
                "reads show the policy before, so it was most likely not stored; it may still"
                " show up within 5 minutes. Your text is kept as a draft."
            )
        case Shown.OLD:
            words = "it was not stored. Your text is kept as a draft."
        case Shown.OTHER:
            words = (
                "it now holds neither your policy nor the one before, so somebody else has changed"
                " it since. Your text is kept: open it and compare."
            )
        case _:
            words = (
                "whether it was stored is not known, because it cannot be read now."
                f" {found.read.problem} Your text is kept."
            )
            if found.outcome:
                words += " It is not looked at again: open it to see what it holds."
    return f"{head} ({found.record.time:%Y-%m-%d %H:%M} UTC): {words}"


async def _keep_stored(scope: ChangeScope, record: ChangeRecord, stored: str) -> None:
    await scope.keep(record.subject, stored, "stored")
    draft = await scope.journal.draft(scope.where, record.subject)
    if draft is not None and same_meaning(draft.text, policy_of(record.after)):
        await scope.close_draft(record.subject)
