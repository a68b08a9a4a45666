"""Journaled changes: written down before they are sent, and how they ended afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from kmstui.service.errors import UNCERTAIN, JournalError, ServiceError
from kmstui.service.ports import ChangeRecord, Scope
from kmstui.service.session import Session

Change = tuple[str, str, Mapping[str, object], Mapping[str, object]]
"""Operation, subject, what was there before, and what is asked for."""


def journal_scope(session: Session) -> Scope:
    """The account and Region that a change belongs to.

    Raises:
        JournalError: nothing may be changed, since it could not be written down for good.
    """
    if not session.journal.durable:
        raise JournalError(session.journal.warning.strip() or "the journal cannot be written")
    scope = session.scope
    if scope is None:
        raise JournalError(
            "the account is not known, so the change cannot be written down",
            "Refresh with r once KMS answers.",
        )
    return scope


async def end_change(session: Session, record: ChangeRecord, outcome: str, detail: str) -> str:
    """Write down how a change ended; answers why that could not be, as a sentence, or "".

    It has happened all the same, so what became of it must reach the person in any case.
    """
    try:
        await session.journal.end(record.id, outcome, detail)
    except JournalError as error:
        return error.sentence
    return ""


async def begin_changes(
    session: Session,
    batch: str,
    changes: Sequence[Change],
) -> tuple[ChangeRecord, ...]:
    """Write changes down.

    Raises:
        JournalError: they could not be written down, so nothing may be sent.
    """
    scope = journal_scope(session)
    caller = session.store.caller.arn if session.store.caller else ""
    time = session.clock()
    return await session.journal.begin(
        [
            ChangeRecord(
                id=0,
                time=time,
                scope=scope,
                caller=caller,
                batch=batch,
                operation=operation,
                subject=subject,
                before=json.dumps(before),
                after=json.dumps(after),
                outcome="pending",
            )
            for operation, subject, before, after in changes
        ]
    )


class Sent(NamedTuple):
    """A change that was sent, and how the journal has it."""

    record: ChangeRecord
    unreported: ServiceError | None
    """Why nobody knows whether it happened; None where the service said that it did."""


async def journaled(
    session: Session,
    operation: str,
    subject: str,
    before: Mapping[str, object],
    after: Mapping[str, object],
    send: Callable[[], Awaitable[str | None]],
) -> None:
    """Write the change down, send it, and write down how it ended.

    What `send` answers is written beside a change that was done.

    Raises:
        JournalError: it could not be written down, and nothing was sent.
        ServiceError: what `send` raised, after it was written down.
    """
    sent = await journaled_sending(session, (operation, subject, before, after), send)
    if sent.unreported is not None:
        raise sent.unreported


async def journaled_sending(
    session: Session, change: Change, send: Callable[[], Awaitable[str | None]]
) -> Sent:
    """As `journaled`, but that no answer came is answered: a look may tell what happened.

    Raises:
        JournalError: it could not be written down, and nothing was sent.
        ServiceError: what `send` raised, where the change surely did not happen.
    """
    (record,) = await begin_changes(session, "", [change])
    try:
        detail = await send()
    except asyncio.CancelledError:
        # The program ends, and the request may have left: nobody will hear the answer.
        await write_end(session, record, "unknown", "kmstui ended before an answer came.")
        raise
    except UNCERTAIN as error:
        await write_end(session, record, "unknown", error.sentence)
        return Sent(record, error)
    except ServiceError as error:
        await write_end(session, record, "failed", error.sentence)
        raise
    await write_end(session, record, "done", detail or "")
    return Sent(record, None)


async def write_end(session: Session, record: ChangeRecord, outcome: str, detail: str) -> None:
    """Write down how a change ended; that this cannot be is told."""
    problem = await end_change(session, record, outcome, detail)
    if problem:
        session.notify(problem, "warning")
