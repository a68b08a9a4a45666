"""Drafts: what is being typed, kept at every pause, and moved to the history at the end."""

from __future__ import annotations

import sqlite3

from kmstui.journal.database import JournalStore
from kmstui.journal.tables import (
    Row,
    as_int,
    decode,
    encode,
    from_micros,
    insert,
    keep_text,
    kept_text,
    location,
)
from kmstui.service.ports import PolicyVersion, Scope

_DRAFT = """
    SELECT d.id, d.time, d.subject, d.body, d.caller, d.session, s.token,
        b.digest, b.packed, b.body
    FROM drafts d JOIN texts b ON b.id = d.base JOIN sessions s ON s.id = d.session
    WHERE d.account = ? AND d.region = ?
"""


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
    return [row for row in rows if row[5] == store.session or not is_running(decode(row[6]))]


def _move_to_history(connection: sqlite3.Connection, draft: object, text: str) -> None:
    connection.execute(
        "INSERT INTO versions (time, account, region, subject, kind, text, base, caller, note)"
        " SELECT time, account, region, subject, 'draft', ?, base, caller, '' FROM drafts"
        " WHERE id = ?",
        (keep_text(connection, text), draft),
    )
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
