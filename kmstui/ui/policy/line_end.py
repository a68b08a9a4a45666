"""The words that stand behind a line of text."""

from __future__ import annotations

from collections.abc import Sequence

from kmstui.ui.style.cells import fit

_LEAST_CELLS = 8
"""With less room than this, nothing is better than a stump."""


def line_end_message(messages: Sequence[str], cells: int) -> str:
    """The first message, and how many more there are, in the cells there are; may be empty."""
    if cells < _LEAST_CELLS:
        return ""
    more = f" (+{len(messages) - 1})" if len(messages) > 1 else ""
    return fit(messages[0], cells - len(more)).rstrip() + more
