"""What a run does to one key, and how that ended; values without any calls."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

Values = tuple[tuple[str, Any], ...]
"""Names with their values, which JSON can hold; None where there is none."""


class RunOutcome(StrEnum):
    """How the change of one key ended."""

    WAITING = "waiting"
    RUNNING = "sending"
    SENT = "sent"
    """Accepted, and being read back."""
    DONE = "done"
    """Read back as it was asked for."""
    PROPAGATING = "propagating"
    """Accepted, but the key does not show it yet."""
    UNREAD = "not read back"
    """Accepted, and not allowed or not able to be read back."""
    FAILED = "failed"
    CANCELLED = "not sent"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    """By kmstui itself, since KMS would refuse it: nothing was sent."""
    UNCHANGED = "unchanged"

    @property
    def ended(self) -> bool:
        """Whether no more will come of it."""
        return self not in {RunOutcome.WAITING, RunOutcome.RUNNING, RunOutcome.SENT}

    @property
    def saved(self) -> bool:
        """Whether KMS has taken the change."""
        return self in {RunOutcome.DONE, RunOutcome.PROPAGATING, RunOutcome.UNREAD}

    @property
    def can_be_retried(self) -> bool:
        """Whether sending it again may help."""
        return self in {RunOutcome.FAILED, RunOutcome.CANCELLED, RunOutcome.UNKNOWN}


@dataclass(frozen=True, slots=True)
class KeyChange:
    """What happens to one key; what stays as it is does not occur."""

    key_id: str
    before: Values
    after: Values
    refused: str = ""
    """Why nothing will be sent for this key, as a sentence."""
    note: str = ""
    """What the person must know about this key all the same, as a sentence."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to send."""
        return not self.after

    @property
    def will_be_sent(self) -> bool:
        """Whether anything is sent for this key."""
        return bool(self.after) and not self.refused


C = TypeVar("C", bound=KeyChange)


@dataclass(frozen=True, slots=True)
class RunResult(Generic[C]):
    """How far the change of one key is."""

    change: C
    outcome: RunOutcome
    detail: str = ""
    """What the person should know of it, as a sentence."""
    found: Any = None
    """What was read of the key afterwards, as its kind reads it; None when it was not."""
    signed_out: bool = False
    """Whether it was refused for the credentials, so that signing in may be what helps."""
