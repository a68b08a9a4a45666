"""One journaled change: written down before it is sent, and how it ended afterwards."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping

from kmstui.service.errors import JournalError, ServiceError, UnreportedOutcomeError
from kmstui.service.ports import ChangeRecord
from kmstui.service.session import Session


async def journaled(
    session: Session,
    operation: str,
    subject: str,
    before: Mapping[str, object],
    after: Mapping[str, object],
    send: Callable[[], Awaitable[None]],
) -> None:
    """Write the change down, send it, and write down how it ended.

    Raises:
        JournalError: it could not be written down, and nothing was sent.
        ServiceError: what `send` raised, after it was written down.
    """
    scope = session.scope
    if scope is None:
        raise JournalError(
            "the account is not known, so the change cannot be written down",
            "Refresh with r once KMS answers.",
        )
    caller = session.store.caller.arn if session.store.caller else ""
    (record,) = await session.journal.begin(
        [
            ChangeRecord(
                id=0,
                time=session.clock(),
                scope=scope,
                caller=caller,
                batch="",
                operation=operation,
                subject=subject,
                before=json.dumps(before),
                after=json.dumps(after),
                outcome="pending",
            )
        ]
    )
    try:
        await send()
    except UnreportedOutcomeError as error:
        await session.journal.end(record.id, "unknown", error.sentence)
        raise
    except ServiceError as error:
        await session.journal.end(record.id, "failed", error.sentence)
        raise
    try:
        await session.journal.end(record.id, "done")
    except JournalError as error:
        # It has happened all the same, and the person is told so; only the log lacks its end.
        session.notify(error.sentence, "warning")
