"""Fail when the wheel lacks a tracked file of `kmstui` or `styles`, or holds one it should not."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path, PurePosixPath


def place(tracked: str) -> str:
    """Where a tracked file is in the wheel: style sheets travel inside the package."""
    path = PurePosixPath(tracked)
    return str("kmstui" / path) if path.parts[0] == "styles" else tracked


def wheel_name(path: str) -> str:
    """`kmstui-0.1.0`, as the folders inside begin."""
    return "-".join(Path(path).name.split("-")[:2])


def left_out() -> set[str]:
    """The files that pyproject.toml keeps out of the wheel."""
    settings = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))
    return set(settings["tool"]["hatch"]["build"]["targets"]["wheel"]["exclude"])


MADE = (
    "kmstui/built.json",
    *(f"kmstui/completions/kmstui.{shell}" for shell in ("bash", "zsh", "fish")),
)
SHARED = (
    "share/bash-completion/completions/kmstui",
    "share/fish/vendor_completions.d/kmstui.fish",
    "share/man/man1/kmstui.1",
    "share/zsh/site-functions/_kmstui",
)
"""What `.ci/hatch_build.py` adds, below the prefix of an installation."""


def main(wheel: str) -> int:
    """Return 0 when all is there, and nothing that is to be left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "kmstui", "styles"], check=True, capture_output=True, text=True
    )
    excluded = left_out()
    tracked = {place(each) for each in listed.stdout.split("\0") if each} - excluded
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    made = {*MADE, *(f"{wheel_name(wheel)}.data/data/{each}" for each in SHARED)}
    faults = [f"{each} was not made" for each in sorted(made - held)]
    faults += [f"{each} is not in the wheel" for each in sorted(tracked - held)]
    faults += [f"{each} should not be in the wheel" for each in sorted(excluded & held)]
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"the wheel holds {len(tracked & held)} of {len(tracked)} tracked files")
    return 1 if faults or not tracked else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
