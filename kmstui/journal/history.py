"""The history: versions of policies, changes with how they ended, and drafts until they end."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from kmstui.journal.database import JournalStore
from kmstui.journal.tables import (
    Row,
    as_int,
    check_seal,
    decode,
    encode,
    field,
    from_micros,
    insert,
    is_sealed,
    keep_text,
    kept_text,
    location,
    seal_row,
    to_micros,
)
from kmstui.service.errors import JournalError
from kmstui.service.ports import ChangeRecord, PolicyVersion, Scope

_VERSION = f"""
    SELECT v.id, v.time, v.kind, v.caller, v.note,
        t.digest, t.packed, t.body, b.digest, b.packed, b.body,
        {is_sealed("versions", "v")}
    FROM versions v JOIN texts t ON t.id = v.text LEFT JOIN texts b ON b.id = v.base
    WHERE v.account = ? AND v.region = ? AND v.subject = ?
"""  # noqa: S608 - our own names


def add_version(connection: sqlite3.Connection, version: PolicyVersion) -> PolicyVersion:
    """Add a text and return it with its id.

    A `fetched` text that the service was last seen to hold adds nothing; the earlier version is
    returned.
    """
    where = location(version.scope, version.subject)
    if version.kind == "fetched":
        held = connection.execute(
            _VERSION + " AND v.kind IN ('fetched', 'stored') ORDER BY v.id DESC LIMIT 1", where
        ).fetchone()
        newest = None if held is None else _version(held, version.scope, version.subject)
        if newest is not None and newest.text == version.text:
            return newest
    values = {
        "time": version.time,
        "account": version.scope.account,
        "region": version.scope.region,
        "subject": version.subject,
        "kind": version.kind,
        "text": keep_text(connection, version.text),
        "caller": version.caller,
        "note": version.note,
    }
    return replace(version, id=insert(connection, "versions", values))


def list_versions(
    connection: sqlite3.Connection,
    scope: Scope,
    subject: str,
    since: datetime | None,
    limit: int | None,
) -> tuple[PolicyVersion, ...]:
    """Texts of a subject, newest first: those from `since` on, and no more than `limit`."""
    values = [*location(scope, subject), 0 if since is None else to_micros(since)]
    rows = connection.execute(
        _VERSION + " AND v.time >= ? ORDER BY v.id DESC LIMIT ?",
        # A negative limit is none (sqlite.org/lang_select.html).
        (*values, -1 if limit is None else limit),
    )
    return tuple(_version(row, scope, subject) for row in rows)


def _version(row: Row, scope: Scope, subject: str) -> PolicyVersion:
    number, time, kind, caller, note = row[:5]
    text, base = row[5:8], row[8:11]
    check_seal(row[11], f"a version of {subject}")
    return PolicyVersion(
        id=as_int(number),
        time=from_micros(as_int(time)),
        scope=scope,
        subject=subject,
        text=kept_text(*text),
        kind=decode(kind),
        caller=decode(caller),
        note=decode(note),
        base="" if base[0] is None else kept_text(*base),
    )


_CHANGE = f"""
    SELECT c.id, c.time, c.account, c.region, c.caller, c.batch, c.operation, c.subject,
        c.outcome, c.detail, c.ended, c.session, s.token,
        b.digest, b.packed, b.body, a.digest, a.packed, a.body,
        {is_sealed("changes", "c")}
    FROM changes c JOIN texts b ON b.id = c.before JOIN texts a ON a.id = c.after
        JOIN sessions s ON s.id = c.session
"""  # noqa: S608 - our own names


def add_changes(
    connection: sqlite3.Connection, session: int, changes: Sequence[ChangeRecord]
) -> tuple[ChangeRecord, ...]:
    """Add changes that are about to be sent, and return them with their ids."""
    return tuple(_add(connection, session, change) for change in changes)


def end_change(
    connection: sqlite3.Connection, number: int, time: datetime, outcome: str, detail: str
) -> None:
    """Write how a change ended; an outcome that was unknown may become known later.

    Raises:
        JournalError: there is no such change.
    """
    row = connection.execute(
        f"SELECT {is_sealed('changes', 'c')} FROM changes c WHERE id = ?",  # noqa: S608
        (number,),
    ).fetchone()
    if row is None:
        raise JournalError(
            f"change {number} is not in the journal, so its outcome ({outcome}) was not kept",
            "The change itself is not affected; read the key again to see what it holds.",
        )
    check_seal(row[0], "a change")
    connection.execute(
        "UPDATE changes SET outcome = ?, detail = ?, ended = ? WHERE id = ?",
        (outcome, field(detail), to_micros(time), number),
    )
    seal_row(connection, "changes", number)


def list_changes(
    connection: sqlite3.Connection,
    scope: Scope | None,
    batch: str,
    subject: str,
    operations: Sequence[str],
    limit: int,
) -> tuple[ChangeRecord, ...]:
    """Changes, newest first; of one scope, batch or subject, or of some operations, or of all."""
    wanted = {name: value for name, value in (("batch", batch), ("subject", subject)) if value}
    if scope is not None:
        wanted |= {"account": scope.account, "region": scope.region}
    clauses = [f"c.{column} = ?" for column in wanted]
    values = [field(value) for value in wanted.values()]
    if operations:
        clauses.append(f"c.operation IN ({', '.join('?' * len(operations))})")
        values += map(field, operations)
    where = f" WHERE {' AND '.join(clauses)}" if clauses else ""
    rows = connection.execute(f"{_CHANGE}{where} ORDER BY c.id DESC LIMIT ?", (*values, limit))
    return tuple(_change(row) for row in rows)


def list_pending(store: JournalStore, scope: Scope) -> tuple[ChangeRecord, ...]:
    """Changes without an outcome, of sessions that ended; in the order they were begun."""
    is_running = store.ask_once()
    rows = store.connection.execute(
        _CHANGE + " WHERE c.outcome = 'pending' AND c.account = ? AND c.region = ? ORDER BY c.id",
        location(scope),
    ).fetchall()
    return tuple(
        _change(row) for row in rows if row[11] != store.session and not is_running(decode(row[12]))
    )


def _add(connection: sqlite3.Connection, session: int, change: ChangeRecord) -> ChangeRecord:
    values = {
        "session": session,
        "time": change.time,
        "account": change.scope.account,
        "region": change.scope.region,
        "caller": change.caller,
        "batch": change.batch,
        "operation": change.operation,
        "subject": change.subject,
        "before": keep_text(connection, change.before),
        "after": keep_text(connection, change.after),
        "outcome": change.outcome,
        "detail": change.detail,
        "ended": change.ended,
    }
    return replace(change, id=insert(connection, "changes", values))


def _change(row: Row) -> ChangeRecord:
    ended = row[10]
    check_seal(row[19], "a change")
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


_DRAFT = f"""
    SELECT d.id, d.time, d.subject, d.body, d.caller, d.session, s.token,
        b.digest, b.packed, b.body,
        {is_sealed("drafts", "d")}
    FROM drafts d JOIN texts b ON b.id = d.base JOIN sessions s ON s.id = d.session
    WHERE d.account = ? AND d.region = ?
"""  # noqa: S608 - our own names


def put_draft(store: JournalStore, draft: PolicyVersion) -> None:
    """Keep this session's draft; two programs that edit the same policy keep one each."""
    values = {
        "session": store.session,
        "time": draft.time,
        "account": draft.scope.account,
        "region": draft.scope.region,
        "subject": draft.subject,
        "body": encode(draft.text),
        "base": keep_text(store.connection, draft.base),
        "caller": draft.caller,
    }
    insert(store.connection, "drafts", values, "INSERT OR REPLACE")


def open_drafts(store: JournalStore, scope: Scope) -> tuple[PolicyVersion, ...]:
    """Drafts of this session and of those that ended, newest first.

    What another running program is being typed into is not ours to offer.
    """
    return tuple(_draft(row, scope) for row in reversed(_ours(store, scope)))


def retire_drafts(store: JournalStore, scope: Scope, subject: str, *, own: bool) -> None:
    """Move drafts of ended sessions, and with `own` this session's, to the history."""
    for row in _ours(store, scope, subject):
        if own or row[5] != store.session:
            _move_to_history(store.connection, row[0], decode(row[3]))


def _ours(store: JournalStore, scope: Scope, *subject: str) -> list[Row]:
    """The rows of this session and of those that ended, oldest first."""
    is_running = store.ask_once()
    clause = " AND d.subject = ?" if subject else ""
    rows = store.connection.execute(
        f"{_DRAFT}{clause} ORDER BY d.id", location(scope, *subject)
    ).fetchall()
    for row in rows:
        check_seal(row[10], "a draft")
    return [row for row in rows if row[5] == store.session or not is_running(decode(row[6]))]


def _move_to_history(connection: sqlite3.Connection, draft: object, text: str) -> None:
    moved = connection.execute(
        "INSERT INTO versions (time, account, region, subject, kind, text, base, caller, note)"
        " SELECT time, account, region, subject, 'draft', ?, base, caller, '' FROM drafts"
        " WHERE id = ?",
        (keep_text(connection, text), draft),
    )
    seal_row(connection, "versions", moved.lastrowid)
    connection.execute("DELETE FROM drafts WHERE id = ?", (draft,))


def _draft(row: Row, scope: Scope) -> PolicyVersion:
    number, time, subject, text, caller = row[:5]
    return PolicyVersion(
        id=as_int(number),
        time=from_micros(as_int(time)),
        scope=scope,
        subject=decode(subject),
        text=decode(text),
        kind="draft",
        caller=decode(caller),
        base=kept_text(*row[7:10]),
    )
