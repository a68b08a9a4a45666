"""`python -m kmstui` and the `kmstui` command; imports nothing heavy."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; returns the exit code."""
    from kmstui.own_process import is_own_process, run_own_process

    if is_own_process():
        run_own_process()
        return 0
    from kmstui.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
