"""What the README promises, read from it, so that tests hold the program to it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

TEXT = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    """The text under a heading of the second level."""
    found = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL
    )
    assert found is not None, heading
    return found[1]


def reading_policy() -> dict[str, Any]:
    """The IAM policy for looking at keys."""
    found = re.search(r"```json\n(.*?)```", section("What it needs in IAM"), re.DOTALL)
    assert found is not None
    policy: dict[str, Any] = json.loads(found[1])
    return policy


def actions_by_use() -> dict[str, tuple[str, ...]]:
    """What the table of further actions names, by what they are for."""
    rows = re.findall(r"^\| (.+?) \| (`.+`) \|$", section("What it needs in IAM"), re.MULTILINE)
    return {use: tuple(re.findall(r"`([a-z0-9-]+:[A-Za-z*]+)`", actions)) for use, actions in rows}
