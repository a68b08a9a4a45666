"""What one kind of change tells the run: how it is read, planned, sent, seen and taken back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from kmstui.model import Key
from kmstui.service.changes import Check, Shown
from kmstui.service.errors import ServiceError
from kmstui.service.inventory import Store
from kmstui.service.ports import ChangeRecord, Gateway, Urgency
from kmstui.service.runs.outcomes import C

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """One call of the change of a key."""

    send: Callable[[], Awaitable[str | None]]
    seen: Check[T] | None = None
    """What must show before the next step is sent; None where that need not wait."""
    still: Callable[[T], bool] | None = None
    """Whether what is read is still what the step was decided on, so that it may be sent again
    after it was turned away; None where sending it again is harmless."""
    half_done: str = ""
    """What is said where this was done and the next step was refused, as a sentence."""
    late: str = ""
    """What is said where it does not show, so that the next step was not sent."""


class RunKind(ABC, Generic[C, T]):
    """A kind of change of keys; T is what is read of a key before and after it."""

    operations: ClassVar[frozenset[str]]
    """What the journal calls its changes."""
    rates: ClassVar[Mapping[str, float]]
    """By call, requests a second. Source: KMS Developer Guide, "Request quotas"."""

    @abstractmethod
    def operation_of(self, change: C) -> str:
        """What the journal calls it."""

    @abstractmethod
    def change_of(self, record: ChangeRecord) -> C:
        """The change that a journal entry tells of."""

    @abstractmethod
    def refusal(self, key: Key, name: str) -> str:
        """Why the key cannot be changed at all, as a sentence that calls it `name`; or ""."""

    @abstractmethod
    async def read(self, gateway: Gateway, change: C, urgency: Urgency) -> T:
        """Read of the key what the change is about; raises ServiceError."""

    @abstractmethod
    def known(self, key: Key, error: ServiceError) -> T | None:
        """What was known before, where it may not be read; None where that does not do."""

    @abstractmethod
    def keep(self, store: Store, key_id: str, value: T) -> None:
        """Take what was read into the store."""

    @abstractmethod
    def judge(self, change: C, value: T) -> Shown:
        """What a read shows of the change."""

    @abstractmethod
    def steps(self, gateway: Gateway, change: C) -> Sequence[Step[T]]:
        """The calls that it takes, in their order."""

    @abstractmethod
    def calls(self, change: C) -> Iterable[str]:
        """The names of these calls, as `rates` has them."""

    @abstractmethod
    def again(self, change: C, value: T, name: str) -> C:
        """What is left to do so that a key that reads so shows the change."""

    @abstractmethod
    def undo(self, change: C, value: T, name: str) -> C:
        """What takes the change back; what somebody else has changed since stays."""

    def check(self, gateway: Gateway, change: C, urgency: Urgency = Urgency.ASKED) -> Check[T]:
        """How to see whether a key was changed."""
        return Check(
            lambda: self.read(gateway, change, urgency), lambda value: self.judge(change, value)
        )

    def seconds_for(self, changes: Iterable[C]) -> float:
        """How long sending the changes takes at the least, by the quotas of the account."""
        counts = Counter(
            call for change in changes if change.will_be_sent for call in self.calls(change)
        )
        return max((count / self.rates[call] for call, count in counts.items()), default=0.0)
