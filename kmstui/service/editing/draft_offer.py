"""A text that was typed and never stored, as it is offered when the policy is next opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from kmstui.service.changes import age_in_words


@dataclass(frozen=True, slots=True)
class DraftOffer:
    """A text that was typed and never stored."""

    text: str
    base: str
    """The stored text it was begun from."""
    time: datetime
    age: timedelta
    caller: str
    """ARN of who typed it; empty when unknown."""
    stored_changed: bool
    """Whether what is stored changed meaning since the draft was begun."""
    accepted: timedelta | None = None
    """How long ago the service accepted a put of this text, which is not what is stored now."""

    @property
    def sentence(self) -> str:
        """How old it is, what became of it, and whether the stored policy has changed."""
        if self.accepted is not None:
            return self._accepted_sentence(age_in_words(self.accepted))
        changed = (
            "the stored policy has changed since it was begun: saving it will ask you to merge"
            if self.stored_changed
            else "the stored policy has not changed since"
        )
        return f"There is an unsaved draft, {age_in_words(self.age)} old; {changed}."

    def _accepted_sentence(self, age: str) -> str:
        found = (
            "another policy is stored now: somebody else has changed it since, and saving your text"
            " will ask you to merge"
            if self.stored_changed
            else "the policy from before it is stored: somebody has put that back, or the save was"
            " lost; saving puts your text again"
        )
        return f"Your text was saved {age} ago and accepted, but {found}."
