"""Damage: looked for, moved aside, and what can still be read taken over."""

from __future__ import annotations

import sqlite3
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from kmstui.journal.failures import DamagedError, is_damage
from kmstui.journal.filesystem import sync_directory
from kmstui.journal.tables import Row, as_int, kept_text

_HEADER = struct.Struct(">8I")
"""Magic, format, page size, checkpoint number, two salts, two checksums."""
_FRAME = struct.Struct(">4I")
"""Page number, size of the database after a commit or 0, two salts."""
_FRAME_HEADER = 24
"""Bytes of a frame before its page."""
_MAGIC = (0x377F0682, 0x377F0683)


def is_torn(log: Path) -> bool:
    """Whether the log ends in the middle of a write; nobody may be writing it now.

    SQLite then goes on from the last transaction that is whole, in silence. What a method returned
    for was on the disk before, so what is cut off is what was being written at that moment.
    Source: sqlite.org/fileformat2.html, "The WAL File Format".

    Raises:
        OSError: it cannot be read.
    """
    try:
        with log.open("rb") as file:
            size = log.stat().st_size
            start = file.read(_HEADER.size)
            if len(start) < _HEADER.size:
                return bool(start)
            magic, _, page_size, _, *salts, _, _ = _HEADER.unpack(start)
            frame = page_size + _FRAME_HEADER
            if magic not in _MAGIC or (size - _HEADER.size) % frame:
                return True
            is_whole = True
            # Frames of earlier rounds lie behind the newest ones, and have other salts.
            for position in range(_HEADER.size, size, frame):
                file.seek(position)
                _, commit, *carried = _FRAME.unpack(file.read(_FRAME.size))
                if carried != salts:
                    break
                is_whole = commit != 0
            return not is_whole
    except FileNotFoundError:
        return False


AFTER_SECONDS = 5.0
"""How long the check lets the program start first."""


class DeepCheck:
    """Checks a file once, on a connection and a thread of its own.

    `found` is called on that thread where the file is damaged. Whatever else keeps it from being
    read is met, and told, by whoever uses the file.
    """

    def __init__(self, path: Path, found: Callable[[Exception], None]) -> None:
        self._path = path
        self._found = found
        self._stopped = threading.Event()
        self._connection: sqlite3.Connection | None = None
        self._thread = threading.Thread(target=self._run, name="journal check", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """The program ends, or the file is replaced: what was not looked at yet never will be."""
        self._stopped.set()
        connection = self._connection
        if connection is not None:
            connection.interrupt()

    def _run(self) -> None:
        if self._stopped.wait(AFTER_SECONDS):
            return
        try:
            with closing(
                sqlite3.connect(
                    f"{self._path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
                )
            ) as connection:
                self._connection = connection
                check(connection)
        except (sqlite3.Error, DamagedError) as error:
            if is_damage(error) and not self._stopped.is_set():
                self._found(error)
        finally:
            self._connection = None


def check(connection: sqlite3.Connection) -> None:
    """Look through the whole file.

    Raises:
        DamagedError: it is not sound.
    """
    with closing(connection.execute("PRAGMA quick_check(1)")) as cursor:
        (verdict,) = cursor.fetchone()
    if verdict != "ok":
        raise DamagedError(" ".join(str(verdict).split()))


_TABLES = ("texts", "sessions", "versions", "drafts", "changes")
"""Referred-to tables come first."""

_OPTIONAL_TEXTS = {"versions": ("base",), "drafts": ("base",), "changes": ("before", "after")}
"""Columns of texts without which a row still tells something."""


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
    """Copy every readable row into the new journal; returns how many of each table.

    The caller holds the write transaction on `connection`. Rows whose text does not have its
    digest are left out, and versions whose text was.
    """
    counts = dict.fromkeys(_TABLES, 0)
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
            counts[table] = _copy_table(source, connection, table)
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
            _mend(target, named, table)
            with suppress(sqlite3.IntegrityError):
                copied += target.execute(insert, tuple(named.values())).rowcount
    return copied


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """The columns of a table; none where damage hides them."""
    try:
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    except sqlite3.Error:
        return []


def _mend(target: sqlite3.Connection, row: dict[str, object], table: str) -> None:
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
