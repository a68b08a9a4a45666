"""How fast the editor answers to keys in a 32 KB policy, measured on a pseudo-terminal.

    python tests/benchmarks/keystrokes.py [--rounds 12] [--columns 80] [--rows 24] [--only editor]
        [--policy laid-out|one-line|faults] [--wrap]

A round holds every kind of key that writing a policy takes, each kind told on a line of its own,
from the key's press to the first and to the last byte of what comes of it.
The same keys go to Textual's own TextArea, which neither colours nor knows findings, and to a
program that only echoes them, in the same run: milliseconds alone say more of the machine than of
the program, and what the echo takes is the machine's alone. (Not called `typing.py`: the
scripts here are started by path, and that name would hide the standard library's module.)
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import select
import sys
import time
import tty
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

TESTS = Path(__file__).resolve().parent.parent
KINDS = ("editor", "plain", "echo")
POLICIES = ("laid-out", "one-line", "faults")
QUIET = 0.03
"""Seconds without a byte after which the answer to a key counts as complete."""
PAUSE_EVERY = 25
"""Keys after which the person pauses, so that the linter's findings come."""
UP, DOWN, RIGHT, LEFT = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
HOME, END, PAGE_UP, PAGE_DOWN = "\x1b[H", "\x1b[F", "\x1b[5~", "\x1b[6~"
WORD_LEFT, WORD_RIGHT = "\x1b[1;5D", "\x1b[1;5C"
UNDO, REDO = "\x1a", "\x19"
LINE = '"aws:PrincipalTag": "green"'
STATEMENT = """{
    "Sid": "Pasted",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:role/team-1"},
    "Action": ["kms:Encrypt", "kms:ReEncrypt"],
    "Resource": "*"
},"""


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


def one_line_policy() -> str:
    """The same as the AWS CLI and the console's log show it: 32 KB without a line break."""
    return json.dumps(json.loads(large_policy()) | {"Id": "x" * 12_000})


def faulty_policy() -> str:
    """A policy of nearly 32,768 bytes with something wrong on every second line."""
    statements = [
        {
            "Sid": f"Use {number}",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{number}:role/*"},
            "Servce": "s3",
            "Action": [f"kms:Decrpyt{number}", "s3:GetObject"],
            "Condition": {"StringEqual": {f"kms:Contxt{number}": "your-account-id"}},
        }
        for number in range(70)
    ]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=4)
    assert 31_000 < len(text) < 32_768, len(text)
    return text


def policy_of(name: str) -> str:
    """The text to type in."""
    makers = {"laid-out": large_policy, "one-line": one_line_policy, "faults": faulty_policy}
    return makers[name]()


def host(kind: str, policy: str, *, wrap: bool) -> None:
    """Run the widget alone: the child's side."""
    from textual.app import ComposeResult
    from textual.widgets import TextArea

    from kmstui import gc_tuning
    from kmstui.policy.authoring.completion import CompletionContext, complete
    from kmstui.policy.iam.vocabulary import knowledge
    from kmstui.policy.lint.linter import lint
    from kmstui.ui.policy.editor import PolicyEditor
    from kmstui.ui.style import TEXT_STYLE_CLASSES, style_sheets
    from kmstui.ui.style.theme import DARK
    from kmstui.ui.terminal.painter import PaintedApp
    from kmstui.ui.textual_internals.terminal_input import let_the_reader_in

    let_the_reader_in()
    vocabulary, context = knowledge(), CompletionContext(root="arn:aws:iam::111122223333:root")

    class Host(PaintedApp[None]):
        CSS_PATH: ClassVar = [str(sheet) for sheet in style_sheets()]
        COMPONENT_CLASSES: ClassVar[set[str]] = set(TEXT_STYLE_CLASSES)

        def __init__(self) -> None:
            super().__init__()
            self.register_theme(DARK)
            self.theme = DARK.name

        def compose(self) -> ComposeResult:
            if kind == "plain":
                yield TextArea(policy_of(policy), show_line_numbers=True, soft_wrap=wrap)
            else:
                yield PolicyEditor(
                    policy_of(policy),
                    lint=lint,
                    complete=lambda text, at: complete(text, at, vocabulary, context),
                )

        def on_mount(self) -> None:
            area = self.query_one(TextArea)
            area.cursor_blink = False
            area.soft_wrap = wrap
            area.focus()
            # As the program does once its first keys are there.
            gc_tuning.start()
            gc.collect()
            gc_tuning.keep()
            # Centred only once there is a layout to be in the middle of.
            at = (400, 200) if area.document.line_count > 1 else (0, 9_000)
            self.call_after_refresh(area.move_cursor, at, center=True)

    Host().run()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one key."""

    first: float
    """Milliseconds until the first byte."""
    last: float
    """Milliseconds until the last byte."""
    size: int
    """Bytes until nothing more came."""


def echo() -> None:
    """Send back each key: what nothing but the terminal and the machine take."""
    tty.setraw(0)
    os.write(1, b'"Statement"')
    while key := os.read(0, 64):
        os.write(1, key)


def a_round() -> Iterator[tuple[str, str]]:
    """Every kind of key with its name, from the middle of the text and back to there."""
    for _ in range(2):
        yield "Enter", "\r"
        yield from (("letter", letter) for letter in '"kms:DescribeKey",')
        yield from (("backspace", "\x7f") for _ in range(4))
    yield "paste of a word", pasted(LINE)
    yield from ((name, key) for name, key in (("undo", UNDO), ("redo", REDO), ("undo", UNDO)))
    yield from (("arrow", key) for key in (UP, UP, END, LEFT, LEFT, RIGHT, DOWN, HOME))
    yield "Tab", "\t"
    yield "Enter", "\r"
    yield "home, end", HOME
    yield "home, end", HOME
    yield from (("backspace joining lines", "\x7f"), ("undo", UNDO), ("redo", REDO))
    yield from (("paste of a statement", pasted(STATEMENT)), ("undo", UNDO))
    # Behind the edges: what is not on the screen comes into sight.
    yield from (("arrow past an edge", DOWN) for _ in range(40))
    yield from (("arrow past an edge", UP) for _ in range(40))
    yield from (("Enter past an edge", "\r") for _ in range(24))
    yield from (("backspace past an edge", "\x7f") for _ in range(48))
    yield from (("page", key) for key in (PAGE_DOWN, PAGE_DOWN, PAGE_UP, PAGE_UP))


def a_round_in_one_line() -> Iterator[tuple[str, str]]:
    """Keys for a text that is one line."""
    yield from (("letter", letter) for letter in '"kms:DescribeKey",')
    yield from (("backspace", "\x7f") for _ in range(8))
    yield "paste of a word", pasted(LINE)
    yield from (("undo", UNDO), ("redo", REDO), ("undo", UNDO))
    yield from (("arrow", key) for key in (UP, UP, LEFT, LEFT, RIGHT, DOWN, DOWN))
    yield from (("word", key) for key in (WORD_LEFT, WORD_LEFT, WORD_RIGHT, WORD_RIGHT))
    yield from (("Enter", "\r"), ("backspace joining lines", "\x7f"))
    yield from (("Enter", "\r"), ("undo", UNDO))
    yield from (("arrow past an edge", RIGHT) for _ in range(80))
    yield from (("arrow past an edge", LEFT) for _ in range(80))
    yield from (("home, end", HOME), ("letter", "x"), ("home, end", END), ("undo", UNDO))


def pasted(text: str) -> str:
    """What a terminal sends for a paste."""
    return f"\x1b[200~{text}\x1b[201~"


def answer_to(fd: int, key: str) -> Answer:
    """Press a key, and wait until nothing more comes of it."""
    size = 0
    first = last = 0.0
    start = time.perf_counter()
    os.write(fd, key.encode())
    wait = 0.5
    while select.select([fd], [], [], wait)[0]:
        last = (time.perf_counter() - start) * 1000
        first = first or last
        size += len(os.read(fd, 65536))
        wait = QUIET
    return Answer(first, last, size)


def measure(arguments: argparse.Namespace, kind: str) -> None:
    """Type at the child and print what came of it."""
    sys.path.insert(0, str(TESTS.parent))
    from tests.pty_terminal import PtyTerminal

    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    script = str(Path(__file__).resolve())
    command = [sys.executable, script, "--host", kind, "--policy", arguments.policy]
    command += ["--wrap"] * arguments.wrap
    a_round_of = a_round_in_one_line if arguments.policy == "one-line" else a_round
    size = {"columns": arguments.columns, "rows": arguments.rows}
    with PtyTerminal(command, env=env, **size) as terminal:
        terminal.wait_for("Statement")
        terminal.settle(1.0)
        answers: dict[str, list[Answer]] = {}
        pauses: list[int] = []
        keys = [key for _ in range(arguments.rounds) for key in a_round_of()]
        for number, (name, key) in enumerate(keys, 1):
            answer = answer_to(terminal.fd, key)
            if answer.size:
                answers.setdefault(name, []).append(answer)
            if number % PAUSE_EVERY == 0:
                before = terminal.bytes_received
                terminal.settle(0.4)
                pauses.append(terminal.bytes_received - before)
        everything = [answer for group in answers.values() for answer in group]
        for name, group in {**answers, "all": everything}.items():
            firsts, lasts = [each.first for each in group], [each.last for each in group]
            sizes = [answer.size for answer in group]
            print(
                f"| {kind} | {name} | {len(group)} "
                f"| {at(firsts, 0.5):.1f} | {at(firsts, 0.99):.1f} "
                f"| {at(lasts, 0.5):.1f} | {at(lasts, 0.99):.1f} | {max(lasts):.1f} "
                f"| {at(sizes, 0.5):.0f} | {at(sizes, 0.99):.0f} | {max(sizes)} |",
                flush=True,
            )
        print(
            f"| {kind} | a pause: findings, proposals | {len(pauses)} | | | | | "
            f"| {at(pauses, 0.5):.0f} | {at(pauses, 0.99):.0f} | {max(pauses)} |",
            flush=True,
        )


def at(values: list[float] | list[int], part: float) -> float:
    """The value below which `part` of all lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def main() -> None:
    """Measure the editor beside the plain TextArea."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", choices=KINDS)
    parser.add_argument("--only", choices=KINDS)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("--rows", type=int, default=24)
    parser.add_argument("--policy", choices=POLICIES, default=POLICIES[0])
    parser.add_argument("--wrap", action="store_true", help="wrap long lines")
    arguments = parser.parse_args()
    if arguments.host == "echo":
        echo()
        return
    if arguments.host:
        host(arguments.host, arguments.policy, wrap=arguments.wrap)
        return
    print(f"{arguments.columns}×{arguments.rows}, {arguments.policy}")
    print(
        "| widget | key | keys | first byte p50 ms | p99 ms | last byte p50 ms | p99 ms | max ms "
        "| p50 B | p99 B | max B |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for kind in [arguments.only] if arguments.only else KINDS:
        measure(arguments, kind)


if __name__ == "__main__":
    main()
