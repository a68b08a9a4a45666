"""Which of several names is meant by what was typed so far."""

from __future__ import annotations


def nearness(typed: str, name: str) -> tuple[int, int]:
    """The smaller the nearer: a name that begins so, a part of it that does, then any; short first.

    `typed` is casefolded.
    """
    found = name.casefold()
    if found.startswith(typed):
        begins = 0
    else:
        at = found.find(typed)
        begins = 1 if at > 0 and not found[at - 1].isalnum() else 2 if at > 0 else 3
    return begins, len(name)
