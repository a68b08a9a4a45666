"""What a misspelled word was probably meant to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

_SHORTEST_PREFIX = 4
_LONGEST_WORD = 100


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate nearest to `word`, case aside; None where none is near.

    Near is one change (insertion, deletion, replacement, swap of neighbours) in a word of up to
    seven letters, two up to eleven and three beyond; failing that, the shortest candidate that
    `word` begins.
    """
    return _nearest(word, tuple(candidates))


@lru_cache(maxsize=4096)
def _nearest(word: str, candidates: tuple[str, ...]) -> str | None:
    lower = word.lower()
    if not lower or len(lower) > _LONGEST_WORD:
        return None
    limit = 1 if len(lower) <= 7 else 2 if len(lower) <= 11 else 3
    letters = Counter(lower)
    best: tuple[int, str] | None = None
    for candidate in candidates:
        other = candidate.lower()
        if lower == other:
            return candidate
        if abs(len(other) - len(lower)) > limit:
            continue
        if (letters - Counter(other)).total() > limit:
            continue
        distance = _distance(lower, other, limit)
        if distance <= limit and (best is None or (distance, candidate) < best):
            best = (distance, candidate)
    if best is not None:
        return best[1]
    if len(lower.rpartition(":")[2]) < _SHORTEST_PREFIX:
        return None
    begun = [candidate for candidate in candidates if candidate.lower().startswith(lower)]
    return min(begun, key=len, default=None)


def _distance(left: str, right: str, limit: int) -> int:
    """The number of changes between two words (optimal string alignment), or limit + 1."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, letter in enumerate(left, 1):
        before, last, row = row, before, [i] + [0] * len(right)
        for j, other in enumerate(right, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == right[j - 2] and left[i - 2] == other:
                row[j] = min(row[j], last[j - 2] + 1)
        if min(row) > limit:
            return limit + 1
    return row[-1]
