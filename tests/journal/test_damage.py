"""A damaged journal is moved aside, never deleted, and what can be read is taken over."""

# ruff: noqa: ASYNC240 - nothing else runs on a test's loop

from __future__ import annotations

import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from kmstui.journal import SqliteJournal, open_journal
from kmstui.service.errors import JournalError
from tests.journal.conftest import HERE, FakeClock, change, noise

PAGE = 4096


def texts() -> list[str]:
    return [f"version {n} {noise(n, 2000)}" for n in range(30)]


async def fill(directory: Path) -> None:
    journal = SqliteJournal(directory)
    for text in texts():
        await journal.keep_version(HERE, "key-1", text, "sent")
    await journal.save_draft(HERE, "key-1", "typed for an hour", base="stored")
    await journal.begin([change()])
    journal.close()


@pytest.mark.parametrize(
    "content", [b"\0garbage" * 2000, b"x", b"SQLite format 3\0" + b"\xff" * 9000]
)
async def test_garbage_is_moved_aside_and_a_new_journal_begun(
    directory: Path, content: bytes
) -> None:
    directory.mkdir(parents=True)
    (directory / "journal.db").write_bytes(content)

    journal = open_journal(directory)

    assert journal.durable
    (moved,) = directory.glob("journal.corrupt-*")
    assert moved.read_bytes() == content
    assert f"was moved to {moved}" in journal.warning
    await journal.keep_version(HERE, "key-1", "text", "fetched")
    journal.close()

    again = open_journal(directory)
    assert again.warning == ""
    assert [v.text for v in await again.versions(HERE, "key-1")] == ["text"]
    again.close()


async def test_a_truncated_file_gives_back_what_it_still_holds(directory: Path) -> None:
    await fill(directory)
    path = directory / "journal.db"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2 // PAGE * PAGE])

    journal = open_journal(directory)

    assert journal.durable
    assert "was damaged" in journal.warning
    found = [v.text for v in await journal.versions(HERE, "key-1")]
    assert found
    assert set(found) < set(texts())
    assert f"{len(found)} versions" in journal.warning
    journal.close()


@pytest.mark.parametrize("seed", range(6))
async def test_garbage_anywhere_is_found_and_no_altered_text_is_passed_off_as_history(
    directory: Path, seed: int
) -> None:
    await fill(directory)
    path = directory / "journal.db"
    pages = bytearray(path.read_bytes())
    dice = random.Random(seed)
    number = dice.randrange(1, len(pages) // PAGE)
    pages[number * PAGE : (number + 1) * PAGE] = dice.randbytes(PAGE)
    path.write_bytes(pages)

    journal = open_journal(directory)

    assert journal.durable
    versions = await journal.versions(HERE, "key-1")
    await journal.keep_version(HERE, "key-1", "goes on", "sent")
    if journal.warning:
        assert {v.text for v in versions} <= set(texts())
        assert len(list(directory.glob("journal.corrupt-*"))) == 1
    else:
        # The page held nothing but the inside of one text, which SQLite cannot tell.
        assert len(versions) == len(texts())
    assert (await journal.versions(HERE, "key-1"))[0].text == "goes on"
    journal.close()


@pytest.mark.parametrize("table", ["sessions", "texts", "versions"])
async def test_what_was_typed_outlives_the_loss_of_what_it_refers_to(
    directory: Path, table: str
) -> None:
    await fill(directory)
    path = directory / "journal.db"
    with sqlite3.connect(path) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)
        ).fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(b"\xff" * PAGE)

    journal = open_journal(directory)

    assert "1 drafts and 1 changes could be read" in journal.warning
    assert [d.text for d in await journal.drafts(HERE)] == ["typed for an hour"]
    assert [c.subject for c in await journal.pending(HERE)] == ["key-1"]
    # No version is given a text that was not its own.
    assert {v.text for v in await journal.versions(HERE, "key-1")} <= set(texts())
    journal.close()


async def test_damage_that_appears_while_running_does_not_stop_the_program(
    directory: Path,
) -> None:
    journal = SqliteJournal(directory, FakeClock())
    await journal.keep_version(HERE, "key-1", "before", "fetched")
    (mine,) = await journal.begin([change("mine")])
    store = journal._store
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = directory / "journal.db"
    with path.open("r+b") as file:
        file.seek(PAGE)
        file.write(b"\xff" * (path.stat().st_size - PAGE))
    # What SQLite remembers of the file is dropped, as it is once another program has written.
    store.connection.execute("PRAGMA shrink_memory")

    await journal.keep_version(HERE, "key-1", "after", "sent")

    assert "was damaged" in journal.warning
    assert [v.text for v in await journal.versions(HERE, "key-1")] == ["after"]
    assert await journal.pending(HERE) == ()
    assert mine.id
    journal.close()


async def test_a_damaged_file_that_another_kmstui_writes_is_left_in_place(
    directory: Path,
) -> None:
    """It would go on writing into the moved file, and what it keeps would not be found again."""
    first = SqliteJournal(directory)
    await first.keep_version(HERE, "key-1", "text", "fetched")
    first._store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = directory / "journal.db"
    path.write_bytes(b"\xff" * path.stat().st_size)

    with pytest.raises(JournalError, match="another kmstui has it open"):
        SqliteJournal(directory)
    second = open_journal(directory)
    assert not second.durable
    assert "Close every kmstui" in second.warning
    assert list(directory.glob("journal.corrupt-*")) == []
    second.close()
    first.close()

    third = open_journal(directory)
    assert third.durable
    third.close()


async def test_a_journal_removed_while_running_is_begun_anew_and_said(directory: Path) -> None:
    journal = SqliteJournal(directory)
    await journal.keep_version(HERE, "key-1", "gone", "fetched")
    shutil.rmtree(directory)

    await journal.keep_version(HERE, "key-1", "kept", "fetched")
    assert "was removed while kmstui was running" in journal.warning
    journal.close()

    again = SqliteJournal(directory)
    assert [v.text for v in await again.versions(HERE, "key-1")] == ["kept"]
    again.close()


async def test_what_lies_in_the_log_of_a_damaged_file_is_not_forgotten(directory: Path) -> None:
    """After SIGKILL the newest texts are in the write-ahead log alone."""
    journal = SqliteJournal(directory)
    await journal.keep_version(HERE, "key-1", "newest", "sent")
    copy = directory.parent / "copy"
    copy.mkdir()
    for name in ("journal.db", "journal.db-wal"):
        shutil.copy(directory / name, copy / name)
    journal.close()
    with (copy / "journal.db").open("ab") as file:
        file.write(b"\0" * PAGE)
    (copy / "journal.db").chmod(0o600)

    again = open_journal(copy)
    assert [v.text for v in await again.versions(HERE, "key-1")] == ["newest"]
    again.close()
