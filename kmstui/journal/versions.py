"""Texts of policies, and open drafts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from kmstui.journal.rows import (
    Row,
    as_int,
    decode,
    encode,
    field,
    from_micros,
    keep_text,
    kept_text,
    new_id,
    to_micros,
)
from kmstui.service.ports import PolicyVersion, Scope

IsRunning = Callable[[str], bool]
"""Whether the session of this token still runs."""

_VERSION = """
    SELECT v.id, v.time, v.kind, v.caller, v.note,
        t.digest, t.packed, t.body, b.digest, b.packed, b.body
    FROM versions v JOIN texts t ON t.id = v.text LEFT JOIN texts b ON b.id = v.base
    WHERE v.account = ? AND v.region = ? AND v.subject = ?
"""
_DRAFT = """
    SELECT d.id, d.time, d.subject, d.body, d.caller, d.session, s.token,
        b.digest, b.packed, b.body
    FROM drafts d JOIN texts b ON b.id = d.base JOIN sessions s ON s.id = d.session
    WHERE d.account = ? AND d.region = ?
"""


def add_version(connection: sqlite3.Connection, version: PolicyVersion) -> PolicyVersion:
    """Add a text and answer it with its id.

    A `fetched` text that the service was last seen to hold adds nothing; the earlier version is
    answered.
    """
    where = _where(version.scope, version.subject)
    if version.kind == "fetched":
        held = connection.execute(
            _VERSION + " AND v.kind IN ('fetched', 'stored') ORDER BY v.id DESC LIMIT 1", where
        ).fetchone()
        newest = None if held is None else _version(held, version.scope, version.subject)
        if newest is not None and newest.text == version.text:
            return newest
    cursor = connection.execute(
        "INSERT INTO versions (time, account, region, subject, kind, text, caller, note)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            to_micros(version.time),
            *where,
            version.kind,
            keep_text(connection, version.text),
            field(version.caller),
            field(version.note),
        ),
    )
    return replace(version, id=new_id(cursor))


def list_versions(
    connection: sqlite3.Connection,
    scope: Scope,
    subject: str,
    since: datetime | None,
    limit: int | None,
) -> tuple[PolicyVersion, ...]:
    """Texts of a subject, newest first: those from `since` on, and no more than `limit`."""
    values = [*_where(scope, subject), 0 if since is None else to_micros(since)]
    rows = connection.execute(
        _VERSION + " AND v.time >= ? ORDER BY v.id DESC LIMIT ?",
        # A negative limit is none (sqlite.org/lang_select.html).
        (*values, -1 if limit is None else limit),
    )
    return tuple(_version(row, scope, subject) for row in rows)


def put_draft(connection: sqlite3.Connection, session: int, draft: PolicyVersion) -> None:
    """Keep this session's draft; two programs that edit the same policy keep one each."""
    connection.execute(
        "INSERT OR REPLACE INTO drafts"
        " (session, time, account, region, subject, body, base, caller)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            session,
            to_micros(draft.time),
            *_where(draft.scope, draft.subject),
            encode(draft.text),
            keep_text(connection, draft.base),
            field(draft.caller),
        ),
    )


def open_drafts(
    connection: sqlite3.Connection, session: int, is_running: IsRunning, scope: Scope
) -> list[PolicyVersion]:
    """Drafts of this session and of those that ended, newest first.

    What another running program is being typed into is not ours to offer.
    """
    rows = connection.execute(_DRAFT + " ORDER BY d.id DESC", _scope(scope)).fetchall()
    return [_draft(row, scope) for row in rows if row[5] == session or not is_running(row[6])]


def retire_drafts(
    connection: sqlite3.Connection,
    session: int,
    is_running: IsRunning,
    scope: Scope,
    subject: str,
    *,
    own: bool,
) -> None:
    """Move drafts of ended sessions, and with `own` this session's, to the history."""
    rows = connection.execute(
        _DRAFT + " AND d.subject = ? ORDER BY d.id", _where(scope, subject)
    ).fetchall()
    for row in rows:
        if (row[5] == session and own) or (row[5] != session and not is_running(row[6])):
            _move_to_history(connection, row[0], decode(row[3]))


def _move_to_history(connection: sqlite3.Connection, draft: int, text: str) -> None:
    connection.execute(
        "INSERT INTO versions (time, account, region, subject, kind, text, base, caller, note)"
        " SELECT time, account, region, subject, 'draft', ?, base, caller, '' FROM drafts"
        " WHERE id = ?",
        (keep_text(connection, text), draft),
    )
    connection.execute("DELETE FROM drafts WHERE id = ?", (draft,))


def _scope(scope: Scope) -> tuple[str | bytes, str | bytes]:
    return field(scope.account), field(scope.region)


def _where(scope: Scope, subject: str) -> tuple[str | bytes, str | bytes, str | bytes]:
    return (*_scope(scope), field(subject))


def _version(row: Row, scope: Scope, subject: str) -> PolicyVersion:
    number, time, kind, caller, note = row[:5]
    text, base = row[5:8], row[8:11]
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
