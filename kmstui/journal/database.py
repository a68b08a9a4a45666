"""The journal's database: in a file, or in memory where no file can be written."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path

from kmstui.journal.damage import (
    DeepCheck,
    LogState,
    Salvaged,
    check,
    copy_aside,
    move_aside,
    salvage,
    state_of_log,
)
from kmstui.journal.failures import DATABASE_ERRORS, DamagedError, is_busy, is_damage
from kmstui.journal.filesystem import (
    OpenLock,
    SessionLock,
    is_on_network,
    is_running,
    make_private_directory,
    make_private_file,
    sweep_sessions,
)
from kmstui.journal.tables import as_int, check_schema, insert, make_seal, migrate
from kmstui.service.errors import JournalError

Clock = Callable[[], datetime]
"""The time now, in UTC."""


def utc_now() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)


class JournalStore:
    """An open database with this program's session in it. For one thread at a time.

    Attributes:
        connection: In autocommit mode.
        session: The id of this program's row in the table of sessions.
        warning: What a person must know about it, as sentences; empty when all is well.
        durable: Whether what is written survives the program.
    """

    connection: sqlite3.Connection
    session: int
    warning: str = ""
    durable: bool

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / FILE_NAME

    def ask_once(self) -> Callable[[str], bool]:
        """Whether the session of a token still runs, on this host or any that shares the file.

        Each session is asked for once: hundreds of changes may have been begun by one.
        """
        return lru_cache(maxsize=None)(partial(is_running, self.directory))

    def look_through(self, found: Callable[[Exception], None]) -> None:
        """Begin to look for damage that opening it had no time for."""

    def ensure_in_place(self) -> None:
        """Called before each use."""

    def replace_damaged(self, cause: Exception) -> None:
        """Begin anew with what can be read of the damaged content, or raise."""
        raise cause

    def warn(self, sentences: str) -> None:
        """Add to the warning."""
        self.warning = f"{self.warning} {sentences}".strip()

    def close(self) -> None:
        """Release it."""
        self.connection.close()


@contextmanager
def immediate(connection: sqlite3.Connection) -> Iterator[None]:
    """A write transaction from the start.

    A transaction that begins by reading and then wants to write fails at once, whatever the
    busy timeout, when another process wrote in between (sqlite.org/lang_transaction.html).
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk or an I/O error may have rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


FILE_NAME = "journal.db"

BUSY_SECONDS = 10.0
"""How long a write waits for another kmstui's; one takes milliseconds."""

CHECKED_AT_ONCE = 8 << 20
"""Bytes of a file up to which it is looked through before it is used: some 30 ms. A larger one is
looked through later; until then SQLite finds what is wrong with a page as it reads it, and a text
that is not what was kept is found by its digest."""

_SMALLEST_PAGE = 512
"""Bytes (sqlite.org/fileformat.html)."""


class FileStore(JournalStore):
    """The journal's file in a directory of the caller's choice.

    Raises:
        JournalError, sqlite3.Error, OSError: it cannot be opened for writing.
    """

    durable = True

    def __init__(self, directory: Path, clock: Clock, busy_seconds: float = BUSY_SECONDS) -> None:
        super().__init__(directory)
        self._clock = clock
        self._busy_seconds = busy_seconds
        self._connected = False
        self._overwrite_log = False
        self._deep_check: DeepCheck | None = None
        self._enter()

    def close(self) -> None:
        """Release the file and the locks."""
        self._disconnect()
        self._session_lock.release()
        self._open_lock.release()

    def look_through(self, found: Callable[[Exception], None]) -> None:
        """Look for damage that opening it had no time for; `found` is called from elsewhere."""
        if self.path.stat().st_size > CHECKED_AT_ONCE:
            self._deep_check = DeepCheck(self.path, found)

    def ensure_in_place(self) -> None:
        """Begin a new file when somebody removed this one: what is written to it is lost."""
        with suppress(FileNotFoundError):
            if os.path.samestat(self.path.stat(), self._identity):
                return
        self.close()
        self._enter()
        self.warn(
            f"{self.path} was removed while kmstui was running. A new journal was begun; what"
            " the old one held is no longer in it."
        )

    def replace_damaged(self, cause: Exception) -> None:
        """Move the damaged file aside, begin a new one, and take over what can be read.

        Raises:
            JournalError: another kmstui has it open, and would go on writing into it.
        """
        if not self._open_lock.claim():
            raise JournalError(
                f"{self.path} is damaged ({cause}) and another kmstui has it open",
                "Close every kmstui and start again: the damaged file is then moved aside, and"
                " what can be read of it is taken over.",
            ) from cause
        self._disconnect()
        damaged = move_aside(self.path, self._clock())
        found = self._open(damaged)
        self._open_lock.share()
        counts = found.copied
        lost = f" Damaged, and in that file alone: {found.left_out}." if found.left_out else ""
        self.warn(
            f"The journal was damaged ({cause}) and was moved to {damaged}."
            f" {counts['versions']} versions, {counts['drafts']} drafts and"
            f" {counts['changes']} changes could be read and were taken over.{lost}"
        )

    def _enter(self) -> None:
        make_private_directory(self.directory)
        self._open_lock = OpenLock(self.directory)
        try:
            self._wait_for_mover()
            self._look_for_torn_log()
            self._session_lock = SessionLock()
            try:
                self._open()
            except DATABASE_ERRORS as error:
                if not is_damage(error):
                    raise
                self.replace_damaged(error)
        except BaseException:
            self._open_lock.release()
            raise

    def _disconnect(self) -> None:
        if self._deep_check is not None:
            self._deep_check.stop()
            self._deep_check = None
        # Nothing is open yet when a file is found damaged while it is being opened.
        if self._connected:
            self.connection.close()
            self._connected = False

    def _wait_for_mover(self) -> None:
        deadline = time.monotonic() + self._busy_seconds
        while not self._open_lock.share():
            if time.monotonic() > deadline:
                raise JournalError(
                    f"another kmstui is replacing {self.path}, and has not finished",
                    "Try again in a minute.",
                )
            time.sleep(0.02)

    def _look_for_torn_log(self) -> None:
        # Beside others the log may be in the middle of being written.
        if not self._open_lock.claim():
            return
        try:
            state = state_of_log(self.path.with_name(f"{FILE_NAME}-wal"))
            if state is LogState.DAMAGED:
                copy = copy_aside(self.path, self._clock())
                self.warn(
                    "The log of the journal was damaged: the newest drafts, versions and changes"
                    " may be missing, or be older than what was kept. What was found lies in"
                    f" {copy}."
                )
        finally:
            self._open_lock.share()
        self._overwrite_log = state is not LogState.SOUND
        if state is LogState.CUT_OFF:
            self.warn(
                "The last write to the journal was cut off, as by a loss of power or a kill. What"
                " was kept before it is there; what was being typed at that moment may be missing."
            )

    def _open(self, damaged: Path | None = None) -> Salvaged:
        """Open the file, creating what is missing, and take over rows of a damaged one."""
        make_private_file(self.path)
        if 0 < self.path.stat().st_size < _SMALLEST_PAGE:
            # SQLite would take it for empty and write over it.
            raise DamagedError("file is too short to be a database")
        connection = connect(str(self.path), self._busy_seconds)
        found = Salvaged()
        try:
            make_durable(connection, self.path, self._busy_seconds)
            if self._overwrite_log:
                # Else the next start would find the rest of it, and tell again.
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._overwrite_log = False
            if self.path.stat().st_size <= CHECKED_AT_ONCE:
                check(connection)
            with immediate(connection):
                migrate(connection, name=str(self.path))
                check_schema(connection)
                if damaged is not None:
                    found = salvage(damaged, connection)
                sweep_sessions(self.directory)
                self._session_lock.hold(self.directory)
                self.session = enter_session(connection, self._session_lock.token, self._clock)
        except BaseException:
            connection.close()
            self._session_lock.release()
            raise
        self.connection = connection
        self._connected = True
        self._identity = self.path.stat()
        return found


def connect(database: str, busy_seconds: float) -> sqlite3.Connection:
    """A connection in autocommit mode; transactions are ours to begin."""
    connection = sqlite3.connect(
        database,
        timeout=busy_seconds,
        isolation_level=None,
        # Opened by whoever starts the program, used by the journal's own thread ever after.
        check_same_thread=False,
        uri=database.startswith("file:"),
    )
    # What is no UTF-8 is found by a row's seal, not by whoever reads it.
    connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
    connection.create_function("sealed", -1, make_seal, deterministic=True)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        # Each page is looked at as it is read: a large file is not looked through beforehand.
        connection.execute("PRAGMA cell_size_check = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def make_durable(connection: sqlite3.Connection, path: Path, busy_seconds: float) -> None:
    """Have every COMMIT wait until the disk has it.

    In a write-ahead log FULL is enough: it syncs the log at each commit, and EXTRA adds only a
    sync of the directory after a rollback journal is unlinked (sqlite.org/pragma.html). The log
    needs memory shared between processes, which hosts that share a home directory do not have:
    there a rollback journal is used, with EXTRA.
    """
    # Elsewhere fsync is enough; on macOS it leaves the disk's own cache unwritten.
    connection.execute("PRAGMA fullfsync = ON")
    if not is_on_network(path) and _set_wal(connection, busy_seconds):
        connection.execute("PRAGMA synchronous = FULL")
        return
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = EXTRA")


def enter_session(connection: sqlite3.Connection, token: str, clock: Clock) -> int:
    """The id of this program's row; the same one again after a damaged file was replaced."""
    values = {"token": token, "pid": os.getpid(), "started": clock()}
    insert(connection, "sessions", values, "INSERT OR IGNORE")
    row = connection.execute("SELECT id FROM sessions WHERE token = ?", (token,)).fetchone()
    return as_int(row[0])


def _set_wal(connection: sqlite3.Connection, busy_seconds: float) -> bool:
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            # The switch does not wait for the busy timeout in every case: two programs that
            # begin the same new file meet here.
            if not is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return bool(mode == "wal")


_WAYS_TO_READ = ("mode=ro", "mode=ro&immutable=1")
"""The second one does without the shared-memory file, which a full disk may not take; it does
not see what lies in the write-ahead log alone."""


class MemoryStore(JournalStore):
    """The tables in memory, begun with what an existing file lets itself be read."""

    durable = False

    def __init__(self, directory: Path, clock: Clock) -> None:
        super().__init__(directory)
        self.connection = _copy_of(self.path)
        with immediate(self.connection):
            migrate(self.connection)
            # No lock file carries an empty token, and nobody else sees these tables.
            self.session = enter_session(self.connection, "", clock)
        (self.earlier,) = self.connection.execute("SELECT count(*) FROM versions").fetchone()


def _copy_of(path: Path) -> sqlite3.Connection:
    """The file's content in memory, or an empty database where it cannot be used."""
    # Opening a FIFO would wait for a writer.
    for way in _WAYS_TO_READ if path.is_file() else ():
        memory = connect(":memory:", 0)
        try:
            with closing(connect(f"{path.absolute().as_uri()}?{way}", 0)) as source:
                source.backup(memory)
            check(memory)
            with immediate(memory):
                migrate(memory)
        except (*DATABASE_ERRORS, OSError, JournalError):
            # The person was told already why the file cannot be used; this is what is left.
            memory.close()
        else:
            return memory
    return connect(":memory:", 0)
