"""The real program on a real terminal, talking HTTP to the embedded KMS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.control import ControlledKms
from tests.embedded import embedded, embedded_server
from tests.pty_terminal import PtyTerminal

__all__ = ["embedded", "embedded_server"]

Start = Callable[..., PtyTerminal]
Aws = Callable[..., Any]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The person's home, where journal and configuration are."""
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def bare_environment(home: Path) -> dict[str, str]:
    """An environment that knows no AWS at all."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "KMSTUI_STATE_DIRECTORY": str(home / "state"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


@pytest.fixture
def start(bare_environment: Mapping[str, str]) -> Iterator[Start]:
    """Starts kmstui on a terminal; what still runs at the end of the test is ended."""
    terminals: list[PtyTerminal] = []

    def begin(
        *arguments: str,
        env: Mapping[str, str] | None = None,
        columns: int = 80,
        rows: int = 24,
    ) -> PtyTerminal:
        terminal = PtyTerminal(
            [sys.executable, "-m", "kmstui", *arguments],
            columns=columns,
            rows=rows,
            env={**bare_environment, **(env or {})},
            # What a test writes to a file shall not lie about in the repository.
            cwd=bare_environment["HOME"],
        )
        terminals.append(terminal)
        return terminal

    yield begin
    for terminal in terminals:
        terminal.close()


@pytest.fixture
def kmstui(start: Start, embedded: ControlledKms) -> Start:
    """Starts kmstui against the embedded KMS, and waits until its first keys are on the screen.

    Those are the key that it is started on and its neighbours, or the first by name, `shows`
    among them.
    """

    def begin(
        *arguments: str, who: str = "instance", shows: str = "ImportedCMK", **how: Any
    ) -> PtyTerminal:
        terminal = start(*arguments, env=embedded.environment_for(who), **how)
        on = next((each for each in arguments if not each.startswith("-")), shows)
        terminal.wait_for(on)
        return terminal

    return begin


@pytest.fixture
def aws(embedded: ControlledKms, bare_environment: Mapping[str, str]) -> Aws:
    """Runs the AWS CLI against the same endpoint; returns what it prints, read as JSON."""

    def run(*arguments: str, who: str = "instance", fails: bool = False) -> Any:
        done = subprocess.run(
            [str(Path(sys.executable).with_name("aws")), *arguments, "--output", "json"],
            env={**bare_environment, **embedded.environment_for(who)},
            capture_output=True,
            text=True,
            check=False,
        )
        if fails:
            assert done.returncode != 0, f"{arguments} went well: {done.stdout}"
            return done.stderr
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    return run
