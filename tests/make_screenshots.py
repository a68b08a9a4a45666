"""Make screenshots/ anew from the running program: `python tests/make_screenshots.py [NAME …]`.

Each scene starts the program on the embedded KMS, types what a person would, and saves the
screen as SVG. Keys are pressed one after the other, each when the screen has come to rest.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from textual.app import App
from textual.pilot import Pilot

from kmstui.bootstrap import composed_app
from kmstui.config import Settings

WIDE = (160, 45)
SMALL = (80, 24)
FOLDER = Path(__file__).parent.parent / "screenshots"
PATIENCE_SECONDS = 20.0
READING = "(Esc stops)"


@dataclass(frozen=True, slots=True)
class Scene:
    """One screenshot."""

    name: str
    size: tuple[int, int]
    keys: tuple[str, ...]
    """Names of keys, or words to type after a `'`."""
    shows: str
    """A text that must be on the screen before it is saved."""


FIND = ("slash", "'alias:ImportedCMK", "enter")
VPC = ("slash", "'alias:workshop/vpc", "enter")
PROD = ("slash", "'tag:env=prod", "enter", "asterisk")

SCENES = (
    Scene("main-wide", WIDE, FIND, "Enable IAM User Permissions"),
    Scene("main-small", SMALL, (), "ImportedCMK"),
    Scene("filter", SMALL, ("slash", "'tag:env=prod -state:disabled"), "tag:env=prod"),
    Scene("edit", SMALL, (*VPC, "e", "f8"), "KMS"),
    Scene("review", WIDE, (*FIND, "e", "ctrl+t", "enter", "ctrl+s"), "Who gains and who loses"),
    Scene("templates", WIDE, (*FIND, "e", "ctrl+t"), "Only from this account"),
    Scene("access", WIDE, (*FIND, "c"), "you: role/KMSWorkshop"),
    Scene("tag", SMALL, (*FIND, "t", "'project=kmsworkshop env=dev", "enter"), "this adds"),
    Scene("tag-many", WIDE, (*PROD, "t", "'owner=platform-team", "enter"), "owner"),
    Scene("tag-run", SMALL, (*PROD, "t", "'owner=platform-team", "enter", "enter"), "Closes"),
    Scene("findings", WIDE, ("F",), "KMS516"),
    Scene("help", WIDE, ("question_mark",), "Everywhere"),
)


def screen_text(app: App[int]) -> str:
    """What the screen shows, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


async def until(app: App[int], pilot: Pilot[int], text: str) -> None:
    """Wait until a text is on the screen, and nothing more is being read.

    Raises:
        TimeoutError: it did not come.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        while text not in (shown := screen_text(app)) or READING in shown:
            await pilot.pause(0.05)


async def make(scene: Scene) -> Path:
    """Play one scene and save its screen."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["KMSTUI_STATE_DIRECTORY"] = home
        with composed_app(Settings(state_directory=home), demo=True) as app:
            async with app.run_test(size=scene.size) as pilot:
                await until(app, pilot, "ImportedCMK")
                await pilot.pause(0.5)
                for key in scene.keys:
                    await pilot.press(*(_typed(key[1:]) if key.startswith("'") else (key,)))
                    await pilot.pause(0.3)
                await until(app, pilot, scene.shows)
                await pilot.pause(0.5)
                return Path(app.save_screenshot(f"{scene.name}.svg", path=str(FOLDER)))


def _typed(word: str) -> list[str]:
    names = {" ": "space", ":": "colon", "=": "equals_sign", "-": "minus", "/": "slash"}
    return [names.get(character, character) for character in word]


def main(names: list[str]) -> None:
    """Make the scenes named, or all."""
    FOLDER.mkdir(exist_ok=True)
    for scene in SCENES:
        if not names or scene.name in names:
            print(asyncio.run(make(scene)))


if __name__ == "__main__":
    main(sys.argv[1:])
