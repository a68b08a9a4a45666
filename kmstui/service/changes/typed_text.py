"""A text that a person types and that is not the policy of anything yet."""

from __future__ import annotations

from datetime import timedelta

from kmstui.service.changes.runner import ChangeScope

STATEMENTS = "statements"
"""What the journal calls the statements that are typed for several keys."""

TAG_LINE, UNTAG_LINE = "tag line", "untag line"
TAG_VALUE, TAG_KEY = "tag value", "tag key"
"""What it calls the tags, or tag keys to remove, that are typed or pasted, and parts of one tag."""

DESCRIPTION = "description"
"""What it calls the description of a key, also of one that is to be created."""

WHAT_IF = "what-if"
"""What it calls a question about access. Nothing of it is ever sent, so nobody is told of it."""

TYPED_TEXTS = {
    STATEMENTS: ("statements for several keys", "S"),
    TAG_LINE: ("tags", "t"),
    UNTAG_LINE: ("tag keys to remove", "u"),
    TAG_VALUE: ("the value of a tag", "4 and Enter"),
    TAG_KEY: ("the name of a tag", "4 and n"),
    DESCRIPTION: ("the description of a key", "x"),
}
"""What is told of, in words, and the keys that open it again."""


class TypedText:
    """Kept while it is typed, and offered until it was sent or discarded."""

    def __init__(self, scope: ChangeScope, subject: str) -> None:
        """`subject` is what the journal calls it; no key and no role is called so."""
        self._scope = scope
        self._subject = subject
        self._kept = ""

    async def keep_draft(self, text: str) -> None:
        """Keep what is typed; cheap where nothing changed since the last time.

        Raises:
            JournalError: it is not kept.
        """
        if text != self._kept:
            await self._scope.journal.save_draft(
                self._scope.where, self._subject, text, base="", caller=self._scope.caller
            )
            self._kept = text

    async def stored(self) -> tuple[str, str]:
        """What was typed before, and how long ago in words; empty where there is nothing.

        Raises:
            JournalError
        """
        draft = await self._scope.journal.draft(self._scope.where, self._subject)
        if draft is None:
            return "", ""
        return draft.text, age_in_words(max(self._scope.clock() - draft.time, timedelta(0)))

    async def close(self) -> None:
        """It was sent or discarded: it is history now.

        Raises:
            JournalError
        """
        await self._scope.close_draft(self._subject)
        self._kept = ""


def age_in_words(age: timedelta) -> str:
    """`5 minutes`, `3 hours`, `2 days`."""
    seconds = int(age.total_seconds())
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            number = seconds // length
            return f"{number} {unit}{'s' * (number > 1)}"
    return "less than a minute"
