"""What people install: its version, its files, and how it starts without a Python of its own."""

from __future__ import annotations

import json
import re
import runpy
import sys
import tomllib
from pathlib import Path

import pytest

from kmstui import __version__, built
from kmstui.own_process import is_own_process, python_command

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_the_version_is_one_and_the_changelog_tells_of_it():
    assert PROJECT["version"] == __version__
    notes = runpy.run_path(str(ROOT / ".ci" / "release_notes.py"))["notes"]
    changelog = (ROOT / ".github" / "CHANGELOG.md").read_text("utf-8")
    assert "lint" in notes(__version__, changelog)
    with pytest.raises(SystemExit, match=re.escape("9.9.9")):
        notes("9.9.9", changelog)


def test_version_tells_commit_and_the_age_of_what_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(built, "_STAMP", tmp_path / "built.json")
    line = re.compile(rf"kmstui {re.escape(__version__)} \(commit (\w+); knows KMS as of \d{{4}}-")
    assert (found := line.match(built.version_line())) and found[1] == "unknown"
    (tmp_path / "built.json").write_text(json.dumps({"commit": "0123abcd"}))
    assert (found := line.match(built.version_line())) and found[1] == "0123abcd"
    (tmp_path / "built.json").write_text("{")
    assert "unknown" in built.version_line()


def test_a_single_file_starts_itself_for_its_own_processes(monkeypatch: pytest.MonkeyPatch):
    assert python_command("kmstui.aws.process.starting")[1] == "-c"
    assert not is_own_process()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    command = python_command("kmstui.aws.process.starting", "7")
    assert command[0] == sys.executable
    monkeypatch.setattr(sys, "argv", command)
    assert is_own_process()


def test_a_plain_installation_carries_nothing_of_the_demo_or_the_tests():
    plain = {re.split(r"[^\w-]", each)[0] for each in PROJECT["dependencies"]}
    assert plain == {"textual", "boto3", "pygments", "lazy-loader", "platformdirs"}
    assert any(each.startswith("moto") for each in PROJECT["optional-dependencies"]["demo"])
