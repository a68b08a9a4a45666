"""What a method has answered is on the disk: the files as they are at that moment tell it all."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from kmstui.journal import SqliteJournal, open_journal
from kmstui.service.ports import ChangeRecord
from tests.journal.conftest import HERE, FakeClock, change, noise

LOG_HEADER, FRAME = 32, 4096 + 24


def after_power_loss(directory: Path, where: Path) -> Path:
    """The files as the disk has them: shared memory is gone with the power."""
    where.mkdir()
    for name in ("journal.db", "journal.db-wal"):
        shutil.copy(directory / name, where / name)
    return where


class Walk:
    """Every method that writes, with what must be found once it has answered."""

    def __init__(self, journal: SqliteJournal) -> None:
        self.journal = journal
        self.texts: list[str] = []
        self.draft = ""
        self.changes: list[ChangeRecord] = []

    @property
    def steps(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        return (
            self.fetch, self.type, self.type, self.send, self.begin, self.store, self.end,
            self.put_away, self.type,
        )  # fmt: skip

    async def keep(self, kind: str) -> None:
        text = f"{kind} {noise(len(self.texts), 900)}"
        await self.journal.keep_version(HERE, "key-1", text, kind)
        self.texts.append(text)

    async def fetch(self) -> None:
        await self.keep("fetched")

    async def send(self) -> None:
        await self.keep("sent")

    async def store(self) -> None:
        await self.keep("stored")

    async def type(self) -> None:
        draft = f"typed {noise(len(self.draft), 900)}"
        await self.journal.save_draft(HERE, "key-1", draft, base="stored")
        self.draft = draft

    async def begin(self) -> None:
        self.changes += await self.journal.begin([change(after=noise(7, 900))])

    async def end(self) -> None:
        await self.journal.end(self.changes[-1].id, "done", "it is")
        self.changes.clear()

    async def put_away(self) -> None:
        await self.journal.close_draft(HERE, "key-1")
        self.texts.append(self.draft)
        self.draft = ""

    async def is_all_in(self, directory: Path) -> bool:
        """Whether a program that starts on these files finds everything."""
        fresh = SqliteJournal(directory)
        versions = await fresh.versions(HERE, "key-1")
        draft = await fresh.draft(HERE, "key-1")
        pending = await fresh.pending(HERE)
        warning = fresh.warning
        fresh.close()
        return (
            [v.text for v in reversed(versions)] == self.texts
            and (draft.text if draft else "") == self.draft
            and [(c.id, c.after) for c in pending] == [(c.id, c.after) for c in self.changes]
            and warning == ""
        )


async def test_when_a_method_has_answered_a_loss_of_power_takes_nothing(
    directory: Path, tmp_path: Path
) -> None:
    walk = Walk(SqliteJournal(directory, FakeClock()))
    for number, step in enumerate(walk.steps):
        await step()
        copy = after_power_loss(directory, tmp_path / f"copy {number}")
        assert await walk.is_all_in(copy), step
    walk.journal.close()


async def test_a_checkpoint_between_takes_nothing_either(directory: Path, tmp_path: Path) -> None:
    """Past a thousand pages SQLite moves the log into the file, and begins the log anew."""
    walk = Walk(SqliteJournal(directory, FakeClock()))
    log = directory / "journal.db-wal"
    turns = 0
    while turns < 2:
        before = log.read_bytes()[:24]
        await walk.fetch()
        # The salts in its header change when it is begun anew.
        turns += log.read_bytes()[:24] != before
        await walk.type()
    assert await walk.is_all_in(after_power_loss(directory, tmp_path / "copy"))
    walk.journal.close()


@pytest.mark.parametrize("seed", range(12))
async def test_a_log_that_is_cut_off_anywhere_loses_nothing_that_was_kept_before_the_cut(
    directory: Path, tmp_path: Path, seed: int
) -> None:
    journal = SqliteJournal(directory, FakeClock())
    log = directory / "journal.db-wal"
    sizes = [log.stat().st_size]
    texts = [noise(n, 1500) for n in range(20)]
    for text in texts:
        await journal.keep_version(HERE, "key-1", text, "sent")
        sizes.append(log.stat().st_size)
    copy = after_power_loss(directory, tmp_path / "copy")
    journal.close()
    # The schema is whole: before it there is nothing to keep.
    cut = random.Random(seed).randrange(sizes[0], sizes[-1])
    os.truncate(copy / "journal.db-wal", cut)

    again = open_journal(copy)

    whole = sum(size <= cut for size in sizes[1:])
    assert again.durable
    assert [v.text for v in reversed(await again.versions(HERE, "key-1"))] == texts[:whole]
    assert ("was cut off" in again.warning) is (cut not in sizes)
    await again.keep_version(HERE, "key-1", "goes on", "sent")
    again.close()
    third = open_journal(copy)
    assert third.warning == ""
    assert (await third.versions(HERE, "key-1"))[0].text == "goes on"
    third.close()


@pytest.mark.parametrize("keep", [1, 31, LOG_HEADER, LOG_HEADER + FRAME, LOG_HEADER + FRAME + 7])
async def test_a_log_cut_off_at_its_beginning_leaves_what_is_in_the_file(
    directory: Path, tmp_path: Path, keep: int
) -> None:
    journal = SqliteJournal(directory)
    await journal.keep_version(HERE, "key-1", "in the file", "sent")
    journal.close()
    journal = SqliteJournal(directory)
    await journal.keep_version(HERE, "key-1", noise(1, 9000), "sent")
    copy = after_power_loss(directory, tmp_path / "copy")
    journal.close()
    os.truncate(copy / "journal.db-wal", keep)

    again = open_journal(copy)
    assert [v.text for v in await again.versions(HERE, "key-1")] == ["in the file"]
    assert ("was cut off" in again.warning) is (keep != LOG_HEADER)
    again.close()


async def test_garbage_in_the_last_page_of_the_log_is_no_text(
    directory: Path, tmp_path: Path
) -> None:
    """A page torn by the disk has no fitting checksum, so its transaction is not there."""
    journal = SqliteJournal(directory)
    await journal.keep_version(HERE, "key-1", "whole", "sent")
    await journal.keep_version(HERE, "key-1", noise(1, 9000), "sent")
    copy = after_power_loss(directory, tmp_path / "copy")
    journal.close()
    with (copy / "journal.db-wal").open("r+b") as file:
        file.seek(-2048, os.SEEK_END)
        file.write(random.Random(1).randbytes(2048))

    again = open_journal(copy)
    assert again.durable
    assert [v.text for v in await again.versions(HERE, "key-1")] == ["whole"]
    again.close()


async def test_the_name_of_every_new_directory_and_of_the_file_is_on_the_disk_too(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def listening(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", listening)
    SqliteJournal(directory).close()
    assert {str(directory), str(directory.parent), str(directory.parent.parent)} <= set(synced)


async def test_another_kmstui_in_the_middle_of_a_write_is_no_cut(directory: Path) -> None:
    first = SqliteJournal(directory)
    await first.keep_version(HERE, "key-1", "text", "sent")
    with (directory / "journal.db-wal").open("ab") as file:
        file.write(b"half a frame")
    second = SqliteJournal(directory)
    assert second.warning == ""
    second.close()
    first.close()
