"""The person's own editor: the text comes back, and its only copy is never deleted."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.app import SuspendNotSupported

from kmstui.model import Arn
from kmstui.service.changes import ChangeScope
from kmstui.service.errors import JournalError
from kmstui.service.ports import Scope
from kmstui.ui.editing.edited_files import EditedFile, note_file, take_in
from kmstui.ui.editing.external_editor import edit_externally
from tests.fakes import IMPORTED, NOW, MemoryJournal, arn_of


class Terminal:
    """An app that gives its terminal away, or cannot."""

    def __init__(self, *, can: bool = True) -> None:
        self.can = can

    @contextmanager
    def suspend(self):
        if not self.can:
            raise SuspendNotSupported("no")
        yield


@pytest.fixture
def editor(tmp_path):
    """Install a shell script as the editor; returns the environment that names it."""

    def install(script: str, name: str = "EDITOR") -> dict[str, str]:
        path = tmp_path / "an editor"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o700)
        return {name: f"'{path}' --wait", "PATH": os.environ["PATH"]}

    return install


@pytest.fixture
def private(tmp_path: Path) -> Path:
    directory = tmp_path / "private"
    directory.mkdir(mode=0o700)
    return directory


def edit(text, environ, private, *, keep=lambda text: None, note=lambda path: None, app=None):
    terminal: Any = app or Terminal()
    return edit_externally(terminal, text, directory=private, keep=keep, note=note, environ=environ)


def test_the_text_comes_back_and_is_kept_before_the_file_goes(editor, private):
    files_while_kept = []
    kept = []

    def keep(text):
        kept.append(text)
        files_while_kept.extend(private.iterdir())

    came = edit("{}", editor('printf "[1]\\n" > "$2"'), private, keep=keep)
    assert (came.text, came.trouble, came.kept) == ("[1]", "", None)
    assert kept == ["[1]"]
    assert len(files_while_kept) == 1
    assert not list(private.iterdir())


def test_nobody_else_can_read_the_file(editor, private, tmp_path):
    edit("{}", editor(f'stat -c %a "$2" > {tmp_path}/mode'), private)
    assert int((tmp_path / "mode").read_text(), 8) == stat.S_IRUSR | stat.S_IWUSR


def test_visual_goes_before_editor(editor, private):
    environ = editor('printf visual > "$2"', "VISUAL") | {"EDITOR": "false"}
    assert edit("{}", environ, private).text == "visual"


@pytest.mark.parametrize(
    ("script", "option", "told"),
    [
        ("exit 0", "", "EDITOR='code --wait'"),
        ("exit 0", " --wait", ""),
        ("exit 0", " -w", ""),
        ('printf "[1]" > "$1"', "", ""),
    ],
)
def test_an_editor_that_does_not_wait_for_its_window_is_told_about(
    private, tmp_path, script, option, told
):
    path = tmp_path / "code"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    came = edit("{}", {"EDITOR": f"{path}{option}", "PATH": os.environ["PATH"]}, private)
    assert told in came.trouble
    assert bool(told) == bool(came.trouble)


def test_an_editor_that_fails_gives_back_what_it_wrote(editor, private):
    came = edit("{}", editor('printf half > "$2"; exit 3'), private)
    assert came.text == "half"
    assert "ended with exit code 3" in came.trouble


def test_an_editor_that_is_killed_gives_back_what_it_wrote(editor, private):
    came = edit("{}", editor('printf half > "$2"; kill -9 $$'), private)
    assert came.text == "half"
    assert "was ended by signal 9" in came.trouble


def test_an_editor_that_deletes_the_file_leaves_the_text_from_before(editor, private):
    came = edit("{}", editor('rm "$2"'), private)
    assert came.text == "{}"
    assert "could not be read" in came.trouble


def test_what_is_no_utf8_stays_in_its_file(editor, private):
    came = edit("{}", editor('printf "\\377" > "$2"'), private)
    assert came.text == "{}"
    assert came.kept is not None
    assert came.kept.read_bytes() == b"\xff"
    assert str(came.kept) in came.trouble


def test_the_file_stays_where_the_journal_fails(editor, private):
    def keep(text):
        raise OSError(28, "No space left on device")

    came = edit("{}", editor('printf new > "$2"'), private, keep=keep)
    assert came.text == "new"
    assert came.kept is not None
    assert came.kept.read_text() == "new"
    assert "No space left on device" in came.trouble


def test_a_missing_editor_is_named_and_another_opened(private, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    vi = tools / "vi"
    vi.write_text('#!/bin/sh\nprintf vi > "$1"\n')
    vi.chmod(0o700)
    came = edit("{}", {"EDITOR": "emacs -nw", "PATH": str(tools)}, private)
    # The script's own shell is found by its path, so vi has run.
    assert came.text == "vi"
    assert (
        came.trouble
        == "$EDITOR names 'emacs -nw', which is not installed here. vi was opened instead."
    )


@pytest.mark.parametrize("environ", [{}, {"EDITOR": "none"}, {"VISUAL": "'", "EDITOR": ""}])
def test_without_any_editor_it_says_so(environ, private, tmp_path):
    came = edit("{}", {**environ, "PATH": str(tmp_path)}, private)
    assert came.text == "{}"
    assert "Neither vi nor nano is installed" in came.trouble
    assert not list(private.iterdir())


def test_a_directory_that_cannot_be_written_loses_nothing(editor, private):
    came = edit("{}", editor("true"), private / "absent")
    assert came.text == "{}"
    assert "No file could be written" in came.trouble


def test_a_terminal_that_cannot_be_given_away_loses_nothing(editor, private):
    came = edit("{}", editor("true"), private, app=Terminal(can=False))
    assert came.text == "{}"
    assert came.trouble == "This terminal cannot be given to another program."


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ('rm "$2"; mkfifo "$2"', "no regular file"),
        ('rm "$2"; mkdir "$2"', "no regular file"),
        ('rm "$2"; ln -s /dev/zero "$2"', "symbolic"),
        ('truncate -s 200M "$2"', "209,715,200 bytes, and a policy 32,768 at most"),
    ],
    ids=["fifo", "directory", "link", "large"],
)
def test_what_is_no_text_of_a_policy_is_named_and_stays(editor, private, script, why):
    came = edit("{}", editor(script), private)
    assert came.text == "{}"
    assert why in came.trouble
    assert came.kept is not None
    assert str(came.kept) in came.trouble


def test_the_file_lies_in_a_directory_that_nobody_else_can_look_into(editor, private, tmp_path):
    edit("{}", editor(f'stat -c %a "${{2%/*}}" > {tmp_path}/mode'), private)
    assert int((tmp_path / "mode").read_text(), 8) == stat.S_IRWXU


def test_an_editor_that_cannot_be_noted_is_not_opened(editor, private, tmp_path):
    def note(path):
        raise JournalError("there is no space left", "Free some.")

    environ = editor(f"touch {tmp_path}/opened")
    came = edit("{}", environ, private, note=note)
    assert "Your editor was not opened" in came.trouble
    assert "there is no space left" in came.trouble
    assert not (tmp_path / "opened").exists()
    assert not list(private.iterdir())


@pytest.mark.parametrize("noted", [IMPORTED, arn_of(IMPORTED)], ids=["one", "several"])
@pytest.mark.parametrize("looked", [IMPORTED, arn_of(IMPORTED)], ids=["by one", "by several"])
async def test_a_file_of_a_killed_program_is_found_with_one_connection_and_with_several(
    noted: str, looked: str, private: Path
):
    key = Arn.parse(arn_of(IMPORTED))
    scope = ChangeScope(MemoryJournal(), Scope(key.account, key.region), "", lambda: NOW)
    file = EditedFile("{}", private)
    await note_file(scope, file.path, noted, "{}")
    file.path.write_text('{"Version": "2012-10-17"}')
    file.close()
    assert await take_in(scope, looked) == []
    draft = await scope.journal.draft(scope.where, IMPORTED)
    assert draft is not None and draft.text == '{"Version": "2012-10-17"}'
    assert not file.path.exists()
