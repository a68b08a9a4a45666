"""How many keys and aliases there are, in the titles of their panes."""

from __future__ import annotations

from textual.dom import DOMNode

from kmstui.service.inventory import Progress
from kmstui.ui.commands import key_of


def aws_words(hidden: int, node: DOMNode) -> str:
    """How many of AWS's own are not shown, with the key that shows them; empty for none."""
    return f" (and {hidden:,} of AWS: {key_of('keys.aws', node)})" if hidden > 0 else ""


def progress_text(progress: Progress, keys: int, refresh: str) -> str:
    """How much of the account is here, never less without saying so; `refresh` reads on."""
    if progress.stopped and not progress.loading:
        return f"{keys:,} so far, stopped ({refresh} goes on)"
    if progress.listing:
        return f"{keys:,} so far… (Esc stops)"
    if progress.loading and progress.described < keys:
        return f"{keys:,}, described {progress.described:,}… (Esc stops)"
    if progress.loading:
        return f"{keys:,}, reading tags… (Esc stops)"
    return f"{keys:,}"
