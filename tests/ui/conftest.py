"""What the screens' tests share."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from kmstui.ui.app import KmsApp
from tests import quiet


@pytest.fixture
def every_frame() -> Iterator[None]:
    """Draw every frame, seen or not: for what drawing itself does."""
    with quiet.every_frame():
        yield


@pytest.fixture
def clipboard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are sent to the terminal's clipboard; the terminal is not inside tmux."""
    texts: list[str] = []

    def write_escape(app: KmsApp, sequence: str) -> None:
        assert sequence.startswith("\x1b]52;c;")
        assert sequence.endswith("\a")
        texts.append(base64.b64decode(sequence.split(";")[2].rstrip("\a")).decode())

    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setattr(KmsApp, "write_escape", write_escape)
    return texts
