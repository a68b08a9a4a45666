"""The safe edit of one policy, without a screen.

What a person types is in the journal before anything is sent, and stays there whatever fails.
A save reads the stored policy again, stops when somebody else changed its meaning, puts, and
reads back. KMS offers no version or condition for a put, so a change by somebody else between
the read and the put is overwritten; what the read-back shows of it is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kmstui.policy.canonical import same_meaning
from kmstui.service.conflicts import Conflict, conflict_of
from kmstui.service.errors import ConflictError, InvalidInputError, JournalError
from kmstui.service.policy_places import PolicyPlace
from kmstui.service.ports import PolicyVersion
from kmstui.service.putting import Desk, PolicyPut, SaveStep
from kmstui.service.read_back import (
    AGAIN,
    PATIENCE,
    PROPAGATION,
    Held,
    ReadBack,
    Sleep,
    what_is,
)
from kmstui.service.recovery import AcceptedPut, last_accepted
from kmstui.service.save_results import (
    OutcomeUnknown,
    Saved,
    SavedStillPropagating,
    SavedUnread,
    SaveOutcome,
    SaveResult,
    Unchanged,
)

Observer = Callable[[SaveStep], None]
"""Told of each step of a save."""


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


@dataclass(frozen=True, slots=True)
class Review:
    """What a person confirmed: exactly this text in place of exactly this one."""

    subject: str
    text: str
    base: str


class PolicyEditing:
    """One policy being edited.

    Attributes:
        place: Where it is stored.
        base: The stored text that the edit is a change of.
        draft: What was typed before and not stored, or None.
        warning: What is wrong with the journal, as sentences; empty when all is well.
    """

    def __init__(
        self,
        place: PolicyPlace,
        desk: Desk,
        sleep: Sleep = asyncio.sleep,
        *,
        patience: tuple[float, ...] = PATIENCE,
    ) -> None:
        self.place = place
        self.base = ""
        self.draft: DraftOffer | None = None
        self.warning = desk.journal.warning
        self._desk = desk
        self._sleep = sleep
        self._patience = patience
        self._kept = ""
        self._awaited: tuple[str, datetime] | None = None
        self._unanswered = ""
        self._saving: asyncio.Task[SaveOutcome] | None = None
        self._read_back: ReadBack | None = None

    async def open(self) -> str:
        """The stored text, written to the journal; `draft` then tells of an unsaved one.

        Raises:
            ServiceError: it could not be read; `stored_draft` may still find what was typed.
        """
        self.base = await self.place.read()
        self._kept = self.base
        try:
            await self._keep_fetched(self.base)
            last = await last_accepted(self._desk, self.place.subject)
            if last is not None:
                await self._look_for(last)
            self.draft = await self._offer(last)
        except JournalError as error:
            self.warning = f"{self.warning} {error.sentence}".strip()
        return self.base

    def take_draft(self) -> str:
        """The person goes on with the draft: its base is what a save will be checked against.

        Raises:
            InvalidInputError: there is none.
        """
        if self.draft is None:
            raise InvalidInputError(f"there is no draft of {self.place.label}")
        self.base, self._kept = self.draft.base, ""
        text, self.draft = self.draft.text, None
        return text

    async def discard_draft(self) -> None:
        """The person does not want it: it goes to the history, where it can still be found.

        Raises:
            JournalError
        """
        await self._desk.journal.close_draft(self._desk.scope, self.place.subject)
        self.draft, self._kept = None, self.base

    async def keep_draft(self, text: str) -> None:
        """Keep what is typed; cheap where nothing changed since the last time.

        Raises:
            JournalError: it is not kept.
        """
        if text == self._kept:
            return
        await self._desk.journal.save_draft(
            self._desk.scope, self.place.subject, text, base=self.base, caller=self._desk.caller
        )
        self._kept = text

    async def check_conflict(self, mine: str) -> Conflict | None:
        """Read the stored policy again; a conflict where its meaning is not the base's.

        Raises:
            ServiceError: it could not be read or written to the journal, or does not show the
                last save yet.
        """
        theirs = await self.place.read()
        await self._keep_fetched(theirs)
        self._check_propagated(theirs)
        if same_meaning(theirs, self.base) or self._came_late(theirs):
            return None
        return conflict_of(self.base, mine, theirs)

    def rebase(self, conflict: Conflict) -> None:
        """The person has merged: from now on the edit is a change of what is stored."""
        self.base, self._kept = conflict.theirs, ""

    def review(self, text: str) -> Review:
        """What the person confirms, to be handed to `save`."""
        return Review(self.place.subject, text, self.base)

    async def save(
        self, review: Review, *, bypass_alias: str = "", observe: Observer = lambda _: None
    ) -> SaveOutcome:
        """Put the reviewed text, unless somebody else changed the policy meanwhile.

        Once it is under way it runs to its end, even if whoever waits for it is cancelled: what
        became of a put must be found out and written down. `bypass_alias` is the alias that the
        person typed to turn off KMS's lock-out check for this one save.

        Raises:
            InvalidInputError: another text was reviewed, the alias is not the key's, or a save is
                under way already.
            JournalError: it could not be written down, and nothing was sent.
            ServiceError: the stored policy could not be read, or does not show the last save
                yet; nothing was sent.
        """
        self._check(review, bypass_alias)
        self._read_back = ReadBack(self.place, self._sleep, self._patience)
        self._saving = asyncio.ensure_future(
            self._save(review, self._read_back, observe, bypass=bool(bypass_alias))
        )
        return await asyncio.shield(self._saving)

    def stop_waiting(self) -> None:
        """Wait no longer for reads to show what was put."""
        if self._read_back is not None:
            self._read_back.stop_waiting()

    @property
    def is_saving(self) -> bool:
        """Whether a save is under way."""
        return self._saving is not None and not self._saving.done()

    async def settled(self) -> None:
        """Wait until a save that is under way has ended, however."""
        if self._saving is not None:
            await asyncio.wait([self._saving])

    def _check(self, review: Review, bypass_alias: str) -> None:
        if self.is_saving:
            raise InvalidInputError(
                f"a save of {self.place.label} is under way", "Wait until it has ended."
            )
        if review.subject != self.place.subject or review.base != self.base:
            raise InvalidInputError(
                f"what was reviewed is not a change of what {self.place.label} was read as",
                "Review the text again; nothing was sent.",
            )
        if bypass_alias:
            self.place.check_bypass(bypass_alias)
        if not self._desk.journal.durable:
            raise JournalError(
                "the text could not be kept, so nothing was sent", self._desk.journal.warning
            )

    async def _save(
        self, review: Review, read_back: ReadBack, observe: Observer, *, bypass: bool
    ) -> SaveOutcome:
        await self.keep_draft(review.text)
        observe(SaveStep.CHECKING)
        stored = await self.place.read()
        await self._keep_fetched(stored)
        stands = same_meaning(stored, review.base)
        if stored == review.text or (not stands and same_meaning(stored, review.text)):
            await self._desk.journal.close_draft(self._desk.scope, self.place.subject)
            self.base = self._kept = stored
            return Unchanged(label=self.place.label, stored=stored)
        self._check_propagated(stored)
        if not stands and not self._came_late(stored):
            return conflict_of(review.base, review.text, stored)
        put = PolicyPut(self.place, self._desk, read_back, observe)
        result = await put.run(review.text, stored, bypass=bypass)
        self._take_in(result, review.text, stored)
        return result

    def _take_in(self, result: SaveResult, text: str, before: str) -> None:
        """What the next edit is a change of."""
        if isinstance(result, Saved):
            self.base = self._kept = result.stored
        elif isinstance(result, SavedStillPropagating | SavedUnread):
            self.base = self._kept = text
            self._awaited = before, self._desk.clock()
        elif isinstance(result, OutcomeUnknown):
            self._unanswered = text

    def _came_late(self, stored: str) -> bool:
        """Whether what is stored is our own put that got no answer, not somebody else's."""
        return bool(self._unanswered) and same_meaning(stored, self._unanswered)

    def _check_propagated(self, stored: str) -> None:
        """Whether a read can be trusted: the last save may not show yet.

        What it still shows is not somebody else's change, and merging with it would undo ours.
        """
        if self._awaited is None:
            return
        before, since = self._awaited
        if same_meaning(stored, before) and self._desk.clock() - since < PROPAGATION:
            raise ConflictError(
                f"reads of {self.place.label} still show the policy before your last save",
                "Wait until they show it, at most 5 minutes, and save again; nothing was sent.",
            )
        self._awaited = None

    async def _keep_fetched(self, text: str) -> None:
        desk = self._desk
        await desk.journal.keep_version(
            desk.scope, self.place.subject, text, "fetched", caller=desk.caller
        )

    async def _look_for(self, last: AcceptedPut) -> None:
        """Where reads may not show the last accepted put yet, go on from what was put."""
        if last.shown or self._desk.clock() - last.time >= PROPAGATION:
            return
        if what_is(self.base, last.sent, last.before) is not Held.OLD:
            return
        look = ReadBack(self.place, self._sleep, AGAIN)
        reading = await look.look(last.sent, last.before, lambda: None)
        if reading.held in (Held.OURS, Held.OTHER):
            await self._keep_fetched(reading.text)
            self.base = self._kept = reading.text
            return
        self.base = self._kept = last.sent
        self._awaited = last.before, last.time
        self.warning = (
            f"{self.warning} Your last save ({last.time:%H:%M} UTC) was accepted, and reads do not"
            " show it yet, which can take up to 5 minutes. Here is what you saved; nothing can be"
            " saved on top of it until reads show it."
        ).strip()

    async def _offer(self, last: AcceptedPut | None) -> DraftOffer | None:
        draft = await self.stored_draft()
        if draft is None:
            return None
        if draft.text == draft.base or same_meaning(draft.text, self.base):
            # It was stored after all, or nothing was typed: not worth a question.
            if self._awaited is None:
                await self._desk.journal.close_draft(self._desk.scope, self.place.subject)
            return None
        now = self._desk.clock()
        return DraftOffer(
            draft.text,
            draft.base,
            draft.time,
            max(now - draft.time, timedelta(0)),
            draft.caller,
            not same_meaning(draft.base, self.base),
            max(now - last.time, timedelta(0)) if last is not None and last.was(draft) else None,
        )

    async def stored_draft(self) -> PolicyVersion | None:
        """The open draft as the journal holds it, also where the policy cannot be read.

        Raises:
            JournalError
        """
        return await self._desk.journal.draft(self._desk.scope, self.place.subject)


def age_in_words(age: timedelta) -> str:
    """`5 minutes`, `3 hours`, `2 days`."""
    seconds = int(age.total_seconds())
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            number = seconds // length
            return f"{number} {unit}{'s' * (number > 1)}"
    return "less than a minute"
