"""What the journal's tables lie in: a file, or memory where no file can be written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""The time now, in UTC."""


def utc_now() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)


class Store:
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

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that is kept when the block ends, and undone when it raises."""
        with immediate(self.connection):
            yield

    def is_running(self, token: str) -> bool:
        """Whether the session `token` still runs."""
        raise NotImplementedError

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
