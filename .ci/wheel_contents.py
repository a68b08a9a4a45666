"""Fail when the wheel lacks a file that is tracked under `kmstui` or `styles`."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import PurePosixPath


def place(tracked: str) -> str:
    """Where a tracked file is in the wheel: style sheets travel inside the package."""
    path = PurePosixPath(tracked)
    return str("kmstui" / path) if path.parts[0] == "styles" else tracked


def main(wheel: str) -> int:
    """Answer 0 when all is there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "kmstui", "styles"], check=True, capture_output=True, text=True
    )
    tracked = [each for each in listed.stdout.split("\0") if each]
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    missing = [each for each in tracked if place(each) not in held]
    for each in missing:
        print(f"{each} is not in the wheel", file=sys.stderr)
    print(f"the wheel holds {len(tracked) - len(missing)} of {len(tracked)} tracked files")
    return 1 if missing or not tracked else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
