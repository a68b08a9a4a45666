"""Of which commit this kmstui was built, and how far its knowledge of KMS goes."""

from __future__ import annotations

import json
from pathlib import Path

from kmstui import __version__

_STAMP = Path(__file__).parent / "built.json"
"""Written by `.ci/hatch_build.py` when a wheel or an sdist is made."""


def commit() -> str:
    """The commit that was built; `unknown` where kmstui runs from a checkout."""
    try:
        stamp = json.loads(_STAMP.read_text("utf-8"))
    except (OSError, ValueError):
        return "unknown"
    return str(stamp.get("commit", "unknown"))


def version_line() -> str:
    """What `kmstui --version` prints: version, commit, and the date of AWS's model of KMS."""
    from kmstui.policy.iam import knowledge

    return f"kmstui {__version__} (commit {commit()}; knows KMS as of {knowledge().date})"
