"""How fast kmstui reads an account, measured on a pseudo-terminal beside other programs.

    python tests/benchmarks/reading.py [start] [keys] [hydration] [memory] [idle] [options]

`--sizes 1000 100000`, `--when loading`, `--moves filter` and `--presses 100` measure a part only.

Every figure stands beside one of another program, or of the bare machine, from the same run:
milliseconds alone say more of the machine than of the program.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from kmstui.demo import EmbeddedOptions
from tests.benchmarks.process_tree import Memory, cpu_seconds, tree
from tests.benchmarks.process_tree import memory as memory_of
from tests.control import ControlledKms
from tests.pty_terminal import PtyTerminal

PYTHON = sys.executable
AWS = str(Path(PYTHON).with_name("aws"))
RUNS = 7
QUIET = 0.03
"""Seconds without a byte after which the answer to a key counts as complete."""

CURSOR = "❯"
"""Stands before the chosen key as soon as there is one."""

MOVES = {
    "cursor": ("j", "j", "j", "j", "j", "k"),
    "page": ("ctrl+d", "ctrl+d", "ctrl+u"),
    "filter": ("a", "p", "p", "backspace", "backspace", "backspace"),
}
WHEN = ("loading", "idle")


@dataclass(frozen=True)
class Choice:
    """What of the parts is measured."""

    sizes: tuple[int, ...]
    """Keys besides the embedded world's own; none: what each part usually takes."""
    when: tuple[str, ...]
    moves: tuple[str, ...]
    presses: int


def environment(embedded: ControlledKms, home: str) -> dict[str, str]:
    """The program's whole environment: the embedded KMS, and a home of its own."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": home,
        "LANG": "C.UTF-8",
        "KMSTUI_STATE_DIRECTORY": f"{home}/state",
        **embedded.environment,
    }


@contextmanager
def running(embedded: ControlledKms, columns: int = 80, rows: int = 24) -> Iterator[PtyTerminal]:
    """kmstui on a terminal against the embedded KMS."""
    with (
        tempfile.TemporaryDirectory() as home,
        PtyTerminal(
            [PYTHON, "-m", "kmstui"],
            columns=columns,
            rows=rows,
            env=environment(embedded, home),
            waits_seconds=180,
        ) as terminal,
    ):
        yield terminal


def listed(text: str) -> bool:
    """Whether all keys are in the table, described or not."""
    return "Keys" in text and "so far" not in text.partition("2 Aliases")[0]


def loaded(text: str) -> bool:
    """Whether the title of the keys tells of no more loading."""
    titles = [line for line in text.splitlines() if "1 Keys" in line]
    return bool(titles) and "(and " in titles[0] and "described" not in titles[0]


def row(*cells: object) -> None:
    """Print one line of a table."""
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(*cells: str) -> None:
    """Print the head of a table."""
    print()
    row(*cells)
    row(*("---" for _ in cells))


def percentile(values: list[float], part: float) -> float:
    """The value below which `part` of all lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def milliseconds(action: Callable[[], object]) -> float:
    """How long an action takes."""
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1000


def start(choice: Choice) -> None:
    """First frame and first keys on the screen, beside `aws kms list-keys` and `python -c pass`."""
    with ControlledKms.start(EmbeddedOptions()) as embedded:
        frames, keys, aliases, cli, bare = [], [], [], [], []
        with tempfile.TemporaryDirectory() as home:
            env = environment(embedded, home)
            for _ in range(RUNS):
                bare.append(milliseconds(lambda: _run([PYTHON, "-c", "pass"], env)))
                cli.append(milliseconds(lambda: _run([AWS, "kms", "list-keys"], env)))
                began = time.perf_counter()
                with running(embedded) as terminal:
                    terminal.wait_for(lambda text: text.strip())
                    frames.append((time.perf_counter() - began) * 1000)
                    terminal.wait_for(CURSOR)
                    keys.append((time.perf_counter() - began) * 1000)
                    terminal.wait_for("ImportedCMK")
                    aliases.append((time.perf_counter() - began) * 1000)
    unit = statistics.median(cli)
    head("start, median of " + str(RUNS), "ms", "ratio to `aws kms list-keys`")
    for name, values in (
        ("kmstui: first frame", frames),
        ("kmstui: keys on the screen", keys),
        ("kmstui: with their aliases", aliases),
        ("aws kms list-keys: done", cli),
        ("python -c pass", bare),
    ):
        middle = statistics.median(values)
        row(name, f"{middle:.0f}", f"{middle / unit:.2f}")


def _run(command: list[str], env: Mapping[str, str]) -> None:
    subprocess.run(command, env=dict(env), check=True, capture_output=True)


def keys(choice: Choice) -> None:
    """Key to first byte and bytes a key, by size of the account, idle and while loading."""
    head("key presses", "keys", "when", "p50 ms", "p99 ms", "p50 bytes", "p99 bytes")
    for extra in choice.sizes or (1_000, 10_000, 100_000):
        # The latency keeps the loading going for as long as the keys are measured.
        with ControlledKms.start(EmbeddedOptions(extra_keys=extra, latency=0.02)) as embedded:
            if "loading" in choice.when:
                with running(embedded) as terminal:
                    terminal.wait_for(CURSOR)
                    _measure(terminal, extra, "loading", choice)
            if "idle" in choice.when:
                embedded.control.set_latency(0)
                with running(embedded) as terminal:
                    terminal.wait_for(CURSOR)
                    terminal.wait_for(listed)
                    # Esc stops the descriptions, which go on for minutes at 100,000 keys.
                    terminal.send("escape")
                    terminal.settle(1.0)
                    _measure(terminal, extra, "idle", choice)


def _measure(terminal: PtyTerminal, count: int, when: str, choice: Choice) -> None:
    for name in choice.moves:
        if name == "filter":
            terminal.send("/")
            terminal.settle(QUIET, timeout=1)
        sequence = MOVES[name]
        press(terminal, sequence)
        _report(name, count, when, press(terminal, sequence * (choice.presses // len(sequence))))
        if name == "filter":
            terminal.send("escape")
            terminal.settle(0.2, timeout=1)


def _report(name: str, count: int, when: str, measured: list[tuple[float, int]]) -> None:
    times = [each[0] for each in measured]
    sizes = [float(each[1]) for each in measured]
    row(
        name,
        f"{count:,}",
        when,
        f"{statistics.median(times):.1f}",
        f"{percentile(times, 0.99):.1f}",
        f"{statistics.median(sizes):.0f}",
        f"{percentile(sizes, 0.99):.0f}",
    )


def press(terminal: PtyTerminal, sequence: Sequence[str]) -> list[tuple[float, int]]:
    """Milliseconds to the first byte, and bytes, of each key of a sequence."""
    measured = []
    for key in sequence:
        while terminal.read(0):
            pass
        before = terminal.bytes_received
        began = time.perf_counter()
        terminal.send(key)
        # A key without an answer counts as one that took that long.
        answered = terminal.read(2.0)
        elapsed = (time.perf_counter() - began) * 1000
        if not answered and elapsed < 2000:
            raise RuntimeError(f"the program has ended; the screen shows:\n{terminal.text}")
        while terminal.read(QUIET):
            pass
        measured.append((elapsed, terminal.bytes_received - before))
    return measured


def hydration(choice: Choice) -> None:
    """Everything of 10,000 keys at 20 ms latency, beside a sequential boto3 loop."""
    for extra in choice.sizes or (10_000,):
        _hydrate(extra)


def _hydrate(extra: int, sample: int = 100) -> None:
    with ControlledKms.start(EmbeddedOptions(extra_keys=extra, latency=0.02)) as embedded:
        embedded.control.wait_until_filled()
        with tempfile.TemporaryDirectory() as home:
            script = (
                "import boto3, time\n"
                "kms = boto3.client('kms')\n"
                f"ids = [key['KeyId'] for key in kms.list_keys(Limit={sample})['Keys']]\n"
                "began = time.perf_counter()\n"
                "for each in ids:\n"
                "    kms.describe_key(KeyId=each)\n"
                "print((time.perf_counter() - began) / len(ids))\n"
            )
            each = float(
                subprocess.run(
                    [PYTHON, "-c", script],
                    env=environment(embedded, home),
                    check=True,
                    capture_output=True,
                    text=True,
                ).stdout
            )
        embedded.control.clear_requests()
        began = time.perf_counter()
        with running(embedded) as terminal:
            terminal.wait_for(CURSOR)
            terminal.wait_for(loaded)
            elapsed = time.perf_counter() - began
        calls = Counter(embedded.control.operations())
    head(f"hydration of {extra:,} keys at 20 ms", "s", "ratio")
    row("boto3, one after the other (from a sample)", f"{each * extra:.0f}", "1.00")
    row("kmstui, start to complete", f"{elapsed:.1f}", f"{elapsed / (each * extra):.3f}")
    head("calls", "number")
    for operation, number in calls.most_common():
        row(operation, number)


def memory(choice: Choice) -> None:
    """Memory of the program with its processes, all keys described, beside the bare program."""
    head("resident memory (proportional), MB", "program", "AWS process", "together", "ratio")
    bare = 0.0
    for extra in (0, *(choice.sizes or (100_000,))):
        program, *others = _memory_with(extra)
        whole = sum(others, program)
        bare = bare or whole.resident
        shown = [
            f"{each.resident:.0f} ({each.proportional:.0f})"
            for each in (program, sum(others, Memory(0, 0)), whole)
        ]
        row(f"{extra:,} more keys", *shown, f"{whole.resident / bare:.2f}")


def _memory_with(extra: int) -> list[Memory]:
    """What each process has once everything is read, the program first.

    The embedded AWS is none of them: the benchmark runs it itself.
    """
    with ControlledKms.start(EmbeddedOptions(extra_keys=extra)) as embedded:
        embedded.control.wait_until_filled(timeout=300)
        with running(embedded) as terminal:
            terminal.wait_for(CURSOR)
            terminal.wait_for(loaded, timeout=900)
            terminal.settle(1.0, timeout=10)
            return [memory_of(pid) for pid in tree(terminal.pid)]


def idle(choice: Choice) -> None:
    """CPU time and bytes of an idle minute."""
    with ControlledKms.start(EmbeddedOptions()) as embedded, running(embedded) as terminal:
        terminal.wait_for(CURSOR)
        terminal.settle(3.0)
        before, received = cpu_seconds(terminal.pid), terminal.bytes_received
        deadline = time.monotonic() + 60
        while (left := deadline - time.monotonic()) > 0:
            terminal.read(left)
        used = cpu_seconds(terminal.pid) - before
    head("an idle minute", "")
    row("CPU seconds", f"{used:.2f}")
    row("bytes to the terminal", terminal.bytes_received - received)


PARTS = {
    "start": start,
    "keys": keys,
    "hydration": hydration,
    "memory": memory,
    "idle": idle,
}


def main() -> None:
    """Measure the parts that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=list(PARTS))
    parser.add_argument("--sizes", type=int, nargs="+", default=[])
    parser.add_argument("--when", nargs="+", choices=WHEN, default=WHEN)
    parser.add_argument("--moves", nargs="+", choices=MOVES, default=list(MOVES))
    parser.add_argument("--presses", type=int, default=300)
    given = parser.parse_args()
    choice = Choice(tuple(given.sizes), tuple(given.when), tuple(given.moves), given.presses)
    for part in given.parts:
        PARTS[part](choice)


if __name__ == "__main__":
    main()
