"""How fast the editor answers to keys in a 32 KB policy, measured on a pseudo-terminal.

    python tests/benchmarks/keystrokes.py [--keys 600] [--columns 80] [--rows 24]

The same keys go to Textual's own TextArea, which neither colours nor knows findings, and to a
program that only echoes them, in the same run: milliseconds alone say more of the machine than of
the program, and what the echo takes is the machine's alone. (Not called `typing.py`: the
scripts here are started by path, and that name would hide the standard library's module.)
"""

from __future__ import annotations

import argparse
import json
import os
import select
import sys
import time
import tty
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
SHEET = TESTS.parent / "styles" / "editor.tcss"
KINDS = ("editor", "plain", "echo")
QUIET = 0.03
"""Seconds without a byte after which the answer to a key counts as complete."""
PAUSE_EVERY = 25
"""Keys after which the person pauses, so that the linter's answer comes."""
TYPED = '"kms:DescribeKey",'


def large_policy() -> str:
    """A policy of nearly 32,768 bytes with some findings on every screen."""
    statements = [
        {
            "Sid": f"Statement {number}",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::111122223333:role/team-{number}"},
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws: PrincipalTag": "blue", "kms:ViaService": "s3"}},
        }
        for number in range(55)
    ]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=4)
    assert 31_000 < len(text) < 32_768, len(text)
    return text


def host(kind: str) -> None:
    """Run the widget alone: the child's side."""
    from textual.app import App, ComposeResult
    from textual.widgets import TextArea

    from kmstui.policy.completion import CompletionContext, complete
    from kmstui.policy.knowledge import knowledge
    from kmstui.policy.linter import lint
    from kmstui.ui.editor.editor import PolicyEditor

    vocabulary, context = knowledge(), CompletionContext(root="arn:aws:iam::111122223333:root")

    class Host(App[None]):
        CSS_PATH = SHEET

        def compose(self) -> ComposeResult:
            if kind == "plain":
                yield TextArea(large_policy(), show_line_numbers=True, soft_wrap=False)
            else:
                yield PolicyEditor(
                    large_policy(),
                    lint=lint,
                    complete=lambda text, at: complete(text, at, vocabulary, context),
                )

        def on_mount(self) -> None:
            area = self.query_one(TextArea)
            area.cursor_blink = False
            area.focus()
            # Centred only once there is a layout to be in the middle of.
            self.call_after_refresh(area.move_cursor, (400, 200), center=True)

    Host().run()


def echo() -> None:
    """Send back each key: what nothing but the terminal and the machine take."""
    tty.setraw(0)
    os.write(1, b'"Statement"')
    while key := os.read(0, 64):
        os.write(1, key)


def keys(count: int) -> Iterator[str]:
    """What is typed: actions on lines of their own, with a correction now and then."""
    made = 0
    while made < count:
        for key in ["\r", *TYPED, "x", "\x7f"]:
            yield key
            made += 1


def measure(kind: str, columns: int, rows: int, count: int) -> None:
    """Type at the child and print what came of it."""
    sys.path.insert(0, str(TESTS))
    from pty_terminal import PtyTerminal

    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    command = [sys.executable, str(Path(__file__).resolve()), "--host", kind]
    with PtyTerminal(command, columns=columns, rows=rows, env=env) as terminal:
        terminal.wait_for("Statement")
        terminal.settle(1.0)
        times: dict[str, list[float]] = {"typed": [], "enter": []}
        sizes: dict[str, list[int]] = {"typed": [], "enter": []}
        pauses: list[int] = []
        for number, key in enumerate(keys(count), 1):
            name = "enter" if key == "\r" else "typed"
            before = terminal.bytes_received
            start = time.perf_counter()
            os.write(terminal.fd, key.encode())
            select.select([terminal.fd], [], [], 5)
            times[name].append((time.perf_counter() - start) * 1000)
            terminal.settle(QUIET)
            sizes[name].append(terminal.bytes_received - before)
            if number % PAUSE_EVERY == 0:
                before = terminal.bytes_received
                terminal.settle(0.4)
                pauses.append(terminal.bytes_received - before)
        for name, taken in {**times, "all": times["typed"] + times["enter"]}.items():
            sent = sizes.get(name) or sizes["typed"] + sizes["enter"]
            print(
                f"| {kind} | {columns}×{rows} | {name} | {len(taken)} "
                f"| {at(taken, 0.5):.1f} | {at(taken, 0.99):.1f} "
                f"| {at(sent, 0.5):.0f} | {at(sent, 0.99):.0f} "
                f"| {max(sent)} | {at(pauses, 0.5):.0f} |",
                flush=True,
            )


def at(values: list[float] | list[int], part: float) -> float:
    """The value below which `part` of all lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def main() -> None:
    """Measure the editor beside the plain TextArea."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", choices=KINDS)
    parser.add_argument("--keys", type=int, default=600)
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("--rows", type=int, default=24)
    arguments = parser.parse_args()
    if arguments.host == "echo":
        echo()
        return
    if arguments.host:
        host(arguments.host)
        return
    print("| widget | terminal | key | keys | p50 ms | p99 ms | p50 B | p99 B | max B | pause B |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for kind in KINDS:
        measure(kind, arguments.columns, arguments.rows, arguments.keys)


if __name__ == "__main__":
    main()
