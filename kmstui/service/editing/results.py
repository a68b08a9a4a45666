"""How a save can end; each says what happened, what is stored, and what to do next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from kmstui.policy.syntax import Span
from kmstui.service.changes import Shown
from kmstui.service.editing.conflicts import Conflict
from kmstui.service.errors import ServiceError

_KEPT = "Your text is kept."


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveResult(ABC):
    """How a save ended."""

    label: str
    """The policy as a sentence names it."""
    journal_problem: str = ""
    """Why the end of the save could not be written down, as a sentence."""

    @abstractmethod
    def _words(self) -> str: ...

    @property
    def what(self) -> str:
        """What happened, without the journal's trouble."""
        return self._words()

    @property
    def sentence(self) -> str:
        """What happened, and what to do next."""
        return f"{self.what} {self.journal_problem}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged(SaveResult):
    """The stored policy says the same already; nothing was sent."""

    stored: str

    def _words(self) -> str:
        return f"The policy of {self.label} is this one already; nothing was sent."


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved(SaveResult):
    """Accepted, and read back."""

    stored: str
    """The text as the service holds it."""
    silence: str = ""
    """Why no answer to the put came, in a clause; empty when one did."""

    def _words(self) -> str:
        if self.silence:
            return f"Saved: {self.label} holds your policy, read back. {_sentence(self.silence)}"
        return f"Saved: {self.label} holds your policy, read back."


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedStillPropagating(SaveResult):
    """Accepted; what is read back is still the policy before."""

    stored: str

    def _words(self) -> str:
        shown = "still show the policy before" if self.stored else "do not find it yet"
        return (
            f"Saved, still propagating: the put to {self.label} was accepted, and reads"
            f" {shown}. This can take up to 5 minutes; r reads it again."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedButDiffers(SaveResult):
    """Accepted; what is read back is neither this policy nor the one before."""

    sent: str
    stored: str

    def _words(self) -> str:
        return (
            f"Accepted, but {self.label} now holds another policy than yours; most likely somebody"
            f" else put theirs at the same time. {_KEPT} Look at the difference and decide."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedUnread(SaveResult):
    """Accepted; it could not be read back."""

    sent: str
    reason: str

    def _words(self) -> str:
        return f"Accepted, but {self.label} could not be read back. {self.reason}"


@dataclass(frozen=True, slots=True)
class RefusedPart:
    """A range of the text that the refusal is, or may be, about."""

    span: Span
    certain: bool
    """Whether the words name it; else it is a guess."""
    reason: str
    """Why this part, in a clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(SaveResult):
    """Refused, or never sent; the stored policy is as before."""

    sent: str
    error: ServiceError
    parts: tuple[RefusedPart, ...] = ()
    """Best first; empty where the words are about no part in particular."""
    locks_out: bool = False
    """Whether KMS's lock-out check refused it, which can be bypassed."""

    def _words(self) -> str:
        return f"{self.error.sentence} {_KEPT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeUnknown(SaveResult):
    """Sent, no answer came, and reading back did not find it."""

    sent: str
    silence: str
    """Why no answer came, in a clause."""
    shown: Shown
    """`OLD`, `OTHER` or `UNREADABLE`."""
    stored: str = ""
    """What is stored, where it could be read."""
    problem: str = ""
    """Why it could not be read, as a sentence."""

    def _words(self) -> str:
        found = {
            Shown.OLD: (
                "still shows the policy before, so yours was most likely not stored; it may still"
                " show up within 5 minutes. The next review reads it again."
            ),
            Shown.OTHER: (
                "holds neither your policy nor the one before: somebody else changed it. Look at"
                " the difference and decide."
            ),
        }.get(self.shown, f"cannot be read back now. {self.problem}")
        return f"{_sentence(self.silence)} {self.label[:1].upper()}{self.label[1:]} {found} {_KEPT}"


def _sentence(clause: str) -> str:
    return f"The put got no clear answer: {clause.rstrip('.')}."


SaveOutcome = SaveResult | Conflict
