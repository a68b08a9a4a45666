"""Print one of the README's commands: the code block after `<!-- command: NAME -->`."""

from __future__ import annotations

import re
import sys
from pathlib import Path


def command(name: str, readme: str) -> str:
    """The single line of the block.

    Raises:
        SystemExit: the block is not there, or holds more than one line.
    """
    found = re.search(rf"<!-- command: {re.escape(name)} -->\s*```\w*\n(.*?)```", readme, re.DOTALL)
    if found is None:
        raise SystemExit(f"README has no command {name!r}")
    line = found.group(1).strip()
    if "\n" in line:
        raise SystemExit(f"the README's command {name!r} is more than one line")
    return line


if __name__ == "__main__":
    print(command(sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8")))
