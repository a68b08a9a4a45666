"""Does a day's work take more than an hour's? The real program, the same things again and again.

    python tests/benchmarks/soak.py [--rounds 1000] [--only editor,help]

Each kind has a program of its own over the demo, on a pseudo-terminal. A tenth of the rounds is
the start, in which what is made once is made; after the last round memory may be a tenth above
that. Ends with 1 where it is more, or where there are more descriptors or threads.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.process_tree import PROC, memory
from tests.pty_terminal import PtyTerminal

MOST_GROWTH = 0.1

_READY = "ImportedCMK"
_KEY_BAR = "/ Filter"
_WAITS = ("Reading", "Esc stops", "Asking")
_QUIET_SECONDS = 0.05
_VIEWS = 7


Round = Callable[[PtyTerminal, int], None]


def _opened(keys: Sequence[str], shows: str, leaves: Sequence[str] = ("escape",)) -> Round:
    def once(terminal: PtyTerminal, number: int) -> None:
        terminal.send(*keys)
        terminal.wait_for(shows)
        for key in leaves:
            # Each alone: Esc and what follows at once are one key.
            _sent_and_drawn(terminal, key)
        terminal.wait_for(lambda text: shows not in text and _KEY_BAR in text.split("\n")[-1])

    return once


def _sent_and_drawn(terminal: PtyTerminal, key: str) -> None:
    before = terminal.bytes_received
    terminal.send(key)
    _drawn(terminal, before)


def _drawn(terminal: PtyTerminal, before: int) -> None:
    """Something came, nothing more comes, and nothing is waited for."""
    terminal.wait_for(lambda _: terminal.bytes_received > before)
    terminal.settle(_QUIET_SECONDS)
    terminal.wait_for(lambda text: not any(words in text for words in _WAITS))


def _review(terminal: PtyTerminal, number: int) -> None:
    if number == 0:
        terminal.send("e")
        terminal.wait_for("Edit alias/")
        terminal.send(" ")
    terminal.send("ctrl+s")
    terminal.wait_for("After this save")
    terminal.send("escape")
    terminal.wait_for(lambda text: "After this save" not in text)


def _views(terminal: PtyTerminal, number: int) -> None:
    for _ in range(_VIEWS):
        _sent_and_drawn(terminal, "]")


def _filter(terminal: PtyTerminal, number: int) -> None:
    terminal.send("/", f"nothing{number}", "enter")
    terminal.wait_for(f"nothing{number}")
    terminal.send("escape")
    terminal.wait_for(lambda text: f"nothing{number}" not in text)


def _refresh(terminal: PtyTerminal, number: int) -> None:
    _sent_and_drawn(terminal, "r")


def _resize(terminal: PtyTerminal, number: int) -> None:
    columns, rows = ((100, 30), (120, 40))[number % 2]
    before = terminal.bytes_received
    terminal.resize(columns, rows)
    _drawn(terminal, before)


ROUNDS: dict[str, Round] = {
    "editor": _opened(["e"], "Edit alias/"),
    "help": _opened(["?"], "Esc Close"),
    "palette": _opened([":"], "command, alias, profile"),
    "review": _review,
    "views": _views,
    "filter": _filter,
    "refresh": _refresh,
    "resize": _resize,
    "tag plan": _opened(["t", "soak=1", "enter"], "this adds 1 tag", ["escape", "escape"]),
}


@dataclass(frozen=True)
class Figures:
    """What the program takes of the machine."""

    megabytes: float
    descriptors: int
    threads: int
    journal: int
    """Bytes."""

    @classmethod
    def of(cls, pid: int, home: Path) -> Figures:
        process = PROC / str(pid)
        return cls(
            memory(pid).resident,
            len(list((process / "fd").iterdir())),
            len(list((process / "task").iterdir())),
            sum(each.stat().st_size for each in home.rglob("journal.db*")),
        )


def soak(kind: str, rounds: int) -> tuple[Figures, Figures, float]:
    """What is taken after a tenth of the rounds and after the last, and seconds for a round."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        environment = {
            **os.environ, "HOME": folder, "TMPDIR": folder, "XDG_STATE_HOME": folder
        }  # fmt: skip
        command = [sys.executable, "-m", "kmstui", "--demo"]
        with PtyTerminal(command, columns=120, rows=40, env=environment) as terminal:
            terminal.wait_for(_READY)
            terminal.wait_for(_KEY_BAR)
            terminal.wait_for(lambda text: "Reading" not in text)
            early = Figures.of(terminal.pid, home)
            began = time.monotonic()
            for number in range(rounds):
                ROUNDS[kind](terminal, number)
                terminal.raw.clear()
                if number + 1 == rounds // 10:
                    early = Figures.of(terminal.pid, home)
            seconds = (time.monotonic() - began) / rounds
            return early, Figures.of(terminal.pid, home), seconds


def main() -> int:
    """Print a table; returns 1 where anything grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(ROUNDS))
    given = parser.parse_args()
    print(f"{given.rounds} rounds; after a tenth of them → after the last")
    print(f"{'':9} {'MB':>15} {'growth':>7} {'descriptors':>12} {'threads':>9} {'journal KB':>12}")
    grown = False
    for kind in given.only:
        early, late, seconds = soak(kind, given.rounds)
        growth = late.megabytes / early.megabytes - 1
        # A connection or thread of the pools more or less is no growth.
        grown |= growth > MOST_GROWTH
        grown |= late.descriptors > early.descriptors + 8 or late.threads > early.threads + 8
        print(
            f"{kind:9} {early.megabytes:6.1f} → {late.megabytes:6.1f} {growth:7.1%} "
            f"{early.descriptors:5} → {late.descriptors:4} {early.threads:3} → {late.threads:3} "
            f"{early.journal >> 10:4} → {late.journal >> 10:5}   {seconds * 1000:.0f} ms a round",
            flush=True,
        )
    return int(grown)


if __name__ == "__main__":
    sys.exit(main())
