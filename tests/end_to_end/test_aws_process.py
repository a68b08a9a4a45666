"""The process that talks to AWS, and the program when that goes away under it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

AWS_PROCESS = "kmstui.aws.process"


def test_no_credentials_are_among_its_arguments(kmstui, embedded):
    terminal = kmstui()
    arguments = Path(f"/proc/{terminal.child(AWS_PROCESS)}/cmdline").read_bytes().decode()
    held = {value for name, value in embedded.environment_for("instance").items() if "_KEY" in name}
    assert len(held) == 2
    assert not [value for value in held if value in arguments]


def test_after_it_was_killed_the_person_reads_again_and_goes_on(kmstui, embedded, aws):
    terminal = kmstui("alias/ImportedCMK")
    os.kill(terminal.child(AWS_PROCESS), signal.SIGKILL)
    key = embedded.control.key("alias/ImportedCMK").metadata["KeyId"]
    aws("kms", "create-alias", "--alias-name", "alias/newer", "--target-key-id", key, who="admin")
    terminal.send("r")
    terminal.wait_for("ImportedCMK +1")
    assert terminal.child(AWS_PROCESS)


def test_it_ends_with_the_program(kmstui):
    terminal = kmstui()
    child = terminal.child(AWS_PROCESS)
    terminal.send("q")
    assert terminal.wait_exit() == 0
    assert not Path(f"/proc/{child}").exists()
