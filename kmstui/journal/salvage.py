"""A damaged journal: moved aside, and what can still be read taken over."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from kmstui.journal.filesystem import sync_directory
from kmstui.journal.rows import DamagedError, Row, as_int, kept_text

_TABLES = ("texts", "sessions", "versions", "drafts", "changes")
"""Referred-to tables come first."""

_OPTIONAL_TEXTS = {"versions": ("base",), "drafts": ("base",), "changes": ("before", "after")}
"""Columns of texts without which a row still tells something."""

_COUNTED = {"versions": "versions", "drafts": "drafts", "changes": "changes"}


def move_aside(path: Path, now: datetime) -> Path:
    """Rename the journal and its write-ahead log; nothing is ever deleted.

    The log's new name fits the new name of the file, so that SQLite still finds it.
    """
    stem = f"{path.stem}.corrupt-{now:%Y%m%dT%H%M%S.%fZ}"
    target = path.with_name(stem)
    # The log first: a crash in between leaves a file without its log, which the next start
    # finds damaged and moves as well; the other way round a new file would meet an old log.
    for suffix in ("-wal", "-shm", ""):
        source = path.with_name(path.name + suffix)
        if source.exists():
            source.rename(path.with_name(stem + suffix))
    sync_directory(path.parent)
    return target


def salvage(damaged: Path, connection: sqlite3.Connection) -> dict[str, int]:
    """Copy every readable row into the new journal; answers how many of each kind.

    The caller holds the write transaction on `connection`. Rows whose text does not have its
    digest are left out, and versions whose text was.
    """
    counts = dict.fromkeys(_COUNTED.values(), 0)
    # Without a log nothing but the file is read, and nothing is made beside it.
    log = damaged.with_name(damaged.name + "-wal")
    way = "mode=ro" if log.exists() else "mode=ro&immutable=1"
    try:
        source = sqlite3.connect(f"{damaged.absolute().as_uri()}?{way}", uri=True)
    except sqlite3.Error:
        # Not even its header can be read; the file stays for a person to look at.
        return counts
    try:
        # Has SQLite read a file that is shorter than its header says; nothing is written.
        source.execute("PRAGMA writable_schema = ON")
        for table in _TABLES:
            copied = _copy_table(source, connection, table)
            if table in _COUNTED:
                counts[table] = copied
    finally:
        source.close()
    return counts


def _copy_table(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> int:
    # A file of an older kmstui has fewer columns; the others then say what they say by default.
    there = _columns(source, table)
    columns = [column for column in _columns(target, table) if column in there]
    if not columns:
        return 0
    insert = (
        f"INSERT OR IGNORE INTO {table} ({', '.join(columns)})"  # noqa: S608 - our own names
        f" VALUES ({', '.join('?' * len(columns))})"
    )
    copied = 0
    for row in _readable_rows(source, table, columns):
        named = dict(zip(columns, row, strict=True))
        if table != "texts" or _is_sound(named):
            mended = _mend(target, named, table)
            copied += _copy_row(target, insert, tuple(mended.values()))
    return copied


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """The columns of a table; none where damage hides them."""
    try:
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    except sqlite3.Error:
        return []


def _mend(target: sqlite3.Connection, row: dict[str, object], table: str) -> dict[str, object]:
    """Refer to stand-ins where what was referred to is lost: what was typed is not lost with it.

    A version without its text is left to go: there is nothing in it.
    """
    if "session" in row:
        target.execute(
            "INSERT OR IGNORE INTO sessions (id, token, pid, started) VALUES (?, ?, 0, 0)",
            (row["session"], f"lost {row['session']}"),
        )
    for column in _OPTIONAL_TEXTS.get(table, ()):
        found = target.execute("SELECT 1 FROM texts WHERE id = ?", (row[column],)).fetchone()
        if row[column] is not None and found is None:
            row[column] = _empty_text(target)
    return row


def _empty_text(target: sqlite3.Connection) -> int:
    """The id of the empty text; never one that a lost text may have had."""
    digest = sha256(b"").digest()
    target.execute(
        "INSERT OR IGNORE INTO texts (id, digest, body) VALUES (-1, ?, ?)", (digest, b"")
    )
    row = target.execute("SELECT id FROM texts WHERE digest = ?", (digest,)).fetchone()
    return as_int(row[0])


def _readable_rows(source: sqlite3.Connection, table: str, columns: Sequence[str]) -> Iterator[Row]:
    """From the first row on until damage is met, then from the last one back."""
    for order in ("ASC", "DESC"):
        try:
            yield from source.execute(
                f"SELECT {', '.join(columns)} FROM {table} NOT INDEXED ORDER BY id {order}"  # noqa: S608
            )
        except sqlite3.Error:
            # Damage is what we came for: go on from the other end.
            continue
        return


def _is_sound(text: dict[str, object]) -> bool:
    """Whether a row of the table of texts has the body that its digest was made of."""
    try:
        kept_text(text["digest"], text.get("packed", 0), text["body"])
    except DamagedError:
        return False
    return True


def _copy_row(target: sqlite3.Connection, insert: str, row: Row) -> int:
    try:
        return target.execute(insert, row).rowcount
    except sqlite3.IntegrityError:
        return 0
