"""The log of faults is this user's own file, whatever others put in its place."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from kmstui.ui.runtime import crash_log
from kmstui.ui.runtime.crash_log import write_fault


def _fault(log: Path) -> str:
    return write_fault(log, "a test", ValueError("words"))


def test_a_fault_is_added_to_those_before(tmp_path: Path) -> None:
    log = tmp_path / "state" / "faults.log"
    assert "Details are in" in _fault(log) == _fault(log)
    assert log.read_text("utf-8").count("ValueError: words") == 2
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_log_that_is_too_large_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "faults.log"
    monkeypatch.setattr(crash_log, "_LARGEST", 10)
    for _ in range(2):
        assert "Details are in" in _fault(log)
    assert log.read_text("utf-8").count("ValueError: words") == 1


def _link(log: Path, precious: Path) -> None:
    log.symlink_to(precious)


def _other_name(log: Path, precious: Path) -> None:
    os.link(precious, log)


def _pipe(log: Path, precious: Path) -> None:
    os.mkfifo(log)


def _socket(log: Path, precious: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(log))


def _directory(log: Path, precious: Path) -> None:
    log.mkdir()


@pytest.mark.parametrize("put", [_link, _other_name, _pipe, _socket, _directory])
def test_what_others_put_in_its_place_is_neither_followed_nor_waited_for(
    tmp_path: Path, put: Callable[[Path, Path], None]
) -> None:
    log, precious = tmp_path / "faults.log", tmp_path / "precious"
    precious.write_bytes(b"x" * 1_350_000)
    put(log, precious)
    assert f"Details could not be written to {log}: " in _fault(log)
    assert precious.stat().st_size == 1_350_000


def test_a_file_of_somebody_else_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "faults.log"
    log.write_text("theirs", "utf-8")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert f"it belongs to user {os.getuid()}" in _fault(log)
    assert log.read_text("utf-8") == "theirs"
