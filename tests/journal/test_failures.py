"""A disk that is full, a home that may not be written, a file that is somebody else's."""

# ruff: noqa: ASYNC240 - nothing else runs on a test's loop

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from kmstui.journal import MemoryJournal, SqliteJournal, filesystem, open_journal
from kmstui.journal.database import immediate
from kmstui.journal.failures import DamagedError
from kmstui.journal.tables import APPLICATION_ID, MIGRATIONS, migrate
from kmstui.service.errors import JournalError
from tests.journal.conftest import HERE, change, noise


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
async def test_nobody_else_can_look_in_whatever_the_umask(directory: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        journal = SqliteJournal(directory)
        await journal.keep_version(HERE, "key-1", "text", "fetched")
        names = {path.name.split("-")[-1]: path for path in directory.iterdir()}
        assert {"journal.db", "wal", "shm", "journal.lock"} <= names.keys()
        assert len(names) == 5
        assert {stat.S_IMODE(path.stat().st_mode) for path in names.values()} == {0o600}
        for made in (directory, directory.parent):
            assert stat.S_IMODE(made.stat().st_mode) == 0o700
        journal.close()
    finally:
        os.umask(before)


async def test_a_directory_and_file_that_were_open_to_others_are_closed(directory: Path) -> None:
    SqliteJournal(directory).close()
    directory.chmod(0o755)
    (directory / "journal.db").chmod(0o644)
    SqliteJournal(directory).close()
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / "journal.db").stat().st_mode) == 0o600


async def test_every_commit_waits_for_the_disk(journal: SqliteJournal) -> None:
    connection = journal._store.connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


async def test_on_a_network_file_system_no_memory_is_shared(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hosts with the same home on EFS would not see each other's write-ahead log."""
    monkeypatch.setattr("kmstui.journal.database.is_on_network", lambda _: True)
    journal = SqliteJournal(directory)
    await journal.keep_version(HERE, "key-1", "text", "fetched")
    connection = journal._store.connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (3,)
    journal.close()


def test_the_deepest_mount_tells_the_kind_of_file_system(tmp_path: Path) -> None:
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text(
        "22 1 259:1 / / rw shared:1 - xfs /dev/root rw\n"
        f"40 22 0:44 / {tmp_path}/home\\040of\\040all rw shared:2 - nfs4 fs-1:/ rw\n"
        f"41 40 0:45 / {tmp_path}/home\\040of\\040all/local rw - ext4 /dev/sdb rw\n"
    )
    home = tmp_path / "home of all"
    assert filesystem.is_on_network(home / "me", mountinfo)
    assert not filesystem.is_on_network(home / "local" / "me", mountinfo)
    assert not filesystem.is_on_network(tmp_path, mountinfo)
    assert not filesystem.is_on_network(home, tmp_path / "absent")


async def test_a_full_disk_is_named_and_what_was_kept_stays(journal: SqliteJournal) -> None:
    await journal.keep_version(HERE, "key-1", "kept", "fetched")
    journal._store.connection.execute("PRAGMA max_page_count = 1")
    with pytest.raises(JournalError) as caught:
        await journal.keep_version(HERE, "key-1", noise(1, 50_000), "sent")
    assert "no space left" in caught.value.sentence
    assert "Free some space" in caught.value.sentence

    journal._store.connection.execute("PRAGMA max_page_count = 1000000")
    await journal.keep_version(HERE, "key-1", noise(1, 50_000), "sent")
    found = [v.text for v in await journal.versions(HERE, "key-1")]
    assert found == [noise(1, 50_000), "kept"]


def test_a_file_size_limit_is_a_sentence_and_history_can_still_be_read(directory: Path) -> None:
    """As a full disk: neither the old file nor a new one may grow."""
    script = """
import asyncio, resource, sys
from pathlib import Path
from kmstui.journal import SqliteJournal, open_journal
from kmstui.service.errors import JournalError
from kmstui.service.ports import Scope
from tests.journal.conftest import noise

async def main():
    here, directory = Scope("1", "r"), Path(sys.argv[1])
    journal = SqliteJournal(directory)
    await journal.keep_version(here, "key-1", "kept", "fetched")
    await journal.save_draft(here, "key-1", "typed", base="kept")
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
    try:
        await journal.keep_version(here, "key-1", noise(1, 50_000), "sent")
    except JournalError as error:
        print(error)
    print([v.text for v in await journal.versions(here, "key-1")])
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    second = open_journal(directory)
    print(second.durable, second.warning)
    print([v.text for v in await second.versions(here, "key-1")])

asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(directory)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    first, versions, second, seen = done.stdout.splitlines()
    assert "no space left" in first or "the disk refused" in first
    assert versions == "['kept']"
    assert second.startswith("False ")
    assert "Until the journal can be written" in second
    assert "Earlier history can still be read." in second
    assert seen == "['kept']"
    assert done.stderr == ""


@pytest.mark.parametrize("place", ["a file", "below a file", "/proc/kmstui"])
async def test_where_no_directory_can_be_made_it_is_memory_and_says_so(
    tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    directory = {
        "a file": tmp_path / "file",
        "below a file": tmp_path / "file" / "kmstui",
        "/proc/kmstui": Path("/proc/kmstui"),
    }[place]

    with pytest.raises(JournalError, match=str(directory)):
        SqliteJournal(directory)
    journal = open_journal(directory)

    assert not journal.durable
    assert str(directory) in journal.warning
    assert "nothing you type or change would be kept" in journal.warning
    # XDG_STATE_HOME would change nothing for whoever set this one.
    assert "or set KMSTUI_STATE_DIRECTORY to another directory." in journal.warning
    await journal.keep_version(HERE, "key-1", "text", "fetched")
    await journal.save_draft(HERE, "key-1", "typed", base="text")
    (begun,) = await journal.begin([change()])
    await journal.end(begun.id, "done")
    assert [v.text for v in await journal.versions(HERE, "key-1")] == ["text"]
    assert [d.text for d in await journal.drafts(HERE)] == ["typed"]
    assert [c.outcome for c in await journal.changes()] == ["done"]
    journal.close()


async def test_a_directory_of_somebody_else_is_not_used(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """sudo kmstui in a user's home would leave files of root's that lock the user out."""
    directory.mkdir(parents=True)
    monkeypatch.setattr(os, "geteuid", lambda: directory.stat().st_uid + 1)
    journal = open_journal(directory)
    assert not journal.durable
    assert "belongs to user" in journal.warning
    assert list(directory.iterdir()) == []
    journal.close()


async def test_a_link_in_place_of_the_file_is_not_followed(directory: Path, tmp_path: Path) -> None:
    directory.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    (directory / "journal.db").symlink_to(elsewhere)
    with pytest.raises(JournalError):
        SqliteJournal(directory)
    assert not elsewhere.exists()


async def test_a_journal_that_may_only_be_read_shows_history_drafts_and_left_over_changes(
    journal: SqliteJournal, directory: Path
) -> None:
    await journal.keep_version(HERE, "key-1", "kept", "fetched")
    await journal.save_draft(HERE, "key-1", "typed", base="kept")
    await journal.begin([change()])
    journal.close()

    fallback = MemoryJournal(directory, "Journal: read-only.")

    assert [v.text for v in await fallback.versions(HERE, "key-1")] == ["kept"]
    assert [d.text for d in await fallback.drafts(HERE)] == ["typed"]
    assert [c.subject for c in await fallback.pending(HERE)] == ["key-1"]
    assert fallback.warning.endswith("Earlier history can still be read.")
    fallback.close()


async def test_a_program_that_holds_the_file_is_named_after_a_while(directory: Path) -> None:
    journal = SqliteJournal(directory, busy_seconds=0.05)
    other = sqlite3.connect(directory / "journal.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match="another program has been holding"):
        await journal.keep_version(HERE, "key-1", "text", "fetched")
    with pytest.raises(JournalError, match="another program has been holding"):
        SqliteJournal(directory, busy_seconds=0.05)
    other.execute("ROLLBACK")
    other.close()
    await journal.keep_version(HERE, "key-1", "text", "fetched")
    journal.close()


async def test_a_newer_schema_is_refused_and_not_touched(
    journal: SqliteJournal, directory: Path
) -> None:
    journal.close()
    path = directory / "journal.db"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    before = path.read_bytes()

    fallback = open_journal(directory)

    assert not fallback.durable
    assert "written by a newer kmstui" in fallback.warning
    assert "Start the newer kmstui" in fallback.warning
    fallback.close()
    assert path.read_bytes() == before


async def test_another_programs_database_is_refused_and_not_touched(directory: Path) -> None:
    directory.mkdir(parents=True)
    path = directory / "journal.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()
    with pytest.raises(JournalError, match="another program's database"):
        SqliteJournal(directory)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("bookmarks",)]
    connection.close()


STEPS = (("CREATE TABLE one (a TEXT)",), ("ALTER TABLE one ADD COLUMN b TEXT DEFAULT 'new'",))


def open_with(steps: tuple[tuple[str, ...], ...], path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    with immediate(connection):
        migrate(connection, steps)
    return connection


def test_an_older_file_is_brought_up_with_its_content(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    old = open_with(STEPS[:1], path)
    old.execute("INSERT INTO one VALUES ('kept')")
    old.close()

    new = open_with(STEPS, path)
    assert new.execute("SELECT a, b FROM one").fetchall() == [("kept", "new")]
    assert new.execute("PRAGMA user_version").fetchone() == (2,)
    assert new.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    new.close()


def test_a_step_that_fails_leaves_the_file_at_the_version_it_had(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    open_with(STEPS[:1], path).close()
    with pytest.raises(DamagedError):
        open_with((*STEPS, ("ALTER TABLE missing ADD COLUMN c",)), path)

    again = open_with(STEPS[:1], path)
    assert again.execute("SELECT name FROM pragma_table_info('one')").fetchall() == [("a",)]
    again.close()
