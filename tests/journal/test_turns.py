"""On one journal one edit at a time saves a policy, however the one before it ended."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kmstui.journal import MemoryJournal, SqliteJournal
from kmstui.service.errors import JournalError
from tests.journal.conftest import ELSEWHERE, HERE

HOLDER = """
import asyncio, sys
from pathlib import Path
from kmstui.journal import SqliteJournal
from tests.journal.conftest import HERE

async def main():
    journal = SqliteJournal(Path(sys.argv[1]))
    print(await journal.turn(HERE, "key-1").take(), flush=True)
    sys.stdin.read()

asyncio.run(main())
"""


@pytest.fixture
def other(directory: Path) -> Iterator[SqliteJournal]:
    """Another program on the same journal."""
    opened = SqliteJournal(directory)
    yield opened
    opened.close()


def _locks(directory: Path) -> list[Path]:
    return list(directory.glob("turn-*.lock"))


async def test_the_second_waits_until_the_first_has_ended(
    journal: SqliteJournal, other: SqliteJournal, directory: Path
) -> None:
    first, second = journal.turn(HERE, "key-1"), other.turn(HERE, "key-1")
    assert await first.take()
    (lock,) = _locks(directory)
    assert lock.stat().st_mode & 0o777 == 0o600
    assert not await second.take()
    assert not await journal.turn(HERE, "key-1").take(), "nor another edit of the same program"
    first.give()
    first.give()
    async with asyncio.timeout(10):
        while not await second.take():
            pass
    assert not await first.take()
    second.give()
    other.close()
    assert _locks(directory) == []


async def test_other_policies_do_not_wait(journal: SqliteJournal, other: SqliteJournal) -> None:
    assert await journal.turn(HERE, "key-1").take()
    assert await other.turn(HERE, "key-2").take()
    assert await other.turn(ELSEWHERE, "key-1").take()
    assert await other.turn(HERE, "role/a/b").take()


def _hold(directory: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


async def test_a_program_that_is_killed_leaves_its_turn(
    journal: SqliteJournal, directory: Path
) -> None:
    holder = _hold(directory)
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == "True"
    turn = journal.turn(HERE, "key-1")
    assert not await turn.take()
    holder.kill()
    holder.wait()
    assert await turn.take()


async def test_of_many_that_try_at_once_each_is_alone(directory: Path) -> None:
    journals = [SqliteJournal(directory) for _ in range(4)]
    inside: list[int] = []
    most: list[int] = []

    async def save(number: int) -> None:
        turn = journals[number % 4].turn(HERE, "key-1")
        while not await turn.take():
            pass
        inside.append(number)
        most.append(len(inside))
        await journals[number % 4].drafts(HERE)
        inside.remove(number)
        turn.give()

    async with asyncio.timeout(60):
        await asyncio.gather(*map(save, range(12)))
    for each in journals:
        each.close()
    assert most == [1] * 12


async def test_who_stops_waiting_in_the_middle_keeps_nothing(
    journal: SqliteJournal, other: SqliteJournal
) -> None:
    turn = journal.turn(HERE, "key-1")
    taking = asyncio.ensure_future(turn.take())
    await asyncio.sleep(0)
    taking.cancel()
    turn.give()
    await journal.drafts(HERE)
    assert await other.turn(HERE, "key-1").take()


async def test_a_link_in_its_place_is_not_followed(
    journal: SqliteJournal, directory: Path, tmp_path: Path
) -> None:
    turn = journal.turn(HERE, "key-1")
    assert await turn.take()
    (lock,) = _locks(directory)
    turn.give()
    await journal.drafts(HERE)
    lock.symlink_to(tmp_path / "theirs")
    with pytest.raises(JournalError):
        await turn.take()
    assert not (tmp_path / "theirs").exists()


async def test_in_memory_nobody_else_is_there(directory: Path) -> None:
    journal = MemoryJournal(directory, "No disk.")
    assert await journal.turn(HERE, "key-1").take()
    journal.close()
