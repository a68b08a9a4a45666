"""One put of a policy: journaled before it is sent, read back, and its end written down."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from kmstui.service.editing.location import PolicyPlace
from kmstui.service.editing.read_back import Held, ReadBack, Reading
from kmstui.service.editing.refusals import locks_out, places_of
from kmstui.service.editing.results import (
    OutcomeUnknown,
    Refused,
    Saved,
    SavedButDiffers,
    SavedStillPropagating,
    SavedUnread,
    SaveResult,
)
from kmstui.service.errors import UNCERTAIN, JournalError, ServiceError
from kmstui.service.ports import ChangeRecord, Journal, Scope
from kmstui.service.session import Clock, Session


class SaveStep(StrEnum):
    """What a save is doing, for a line on the screen."""

    CHECKING = "Reading the stored policy"
    SENDING = "Sending"
    READING_BACK = "Reading it back"
    WAITING = "Waiting until reads show it"


@dataclass(frozen=True, slots=True)
class Desk:
    """Who edits, where that is written down, and what time it is."""

    journal: Journal
    scope: Scope
    caller: str
    """ARN; empty when unknown."""
    clock: Clock
    batch: str = ""
    """What the changes of several keys made together share; empty for a single one."""


def desk_of(session: Session, batch: str = "") -> Desk:
    """The desk of a session.

    Raises:
        JournalError: the account is not known yet, so nothing could be written down under it.
    """
    if session.scope is None:
        raise JournalError(
            "the account is not known, so nothing can be written down",
            "Refresh with r once the service answers.",
        )
    caller = session.store.caller
    return Desk(session.journal, session.scope, caller.arn if caller else "", session.clock, batch)


class PolicyPut:
    """Puts one text at one place."""

    def __init__(
        self,
        place: PolicyPlace,
        desk: Desk,
        read_back: ReadBack,
        observe: Callable[[SaveStep], None],
    ) -> None:
        self._place = place
        self._desk = desk
        self._read_back = read_back
        self._observe = observe

    async def run(self, text: str, before: str, *, bypass: bool) -> SaveResult:
        """Put `text` in place of `before`.

        Raises:
            JournalError: it could not be written down, and nothing was sent.
        """
        note = "lock-out check bypassed" if bypass else ""
        await self._keep(text, "sent", note)
        record = await self._begin(text, before)
        self._observe(SaveStep.SENDING)
        try:
            await self._place.put(text, bypass_lockout_check=bypass)
        except UNCERTAIN as error:
            return await self._after_silence(record, text, before, error)
        except ServiceError as error:
            return await self._refused(record, text, before, error)
        return await self._after_acceptance(record, text, before)

    async def _begin(self, text: str, before: str) -> ChangeRecord:
        change = ChangeRecord(
            id=0,
            time=self._desk.clock(),
            scope=self._desk.scope,
            caller=self._desk.caller,
            batch=self._desk.batch,
            operation=self._place.operation,
            subject=self._place.subject,
            before=policy_json(before),
            after=policy_json(text),
            outcome="pending",
        )
        (record,) = await self._desk.journal.begin([change])
        return record

    async def _refused(
        self, record: ChangeRecord, text: str, before: str, error: ServiceError
    ) -> SaveResult:
        message = error.context.service_message or error.reason
        return Refused(
            label=self._place.label,
            journal_problem=await self._end(record, "failed", error.sentence),
            sent=text,
            error=error,
            places=places_of(text, message, before),
            locks_out=locks_out(message),
        )

    async def _after_acceptance(self, record: ChangeRecord, text: str, before: str) -> SaveResult:
        # Written before the reading back: a crash during it must not make it unknown again.
        trouble = await self._end(record, "done", "accepted")
        reading = await self._look(text, before)
        label = self._place.label
        match reading.held:
            case Held.OURS:
                trouble = trouble or await self._stored(reading.text)
                return Saved(label=label, journal_problem=trouble, stored=reading.text)
            case Held.OLD:
                trouble = trouble or await self._end(record, "done", "accepted, not visible yet")
                return SavedStillPropagating(
                    label=label, journal_problem=trouble, stored=reading.text
                )
            case Held.OTHER:
                trouble = trouble or await self._end(
                    record, "done", "accepted, and replaced by somebody else's policy"
                )
                trouble = trouble or await self._fetched(reading.text)
                return SavedButDiffers(
                    label=label, journal_problem=trouble, sent=text, stored=reading.text
                )
            case _:
                return SavedUnread(
                    label=label, journal_problem=trouble, sent=text, reason=reading.problem
                )

    async def _after_silence(
        self, record: ChangeRecord, text: str, before: str, error: ServiceError
    ) -> SaveResult:
        reading = await self._look(text, before)
        label = self._place.label
        if reading.held is Held.OURS:
            trouble = await self._end(record, "done", f"no answer, but stored: {error.reason}")
            trouble = trouble or await self._stored(reading.text)
            return Saved(
                label=label, journal_problem=trouble, stored=reading.text, silence=error.reason
            )
        found = {Held.OLD: "the policy before is stored", Held.OTHER: "a third policy is stored"}
        detail = found.get(reading.held, "and it could not be read back")
        trouble = await self._end(record, "unknown", f"no answer, {detail}: {error.reason}")
        if reading.held is Held.OTHER:
            trouble = trouble or await self._fetched(reading.text)
        return OutcomeUnknown(
            label=label,
            journal_problem=trouble,
            sent=text,
            silence=error.reason,
            held=reading.held,
            stored=reading.text,
            problem=reading.problem,
        )

    async def _look(self, text: str, before: str) -> Reading:
        self._observe(SaveStep.READING_BACK)
        return await self._read_back.look(text, before, lambda: self._observe(SaveStep.WAITING))

    async def _keep(self, text: str, kind: str, note: str = "") -> None:
        desk = self._desk
        await desk.journal.keep_version(
            desk.scope, self._place.subject, text, kind, caller=desk.caller, note=note
        )

    async def _end(self, record: ChangeRecord, outcome: str, detail: str) -> str:
        try:
            await self._desk.journal.end(record.id, outcome, detail)
        except JournalError as error:
            return _trouble(error)
        return ""

    async def _stored(self, text: str) -> str:
        """Write down what the place holds; the draft it was typed as is history now."""
        try:
            await self._keep(text, "stored")
            await self._desk.journal.close_draft(self._desk.scope, self._place.subject)
        except JournalError as error:
            return _trouble(error)
        return ""

    async def _fetched(self, text: str) -> str:
        try:
            await self._keep(text, "fetched", "somebody else's")
        except JournalError as error:
            return _trouble(error)
        return ""


def policy_json(text: str) -> str:
    """A policy text as a change record holds it."""
    return json.dumps({"policy": text})


def policy_of(record_json: str) -> str:
    """The policy text of a change record; empty where it holds none."""
    try:
        value = json.loads(record_json)
    except ValueError:
        return ""
    text = value.get("policy") if isinstance(value, dict) else None
    return text if isinstance(text, str) else ""


def _trouble(error: JournalError) -> str:
    return (
        f"How it ended could not be written to the journal: {error.reason.rstrip('.')}."
        f" {error.next_step}"
    ).rstrip()
