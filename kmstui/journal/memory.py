"""A journal without a file: for looking around where nothing can be written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from kmstui.journal.database import FILE_NAME, connect, enter_session
from kmstui.journal.deep_check import check
from kmstui.journal.locks import is_running
from kmstui.journal.rows import DamagedError
from kmstui.journal.schema import migrate
from kmstui.journal.store import Clock, Store, immediate
from kmstui.service.errors import JournalError

_WAYS_TO_READ = ("mode=ro", "mode=ro&immutable=1")
"""The second one does without the shared-memory file, which a full disk may not take; it does
not see what lies in the write-ahead log alone."""


class MemoryStore(Store):
    """The tables in memory, begun with what an existing file lets itself be read."""

    durable = False

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self.connection = _copy_of(directory / FILE_NAME)
        with immediate(self.connection):
            migrate(self.connection)
            # No lock file carries an empty token, and nobody else sees these tables.
            self.session = enter_session(self.connection, "", clock)
        (self.earlier,) = self.connection.execute("SELECT count(*) FROM versions").fetchone()

    def is_running(self, token: str) -> bool:
        """Whether the session `token` of the file still runs."""
        return is_running(self._directory, token)


def _copy_of(path: Path) -> sqlite3.Connection:
    """The file's content in memory, or an empty database where it cannot be used."""
    for way in _WAYS_TO_READ:
        memory = connect(":memory:", 0)
        try:
            with closing(connect(f"{path.absolute().as_uri()}?{way}", 0)) as source:
                source.backup(memory)
            check(memory)
            with immediate(memory):
                migrate(memory)
        except (sqlite3.Error, DamagedError, JournalError):
            # The person was told already why the file cannot be used; this is what is left.
            memory.close()
        else:
            return memory
    return connect(":memory:", 0)
