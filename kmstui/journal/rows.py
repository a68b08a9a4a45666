"""Values as they lie in the tables: texts, names, times."""

from __future__ import annotations

import sqlite3
import zlib
from datetime import UTC, datetime, timedelta
from hashlib import sha256

Row = tuple[object, ...]
"""A row as SQLite answers it; what is in it is checked as it is used."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DamagedError(Exception):
    """The file holds what was never written into it."""


def encode(text: str) -> bytes:
    """Any str, lone surrogates included, as bytes."""
    return text.encode("utf-8", "surrogatepass")


def decode(value: object) -> str:
    """What `encode` or `field` made of a str.

    Raises:
        DamagedError: it is no text.
    """
    if isinstance(value, str):
        return value
    if not isinstance(value, bytes):
        raise DamagedError(f"a text was expected, not {value!r}")
    try:
        return value.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise DamagedError(str(error)) from error


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


def keep_text(connection: sqlite3.Connection, text: str) -> int:
    """The id of `text` in the table of texts, where each is kept once, packed if that is less."""
    body = encode(text)
    digest = sha256(body).digest()
    row = connection.execute("SELECT id FROM texts WHERE digest = ?", (digest,)).fetchone()
    if row is not None:
        return int(row[0])
    packed = zlib.compress(body)
    shrinks = len(packed) < len(body)
    cursor = connection.execute(
        "INSERT INTO texts (digest, packed, body) VALUES (?, ?, ?)",
        (digest, int(shrinks), packed if shrinks else body),
    )
    return new_id(cursor)


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


def new_id(cursor: sqlite3.Cursor) -> int:
    """The row id of the INSERT that `cursor` ran."""
    if cursor.lastrowid is None:
        raise RuntimeError("the statement inserted no row")
    return cursor.lastrowid


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
        raise DamagedError(f"{micros} is no time") from error
