"""What differs between two texts, as one range, and where that is."""

from __future__ import annotations


def changed_range(before: str, after: str) -> tuple[int, int, int]:
    """The smallest range that differs: start, its end in `before`, its end in `after`."""
    start = _common_prefix(before, after)
    behind = _common_prefix(before[start:][::-1], after[start:][::-1])
    return start, len(before) - behind, len(after) - behind


def location_in(text: str, offset: int) -> tuple[int, int]:
    """Row and column of a place in a text."""
    return text.count("\n", 0, offset), offset - text.rfind("\n", 0, offset) - 1


def _common_prefix(one: str, other: str) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
