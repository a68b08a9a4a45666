"""Finding keys and looking at them, as in an SSH session."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

SIZES = [(80, 24), (160, 45)]


def wait_until(holds, seconds=10.0):
    """Wait for something outside the terminal."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def test_the_header_tells_the_truth_and_a_switch_of_region_leaves_nothing(kmstui, embedded):
    terminal = kmstui(columns=160, rows=45)
    header = terminal.wait_for("KMSWorkshop-InstanceInitRole").splitlines()[0]
    assert embedded.account in header
    assert "eu-west-1" in header
    assert "127.0.0.1" in header
    terminal.send("R")
    terminal.wait_for("eu-central-1")
    terminal.send("eu-central-1", "enter")
    terminal.wait_until_gone("ImportedCMK")
    terminal.wait_for(lambda text: "eu-central-1" in text.splitlines()[0])
    terminal.settle()
    assert "ImportedCMK" not in terminal.text


def test_opens_on_the_key_that_was_named(kmstui):
    terminal = kmstui("alias/orders/api", columns=160, rows=45)
    terminal.wait_for(lambda text: "3 Policy" in text and "alias/orders/api" in text)


def test_hostile_text_is_shown_and_never_obeyed(kmstui):
    terminal = kmstui(columns=160, rows=45)
    # All in one burst, as a slow line delivers it: the word must reach the filter, and the ]
    # the panes.
    terminal.send("/", "alias:odd", "enter", "]", "]", "]")
    terminal.wait_for("[bold red]URGENT[/] click")
    terminal.wait_for("[@click=app.quit]here[/]")
    terminal.wait_for("\\x1b]0;owned\\x07")
    assert b"\x1b]0;owned" not in terminal.raw


def test_it_can_be_resized_to_nothing_and_back_with_a_dialog_open(kmstui):
    terminal = kmstui()
    terminal.send("x")
    terminal.wait_for("Schedule deletion")
    for columns, rows in [(1, 1), (20, 5), (200, 60), (3, 40), (300, 2), (80, 24)]:
        terminal.resize(columns, rows)
        terminal.settle()
    terminal.wait_for("Schedule deletion")
    terminal.send("escape")
    terminal.wait_until_gone("Schedule deletion")
    terminal.wait_for("ImportedCMK")
    terminal.send("q")
    assert terminal.wait_exit() == 0


def children(pid: int) -> list[int]:
    """Processes whose parent is `pid`."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    assert found, "the embedded KMS is a process of its own"
    return found


def alive(pid: int) -> bool:
    """Whether a process runs, zombies aside."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_the_demo_ends_with_the_program_even_when_it_is_killed(start, tmp_path):
    terminal = start("--demo", env={"TMPDIR": str(tmp_path)})
    terminal.wait_for("ImportedCMK")
    processes = children(terminal.pid)
    terminal.kill(signal.SIGKILL)
    wait_until(lambda: not any(alive(each) for each in processes))


def test_the_demo_says_what_chose_its_region_and_leaves_nothing_behind(start, tmp_path):
    terminal = start("--demo", env={"TMPDIR": str(tmp_path / "t")}, columns=160, rows=45)
    (tmp_path / "t").mkdir()
    terminal.wait_for("ImportedCMK")
    terminal.wait_for("eu-west-1 (demo)")
    processes = children(terminal.pid)
    terminal.send("q")
    assert terminal.wait_exit() == 0
    wait_until(lambda: not any(alive(each) for each in processes))
    assert list((tmp_path / "t").iterdir()) == []
