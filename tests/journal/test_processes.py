"""Programs that are killed, and programs that run side by side."""

# ruff: noqa: ASYNC251 - the moment of the kill is what the sleep draws by lot

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kmstui.journal import SqliteJournal
from tests.journal.conftest import HERE, change

WRITER = """
import asyncio, json, sys
from pathlib import Path
from kmstui.journal import SqliteJournal
from tests.journal.conftest import HERE, change

async def main():
    journal = SqliteJournal(Path(sys.argv[1]))
    name, rounds = sys.argv[2], int(sys.argv[3])
    for n in range(rounds):
        text = f"{name} {n} " + "x" * 5000
        await journal.keep_version(HERE, "key-1", text, "sent")
        print(json.dumps(["version", text]), flush=True)
        await journal.save_draft(HERE, name, text, base="")
        print(json.dumps(["draft", text]), flush=True)
        (begun,) = await journal.begin([change(f"{name} {n}")])
        print(json.dumps(["begun", begun.id]), flush=True)
        await journal.end(begun.id, "done")
        print(json.dumps(["ended", begun.id]), flush=True)
    (left,) = await journal.begin([change(f"{name} left")])
    print(json.dumps(["left", left.id]), flush=True)
    sys.stdin.read()
    journal.close()

asyncio.run(main())
"""


def start(directory: Path, name: str, rounds: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(directory), name, str(rounds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def read_until(process: subprocess.Popen[str], word: str) -> list[list[object]]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(json.loads(line))
        if lines[-1][0] == word:
            return lines
    raise AssertionError(f"the writer ended before {word!r}: {lines}")


@pytest.mark.parametrize("seed", range(4))
async def test_every_acknowledged_write_outlives_sigkill(directory: Path, seed: int) -> None:
    process = start(directory, "a", 100_000)
    assert process.stdout is not None
    acknowledged = [json.loads(process.stdout.readline())]
    time.sleep(random.Random(seed).uniform(0, 0.25))
    process.send_signal(signal.SIGKILL)
    # What it still got out before it died was acknowledged as well; its last line may be torn.
    for line in process.stdout:
        if line.endswith("\n"):
            acknowledged.append(json.loads(line))
    process.wait()

    journal = SqliteJournal(directory)
    versions = {v.text for v in await journal.versions(HERE, "key-1")}
    assert versions >= {value for word, value in acknowledged if word == "version"}
    drafts = [value for word, value in acknowledged if word == "draft"]
    if drafts:
        draft = await journal.draft(HERE, "a")
        assert draft is not None
        assert int(draft.text.split()[1]) >= int(drafts[-1].split()[1])
    begun = {value for word, value in acknowledged if word == "begun"}
    ended = {value for word, value in acknowledged if word == "ended"}
    changes = {c.id: c.outcome for c in await journal.changes(limit=10**6)}
    assert begun <= changes.keys()
    assert all(changes[number] == "done" for number in ended)
    pending = {c.id for c in await journal.pending(HERE)}
    assert pending == {number for number, outcome in changes.items() if outcome == "pending"}
    journal.close()


async def test_two_programs_write_side_by_side_and_a_running_one_is_left_alone(
    directory: Path,
) -> None:
    """Both begin the same new file at once; nothing of either is lost."""
    both = [start(directory, name, 40) for name in ("a", "b")]
    said = [read_until(process, "left") for process in both]

    journal = SqliteJournal(directory)
    texts = {v.text for v in await journal.versions(HERE, "key-1")}
    assert texts == {value for lines in said for word, value in lines if word == "version"}
    assert len(texts) == 80

    assert await journal.pending(HERE) == ()
    assert await journal.drafts(HERE) == ()

    both[0].kill()
    both[0].wait()
    assert [c.subject for c in await journal.pending(HERE)] == ["a left"]
    assert [d.subject for d in await journal.drafts(HERE)] == ["a"]

    both[1].communicate("")
    assert both[1].returncode == 0
    assert [c.subject for c in await journal.pending(HERE)] == ["a left", "b left"]
    journal.close()


async def test_two_programs_that_edit_the_same_policy_keep_a_draft_each(directory: Path) -> None:
    first, second = SqliteJournal(directory), SqliteJournal(directory)
    await first.save_draft(HERE, "key-1", "mine", base="stored")
    await second.save_draft(HERE, "key-1", "yours", base="stored")
    await second.close_draft(HERE, "key-1")

    draft = await first.draft(HERE, "key-1")
    assert draft is not None
    assert draft.text == "mine"
    assert [v.text for v in await first.versions(HERE, "key-1")] == ["yours"]
    first.close()
    second.close()


async def test_own_unfinished_changes_are_not_offered_as_left_over(
    journal: SqliteJournal,
) -> None:
    await journal.begin([change()])
    assert await journal.pending(HERE) == ()


def test_the_program_ends_though_the_disk_hangs(directory: Path) -> None:
    """A dead NFS server must not hold the terminal: the thread is left behind."""
    script = """
import sys, threading
from pathlib import Path
from kmstui.journal import journal as module
from kmstui.service.errors import JournalError
module.CLOSE_SECONDS = 0.1
journal = module.SqliteJournal(Path(sys.argv[1]))
journal._thread._jobs.put(threading.Event().wait)
try:
    journal.close()
except JournalError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(directory)],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert "has not taken the last writes" in done.stdout
    assert done.stderr == ""
