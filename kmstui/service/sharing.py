"""Equal values kept once: most of what 100,000 keys say is said by thousands of them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)

_MOST = 10_000
"""Values a pool remembers. Texts that are all different are not worth remembering."""


class Pool(Generic[T]):
    """Answers for each value one that is equal to it and always the same.

    What comes from a service or another process is a fresh object each time, though its words
    are few.
    """

    def __init__(self) -> None:
        self._known: dict[T, T] = {}

    def share(self, value: T) -> T:
        """The value to keep in the place of this one."""
        known = self._known.get(value)
        return self.add(value) if known is None else known

    def known(self, value: T) -> T | None:
        """The value that is equal to this one, if there was one."""
        return self._known.get(value)

    def add(self, value: T) -> T:
        """Keep a value that is not known."""
        if len(self._known) < _MOST:
            self._known[value] = value
        return value
