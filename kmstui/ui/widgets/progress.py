"""How far a reading is, told only once it takes long, and a few times a second."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

TOLD_AFTER_SECONDS = 0.5
"""What takes longer shows how far it is."""
_BETWEEN_SECONDS = 0.25


class Teller:
    """Passes on how many of how many are done."""

    def __init__(self, tell: Callable[[int, int], None]) -> None:
        self._tell = tell
        self._next = monotonic() + TOLD_AFTER_SECONDS

    def __call__(self, done: int, of: int) -> None:
        """So many are done."""
        now = monotonic()
        if of and now >= self._next:
            self._next = now + _BETWEEN_SECONDS
            self._tell(done, of)
