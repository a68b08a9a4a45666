"""Changes: written before they are sent, and how they ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from kmstui.journal.rows import (
    Row,
    as_int,
    decode,
    field,
    from_micros,
    keep_text,
    kept_text,
    new_id,
    to_micros,
)
from kmstui.service.errors import JournalError
from kmstui.service.ports import ChangeRecord, Scope

_CHANGE = """
    SELECT c.id, c.time, c.account, c.region, c.caller, c.batch, c.operation, c.subject,
        c.outcome, c.detail, c.ended, c.session, s.token,
        b.digest, b.packed, b.body, a.digest, a.packed, a.body
    FROM changes c JOIN texts b ON b.id = c.before JOIN texts a ON a.id = c.after
        JOIN sessions s ON s.id = c.session
"""


def add_changes(
    connection: sqlite3.Connection, session: int, changes: Sequence[ChangeRecord]
) -> tuple[ChangeRecord, ...]:
    """Add changes that are about to be sent, and answer them with their ids."""
    return tuple(_add(connection, session, change) for change in changes)


def end_change(
    connection: sqlite3.Connection, number: int, time: datetime, outcome: str, detail: str
) -> None:
    """Write how a change ended; an outcome that was unknown may become known later.

    Raises:
        JournalError: there is no such change.
    """
    cursor = connection.execute(
        "UPDATE changes SET outcome = ?, detail = ?, ended = ? WHERE id = ?",
        (outcome, field(detail), to_micros(time), number),
    )
    if not cursor.rowcount:
        raise JournalError(
            f"change {number} is not in the journal, so its outcome ({outcome}) was not kept",
            "The change itself is not affected; read the key again to see what it holds.",
        )


def list_changes(
    connection: sqlite3.Connection,
    scope: Scope | None,
    batch: str,
    subject: str,
    operations: Sequence[str],
    limit: int,
) -> tuple[ChangeRecord, ...]:
    """Changes, newest first; of one scope, batch or subject, or of some operations, or of all."""
    clauses: list[str] = []
    values: list[str | bytes | int] = []
    if scope is not None:
        clauses.append("c.account = ? AND c.region = ?")
        values += [field(scope.account), field(scope.region)]
    if batch:
        clauses.append("c.batch = ?")
        values.append(field(batch))
    if subject:
        clauses.append("c.subject = ?")
        values.append(field(subject))
    if operations:
        clauses.append(f"c.operation IN ({', '.join('?' * len(operations))})")
        values += [field(operation) for operation in operations]
    where = f" WHERE {' AND '.join(clauses)}" if clauses else ""
    rows = connection.execute(f"{_CHANGE}{where} ORDER BY c.id DESC LIMIT ?", (*values, limit))
    return tuple(_change(row) for row in rows)


def list_pending(
    connection: sqlite3.Connection, session: int, is_running: Callable[[str], bool], scope: Scope
) -> tuple[ChangeRecord, ...]:
    """Changes without an outcome, of sessions that ended; in the order they were begun."""
    rows = connection.execute(
        _CHANGE + " WHERE c.outcome = 'pending' AND c.account = ? AND c.region = ? ORDER BY c.id",
        (field(scope.account), field(scope.region)),
    ).fetchall()
    return tuple(
        _change(row) for row in rows if row[11] != session and not is_running(decode(row[12]))
    )


def _add(connection: sqlite3.Connection, session: int, change: ChangeRecord) -> ChangeRecord:
    cursor = connection.execute(
        "INSERT INTO changes (session, time, account, region, caller, batch, operation, subject,"
        " before, after, outcome, detail, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            session,
            to_micros(change.time),
            field(change.scope.account),
            field(change.scope.region),
            field(change.caller),
            field(change.batch),
            field(change.operation),
            field(change.subject),
            keep_text(connection, change.before),
            keep_text(connection, change.after),
            change.outcome,
            field(change.detail),
            None if change.ended is None else to_micros(change.ended),
        ),
    )
    return replace(change, id=new_id(cursor))


def _change(row: Row) -> ChangeRecord:
    ended = row[10]
    return ChangeRecord(
        id=as_int(row[0]),
        time=from_micros(as_int(row[1])),
        scope=Scope(decode(row[2]), decode(row[3])),
        caller=decode(row[4]),
        batch=decode(row[5]),
        operation=decode(row[6]),
        subject=decode(row[7]),
        before=kept_text(*row[13:16]),
        after=kept_text(*row[16:19]),
        outcome=decode(row[8]),
        detail=decode(row[9]),
        ended=None if ended is None else from_micros(as_int(ended)),
    )
