"""What a kind of change tells the screen of a run: its words, and what is read beside the plan."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from kmstui.service.inventory import Store
from kmstui.service.runs import KeyChange, RunResult, Runs
from kmstui.ui.style import Part

C = TypeVar("C", bound=KeyChange)

StepLine = tuple[str, str, str]
"""Sign, what changes, and what becomes of it: `("~", "state", "Enabled → Disabled")`."""


class ShownKind(ABC, Generic[C]):
    """One kind of change, such as that of tags."""

    reading: ClassVar[str]
    """What is read for a plan: `the tags`."""
    column: ClassVar[str]
    """What a step of one key is about, as the head of its column."""
    as_wanted: ClassVar[str]
    """Of one key: that nothing has to change, as the end of a sentence."""

    def __init__(self, runs: Runs[C, Any], store: Store) -> None:
        self.runs = runs
        self.store = store

    @abstractmethod
    def noun(self, changes: Iterable[C]) -> str:
        """What such changes are called: `change of tags`."""

    @abstractmethod
    def steps(self, change: C) -> list[StepLine]:
        """Each thing that changes on a key."""

    @abstractmethod
    def line(self, change: C) -> str:
        """All of it on one line."""

    @abstractmethod
    def counts(self, changes: Sequence[C]) -> str:
        """What changes come to, as the end of a sentence: `adds 2 tags`."""

    @abstractmethod
    def now(self, result: RunResult[C]) -> str:
        """What a key was found to hold, for its row."""

    @abstractmethod
    def now_holds(self, result: RunResult[C]) -> str:
        """What a key was found to hold after its change, as a sentence."""

    @abstractmethod
    def all_found(self, result: RunResult[C]) -> Sequence[str]:
        """All that was read of a key afterwards, in lines."""

    @abstractmethod
    def if_lost(self, left: str) -> str:
        """What is lost where the program ends while a run is under way."""

    @abstractmethod
    def commands(self, change: C) -> Iterable[Sequence[str]]:
        """The AWS CLI's words for a change, but for the key."""

    def can_undo(self, change: C) -> bool:
        """Whether anything can take the change back."""
        return True

    def is_plain(self, change: C) -> bool:
        """Whether a change of one key holds nothing to weigh, so that it may be sent unseen."""
        return False

    def warning(self, changes: Sequence[C]) -> str:
        """What to weigh before they are sent, in sentences."""
        return ""

    def question(self, changes: Sequence[C]) -> tuple[str, str, str] | None:
        """What is asked before they are sent: words, the verb, and what must be typed; or None."""
        return None

    # What is read beside the plan, while a person looks at it

    def looks(self, changes: Sequence[C]) -> bool:
        """Whether anything is read beside the plan."""
        return False

    async def look(self, changes: Sequence[C], told: Callable[[str], None]) -> None:
        """Read it; `told` gets the ID of each key of which more is known."""

    def seen(self, key_id: str) -> Part:
        """What was read of a key beside the plan, for its row."""
        return ""

    def all_seen(self, key_id: str) -> str:
        """The same in lines."""
        return ""
