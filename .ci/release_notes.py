"""Print what the changelog says of a version; fail where it says nothing."""

from __future__ import annotations

import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).parent.parent / ".github" / "CHANGELOG.md"


def notes(version: str, changelog: str) -> str:
    """The section of a version.

    Raises:
        SystemExit: there is none, or nothing in it.
    """
    found = re.search(
        rf"^## {re.escape(version)}\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    if found is None or not found[1].strip():
        raise SystemExit(f"{CHANGELOG.name} says nothing of {version}")
    return found[1].strip()


if __name__ == "__main__":
    print(notes(sys.argv[1], CHANGELOG.read_text("utf-8")))
