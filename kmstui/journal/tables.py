"""The tables, the steps from one version of them to the next, and the values that lie in them."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

from kmstui.journal.failures import ELSEWHERE, DamagedError
from kmstui.service.errors import JournalError
from kmstui.service.ports import Scope

APPLICATION_ID = 0x6B6D7374
"""`kmst`: tells our file from any other SQLite database (PRAGMA application_id)."""

_SEALED = {
    "versions": "id time account region subject kind caller note +text +base",
    "drafts": "id time account region subject body caller +base",
    "changes": "id time account region caller batch operation subject outcome detail ended"
    " +before +after",
}
"""Columns whose values a row's seal holds together; of a text (+) its digest."""


def _seal_of(table: str, alias: str) -> str:
    """The SQL that makes a row's seal anew."""
    # SQLite hands no function a text that is not UTF-8, so each value goes as bytes.
    values = [
        f"(SELECT digest FROM texts WHERE id = {alias}.{column[1:]})"  # noqa: S608 - our own names
        if column.startswith("+")
        else f"CAST({alias}.{column} AS BLOB)"
        for column in _SEALED[table].split()
    ]
    return f"sealed({', '.join(values)})"


def is_sealed(table: str, alias: str) -> str:
    """The SQL for whether a row is what was written.

    SQLite notices neither another number nor another text in a row that keeps its shape.
    """
    return f"{alias}.seal IS {_seal_of(table, alias)}"


def make_seal(*values: bytes | None) -> bytes:
    """The function `sealed` of SQL."""
    return sha256(repr(values).encode()).digest()


def seal_row(connection: sqlite3.Connection, table: str, number: object) -> None:
    """A row was written."""
    connection.execute(
        f"UPDATE {table} SET seal = {_seal_of(table, table)} WHERE id = ?",  # noqa: S608 - our own names
        (number,),
    )


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
    tuple(
        step
        for table in ("versions", "drafts", "changes")
        for step in (
            f"ALTER TABLE {table} ADD COLUMN seal BLOB NOT NULL DEFAULT x''",
            f"UPDATE {table} SET seal = {_seal_of(table, table)}",  # noqa: S608 - our own names
        )
    ),
)
"""Step n leads from version n to n + 1. A step that was released is never edited."""

SEALED_SINCE = 3
"""The version from which on each row has a seal."""


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
    try:
        for step in steps[version:]:
            for statement in step:
                connection.execute(statement)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        raise DamagedError(f"its schema is not that of version {version}: {error}") from error
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(steps)}")


def check_schema(connection: sqlite3.Connection) -> None:
    """Tables and indexes are as `migrate` makes them; SQLite takes any that can be read.

    Raises:
        DamagedError: they are not.
    """
    if _schema(connection) != _sound_schema():
        raise DamagedError("its schema is not what was made")


@cache
def _sound_schema() -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        # The steps name the function, which no row needs here.
        connection.create_function("sealed", -1, make_seal, deterministic=True)
        migrate(connection)
        return _schema(connection)


def _schema(connection: sqlite3.Connection) -> list[tuple[str, ...]]:
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid")
    # How it is spaced may differ where another SQLite wrote it.
    return [tuple("".join(str(each).split()) for each in row) for row in rows]


Row = tuple[object, ...]
"""A row as SQLite returns it; what is in it is checked as it is used."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def encode(text: str) -> bytes:
    """Any str, lone surrogates included, as bytes."""
    return text.encode("utf-8", "surrogatepass")


def decode(value: object) -> str:
    """What `encode` or `field` made of a str.

    Raises:
        DamagedError: it is not a text.
    """
    if isinstance(value, str):
        return value
    if not isinstance(value, bytes):
        raise DamagedError(f"a text was expected, not {value!r}")
    try:
        return value.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise DamagedError(str(error)) from error


def check_seal(holds: object, what: str) -> None:
    """Raises DamagedError where `is_sealed` did not hold for a row."""
    if not holds:
        raise DamagedError(f"{what} is not what was kept")


def as_int(value: object) -> int:
    """A number.

    Raises:
        DamagedError: it is none.
    """
    if not isinstance(value, int):
        raise DamagedError(f"a number was expected, not {value!r}")
    return value


def field(text: str) -> str | bytes:
    """`text` for a TEXT column, or as a BLOB where SQLite's UTF-8 cannot carry it.

    The service's words come out of JSON, whose escapes can spell a lone surrogate.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return encode(text)
    return text


def location(scope: Scope, *subject: str) -> tuple[str | bytes, ...]:
    """Account, Region, and a subject where one is given, as columns of those names hold them."""
    return tuple(map(field, (scope.account, scope.region, *subject)))


def keep_text(connection: sqlite3.Connection, text: str) -> int:
    """The id of `text` in the table of texts, where each is kept once, packed if that is less."""
    body = encode(text)
    digest = sha256(body).digest()
    row = connection.execute("SELECT id FROM texts WHERE digest = ?", (digest,)).fetchone()
    if row is not None:
        return int(row[0])
    packed = zlib.compress(body)
    shrinks = len(packed) < len(body)
    body = packed if shrinks else body
    return insert(connection, "texts", {"digest": digest, "packed": int(shrinks), "body": body})


def kept_text(digest: object, packed: object, body: object) -> str:
    """What `keep_text` was given.

    SQLite finds damage of its own structures, not of what lies in them: the digest does.

    Raises:
        DamagedError: it is not that any more.
    """
    if not isinstance(body, bytes):
        raise DamagedError(f"a text was expected, not {body!r}")
    try:
        plain = zlib.decompress(body) if packed else body
    except zlib.error as error:
        raise DamagedError(f"a text cannot be unpacked: {error}") from error
    if sha256(plain).digest() != digest:
        raise DamagedError("a text is not what was kept")
    return decode(plain)


def insert(
    connection: sqlite3.Connection, table: str, values: Mapping[str, object], how: str = "INSERT"
) -> int:
    """Add a row to `table`, texts and times as they lie there; returns its id."""
    cursor = connection.execute(
        f"{how} INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
        tuple(map(_stored, values.values())),
    )
    if cursor.lastrowid is None:
        raise RuntimeError("the statement inserted no row")
    if table in _SEALED:
        seal_row(connection, table, cursor.lastrowid)
    return cursor.lastrowid


def _stored(value: object) -> Any:
    if isinstance(value, datetime):
        return to_micros(value)
    return field(value) if isinstance(value, str) else value


def to_micros(time: datetime) -> int:
    """Microseconds since 1970 UTC, exact."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """The time that `to_micros` was given, in UTC.

    Raises:
        DamagedError: no calendar has that time.
    """
    try:
        return _EPOCH + timedelta(microseconds=micros)
    except OverflowError as error:
        raise DamagedError(f"{micros} is not a time") from error
