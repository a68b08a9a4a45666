"""Start kmstui's demo on a pseudo-terminal and see ImportedCMK and its policy, then quit."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.pty_terminal import PtyTerminal

# A first start may have a whole installation before it.
INSTALL_SECONDS = 600


def main(command: list[str]) -> int:
    """Return the program's exit code."""
    with PtyTerminal(command, columns=160, rows=45) as terminal:
        terminal.wait_for("ImportedCMK", timeout=INSTALL_SECONDS)
        terminal.send("/", "alias:ImportedCMK", "enter")
        terminal.wait_for("Enable IAM User Permissions")
        terminal.send("q")
        code = terminal.wait_exit()
    print(f"started, showed alias/ImportedCMK and its policy, quit with {code}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
