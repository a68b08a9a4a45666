"""Puts that a program began and did not live to see the end of: what became of them.

The journal holds each put before it is sent. At the next start the place is read, and what it
holds tells whether the put happened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kmstui.policy.iam.equality import same_meaning
from kmstui.service.editing.history import HELD_KINDS
from kmstui.service.editing.location import PUT_KEY_POLICY, PUT_ROLE_POLICY, PolicyPlace
from kmstui.service.editing.put import Desk, policy_of
from kmstui.service.editing.read_back import PATIENCE, PROPAGATION, Held, ReadBack, Reading, Sleep
from kmstui.service.ports import ChangeRecord, PolicyVersion

PUTS = (PUT_KEY_POLICY, PUT_ROLE_POLICY)


@dataclass(frozen=True, slots=True)
class Examined:
    """What became of one put."""

    change: ChangeRecord
    held: Held
    sentence: str
    settled: bool
    """Whether the journal now has its end; else it is looked at again at the next start."""


@dataclass(frozen=True, slots=True)
class AcceptedPut:
    """A put that the service accepted; reads may not show it yet."""

    sent: str
    before: str
    """What was stored when it was sent."""
    time: datetime
    shown: bool
    """Whether a read has shown it: what is read now was put after it, by whomever."""

    def was(self, draft: PolicyVersion) -> bool:
        """Whether it is this draft that was put, which nobody has closed since.

        The same text typed again over somebody else's policy is a draft of its own.
        """
        return same_meaning(self.sent, draft.text) and same_meaning(self.before, draft.base)


async def last_accepted(desk: Desk, subject: str) -> AcceptedPut | None:
    """The last put of a policy, if it was accepted.

    Raises:
        JournalError: the journal cannot be read.
    """
    found = await desk.journal.changes(desk.scope, subject=subject, operations=PUTS, limit=1)
    if not found or found[0].outcome != "done":
        return None
    change = found[0]
    sent, before = policy_of(change.after), policy_of(change.before)
    versions = await desk.journal.versions(desk.scope, subject, since=change.time)
    shown = any(_shows(each, sent) for each in versions)
    return AcceptedPut(sent, before, change.ended or change.time, shown)


def _shows(version: PolicyVersion, sent: str) -> bool:
    """Whether a read has found this text, in a read-back or at an opening."""
    return version.kind in HELD_KINDS and same_meaning(version.text, sent)


async def examine_puts(
    desk: Desk,
    place_of: Callable[[str], PolicyPlace],
    sleep: Sleep = asyncio.sleep,
    *,
    patience: tuple[float, ...] = PATIENCE,
) -> tuple[Examined, ...]:
    """Find out what became of every unfinished put of a policy in this account and Region.

    `place_of` gives the place that a subject of the journal names. Where nothing was left
    unfinished, nothing is read but the journal.

    Raises:
        JournalError: it cannot be read, or not be written.
    """
    pending = await desk.journal.pending(desk.scope)
    puts = [change for change in pending if change.operation in PUTS]
    return tuple(
        [await _examine(desk, place_of(each.subject), each, sleep, patience) for each in puts]
    )


async def _examine(
    desk: Desk,
    place: PolicyPlace,
    change: ChangeRecord,
    sleep: Sleep,
    patience: tuple[float, ...],
) -> Examined:
    sent, before = policy_of(change.after), policy_of(change.before)
    recent = desk.clock() - change.time < PROPAGATION
    # An old put needs no patience: what is read is what is stored.
    look = ReadBack(place, sleep, patience if recent else patience[:1])
    reading = await look.look(sent, before, lambda: None)
    when = f"{change.time:%Y-%m-%d %H:%M} UTC"
    head = f"kmstui ended while it saved the policy of {place.label} ({when}):"
    outcome, found = _verdict(reading, recent=recent)
    if outcome:
        await desk.journal.end(change.id, outcome, f"found at the next start: {reading.held}")
    if reading.held is Held.OURS:
        await _keep_stored(desk, place, sent, reading.text)
    return Examined(change, reading.held, f"{head} {found}", bool(outcome))


def _verdict(reading: Reading, *, recent: bool) -> tuple[str, str]:
    """How the change ended, or "" where that is not known yet, and the words for it."""
    match reading.held:
        case Held.OURS:
            return "done", "it was stored."
        case Held.OLD if recent:
            return "", (
                "reads show the policy before, so it was most likely not stored; it may still"
                " show up within 5 minutes. Your text is kept as a draft."
            )
        case Held.OLD:
            return "failed", "it was not stored. Your text is kept as a draft."
        case Held.OTHER:
            return "unknown", (
                "it now holds neither your policy nor the one before, so somebody else has changed"
                " it since. Your text is kept: open it and compare."
            )
        case _:
            return "", (
                f"whether it was stored is not known, for it cannot be read now. {reading.problem}"
                " Your text is kept."
            )


async def _keep_stored(desk: Desk, place: PolicyPlace, sent: str, stored: str) -> None:
    await desk.journal.keep_version(desk.scope, place.subject, stored, "stored", caller=desk.caller)
    draft = await desk.journal.draft(desk.scope, place.subject)
    if draft is not None and same_meaning(draft.text, sent):
        await desk.journal.close_draft(desk.scope, place.subject)
