"""A process of our own: another Python that imports from where this one did."""

from __future__ import annotations

import os
import sys

_RUN = (
    "import sys; sys.path[:] = sys.argv.pop(1).split({separator!r}); "
    "from {module} import main; main(sys.argv[1:])"
)


def python_command(module: str, *arguments: str) -> list[str]:
    """The command that runs `main` of one of our modules.

    Not `python -m`, which looks for modules in the working directory first: kmstui may be started
    in a directory of somebody else's making. And not what the installation finds: this very
    version of kmstui may run from elsewhere.
    """
    program = _RUN.format(separator=os.pathsep, module=module)
    return [sys.executable, "-c", program, os.pathsep.join(sys.path), *arguments]
