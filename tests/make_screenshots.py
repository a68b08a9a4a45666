"""Make screenshots/ anew from the running program: `python -m tests.make_screenshots [NAME …]`.

Each scene starts the program on the embedded KMS as a person would, on a terminal of 256 colours,
types what a person would, and keeps the screen as SVG. `safe-edit` is a recording: an SVG that
shows one screen after another.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.pictures import PicturedTerminal

WIDE = (160, 45)
SMALL = (80, 24)
FOLDER = Path(__file__).parent.parent / "screenshots"
REST_SECONDS = 0.6
"""Nothing comes for so long when the screen has come to rest."""
LOADED = "(and 6 of AWS"


@dataclass(frozen=True, slots=True)
class Step:
    """Keys that a person presses one after the other, and what is on the screen then."""

    keys: tuple[str, ...]
    """Names of `pty_terminal.KEYS`, or text."""
    shows: str
    seconds: float = 2.0
    """How long a recording shows it."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture, of the screen after its last step; a recording shows the screen of each."""

    name: str
    size: tuple[int, int]
    steps: tuple[Step, ...]
    recorded: bool = False


FIND = Step(("/", "alias:ImportedCMK", "enter"), "1 of")
VPC = Step(("/", "alias:workshop/vpc", "enter"), "1 of")
PROD = Step(("/", "tag:env=prod", "enter", "*"), "marked")
EDIT = Step(("e",), "Ctrl-s")
TEMPLATES = Step(("ctrl+t",), "Only from this account")

SCENES = (
    Scene("main-wide", WIDE, (FIND, Step((), "Enable IAM User Permissions"))),
    Scene("main-small", SMALL, (Step((), "ImportedCMK"),)),
    Scene("filter", SMALL, (Step(("/", "tag:env=prod -state:disabled"), "tag:env=prod"),)),
    Scene("edit", SMALL, (VPC, EDIT, Step(("f8",), "KMS"))),
    Scene(
        "review",
        WIDE,
        (FIND, EDIT, TEMPLATES, Step(("enter",), "CallerAccount"), Step(("ctrl+s",), "LOSES")),
    ),
    Scene("templates", WIDE, (FIND, EDIT, TEMPLATES)),
    Scene("access", WIDE, (FIND, Step(("c",), "you: role/KMSWorkshop"))),
    Scene("tag", SMALL, (FIND, Step(("t", "project=kmsworkshop env=dev", "enter"), "this adds"))),
    Scene("tag-many", WIDE, (PROD, Step(("t", "owner=platform-team", "enter"), "owner"))),
    Scene(
        "tag-run",
        SMALL,
        (PROD, Step(("t", "owner=platform-team", "enter"), "owner"), Step(("enter",), "Close")),
    ),
    Scene("findings", WIDE, (Step(("F",), "KMS516"),)),
    Scene("help", WIDE, (Step(("?",), "Everywhere"),)),
    Scene(
        "safe-edit",
        SMALL,
        (
            FIND,
            EDIT,
            TEMPLATES,
            Step(("enter",), "Only from this account", 3.0),
            Step(("ctrl+s",), "LOSES", 4.0),
            Step(("y",), "read back", 4.0),
        ),
        recorded=True,
    ),
)


def played(scene: Scene, home: str) -> Iterator[tuple[str, float]]:
    """Play a scene; the screen after each step, and how long to show it."""
    columns, rows = scene.size
    environment = {**os.environ, "KMSTUI_STATE_DIRECTORY": home, "LANG": "C.UTF-8"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "kmstui", "--demo"]
    with PicturedTerminal(command, columns=columns, rows=rows, env=environment) as terminal:
        terminal.wait_for(LOADED)
        for number, step in enumerate(scene.steps):
            for key in step.keys:
                terminal.send(key)
                terminal.settle(REST_SECONDS)
            terminal.wait_for(step.shows)
            terminal.settle(REST_SECONDS)
            yield terminal.picture("kmstui", f"{scene.name}-{number}"), step.seconds


def make(scene: Scene) -> Path:
    """Play one scene and keep its picture."""
    with tempfile.TemporaryDirectory() as home:
        frames = list(played(scene, home))
    path = FOLDER / f"{scene.name}.svg"
    path.write_text(recording(frames) if scene.recorded else frames[-1][0], encoding="utf-8")
    return path


def recording(frames: Sequence[tuple[str, float]]) -> str:
    """One SVG that shows the frames one after the other, for ever."""
    whole = sum(seconds for _, seconds in frames)
    opening = re.match(r"<svg [^>]*>", frames[0][0])
    assert opening is not None
    parts = [opening[0]]
    start = 0.0
    for picture, seconds in frames:
        first, last = start / whole, (start + seconds) / whole
        parts.append(
            f'<g opacity="0">{picture}<animate attributeName="opacity" dur="{whole}s"'
            ' repeatCount="indefinite" calcMode="discrete" values="0;1;0"'
            f' keyTimes="0;{first:.4f};{min(last, 0.9999):.4f}"/></g>'
        )
        start += seconds
    return "\n".join((*parts, "</svg>"))


def main(names: list[str]) -> None:
    """Make the scenes named, or all."""
    FOLDER.mkdir(exist_ok=True)
    for scene in SCENES:
        if not names or scene.name in names:
            print(make(scene))


if __name__ == "__main__":
    main(sys.argv[1:])
