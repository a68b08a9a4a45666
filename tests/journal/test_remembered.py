"""How a person has set the screens is there the next time, whatever became of the file."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from kmstui.journal.remembered import RememberedFile


def kept(directory, scope, name, value):
    file = RememberedFile(directory)
    file.remember(scope, name, value)
    file.close()
    return file


def test_it_is_there_the_next_time_and_nobody_elses_to_read(tmp_path):
    directory = tmp_path / "state"
    kept(directory, "1 eu-west-1", "sort", ["spec", True])
    file = RememberedFile(directory)
    assert file.recall("1 eu-west-1", "sort") == ["spec", True]
    assert file.recall("1 eu-west-2", "sort") is None
    assert file.problem == ""
    for path in directory.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_two_programs_keep_what_the_other_has_written(tmp_path):
    one, other = RememberedFile(tmp_path), RememberedFile(tmp_path)
    assert one.recall("a", "sort") is other.recall("a", "sort") is None
    one.remember("a", "sort", ["spec", False])
    one.close()
    other.remember("a", "view", "access")
    other.close()
    file = RememberedFile(tmp_path)
    assert (file.recall("a", "sort"), file.recall("a", "view")) == (["spec", False], "access")


def test_many_programs_at_once_lose_nothing(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(lambda number: kept(tmp_path, str(number % 3), f"{number}", number), range(24))
        )
    file = RememberedFile(tmp_path)
    assert [file.recall(str(n % 3), f"{n}") for n in range(24)] == list(range(24))


def test_what_is_forgotten_leaves_the_file(tmp_path):
    kept(tmp_path, "a", "widths", 2)
    kept(tmp_path, "a", "widths", None)
    assert "widths" not in (tmp_path / "remembered.json").read_text()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"version": 2, "scopes": {}}',
        b'{"version": 1, "scopes": []}',
        b'{"version": 1, "scopes": {"a": 3}}',
        b"[" * 100_000,
        b" " * (1 << 20) + b"{}",
    ],
    ids=[
        "empty",
        "begun",
        "no text",
        "a list",
        "newer",
        "no scopes",
        "no scope",
        "deep",
        "long",
    ],
)
def test_a_damaged_file_is_told_and_kept_aside(tmp_path, content):
    path = tmp_path / "remembered.json"
    path.write_bytes(content)
    file = RememberedFile(tmp_path)
    assert file.recall("a", "sort") is None
    assert "How you had set the screens is not known" in file.problem
    assert "remembered.damaged" in file.problem
    file.remember("a", "sort", ["spec", True])
    file.close()
    assert RememberedFile(tmp_path).recall("a", "sort") == ["spec", True]
    assert (tmp_path / "remembered.damaged").read_bytes() == content


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: path.symlink_to("/etc/passwd")])
def test_what_is_no_file_is_told_and_never_waited_for(tmp_path, make):
    make(tmp_path / "remembered.json")
    file = RememberedFile(tmp_path)
    assert file.recall("a", "sort") is None
    assert "How you had set the screens is not known" in file.problem


def test_a_directory_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "state").write_text("a file")
    file = RememberedFile(tmp_path / "state")
    file.remember("a", "sort", ["spec", True])
    file.close()
    assert file.recall("a", "sort") == ["spec", True], "for as long as the program runs"
    assert "is not kept" in file.problem or "is not known" in file.problem


def test_the_file_is_one_that_a_person_can_read(tmp_path):
    kept(tmp_path, "a", "filters", {"prod": "tag:env=prod"})
    content = json.loads((tmp_path / "remembered.json").read_text())
    assert content == {"version": 1, "scopes": {"a": {"filters": {"prod": "tag:env=prod"}}}}
