"""Edits and saves a policy, and is killed at its Nth step; run by test_killed.py.

Forks one editor per step, so that Python starts once. A step is the moment before and after each
use of the journal or of the service, and the one between the service's storing and its answer.
Each editor has DIRECTORY/N with the service's file `policy`, the journal in `state`, and `typed`,
the texts whose keeping was acknowledged. Prints the number of steps.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kmstui.journal import open_journal
from kmstui.service.changes.runner import ChangeScope
from kmstui.service.editing.edit import PolicyEditing
from kmstui.service.editing.location import KnownIdentities
from kmstui.service.ports import Scope
from tests.service.editing.conftest import MINE, OLD

HERE = Scope("111122223333", "eu-central-1")
TYPING = (MINE[:40], MINE[:-5], MINE)


class Steps:
    """Counts steps, and kills at the one that was drawn."""

    def __init__(self, deadly: int) -> None:
        self.passed = 0
        self._deadly = deadly

    def step(self) -> None:
        self.passed += 1
        if self.passed == self._deadly:
            os.kill(os.getpid(), signal.SIGKILL)


class SteppedJournal:
    """A journal each of whose calls is two steps."""

    def __init__(self, journal: Any, steps: Steps) -> None:
        self._journal = journal
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._journal, name)
        if not asyncio.iscoroutinefunction(value):
            return value
        return self._stepped(value)

    def _stepped(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def stepped(*args: object, **kwargs: object) -> object:
            self._steps.step()
            answer = await call(*args, **kwargs)
            self._steps.step()
            return answer

        return stepped


class FileLocation:
    """A policy in a file, which outlives the editor as KMS does."""

    subject = "key-1"
    label = "key key-1 (alias/ImportedCMK)"
    operation = "kms:PutKeyPolicy"

    def __init__(self, path: Path, steps: Steps) -> None:
        self._path = path
        self._steps = steps

    async def read(self) -> str:
        self._steps.step()
        text = self._path.read_text()
        self._steps.step()
        return text

    async def put(self, text: str, *, bypass_lockout_check: bool = False) -> None:
        self._steps.step()
        replacement = self._path.with_suffix(".new")
        replacement.write_text(text)
        replacement.rename(self._path)
        self._steps.step()

    async def identities(self) -> KnownIdentities:
        raise AssertionError("nothing was refused")

    def check_bypass(self, typed: str) -> None:
        raise AssertionError("nobody asked for it")


async def edit(directory: Path, steps: Steps) -> None:
    journal = SteppedJournal(open_journal(directory / "state"), steps)
    scope = ChangeScope(journal, HERE, "me", lambda: datetime.now(UTC))
    editing = PolicyEditing(FileLocation(directory / "policy", steps), scope)
    await editing.open()
    with (directory / "typed").open("a") as typed:
        for text in TYPING:
            await editing.keep_draft(text)
            typed.write(f"{TYPING.index(text)}\n")
            typed.flush()
    await editing.save(editing.review(MINE))
    steps.step()


def main(directory: Path) -> None:
    deadly = 0
    killed = True
    while killed:
        deadly += 1
        place = directory / str(deadly)
        place.mkdir()
        (place / "policy").write_text(OLD)
        editor = os.fork()
        if not editor:
            asyncio.run(edit(place, Steps(deadly)))
            os._exit(0)
        _, status = os.waitpid(editor, 0)
        killed = os.WIFSIGNALED(status)
        if not killed and status:
            sys.exit(f"the editor failed at step {deadly}")
    print(deadly)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
