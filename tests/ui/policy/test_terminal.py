"""What the changes leave on a real terminal is what stands in the text: nothing stale, no more."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import pty_terminal

HERE = Path(__file__).resolve().parent

STATEMENT = {
    "Sid": "One",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    "Action": ["kms:Encrypt", "kms:ReEncrypt"],
    "Resource": "*",
}
TEXT = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT] * 4}, indent=4)
EDITS = [
    ["down"] * 12 + ["end", "enter", '"kms:Decrypt",', "enter", "x", "up", "backspace"],
    ["pagedown", "end", "enter", "enter", "[", "enter", "]", "ctrl+z", "ctrl+z", "ctrl+z"],
    ["pageup", "pageup", "down", "down", "\x1b[1;4B", "\x1b[1;3B", "ctrl+z", "\x1b[3;5~"],
    ["ctrl+f", "Encrypt", "enter", "enter", "escape", "ctrl+k", "ctrl+k", "tab", "ctrl+z"],
    ["f8", "down", "home", "x" * 90, "home", "end", "漢字", "left", "backspace", "f8", "f8"],
    ["pageup", "pageup", "down", "enter", '"Sid": "', "enter", "ctrl+z", "f2", "down", "f2"],
]


@contextmanager
def editor_of(directory, columns):
    """The editor on a terminal, with a policy of this directory drawn and linted."""
    file = directory / "policy.json"
    file.write_text(TEXT)
    command = [sys.executable, str(HERE / "terminal_host.py"), str(file)]
    # pytest-xdist sets the size of a terminal of its own, which Textual would believe.
    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    with pty_terminal.PtyTerminal(command, columns=columns, rows=16, env=env) as terminal:
        terminal.wait_for("1 error")
        yield terminal


@pytest.mark.parametrize("columns", [80, 34])
def test_no_change_leaves_anything_stale_on_the_terminal(tmp_path, columns):
    with editor_of(tmp_path, columns=columns) as terminal:
        for number, keys in enumerate(EDITS, 1):
            terminal.send(*keys, "ctrl+b")
            terminal.wait_for(f"settled {number}")
            left = terminal.lines[:-1]
            terminal.send("ctrl+n")
            terminal.wait_for(f"redrawn {number}")
            assert left == terminal.lines[:-1], keys
        terminal.send("ctrl+s")
        assert terminal.wait_exit() == 0
    assert (tmp_path / "policy.json").read_text() != TEXT


def test_after_a_stop_the_whole_screen_is_drawn_again(tmp_path):
    with editor_of(tmp_path, columns=80) as terminal:
        before = terminal.lines
        terminal.kill(signal.SIGTSTP)
        os.waitpid(terminal.pid, os.WUNTRACED)
        terminal.settle()
        # What a shell and other programs have left there.
        terminal.erase()
        terminal.kill(signal.SIGCONT)
        terminal.wait_for(lambda _: terminal.lines == before)
        terminal.send("ctrl+s")
        assert terminal.wait_exit() == 0


def test_ctrl_l_repairs_what_something_else_has_written_over(tmp_path):
    with editor_of(tmp_path, columns=80) as terminal:
        before = terminal.lines
        terminal.erase()
        terminal.send("ctrl+l")
        terminal.wait_for(lambda _: terminal.lines == before)
        terminal.send("ctrl+s")
        assert terminal.wait_exit() == 0
