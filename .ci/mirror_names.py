"""Fail when a tracked file names a package mirror that this machine is set up with.

Whoever clones the project has other mirrors, or none. The names are read from the clients'
settings, so that none stands here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

PUBLIC = {"pypi.org", "files.pythonhosted.org", "registry.npmjs.org", "localhost", "127.0.0.1"}
_HOST = re.compile(r"https?://(?:[^/@\s'\"]*@)?([A-Za-z0-9.-]+)")


def settings() -> str:
    """All that pip, uv and npm are told of registries here."""
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    )
    told = [
        value
        for name, value in os.environ.items()
        if name.upper().startswith(("PIP_", "UV_", "NPM_CONFIG_"))
    ]
    return "\n".join([asked.stdout, *told])


def main() -> int:
    """Answer 0 when no tracked file names one."""
    hosts = sorted(set(_HOST.findall(settings())) - PUBLIC)
    found = 0
    for host in hosts:
        # Exit code 1 says that nothing was found.
        search = subprocess.run(
            ["git", "grep", "--line-number", "--fixed-strings", host],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        if search.returncode > 1:
            raise SystemExit(search.stderr)
        found += len(search.stdout.splitlines())
        print(search.stdout, end="", file=sys.stderr)
    print(f"{len(hosts)} mirrors looked for, named in {found} lines")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
