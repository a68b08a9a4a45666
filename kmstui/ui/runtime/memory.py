"""What the screens remember of how a person has set them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kmstui.ui.runtime.options import UiOptions


class Memory:
    """Recalls and remembers what the person lets it, for one account and Region at a time."""

    def __init__(self, options: UiOptions, tell: Callable[[str], object]) -> None:
        """`tell` gets a sentence when nothing can be remembered."""
        self._file = options.remembered
        self._kinds = options.remember
        self._tell = tell
        self._told = ""
        self._here = ""

    def enter(self, scope: str) -> bool:
        """Be about this account and Region from now on; returns whether that is another one."""
        other, self._here = scope != self._here, scope
        return other

    @property
    def is_somewhere(self) -> bool:
        """Whether the account and Region are known."""
        return bool(self._here)

    def keeps(self, kind: str) -> bool:
        """Whether the person wants this kind of thing remembered, and it can be."""
        return self._file is not None and kind in self._kinds

    def recall(self, kind: str, *, everywhere: bool = False) -> Any:
        """What was set last; None where nothing is known."""
        if self._file is None or kind not in self._kinds:
            return None
        value = self._file.recall("" if everywhere else self._here, kind)
        self._tell_problem()
        return value

    def remember(self, kind: str, value: Any, *, everywhere: bool = False) -> None:
        """Remember what was set; None forgets it."""
        if self._file is not None and kind in self._kinds and (self._here or everywhere):
            self._file.remember("" if everywhere else self._here, kind, value)
            self._tell_problem()

    def _tell_problem(self) -> None:
        problem = self._file.problem if self._file is not None else ""
        if problem and problem != self._told:
            self._told = problem
            self._tell(problem)
