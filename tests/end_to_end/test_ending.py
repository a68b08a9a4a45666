"""Ended from outside: the terminal is as it was, and what was typed is kept."""

from __future__ import annotations

import signal
import termios

import pytest

from tests.pty_terminal import PtyTerminal

MODES = {
    b"\x1b[?1049h": b"\x1b[?1049l",
    b"\x1b[?25l": b"\x1b[?25h",
    b"\x1b[?2004h": b"\x1b[?2004l",
    b"\x1b[?1004h": b"\x1b[?1004l",
    b"\x1b[?7l": b"\x1b[?7h",
    b"\x1b[>25u": b"\x1b[<u",
}
"""What is switched on, and off: the other screen, no cursor, pastes, focus, no wrapping, keys."""


def left_on(terminal: PtyTerminal) -> list[bytes]:
    raw = bytes(terminal.raw)
    return [on for on, off in MODES.items() if raw.rfind(on) > raw.rfind(off)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_program_that_is_told_to_end_leaves_the_terminal_as_it_was(kmstui, number):
    terminal = kmstui()
    terminal.settle()
    assert left_on(terminal)
    assert not termios.tcgetattr(terminal.fd)[3] & termios.ECHO
    terminal.kill(number)
    assert terminal.wait_exit() == -number
    assert not left_on(terminal)
    assert termios.tcgetattr(terminal.fd)[3] & termios.ECHO


def test_a_program_that_is_told_to_end_before_its_first_frame_ends_without_a_fault(start):
    terminal = start()
    terminal.wait_for(lambda _: terminal.bytes_received)
    terminal.kill(signal.SIGTERM)
    assert terminal.wait_exit() == -signal.SIGTERM
    assert "fault" not in terminal.text


def test_what_was_typed_in_the_instant_before_is_kept(kmstui):
    terminal = kmstui("alias/ImportedCMK")
    terminal.send("e")
    terminal.wait_for("Enable IAM User Permissions")
    terminal.send("typed last")
    terminal.wait_for("typed last")
    terminal.kill(signal.SIGTERM)
    assert terminal.wait_exit() == -signal.SIGTERM
    terminal = kmstui("alias/ImportedCMK")
    terminal.send("e")
    terminal.wait_for("unsaved draft")
    terminal.send("g")
    terminal.wait_for("typed last")


_FAILS_AT_A_WORD = """
import sys
if "-m" in sys.orig_argv:
    from kmstui.ui.policy.highlighted_area import HighlightedTextArea as Area
    line = Area.line
    def fails(self, y):
        if "a fault" in self.document.text:
            raise ZeroDivisionError
        return line(self, y)
    Area.line = fails
"""


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_a_fault_ends_with_a_code_and_says_where_the_text_is(
    start, kmstui, embedded, tmp_path, size
):
    (tmp_path / "sitecustomize.py").write_text(_FAILS_AT_A_WORD)
    columns, rows = size
    patched = {**embedded.environment_for("instance"), "PYTHONPATH": str(tmp_path)}
    terminal = start("alias/ImportedCMK", env=patched, columns=columns, rows=rows)
    terminal.wait_for("alias/ImportedCMK")
    terminal.send("e")
    terminal.wait_for("Enable IAM User Permissions")
    terminal.send("typed before a fault")
    terminal.wait_for("kmstui had to stop.")
    terminal.wait_for("they are kept as a draft")
    assert terminal.wait_exit() == 1
    assert not left_on(terminal)
    terminal = kmstui("alias/ImportedCMK")
    terminal.send("e")
    terminal.wait_for("unsaved draft")
    terminal.send("g")
    terminal.wait_for("typed before a fault")
