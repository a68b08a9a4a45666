"""What the embedded AWS needs beside kmstui itself, and the sentence where it is not there."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec

_MODULES = ("moto", "waitress", "cbor2")

_ERROR = re.compile(r"^[\w.]*(?:Error|Exception): .*", re.MULTILINE)
_NOT_FOUND = re.compile(r"No module named '(?P<module>[^'.]+)")


def why_no_demo() -> str:
    """A sentence when the extra “demo” is not installed; empty when it seems to be."""
    missing = [name for name in _MODULES if find_spec(name) is None]
    return _sentence(" and ".join(missing)) if missing else ""


def why_it_ended(said: str) -> str:
    """A sentence from what a child printed that ended while it was starting.

    The last error named tells: above it stands where it was raised, and below it, where Python
    itself could not start or end, a list of threads.
    """
    named = _ERROR.findall(said) or said.strip().splitlines()
    reason = named[-1] if named else "it printed no reason"
    kind, _, problem = reason.partition(": ")
    found = _NOT_FOUND.match(problem)
    missing = found["module"] if found else ""
    if kind not in ("ModuleNotFoundError", "ImportError") or missing in sys.stdlib_module_names:
        return f"The embedded KMS ended while starting: {reason}"
    return _sentence(missing, problem)


def _sentence(missing: str, problem: str = "") -> str:
    needs = f"The demo needs {missing}, which is missing or incomplete"
    broken = f"The demo's libraries do not fit together ({problem})"
    return (
        f"{needs if missing else broken}: run pip install 'kmstui[demo]', or in a clone"
        " pip install '.[demo]' (likewise with pipx install --force, or uv tool install)."
    )
