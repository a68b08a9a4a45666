"""The tables, and the steps from one version of them to the next."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from kmstui.journal.failures import ELSEWHERE
from kmstui.service.errors import JournalError

APPLICATION_ID = 0x6B6D7374
"""`kmst`: tells our file from any other SQLite database (PRAGMA application_id)."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # Bodies are UTF-8 in BLOBs: a text may hold NUL or a lone surrogate, which SQLite's
        # TEXT does not carry faithfully. A body is kept once, whoever refers to it.
        """CREATE TABLE texts (
            id INTEGER PRIMARY KEY,
            digest BLOB NOT NULL UNIQUE,
            body BLOB NOT NULL
        )""",
        # One row per running program; its lock file tells whether it still runs.
        """CREATE TABLE sessions (
            id INTEGER PRIMARY KEY,
            token TEXT NOT NULL UNIQUE,
            pid INTEGER NOT NULL,
            started INTEGER NOT NULL
        )""",
        """CREATE TABLE versions (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            time INTEGER NOT NULL,
            account TEXT NOT NULL,
            region TEXT NOT NULL,
            subject TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('fetched', 'draft', 'sent', 'stored')),
            text INTEGER NOT NULL REFERENCES texts (id),
            base INTEGER REFERENCES texts (id),
            caller TEXT NOT NULL,
            note TEXT NOT NULL
        )""",
        "CREATE INDEX versions_of ON versions (account, region, subject, id)",
        # The body lies in the row: a draft is replaced at every pause in typing, and sharing
        # it would cost a second write and leave an orphan each time.
        """CREATE TABLE drafts (
            id INTEGER PRIMARY KEY,
            session INTEGER NOT NULL REFERENCES sessions (id),
            time INTEGER NOT NULL,
            account TEXT NOT NULL,
            region TEXT NOT NULL,
            subject TEXT NOT NULL,
            body BLOB NOT NULL,
            base INTEGER NOT NULL REFERENCES texts (id),
            caller TEXT NOT NULL,
            UNIQUE (account, region, subject, session)
        )""",
        """CREATE TABLE changes (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            session INTEGER NOT NULL REFERENCES sessions (id),
            time INTEGER NOT NULL,
            account TEXT NOT NULL,
            region TEXT NOT NULL,
            caller TEXT NOT NULL,
            batch TEXT NOT NULL,
            operation TEXT NOT NULL,
            subject TEXT NOT NULL,
            before INTEGER NOT NULL REFERENCES texts (id),
            after INTEGER NOT NULL REFERENCES texts (id),
            outcome TEXT NOT NULL
                CHECK (outcome IN ('pending', 'done', 'failed', 'cancelled', 'unknown')),
            detail TEXT NOT NULL,
            ended INTEGER
        )""",
        "CREATE INDEX changes_of_batch ON changes (batch, id)",
        "CREATE INDEX changes_pending ON changes (account, region) WHERE outcome = 'pending'",
    ),
    (
        # A policy shrinks to an eighth, and nothing is ever removed. The digest stays the text's.
        "ALTER TABLE texts ADD COLUMN packed INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX changes_of ON changes (account, region, subject, id)",
    ),
)
"""Step n leads from version n to n + 1. A step that was released is never edited."""


def migrate(
    connection: sqlite3.Connection, steps: Sequence[Sequence[str]] = MIGRATIONS, name: str = ""
) -> None:
    """Bring the file to the newest version; the caller holds the write transaction.

    Raises:
        JournalError: the file is another program's, or was written by a newer kmstui.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION_ID and (tables or version or application):
        raise JournalError(
            f"{name} is another program's database and was left alone",
            f"Move it away, or {ELSEWHERE}.",
        )
    if version > len(steps):
        raise JournalError(
            f"{name} was written by a newer kmstui (schema {version}, this one knows"
            f" {len(steps)}) and was left alone",
            "Start the newer kmstui.",
        )
    if version == len(steps):
        return
    for step in steps[version:]:
        for statement in step:
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(steps)}")
