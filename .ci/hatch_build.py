"""What a build adds to the tree: the commit, completions for shells, and the man page."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

_STAMP = "kmstui/built.json"
_PLACES = {
    "bash": "share/bash-completion/completions/kmstui",
    "zsh": "share/zsh/site-functions/_kmstui",
    "fish": "share/fish/vendor_completions.d/kmstui.fish",
}
"""Where each shell looks for completions, below the prefix of an installation."""


class CustomBuildHook(BuildHookInterface[Any]):
    """Runs for each sdist and wheel; an editable installation has the checkout, and needs none."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add files to what is built."""
        if version == "editable":
            return
        root, made = Path(self.root), Path(mkdtemp(prefix="kmstui-build-"))
        force = build_data["force_include"]
        stamp = made / "built.json"
        stamp.write_text(json.dumps({"commit": _commit(root)}) + "\n", "utf-8")
        if not (root / _STAMP).exists():
            force[str(stamp)] = _STAMP
        if self.target_name != "wheel":
            return
        for shell, place in _PLACES.items():
            script = made / f"kmstui.{shell}"
            script.write_text(_completion(root, shell), "utf-8")
            force[str(script)] = f"kmstui/completions/{script.name}"
            build_data["shared_data"][str(script)] = place
        page = made / "kmstui.1"
        page.write_text(_man_page(root), "utf-8")
        build_data["shared_data"][str(page)] = "share/man/man1/kmstui.1"


class CustomMetadataHook(MetadataHookInterface):
    """The project's addresses are those of the repository that it is built from."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill in `urls`; none where no repository says them."""
        address = _address(Path(self.root))
        metadata["urls"] = (
            {}
            if not address
            else {
                "Repository": address,
                "Issues": f"{address}/issues",
                "Changelog": f"{address}/blob/HEAD/.github/CHANGELOG.md",
            }
        )


def _address(root: Path) -> str:
    """The web page of the repository: as the release workflow, or git, knows it."""
    server, name = (os.environ.get(f"GITHUB_{each}") for each in ("SERVER_URL", "REPOSITORY"))
    if server and name:
        return f"{server}/{name}"
    try:
        origin = _git(root, "remote", "get-url", "origin")
    except (OSError, subprocess.CalledProcessError):
        return ""
    # Of the forms of git on the web, and no path of this machine.
    found = re.fullmatch(r"(?:https://|git@|ssh://git@)([\w.-]+)[:/]([\w./-]+?)(?:\.git)?", origin)
    return f"https://{found[1]}/{found[2]}" if found else ""


def _commit(root: Path) -> str:
    """The commit that is built, with a + where the tree differs; of an unpacked sdist its own."""
    if (root / _STAMP).exists():
        return str(json.loads((root / _STAMP).read_text("utf-8"))["commit"])
    try:
        commit = _git(root, "rev-parse", "--short=12", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}+" if changed else commit


def _git(root: Path, *arguments: str) -> str:
    # Of this tree alone: a repository around an unpacked sdist tells nothing of it.
    inside = {"GIT_CEILING_DIRECTORIES": str(root.parent)}
    done = subprocess.run(
        ["git", *arguments],
        cwd=root, check=True, capture_output=True, text=True, env={**os.environ, **inside},
    )  # fmt: skip
    return done.stdout.strip()


def _command_line(root: Path) -> Any:
    """The parser of the tree that is built, with all commands in it."""
    if sys.path[0] != str(root):
        sys.path.insert(0, str(root))
    from kmstui.cli import command_line

    parser = command_line()
    parser.fill_all()
    return parser


def _completion(root: Path, shell: str) -> str:
    parser = _command_line(root)
    from kmstui.scripting.completion import script

    return script(parser, shell)


def _man_page(root: Path) -> str:
    parser = _command_line(root)
    from argparse_manpage.manpage import Manpage

    # A build of the same commit is the same, byte by byte.
    os.environ.setdefault("SOURCE_DATE_EPOCH", str(int(time.time())))
    parser._manpage = []
    told = {"description": "the terminal program for AWS KMS keys", "manual_title": "User Commands"}
    return str(Manpage(parser, _data=told, format="single-commands-section"))
