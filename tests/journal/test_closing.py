"""What is said when the last writes fail, and what a program left unfinished is its own."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from kmstui.journal import MemoryJournal, SqliteJournal
from kmstui.service.errors import JournalError
from tests.journal.conftest import HERE, change


def test_a_disk_that_fails_at_the_end_is_not_silent(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = SqliteJournal(directory)
    release = journal._store.close

    def fail() -> None:
        release()
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(journal._store, "close", fail)
    with pytest.raises(JournalError, match="journal.db"):
        journal.close()


@pytest.mark.parametrize("kind", [SqliteJournal, MemoryJournal])
async def test_what_this_program_has_under_way_is_not_left_over(
    directory: Path, kind: type[SqliteJournal | MemoryJournal]
) -> None:
    journal = kind(directory)
    await journal.begin([change()])
    assert await journal.pending(HERE) == ()
    journal.close()
