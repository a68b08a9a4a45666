"""What the screens remember from one run of the program to the next."""

from __future__ import annotations

from typing import Any, Protocol


class Remembered(Protocol):
    """Values by scope and name, each of them JSON: how a person has set the screens.

    A scope is an account and Region, or "" for all of them.
    """

    @property
    def problem(self) -> str:
        """Why nothing is remembered, as a sentence; "" where all is well."""
        ...

    def recall(self, scope: str, name: str) -> Any:
        """What was remembered last, here or by another program; None where nothing was."""
        ...

    def remember(self, scope: str, name: str, value: Any) -> None:
        """Keep a value; None forgets it. Returns at once, whatever the disk does."""
        ...
