"""A journal that has grown for years opens at once, and is looked through while one works."""

# ruff: noqa: ASYNC240 - nothing else runs on a test's loop

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from kmstui.journal import SqliteJournal, open_journal
from kmstui.journal.database import immediate
from kmstui.journal.tables import MIGRATIONS, migrate
from tests.journal.conftest import HERE, noise

PAGE = 4096


def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on every file is too large to be looked through at once.

    Called when a journal is filled: a check that still reads at its end would leave what was
    written last in the write-ahead log, where a test that damages the file does not reach it.
    """
    monkeypatch.setattr("kmstui.journal.database.CHECKED_AT_ONCE", 0)
    monkeypatch.setattr("kmstui.journal.damage.AFTER_SECONDS", 0.0)


async def fill(directory: Path) -> list[str]:
    journal = SqliteJournal(directory)
    texts = [noise(n, 1500) for n in range(40)]
    for text in texts:
        await journal.keep_version(HERE, "key-1", text, "sent")
    journal.close()
    return texts


def page_of(directory: Path, name: str) -> int:
    with sqlite3.connect(directory / "journal.db") as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)
        ).fetchone()
    connection.close()
    return int(page)


async def until_warned(journal: SqliteJournal) -> str:
    for _ in range(2000):
        if journal.warning:
            break
        await asyncio.sleep(0.005)
    return journal.warning


async def test_damage_that_nobody_has_met_yet_is_found_beside_the_work(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = await fill(directory)
    page = page_of(directory, "changes_of_batch")
    with (directory / "journal.db").open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(b"\xff" * PAGE)
    small_is_large(monkeypatch)

    journal = SqliteJournal(directory)

    assert "was damaged" in await until_warned(journal)
    assert f"{len(texts)} versions" in journal.warning
    assert [v.text for v in reversed(await journal.versions(HERE, "key-1"))] == texts
    assert len(list(directory.glob("journal.corrupt-*"))) == 1
    journal.close()


async def test_a_sound_file_is_left_alone_and_a_check_does_not_hold_up_the_end(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = await fill(directory)
    small_is_large(monkeypatch)
    journal = SqliteJournal(directory)
    assert len(await journal.versions(HERE, "key-1")) == len(texts)
    store: Any = journal._store
    check = store._deep_check
    check._thread.join(10)
    assert not check._thread.is_alive()
    assert journal.warning == ""
    journal.close()
    # And one that is still waiting for its turn.
    journal = SqliteJournal(directory)
    journal.close()


@pytest.mark.parametrize("text", ["short, so kept as it is", noise(99, 1500)])
async def test_a_text_that_is_not_what_was_kept_is_found_when_it_is_read(
    directory: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inside a text SQLite finds nothing, however long it looks."""
    texts = await fill(directory)
    journal = SqliteJournal(directory)
    await journal.keep_version(HERE, "key-1", text, "sent")
    journal.close()
    with contextlib.closing(sqlite3.connect(directory / "journal.db")) as connection, connection:
        connection.execute(
            "UPDATE texts SET body = zeroblob(length(body)) WHERE id = (SELECT max(id) FROM texts)"
        )
    small_is_large(monkeypatch)

    opened = open_journal(directory)

    assert [v.text for v in reversed(await opened.versions(HERE, "key-1"))] == texts
    assert "The journal was damaged (a text " in opened.warning
    opened.close()


async def test_a_file_of_the_first_schema_is_taken_over_and_goes_on(directory: Path) -> None:
    directory.mkdir(parents=True, mode=0o700)
    old = sqlite3.connect(directory / "journal.db", isolation_level=None)
    with immediate(old):
        migrate(old, MIGRATIONS[:1])
    old.execute(
        "INSERT INTO texts (id, digest, body) VALUES (1, ?, ?)", (sha256(b"old").digest(), b"old")
    )
    old.execute(
        "INSERT INTO versions (time, account, region, subject, kind, text, caller, note)"
        " VALUES (1, ?, ?, 'key-1', 'sent', 1, '', '')",
        (HERE.account, HERE.region),
    )
    old.close()
    damaged = directory.parent / "damaged"
    damaged.mkdir(mode=0o700)
    (damaged / "journal.db").write_bytes((directory / "journal.db").read_bytes() + b"\0" * PAGE)
    page = page_of(directory, "changes_of_batch")
    with (damaged / "journal.db").open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(b"\xff" * PAGE)
    (damaged / "journal.db").chmod(0o600)

    for place, warned in ((directory, False), (damaged, True)):
        journal = open_journal(place)
        assert ("was damaged" in journal.warning) is warned
        await journal.keep_version(HERE, "key-1", "new", "sent")
        assert [v.text for v in await journal.versions(HERE, "key-1")] == ["new", "old"]
        journal.close()
