"""Damage: looked for, moved aside, and what can still be read taken over."""

from __future__ import annotations

import shutil
import sqlite3
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from hashlib import sha256
from pathlib import Path

from kmstui.journal.failures import DATABASE_ERRORS, DamagedError, is_damage
from kmstui.journal.filesystem import sync_directory
from kmstui.journal.tables import SEALED_SINCE, Row, as_int, is_sealed, kept_text, seal_row

_HEADER = struct.Struct(">8I")
"""Magic, format, page size, checkpoint number, two salts, two checksums."""
_FRAME = struct.Struct(">6I")
"""Page number, size of the database after a commit or 0, two salts, two checksums."""
_MAGIC = (0x377F0682, 0x377F0683)


class LogState(Enum):
    """What SQLite finds in a write-ahead log; it goes on from the last sound write, in silence."""

    SOUND = auto()
    CUT_OFF = auto()
    """The last write is not whole: what a method returned for was on the disk before it."""
    DAMAGED = auto()
    """Writes are passed over that were whole once."""


def state_of_log(log: Path) -> LogState:
    """Whether SQLite will read all of the log; nobody may be writing it now.

    Source: sqlite.org/fileformat2.html, "The WAL File Format".

    Raises:
        OSError: it cannot be read.
    """
    if not log.is_file():
        return LogState.SOUND
    content = log.read_bytes()
    if len(content) < _HEADER.size:
        return LogState.CUT_OFF if content else LogState.SOUND
    magic, _, page_size, _, *header = _HEADER.unpack_from(content)
    salts, sums = header[:2], header[2:]
    order = ">II" if magic & 1 else "<II"
    if magic not in _MAGIC or _checksum(content[:24], order, (0, 0)) != tuple(sums):
        return LogState.DAMAGED
    size = _FRAME.size + page_size
    is_whole, last = True, tuple(sums)
    for position in range(_HEADER.size, len(content) - size + 1, size):
        _, commit, *carried = _FRAME.unpack_from(content, position)
        if not set(salts).intersection(carried[:2]):
            # Frames of earlier rounds lie behind the newest ones.
            return LogState.SOUND if is_whole else LogState.CUT_OFF
        body = content[position + _FRAME.size : position + size]
        last = _checksum(body, order, _checksum(content[position : position + 8], order, last))
        if carried[:2] != salts or tuple(carried[2:]) != last:
            passed_over = content[position:]
            return LogState.DAMAGED if _commits(passed_over, size, salts) > 1 else LogState.CUT_OFF
        is_whole = commit != 0
    is_whole &= not (len(content) - _HEADER.size) % size
    return LogState.SOUND if is_whole else LogState.CUT_OFF


def _checksum(data: bytes, order: str, start: tuple[int, ...]) -> tuple[int, int]:
    first, second = start
    for one, two in struct.iter_unpack(order, data):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + two + first) & 0xFFFFFFFF
    return first, second


def _commits(frames: bytes, size: int, salts: list[int]) -> int:
    """How many writes of this round end in these frames."""
    heads = (_FRAME.unpack_from(frames, at) for at in range(0, len(frames) - size + 1, size))
    return sum(
        commit != 0 and bool(set(salts).intersection(carried[:2])) for _, commit, *carried in heads
    )


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
        except DATABASE_ERRORS as error:
            if is_damage(error) and not self._stopped.is_set():
                self._found(error)
        finally:
            self._connection = None


def check(connection: sqlite3.Connection) -> None:
    """Look through the whole file, its indexes too: what they do not find nobody finds.

    Raises:
        DamagedError: it is not sound.
    """
    with closing(connection.execute("PRAGMA integrity_check(1)")) as cursor:
        (verdict,) = cursor.fetchone()
    if verdict != "ok":
        raise DamagedError(" ".join(str(verdict).split()))
    with closing(connection.execute("PRAGMA foreign_key_check")) as cursor:
        if (row := cursor.fetchone()) is not None:
            raise DamagedError(f"a row of {row[0]} refers to none of {row[2]}")


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


def copy_aside(path: Path, now: datetime) -> Path:
    """Copy the journal and its log as they are, under names as `move_aside` gives."""
    target = path.with_name(f"{path.stem}.corrupt-{now:%Y%m%dT%H%M%S.%fZ}")
    for suffix in ("-wal", ""):
        with suppress(FileNotFoundError):
            shutil.copy2(path.with_name(path.name + suffix), f"{target}{suffix}")
    sync_directory(path.parent)
    return target


@dataclass(slots=True)
class Salvaged:
    """What became of a damaged journal's rows."""

    copied: Counter[str] = field(default_factory=Counter)
    """How many of each table."""
    is_sealed: bool = True
    """Whether its rows have seals: it is of no older version."""
    damaged: Counter[str] = field(default_factory=Counter)
    """What is not what was kept, in words."""

    @property
    def left_out(self) -> str:
        """In words, with how many of each; empty where nothing was."""
        return ", ".join(
            what if number == 1 else f"{what} ({number} times)"
            for what, number in self.damaged.items()
        )


def salvage(damaged: Path, connection: sqlite3.Connection) -> Salvaged:
    """Copy every sound row into the new journal.

    The caller holds the write transaction on `connection`. Rows whose seal or digest is not
    theirs are left out, and versions whose text was.
    """
    found = Salvaged()
    # Without a log nothing but the file is read, and nothing is made beside it.
    log = damaged.with_name(damaged.name + "-wal")
    way = "mode=ro" if log.exists() else "mode=ro&immutable=1"
    try:
        source = sqlite3.connect(f"{damaged.absolute().as_uri()}?{way}", uri=True)
    except sqlite3.Error:
        # Not even its header can be read; the file stays for a person to look at.
        return found
    try:
        # Has SQLite read a file that is shorter than its header says; nothing is written.
        source.execute("PRAGMA writable_schema = ON")
        source.text_factory = connection.text_factory
        with suppress(*DATABASE_ERRORS):
            (version,) = source.execute("PRAGMA user_version").fetchone()
            found.is_sealed = version >= SEALED_SINCE
        with closing(_with_our_schema(source, connection)) as copy:
            for table in _TABLES:
                _copy_table(copy, connection, table, found)
    finally:
        source.close()
    return found


def _with_our_schema(source: sqlite3.Connection, ours: sqlite3.Connection) -> sqlite3.Connection:
    """A copy in memory, in which a damaged schema is put right; as it is, where none can be made.

    Tables and indexes are made in the same order in each journal.
    """
    copy = sqlite3.connect(":memory:")
    copy.text_factory = source.text_factory
    try:
        source.backup(copy)
        copy.execute("PRAGMA writable_schema = ON")
        for *names, number in ours.execute(
            "SELECT type, name, tbl_name, sql, rowid FROM sqlite_schema"
        ):
            copy.execute(
                "UPDATE sqlite_schema SET type = ?, name = ?, tbl_name = ?, sql = ?"
                " WHERE rowid = ?",
                (*names, number),
            )
        copy.commit()
        (version,) = copy.execute("PRAGMA schema_version").fetchone()
        # Has SQLite read the schema again.
        copy.execute(f"PRAGMA schema_version = {version + 1}")
    except DATABASE_ERRORS:
        with suppress(*DATABASE_ERRORS):
            copy.rollback()
    return copy


def _copy_table(
    source: sqlite3.Connection, target: sqlite3.Connection, table: str, found: Salvaged
) -> None:
    # A file of an older kmstui has fewer columns; the others then say what they say by default.
    there = _columns(source, table)
    columns = [column for column in _columns(target, table) if column in there]
    if not columns:
        return
    insert = (
        f"INSERT OR IGNORE INTO {table} ({', '.join(columns)})"  # noqa: S608 - our own names
        f" VALUES ({', '.join('?' * len(columns))})"
    )
    for row in _readable_rows(source, table, columns):
        named = dict(zip(columns, row, strict=True))
        if table == "texts" and not _is_sound(named):
            found.damaged["a text"] += 1
            continue
        if table == "sessions" and not str(named["token"]).isalnum():
            named["token"] = f"lost {named['id']}"
        is_mended = _mend(target, named, table)
        try:
            copied = target.execute(insert, tuple(map(_bound, named.values()))).rowcount
        except sqlite3.IntegrityError:
            copied = 0
        number = named["id"]
        where = f"FROM {table} WHERE id = ?"
        if copied and "seal" in named:
            what = f"a row of {table} ({_shown(named['subject'])})"
            (holds,) = target.execute(
                f"SELECT {is_sealed(table, table)} {where}", (number,)
            ).fetchone()
            if found.is_sealed and not holds and not is_mended:
                target.execute(f"DELETE {where}", (number,))
                found.damaged[what] += 1
                continue
            if is_mended:
                found.damaged[f"what {what} refers to"] += 1
            seal_row(target, table, number)
        found.copied[table] += copied
        if not copied and not target.execute(f"SELECT 1 {where}", (number,)).fetchone():
            found.damaged[f"a row of {table}"] += 1


def _bound(value: object) -> object:
    """As it can be written: a text that is no UTF-8 as its bytes."""
    if isinstance(value, str) and not value.isascii():
        raw = value.encode("utf-8", "surrogateescape")
        return raw if "\ufffd" in raw.decode("utf-8", "replace") else value
    return value


def _shown(value: object) -> str:
    return str(value).encode("ascii", "backslashreplace").decode()


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """The columns of a table; none where damage hides them."""
    try:
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    except DATABASE_ERRORS:
        return []


def _mend(target: sqlite3.Connection, row: dict[str, object], table: str) -> bool:
    """Refer to stand-ins where what was referred to is lost: what was typed is not lost with it.

    A version without its text is left to go: there is nothing in it. Returns whether a text was.
    """
    is_mended = False
    if "session" in row:
        target.execute(
            "INSERT OR IGNORE INTO sessions (id, token, pid, started) VALUES (?, ?, 0, 0)",
            (row["session"], f"lost {row['session']}"),
        )
    for column in _OPTIONAL_TEXTS.get(table, ()):
        found = target.execute("SELECT 1 FROM texts WHERE id = ?", (row[column],)).fetchone()
        if row[column] is not None and found is None:
            row[column] = _empty_text(target)
            is_mended = True
    return is_mended


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
        except DATABASE_ERRORS:
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
