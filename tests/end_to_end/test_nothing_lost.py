"""Killed, cut off, or on a broken disk: the text is there at the next start, the truth told."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pty_terminal import PtyTerminal

TYPED = "Typed by hand"
"""Stands in the text that must not be lost."""


@pytest.fixture
def key(embedded) -> str:
    return str(embedded.control.key("alias/ImportedCMK").metadata["KeyId"])


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
    terminal.send("/", "ImportedCMK")
    terminal.wait_for("1 of ")
    terminal.send("enter")
    terminal.settle()
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


def save(terminal: PtyTerminal) -> None:
    """Review, and confirm."""
    terminal.send("ctrl+s")
    terminal.wait_for("After this save")
    terminal.send("y")


def to_the_review(terminal: PtyTerminal, embedded) -> None:
    terminal.send("ctrl+s")
    terminal.wait_for("After this save")


def to_a_put_under_way(terminal: PtyTerminal, embedded) -> None:
    embedded.control.fault("hang", "PutKeyPolicy")
    save(terminal)
    terminal.wait_for("Sending")


def to_a_put_that_is_stored_and_not_answered(terminal: PtyTerminal, embedded) -> None:
    embedded.control.fault("hang", "PutKeyPolicy", after=True)
    save(terminal)
    wait_until(lambda: is_stored(embedded, "alias/ImportedCMK"))


def to_the_read_back(terminal: PtyTerminal, embedded) -> None:
    embedded.control.set_lag(4_000)
    save(terminal)
    terminal.wait_for("Waiting until reads show it")


def kill(terminal: PtyTerminal, embedded) -> None:
    terminal.kill()
    terminal.wait_exit()
    embedded.control.clear_faults()


def test_killed_while_it_is_not_stored_the_draft_is_there(kmstui, embedded, key):
    terminal = kmstui()
    open_and_type(terminal)
    for step in (lambda *_: None, to_the_review, to_a_put_under_way):
        step(terminal, embedded)
        kill(terminal, embedded)
        assert not is_stored(embedded, key)
        terminal = kmstui()
        find(terminal)
        terminal.send("e")
        prose(terminal, "There is an unsaved draft")
        prose(terminal, "the stored policy has not changed since")
        terminal.send("g")
        terminal.wait_for(TYPED)


def test_a_terminal_that_closes_leaves_the_draft_and_no_program_behind(kmstui):
    terminal = kmstui()
    open_and_type(terminal)
    assert terminal.hang_up() == -signal.SIGHUP
    terminal = kmstui()
    find(terminal)
    terminal.send("e")
    prose(terminal, "There is an unsaved draft")
    terminal.send("g")
    terminal.wait_for(TYPED)


@pytest.mark.parametrize(
    "step", [to_a_put_that_is_stored_and_not_answered, to_the_read_back], ids=["answer", "reading"]
)
def test_killed_once_it_is_stored_the_truth_is_told(kmstui, aws, embedded, key, step):
    terminal = kmstui()
    open_and_type(terminal)
    step(terminal, embedded)
    kill(terminal, embedded)
    read = ("kms", "get-key-policy", "--key-id", key, "--policy-name", "default")
    wait_until(lambda: TYPED in aws(*read)["Policy"])
    again = kmstui()
    if step is not to_the_read_back:
        # A put whose end the journal knows already needs no word.
        prose(again, "kmstui ended while it saved")
        prose(again, "it was stored")
    find(again)
    again.send("e")
    again.wait_for(TYPED)
    assert "unsaved draft" not in again.text


def test_an_answer_that_never_comes_is_found_out_by_reading_back(kmstui, embedded, key):
    terminal = kmstui()
    open_and_type(terminal)
    terminal.send("ctrl+s")
    terminal.wait_for("After this save")
    embedded.control.fault("close", "PutKeyPolicy", after=True)
    terminal.send("y")
    prose(terminal, "holds your policy, read back. The put got no clear answer")
    assert is_stored(embedded, key)


def test_when_the_process_that_sent_it_is_killed_the_truth_is_found_by_reading(
    kmstui, embedded, key
):
    terminal = kmstui()
    open_and_type(terminal)
    to_a_put_that_is_stored_and_not_answered(terminal, embedded)
    os.kill(terminal.child("kmstui.aws.process"), signal.SIGKILL)
    embedded.control.clear_faults()
    prose(terminal, "holds your policy, read back. The put got no clear answer")


def test_an_endpoint_that_goes_away_leaves_the_text_and_says_what_is_known(kmstui, embedded, key):
    terminal = kmstui()
    open_and_type(terminal)
    terminal.send("ctrl+s")
    terminal.wait_for("After this save")
    embedded.control.fault("close", "PutKeyPolicy")
    terminal.send("y")
    terminal.wait_for("Waiting until reads show it")
    terminal.send("escape")
    prose(terminal, "It is not known yet whether it was saved")
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
    terminal = kmstui(shows="audit/cloudtrail")
    prose(terminal, "The journal was damaged")
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
    prose(terminal, "Nothing can be changed. Journal:")
    terminal.wait_for("audit/cloudtrail")
    find(terminal)
    terminal.send("e")
    terminal.wait_for("Enable IAM User Permissions")
    terminal.send("down", "down", "end", "backspace", "backspace", '2",')
    terminal.send("ctrl+s")
    terminal.wait_for("After this save")
    terminal.send("y")
    prose(terminal, "nothing was sent")
    assert json.loads(embedded.control.key(key).policy) == json.loads(before)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_statements_for_several_keys_outlive_the_program(kmstui, number):
    terminal = kmstui()
    # Until then a key of AWS's own counts as one of ours.
    terminal.wait_for("48 (and 6 of AWS: a)")
    terminal.settle()
    terminal.send("*", "S", "a")
    terminal.wait_for("Esc writes one by hand")
    terminal.send("escape")
    terminal.wait_for("Statements to add to 48 keys")
    terminal.wait_until_gone("Esc writes one by hand")
    # Alone, since Esc and what follows at once are one key.
    terminal.send("end")
    terminal.send(TYPED)
    terminal.wait_for("draft kept")
    terminal.kill(number)
    terminal.wait_exit()
    again = kmstui()
    prose(again, "Drafts that are not saved: statements for several keys. S opens one again.")
    again.send("S", "a")
    again.wait_for("Statements for several keys, typed")
    again.send("g")
    again.wait_for(TYPED)


def test_a_save_without_an_answer_can_be_left_and_its_end_is_told(kmstui, embedded, key):
    terminal = kmstui()
    open_and_type(terminal)
    embedded.control.fault("hang", "PutKeyPolicy", after=True)
    terminal.send("ctrl+s")
    terminal.wait_for("After this save")
    terminal.send("y")
    terminal.wait_for("Leave it to itself")
    terminal.send("escape")
    prose(terminal, "is still being saved; how that ended will be told here")
    terminal.send("ctrl+q")
    terminal.wait_for("ended is told at the next start")
    terminal.send("n")
    terminal.wait_until_gone("Quit?")
    embedded.control.clear_faults()
    prose(terminal, "Saved")
    assert TYPED in embedded.control.key("alias/ImportedCMK").policy


EDITOR = """#!/bin/sh
trap '' HUP
echo $$ > "$HOME/opened"
while [ ! -e "$HOME/save" ]; do sleep 0.05; done
sed 's/Enable IAM User Permissions/Typed by hand/' "$1" > "$HOME/new" && cp "$HOME/new" "$1"
touch "$HOME/saved"
while [ ! -e "$HOME/end" ]; do sleep 0.05; done
"""


@pytest.fixture
def editor(home) -> Iterator[dict[str, str]]:
    """An editor that saves and ends when files in the home say so; ended after the test."""
    path = home / "editor"
    path.write_text(EDITOR)
    path.chmod(0o700)
    yield {"EDITOR": str(path)}
    (home / "save").touch()
    (home / "end").touch()


@pytest.mark.parametrize(
    ("end", "still_open"),
    [
        (PtyTerminal.kill, False),
        (PtyTerminal.kill, True),
        (lambda terminal: terminal.kill(signal.SIGTERM), True),
        (lambda terminal: terminal.kill(signal.SIGHUP), True),
        (PtyTerminal.hang_up, True),
    ],
    ids=["killed, editor ended", "killed", "SIGTERM", "SIGHUP", "terminal closed"],
)
def test_what_an_editor_saves_after_kmstui_has_ended_is_offered(
    start, embedded, home, editor, end, still_open
):
    def begin() -> PtyTerminal:
        terminal: PtyTerminal = start(env={**embedded.environment, **editor})
        terminal.wait_for("ImportedCMK")
        return terminal

    terminal = begin()
    find(terminal)
    terminal.send("E")
    wait_until((home / "opened").exists)
    end(terminal)
    if terminal.fd >= 0:
        terminal.wait_exit()
    assert Path(f"/proc/{int((home / 'opened').read_text())}").exists()
    (home / "save").touch()
    wait_until((home / "saved").exists)
    if not still_open:
        (home / "end").touch()
        editor_process = int((home / "opened").read_text())
        wait_until(lambda: not Path(f"/proc/{editor_process}").exists())
    again = begin()
    prose(again, "(alias/ImportedCMK). e opens one again.")
    assert bool(list((home / "state").glob("editor-*"))) == still_open
    find(again)
    again.send("e")
    prose(again, "There is an unsaved draft")
    again.send("g")
    again.wait_for(TYPED)


def test_an_editor_that_saves_nothing_leaves_no_draft_and_no_file(start, embedded, home, editor):
    environ = {**embedded.environment, **editor}
    terminal = start(env=environ)
    terminal.wait_for("ImportedCMK")
    find(terminal)
    terminal.send("E")
    wait_until((home / "opened").exists)
    terminal.kill()
    terminal.wait_exit()
    os.kill(int((home / "opened").read_text()), signal.SIGKILL)
    again = start(env=environ)
    again.wait_for("ImportedCMK")
    wait_until(lambda: not list((home / "state").glob("editor-*")))
    find(again)
    again.send("e")
    again.wait_for("Enable IAM User Permissions")
    assert "draft" not in again.text


def test_a_save_that_is_left_before_it_was_sent_sends_nothing(kmstui, embedded, key):
    terminal = kmstui()
    open_and_type(terminal)
    terminal.send("ctrl+s")
    terminal.wait_for("After this save")
    terminal.settle()
    embedded.control.fault("hang", "GetKeyPolicy")
    terminal.send("y")
    terminal.wait_for("Do not send")
    terminal.send("escape")
    terminal.wait_until_gone("Do not send")
    embedded.control.clear_faults()
    prose(terminal, "nothing was sent")
    assert TYPED not in embedded.control.key("alias/ImportedCMK").policy
    assert "PutKeyPolicy" not in embedded.control.operations()
