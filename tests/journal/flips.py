"""Bytes of a journal are changed at random: nothing is altered or lost without a word.

    python -m tests.journal.flips 2000

tries that many of each of the file and its write-ahead log.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from kmstui.journal import SqliteJournal, open_journal
from kmstui.service.ports import Journal
from tests.journal.conftest import ELSEWHERE, HERE, FakeClock, change

SCOPES = (HERE, ELSEWHERE)

Kept = dict[str, list[object]]


async def make(directory: Path) -> tuple[Kept, Path]:
    """A journal as an ended program left it, and beside it one whose log is as a kill left it."""
    journal = SqliteJournal(directory, FakeClock())
    for number in range(6):
        text = f'{{"Statement": {number}}}'
        await journal.keep_version(HERE, f"key-{number % 2}", text, "sent", note="a note")
    for number in range(4):
        scope = SCOPES[number % 2]
        await journal.save_draft(scope, f"key-{number}", f"typed {number}", base="{}", caller="me")
    begun = await journal.begin([change("key-1"), change("key-2")])
    await journal.end(begun[0].id, "done", "read back")
    killed = directory.with_name("killed")
    killed.mkdir(mode=0o700)
    for name in ("journal.db", "journal.db-wal"):
        shutil.copy(directory / name, killed / name)
    journal.close()
    again = SqliteJournal(directory, FakeClock())
    kept = await read(again)
    # Where the end of the log is lost, the journal is as it was then.
    kept["earlier"] = list(begun)
    again.close()
    return kept, killed


async def read(journal: Journal) -> Kept:
    """All that it holds."""
    held: Kept = {"versions": [], "drafts": [], "changes": list(await journal.changes())}
    for scope in SCOPES:
        held["drafts"] += await journal.drafts(scope)
        for subject in ("key-0", "key-1", "key-2", "key-3"):
            held["versions"] += await journal.versions(scope, subject)
    return held


async def flip(kept: Kept, source: Path, name: str, dice: random.Random) -> str:
    """Change a byte of a copy; what is wrong with what is said of it, or nothing."""
    with TemporaryDirectory() as directory:
        place = Path(directory) / "state"
        shutil.copytree(source, place)
        place.chmod(0o700)
        content = bytearray((place / name).read_bytes())
        at = dice.randrange(len(content))
        content[at] ^= dice.choice([1 << dice.randrange(8), dice.randrange(1, 256)])
        (place / name).write_bytes(content)
        what = f"{name}, byte {at}: "
        try:
            held, warning = await _open(place)
        except Exception as error:
            return f"{what}{type(error).__name__}: {error}"
        for kind, entries in held.items():
            known = kept[kind] if name == "journal.db" else kept[kind] + kept["earlier"]
            altered = [each for each in entries if each not in known]
            # What an entry refers to may be lost; that is said.
            if altered and "refers to" not in warning:
                return f"{what}altered: {altered[0]}"
            if len(entries) < len(kept[kind]) and not warning:
                return f"{what}lost without a word: {len(kept[kind]) - len(entries)} {kind}"
        aside = len(list(place.glob("journal.corrupt-*")))
        again, warned = await _open(place)
        if "newer kmstui" in warning or "another program" in warning:
            return ""
        if warned:
            return f"{what}told again: {warned}"
        if again != held:
            return f"{what}other entries at the next start"
        more = len(list(place.glob("journal.corrupt-*"))) - aside
        return f"{what}{more} more files at the next start" if more else ""


async def _open(place: Path) -> tuple[Kept, str]:
    journal = open_journal(place, FakeClock())
    try:
        held = await read(journal)
        return held, journal.warning
    finally:
        journal.close()


async def main(number: int) -> int:
    """Prints what went wrong; returns how often."""
    wrong = 0
    with TemporaryDirectory() as directory:
        ended = Path(directory) / "ended"
        kept, killed = await make(ended)
        for source, name in (
            (ended, "journal.db"),
            (killed, "journal.db-wal"),
        ):
            for seed in range(number):
                if trouble := await flip(kept, source, name, random.Random(seed)):
                    wrong += 1
                    print(seed, trouble)
    return wrong


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]))) > 0)
