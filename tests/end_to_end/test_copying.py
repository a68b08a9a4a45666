"""What is copied really arrives: in the terminal's clipboard, and inside tmux in its buffer."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import pytest


def test_outside_tmux_the_terminal_is_asked_to_take_it(kmstui, embedded):
    terminal = kmstui("alias/ImportedCMK", columns=160, rows=45)
    terminal.wait_for("Enable IAM User Permissions")
    terminal.send("y", "a")
    terminal.wait_for("Alias sent to the terminal's clipboard")
    (sent,) = re.findall(rb"\x1b\]52;c;([^\a]*)\a", bytes(terminal.raw))
    assert base64.b64decode(sent).decode() == "alias/ImportedCMK"
    terminal.send("y", "p")
    terminal.wait_for("Policy sent to the terminal's clipboard")
    sent = re.findall(rb"\x1b\]52;c;([^\a]*)\a", bytes(terminal.raw))[-1]
    assert '"Sid": "Enable IAM User Permissions"' in base64.b64decode(sent).decode()


class Tmux:
    """A tmux server of its own, with one pane."""

    def __init__(self, environment, command):
        self.environment = {**environment, "TERM": "xterm-256color"}
        self("new-session", "-d", "-x", "100", "-y", "30", *command)

    def __call__(self, *arguments):
        return subprocess.run(
            ["tmux", "-u", "-f", os.devnull, "-L", "kmstui", *arguments],
            env=self.environment, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    def wait_for(self, text, seconds=30.0):
        deadline = time.monotonic() + seconds
        while text not in (screen := self("capture-pane", "-p")):
            assert time.monotonic() < deadline, f"never came: {text}\n{screen}"
            time.sleep(0.02)


@pytest.fixture
def tmux(bare_environment, embedded):
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    # The name of a socket must be short, which pytest's directories are not.
    with tempfile.TemporaryDirectory(prefix="kmstui-") as directory:
        environment = {**bare_environment, **embedded.environment, "TMUX_TMPDIR": directory}
        server = Tmux(environment, [sys.executable, "-m", "kmstui", "alias/ImportedCMK"])
        yield server
        server("kill-server")


def test_inside_tmux_it_is_in_tmux_buffer(tmux, embedded):
    tmux.wait_for("❯ ImportedCMK")
    tmux("send-keys", "y", "r")
    tmux.wait_for("Key ARN sent to tmux's buffer")
    assert tmux("show-buffer") == embedded.control.key("alias/ImportedCMK").metadata["Arn"]
