"""Killed, cut off, or on a broken disk: the text is there at the next start, the truth told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pty_terminal import PtyTerminal

TYPED = "Typed by hand"
"""Stands in the text that must not be lost."""


@pytest.fixture
def key(embedded) -> str:
    return embedded.control.key("alias/ImportedCMK").metadata["KeyId"]


def prose(terminal: PtyTerminal, words: str) -> None:
    """Wait for words that may wrap."""
    terminal.wait_for(lambda text: words in " ".join(text.split()))


def wait_until(holds: Callable[[], object]) -> None:
    """Wait for something outside the terminal."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def find(terminal: PtyTerminal) -> None:
    terminal.send("/", "ImportedCMK", "enter")
    terminal.wait_for("1 of ")
    terminal.wait_for("alias/ImportedCMK")


def open_and_type(terminal: PtyTerminal) -> None:
    """Open the key's policy, and write a Sid by hand."""
    find(terminal)
    terminal.send("e")
    terminal.wait_for("Enable IAM User Permissions")
    terminal.send("ctrl+f", "Enable IAM User Permissions", "enter")
    terminal.wait_for("1 of 1")
    # Sent together, Esc and a letter are what terminals send for Alt and the letter.
    terminal.send("escape")
    terminal.wait_until_gone("1 of 1")
    terminal.send(TYPED)
    terminal.wait_for("draft kept")


def is_stored(embedded, key: str) -> bool:
    return TYPED in embedded.control.key(key).policy


def asked(embedded, operation: str) -> bool:
    return operation in embedded.control.operations()


class Step:
    """A moment to be killed at: what leads to it, and when it has come."""

    def __init__(self, name: str, *, stored: bool, fault: Callable | None = None) -> None:
        self.name = name
        self.stored = stored
        self.fault = fault or (lambda control: None)


STEPS = [
    Step("typing", stored=False),
    Step("review", stored=False),
    Step("put", stored=False, fault=lambda control: control.fault("hang", "PutKeyPolicy")),
    Step(
        "answer",
        stored=True,
        fault=lambda control: control.fault("hang", "PutKeyPolicy", after=True),
    ),
    Step("read-back", stored=True, fault=lambda control: control.set_lag(4_000)),
]


def bring_to(step: Step, terminal: PtyTerminal, embedded) -> None:
    if step.name == "typing":
        return
    terminal.send("ctrl+s")
    terminal.wait_for("After this save")
    if step.name == "review":
        return
    embedded.control.clear_requests()
    step.fault(embedded.control)
    terminal.send("y")
    if step.name == "read-back":
        terminal.wait_for("Waiting until reads show it")
    elif step.name == "answer":
        wait_until(lambda: TYPED in embedded.control.key("alias/ImportedCMK").policy)
    else:
        terminal.wait_for("Sending")


@pytest.mark.parametrize("step", STEPS, ids=lambda each: each.name)
def test_killed_at_every_step(kmstui, aws, embedded, key, step):
    terminal = kmstui()
    open_and_type(terminal)
    bring_to(step, terminal, embedded)
    terminal.kill()
    terminal.wait_exit()
    embedded.control.clear_faults()
    assert is_stored(embedded, key) == step.stored
    if step.name == "read-back":
        read = ("kms", "get-key-policy", "--key-id", key, "--policy-name", "default")
        wait_until(lambda: TYPED in aws(*read)["Policy"])

    again = kmstui()
    if step.name == "answer":
        # A put whose end is known by the journal already needs no word.
        prose(again, "kmstui ended while it saved")
        prose(again, "it was stored")
    find(again)
    again.send("e")
    if step.stored:
        again.wait_for(TYPED)
        assert "unsaved draft" not in again.text
    else:
        prose(again, "There is an unsaved draft")
        prose(again, "the stored policy has not changed since")
        again.send("g")
        again.wait_for(TYPED)


def test_an_answer_that_never_comes_is_found_out_by_reading_back(kmstui, embedded, key):
    terminal = kmstui()
    open_and_type(terminal)
    terminal.send("ctrl+s")
    terminal.wait_for("After this save")
    embedded.control.fault("close", "PutKeyPolicy", after=True)
    terminal.send("y")
    prose(terminal, "holds your policy, read back. The put got no clear answer")
    assert is_stored(embedded, key)


def test_an_endpoint_that_goes_away_leaves_the_text_and_says_what_is_known(kmstui, embedded, key):
    terminal = kmstui()
    open_and_type(terminal)
    terminal.send("ctrl+s")
    terminal.wait_for("After this save")
    embedded.control.fault("close", "PutKeyPolicy")
    terminal.send("y")
    terminal.wait_for("Waiting until reads show it")
    terminal.send("escape")
    prose(terminal, "Nobody can tell yet whether it was saved")
    prose(terminal, "still shows the policy before")
    embedded.control.clear_faults()
    terminal.send("enter")
    terminal.wait_for(TYPED)
    terminal.send("ctrl+s")
    terminal.wait_for("After this save")
    terminal.send("y")
    prose(terminal, "holds your policy, read back")
    assert is_stored(embedded, key)


def test_a_damaged_journal_is_told_and_the_edit_goes_on(kmstui, embedded, key, home):
    first = kmstui()
    open_and_type(first)
    first.kill()
    first.wait_exit()
    (database,) = [each for each in (home / "state").glob("*.db*") if each.suffix == ".db"]
    for beside in (home / "state").glob("journal.db-*"):
        beside.unlink()
    database.write_bytes(b"\xff" * 8192)
    terminal = kmstui()
    open_and_type(terminal)
    prose(terminal, "journal")
    terminal.send("ctrl+s")
    terminal.wait_for("After this save")
    terminal.send("y")
    prose(terminal, "holds your policy, read back")
    assert is_stored(embedded, key)
    # What was there before is not thrown away.
    assert len([each for each in (home / "state").iterdir() if each.is_file()]) > 1


def test_where_nothing_can_be_kept_nothing_is_sent(start, embedded, key, tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("no directory")
    before = embedded.control.key(key).policy
    state = {"KMSTUI_STATE_DIRECTORY": str(blocked / "state")}
    terminal = start(env={**embedded.environment, **state})
    terminal.wait_for("ImportedCMK")
    find(terminal)
    terminal.send("e")
    terminal.wait_for("Enable IAM User Permissions")
    terminal.send("down", "down", "end", "backspace", "backspace", '2",')
    terminal.send("ctrl+s")
    terminal.wait_for("After this save")
    terminal.send("y")
    prose(terminal, "nothing was sent")
    assert json.loads(embedded.control.key(key).policy) == json.loads(before)
