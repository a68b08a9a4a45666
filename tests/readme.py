"""What README and pages promise, read from them, so that tests hold the program to it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "kmstui" / "docs").glob("*.md")))
"""What whoever uses kmstui reads."""


def page(name: str) -> str:
    """A page of `kmstui/docs`."""
    return (ROOT / "kmstui" / "docs" / f"{name}.md").read_text("utf-8")


def reading_policy() -> dict[str, Any]:
    """The IAM policy for looking at keys."""
    found = re.search(r"```json\n(.*?)```", page("iam"), re.DOTALL)
    assert found is not None
    policy: dict[str, Any] = json.loads(found[1])
    return policy


def actions_by_use() -> dict[str, tuple[str, ...]]:
    """What the table of further actions names, by what they are for."""
    rows = re.findall(r"^\| (.+?) \| (`.+`) \|$", page("iam"), re.MULTILINE)
    return {use: tuple(re.findall(r"`([a-z0-9-]+:[A-Za-z*]+)`", actions)) for use, actions in rows}


def command_lines(text: str) -> list[str]:
    """The commands of kmstui in the blocks of a page, without their comments."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = (line.partition(" # ")[0].strip() for block in blocks for line in block.splitlines())
    return [line.partition(" > ")[0] for line in lines if line.startswith("kmstui ")]
