"""How many cells lines take, told quickly: it is asked with every key."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rich.cells import cell_len

from kmstui.ui.policy.highlight import LONGEST_LINE


def widest(lines: Sequence[str], tab: int) -> int:
    """The cells of the widest line, with tab stops every `tab` cells."""
    text = "\n".join(lines)
    if text.isascii() and "\t" not in text:
        return max(map(len, lines))
    return max(
        # Long lines are not remembered: one of 32 KB, typed in, would fill the memory.
        (_width_of if len(line) <= LONGEST_LINE else _width_of.__wrapped__)(line, tab)
        for line in lines
    )


@lru_cache(maxsize=4096)
def _width_of(line: str, tab: int) -> int:
    return cell_len(line.expandtabs(tab))
