"""Whatever byte of the journal changes: no text is altered, and none is lost, without a word."""

# ruff: noqa: ASYNC240 - nothing else runs on a test's loop

from __future__ import annotations

import os
import random
import sqlite3
from pathlib import Path

import pytest

from kmstui.journal import SqliteJournal, open_journal
from tests.journal import flips
from tests.journal.conftest import HERE


@pytest.mark.parametrize("name", ["journal.db", "journal.db-wal"])
async def test_a_changed_byte_is_named_or_does_no_harm(directory: Path, name: str) -> None:
    kept, killed = await flips.make(directory)
    source = directory if name == "journal.db" else killed
    for seed in range(60):
        assert await flips.flip(kept, source, name, random.Random(seed)) == ""


async def with_drafts(directory: Path) -> None:
    journal = SqliteJournal(directory)
    for number in range(3):
        await journal.save_draft(HERE, f"key-{number}", f"typed {number}", base="{}")
    journal.close()


def change(directory: Path, old: bytes, new: bytes) -> None:
    path = directory / "journal.db"
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))


async def test_a_draft_that_is_no_text_leaves_the_others_and_is_named_once(
    directory: Path,
) -> None:
    await with_drafts(directory)
    change(directory, b"typed 1", b"type\xff 1")

    journal = open_journal(directory)
    found = [draft.text for draft in await journal.drafts(HERE)]
    assert sorted(found) == ["typed 0", "typed 2"]
    assert "Damaged, and in that file alone: a row of drafts (key-1)." in journal.warning
    (aside,) = directory.glob("journal.corrupt-*")
    assert b"type\xff 1" in aside.read_bytes()
    journal.close()

    again = open_journal(directory)
    assert len(await again.drafts(HERE)) == 2
    assert again.warning == ""
    assert list(directory.glob("journal.corrupt-*")) == [aside]
    again.close()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"CREATE TABLE drafts", b"CREATE TABLE dr\xfffts"),
        (b"CREATE TABLE drafts", b"CREATE TABLx drafts"),
        (b"caller TEXT NOT NULL", b"cal\xffer TEXT NOT NULL"),
        (b"caller TEXT NOT NULL", b"callar TEXT NOT NULL"),
    ],
)
async def test_a_damaged_schema_costs_nothing(directory: Path, old: bytes, new: bytes) -> None:
    await with_drafts(directory)
    change(directory, old, new)

    journal = open_journal(directory)

    assert journal.durable
    assert "was damaged" in journal.warning
    found = [draft.text for draft in await journal.drafts(HERE)]
    assert sorted(found) == ["typed 0", "typed 1", "typed 2"]
    journal.close()


async def test_a_damaged_log_is_named_and_kept(directory: Path) -> None:
    _, killed = await flips.make(directory)
    log = killed / "journal.db-wal"
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 1
    log.write_bytes(content)

    journal = open_journal(killed)

    assert "The log of the journal was damaged" in journal.warning
    (aside,) = killed.glob("journal.corrupt-*-wal")
    assert str(aside).removesuffix("-wal") in journal.warning
    assert aside.read_bytes() == content
    journal.close()


@pytest.mark.parametrize("name", ["journal.db", "journal.db-wal", "session-1.lock", "journal.lock"])
@pytest.mark.parametrize("kind", ["fifo", "link", "directory"])
async def test_what_is_no_file_in_its_place_does_not_hold_up_the_start(
    directory: Path, tmp_path: Path, name: str, kind: str
) -> None:
    directory.mkdir(parents=True, mode=0o700)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("of somebody else")
    place = directory / name
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "link":
        place.symlink_to(elsewhere)
    else:
        place.mkdir()

    journal = open_journal(directory)

    assert journal.durable or str(directory) in journal.warning
    assert await journal.drafts(HERE) == ()
    assert elsewhere.read_text() == "of somebody else"
    journal.close()


async def test_a_file_without_seals_is_taken_over_whole(directory: Path) -> None:
    """As the version before wrote it."""
    await with_drafts(directory)
    with sqlite3.connect(directory / "journal.db") as connection:
        for table in ("versions", "drafts", "changes"):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN seal")
        connection.execute("PRAGMA user_version = 2")
    connection.close()

    journal = open_journal(directory)

    assert journal.warning == ""
    assert len(await journal.drafts(HERE)) == 3
    journal.close()
