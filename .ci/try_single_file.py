"""Try a single file of kmstui in a root that has the system's libraries alone, and no network.

A file that ends in `.pyz` finds a Python there too. Where this machine lets nobody make such a root
(it takes user namespaces), the file is tried with an empty home and no variables instead, and
that is said.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.pty_terminal import PtyTerminal

_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/terminfo", "/etc/ld.so.cache")
_GOOD = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}
_VARIABLES = {
    "HOME": "/home",
    "TERM": "xterm-256color",
    "LANG": "C.UTF-8",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class Root:
    """An empty root directory, in which a command can be run."""

    def __init__(self, path: Path, file: Path) -> None:
        self._path = path
        self._python = Path(sys.base_prefix) if file.suffix == ".pyz" else None
        for name in ("app", "home", "tmp", "proc", "dev"):
            (path / name).mkdir()
        (path / "app" / "kmstui").write_bytes(file.read_bytes())
        (path / "app" / "kmstui").chmod(0o755)
        bad = json.loads(json.dumps(_GOOD).replace("kms:*", "kms:Decrpyt"))
        (path / "app" / "good.json").write_text(json.dumps(_GOOD))
        (path / "app" / "bad.json").write_text(json.dumps(bad))

    def command(self, *arguments: str) -> list[str]:
        """The command that runs the file in the root, with no network."""
        shared = [each for each in _SYSTEM if Path(each).exists()]
        shared += [str(self._python)] if self._python is not None else []
        root = shlex.quote(str(self._path))
        lines = ["set -e", f"mount -t proc proc {root}/proc", f"mount --rbind /dev {root}/dev"]
        for each in map(shlex.quote, shared):
            kind = "mkdir -p" if Path(each).is_dir() else "touch"
            lines += [
                f"mkdir -p {root}$(dirname {each})",
                f"{kind} {root}{each}",
                f"mount --rbind {each} {root}{each}",
            ]
        what = shlex.join([*self._interpreter(), "/app/kmstui", *arguments])
        lines.append(f"exec chroot {root} {what}")
        isolated = ["unshare", "--user", "--map-root-user", "--mount", "--net", "--pid", "--fork"]
        return ["env", "-i", *self._variables(), *isolated, "sh", "-c", "\n".join(lines)]

    def without_root(self, *arguments: str) -> list[str]:
        """The command where no root can be made."""
        home = f"HOME={self._path / 'home'}"
        file = str(self._path / "app" / "kmstui")
        return ["env", "-i", *self._variables(), home, *self._interpreter(), file, *arguments]

    def _interpreter(self) -> list[str]:
        if self._python is None:
            return []
        return [str(self._python / "bin" / f"python3.{sys.version_info.minor}")]

    def _variables(self) -> list[str]:
        path = f"PATH={os.environ.get('PATH', '')}"
        return [path, *(f"{name}={value}" for name, value in _VARIABLES.items())]


def _allowed(root: Root) -> bool:
    """Whether such a root can be made here."""
    tried = subprocess.run(root.command("--version"), check=False, capture_output=True, text=True)
    if tried.returncode == 0:
        return True
    print(f"NOT TRIED IN AN EMPTY ROOT: {tried.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
    return False


def main(file: str) -> int:
    """Return 0 when the file does what an installed kmstui does."""
    with tempfile.TemporaryDirectory(prefix="kmstui-root-") as scratch:
        root = Root(Path(scratch), Path(file))
        alone = _allowed(root)
        command = root.command if alone else root.without_root
        place = "/app" if alone else f"{scratch}/app"

        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(command(*arguments), check=False, capture_output=True, text=True)

        told = run("--version")
        _expect(told, 0, "commit")
        _expect(run("lint", f"{place}/good.json"), 0, "nothing found")
        _expect(run("lint", f"{place}/bad.json"), 1, "KMS506")
        _expect(run("completion", "bash"), 0, "_kmstui_keys")
        with PtyTerminal(command(), columns=100, rows=30) as terminal:
            # Its own process for AWS runs too: it found no Region.
            terminal.wait_for("Use --region", timeout=120)
            terminal.send("q")
            code = terminal.wait_exit()
    where = "in an empty root without network" if alone else "with an empty home"
    print(
        f"{Path(file).name} {where}: {told.stdout.strip()}; lint, completion, screens; quit {code}"
    )
    return code


def _expect(ran: subprocess.CompletedProcess[str], code: int, words: str) -> None:
    if ran.returncode != code or words not in ran.stdout:
        shown: Sequence[object] = (ran.args[-1], ran.returncode, ran.stdout, ran.stderr)
        raise SystemExit("\n".join(map(str, shown)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
