"""Looking through a large file beside the work, so that nobody waits for it at the start."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from kmstui.journal.failures import is_damage
from kmstui.journal.rows import DamagedError

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
