"""A process of our own: another Python that imports from where this one did."""

from __future__ import annotations

import os
import sys
from importlib import import_module

_RUN = (
    "import sys; sys.path[:] = sys.argv.pop(1).split({separator!r}); "
    "from {module} import main; main(sys.argv[1:])"
)
_MARK = "--own-process"
"""First argument of a single file that shall run a module, since it is its own Python."""


def python_command(module: str, *arguments: str) -> list[str]:
    """The command that runs `main` of one of our modules.

    Not `python -m`, which looks for modules in the working directory first: kmstui may be started
    in a directory of somebody else's making. And not what the installation finds: this very
    version of kmstui may run from elsewhere.
    """
    if getattr(sys, "frozen", False):
        return [sys.executable, _MARK, module, *arguments]
    program = _RUN.format(separator=os.pathsep, module=module)
    return [sys.executable, "-c", program, os.pathsep.join(sys.path), *arguments]


def is_own_process() -> bool:
    """Whether this is a process of our own in a single file, which has no Python to start."""
    return getattr(sys, "frozen", False) and sys.argv[1:2] == [_MARK]


def run_own_process() -> None:
    """Run what `python_command` asked of a single file."""
    module, *arguments = sys.argv[2:]
    import_module(module).main(arguments)
