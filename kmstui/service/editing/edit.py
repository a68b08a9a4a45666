"""The safe edit of one policy, without a screen.

What a person types is in the journal before anything is sent, and stays there whatever fails.
A save waits for its turn on this journal, reads the stored policy again, stops when somebody else
changed its meaning, puts, and reads back. KMS offers no condition for a put, so a change by
somebody else between the read and the put is overwritten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from kmstui.policy.iam import same_meaning
from kmstui.service.changes import (
    FOR_A_POLICY,
    FOR_AN_OPENED_POLICY,
    PROPAGATION,
    ChangeScope,
    ChangeStep,
    Observer,
    Shown,
    Sleep,
    Waiting,
    own_turn,
    read_back,
)
from kmstui.service.editing.conflicts import Conflict, conflict_of
from kmstui.service.editing.draft_offer import DraftOffer
from kmstui.service.editing.location import ABSENT, PolicyLocation
from kmstui.service.editing.put import (
    AcceptedPut,
    last_accepted,
    policy_check,
    put_policy,
    read_stored,
    what_is,
)
from kmstui.service.editing.results import SaveEnd, SaveOutcome, SaveResult
from kmstui.service.errors import (
    CancelledByPersonError,
    ConflictError,
    InvalidInputError,
    JournalError,
)
from kmstui.service.ports import PolicyVersion


@dataclass(frozen=True, slots=True)
class Review:
    """What a person confirmed: exactly this text in place of exactly this one."""

    subject: str
    text: str
    base: str


class PolicyEditing:
    """One policy being edited.

    Attributes:
        location: Where it is stored.
        base: The stored text that the edit is a change of.
        draft: What was typed before and not stored, or None.
        warning: What is wrong with the journal, as sentences; empty when all is well.
    """

    def __init__(
        self,
        location: PolicyLocation,
        scope: ChangeScope,
        sleep: Sleep = asyncio.sleep,
        *,
        pauses: Sequence[float] = FOR_A_POLICY,
    ) -> None:
        self.location = location
        self.base = ""
        self.draft: DraftOffer | None = None
        self.warning = scope.journal.warning
        self._scope = scope
        self._sleep = sleep
        self._pauses = pauses
        self._kept = ""
        self._since = scope.clock()
        """What was put after it, on this journal too, this edit knows nothing of."""
        self._awaited: AcceptedPut | None = None
        """The save that was accepted and that no read has shown yet."""
        self._decided = False
        """Whether the person goes on although nobody can tell whether that is stored."""
        self._unanswered = ""
        self._saving: asyncio.Task[SaveOutcome] | None = None
        self._waiting: Waiting | None = None

    async def open(self) -> str:
        """The stored text, written to the journal; `draft` then tells of an unsaved one.

        Raises:
            ServiceError: it could not be read; `stored_draft` may still find what was typed.
        """
        self._since = self._scope.clock()
        self.base = self._kept = await self.location.read()
        if self.base == ABSENT:
            self.warning = (
                f"{self.warning} The {self.location.label} does not exist yet: saving makes it."
            ).strip()
        try:
            await self._keep_fetched(self.base)
            last = await last_accepted(self._scope, self.location.subject)
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
            raise InvalidInputError(f"there is no draft of {self.location.label}")
        self.base, self._kept = self.draft.base, ""
        text, self.draft = self.draft.text, None
        return text

    async def discard_draft(self) -> None:
        """The person does not want it: it goes to the history, where it can still be found.

        Raises:
            JournalError
        """
        await self._scope.close_draft(self.location.subject)
        self.draft, self._kept = None, self.base

    async def keep_draft(self, text: str) -> None:
        """Keep what is typed; cheap where nothing changed since the last time.

        Raises:
            JournalError: it is not kept.
        """
        if text == self._kept:
            return
        if self.draft is not None:
            # It was offered and not taken, and an open draft is replaced: the history keeps it.
            await self.discard_draft()
        where, subject = self._scope.where, self.location.subject
        await self._scope.journal.save_draft(
            where, subject, text, base=self.base, caller=self._scope.caller
        )
        self._kept = text

    async def check_conflict(self, mine: str) -> Conflict | None:
        """Read the stored policy again; a conflict where its meaning is not the base's.

        Raises:
            ServiceError: it could not be read or written to the journal.
        """
        return self._conflict(mine, await self._read())

    async def last_put(self) -> AcceptedPut | None:
        """What was put here last, on this computer; None where nothing was, or nobody can tell."""
        with suppress(JournalError):  # Saving tells of that.
            return await last_accepted(self._scope, self.location.subject)
        return None

    def rebase(self, conflict: Conflict) -> None:
        """The person has merged: from now on the edit is a change of what is stored.

        Where reads may be late it stays a change of the person's last save.
        """
        self._kept = ""
        if conflict.awaited_since is None:
            self.base = conflict.theirs
        elif self._awaited is not None:
            self._decided = True

    def review(self, text: str) -> Review:
        """What the person confirms, to be handed to `save`."""
        return Review(self.location.subject, text, self.base)

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
            ServiceError: the stored policy could not be read; nothing was sent.
        """
        self._check(review, bypass_alias)
        self._waiting = Waiting(self._pauses, self._sleep)
        self._saving = asyncio.ensure_future(
            self._save(review, self._waiting, observe, bypass=bool(bypass_alias))
        )
        return await asyncio.shield(self._saving)

    def stop_waiting(self) -> None:
        """Wait no longer for reads to show what was put."""
        if self._waiting is not None:
            self._waiting.stop()

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
                f"a save of {self.location.label} is under way", "Wait until it has ended."
            )
        if review.subject != self.location.subject or review.base != self.base:
            raise InvalidInputError(
                f"what was reviewed is not a change of what {self.location.label} was read as",
                "Review the text again; nothing was sent.",
            )
        if bypass_alias:
            self.location.check_bypass(bypass_alias)
        if not self._scope.journal.durable:
            raise JournalError(
                "the text could not be kept, so nothing was sent", self._scope.journal.warning
            )

    async def _save(
        self, review: Review, waiting: Waiting, observe: Observer, *, bypass: bool
    ) -> SaveOutcome:
        await self.keep_draft(review.text)
        place = self.location
        async with own_turn(self._scope, place.subject, place.label, waiting, observe):
            return await self._save_in_turn(review, waiting, observe, bypass=bypass)

    async def _read(self) -> str:
        return await read_stored(self.location, self._scope, self._since)

    async def _save_in_turn(
        self, review: Review, waiting: Waiting, observe: Observer, *, bypass: bool
    ) -> SaveOutcome:
        observe(ChangeStep.CHECKING)
        stored = await self._read()
        stands = same_meaning(stored, review.base)
        same = stored == review.text or (not stands and same_meaning(stored, review.text))
        if same and not self._may_be_late(stored):
            await self._scope.close_draft(self.location.subject)
            self.base = self._kept = stored
            return SaveResult(
                label=self.location.label, end=SaveEnd.UNCHANGED, sent=review.text, stored=stored
            )
        conflict = self._conflict(review.text, stored)
        if conflict is not None:
            return conflict
        if waiting.is_stopped:
            raise CancelledByPersonError(
                f"you left while {self.location.label} was read, so nothing was sent"
            )
        texts = (stored, review.text)
        result = await put_policy(
            self.location, self._scope, texts, waiting, observe, bypass=bypass
        )
        if isinstance(result.error, ConflictError):
            # It was refused for its rate at first, and somebody else was quicker.
            overtaken = await self.check_conflict(review.text)
            return overtaken or result
        self._take_in(result, review.text, stored)
        return result

    def _take_in(self, result: SaveResult, text: str, before: str) -> None:
        """What the next edit is a change of."""
        self._since = self._scope.clock()
        if result.end is SaveEnd.SAVED:
            self.base = self._kept = result.stored
        elif result.is_taken:
            self.base = self._kept = text
            self._awaited, self._decided = AcceptedPut(text, before, self._since), False
        elif result.end is SaveEnd.UNKNOWN:
            self._unanswered = text

    def _conflict(self, mine: str, stored: str) -> Conflict | None:
        """What stands in the way of putting `mine` in place of `stored`, or None.

        A read that shows the policy from before one's own accepted save may be late, or somebody
        has put that policy back. Within the time that KMS takes to be consistent nobody can tell,
        so the person decides.
        """
        awaited = self._awaited
        if awaited is not None and same_meaning(stored, awaited.sent):
            self._awaited = awaited = None
        if awaited is not None and not self._decided and self._may_be_late(stored):
            return conflict_of(self.base, mine, stored, awaited.time)
        known = [self.base, self._unanswered or self.base]
        if awaited is not None and self._decided:
            known.append(awaited.before)
        if any(same_meaning(stored, each) for each in known):
            return None
        return conflict_of(self.base, mine, stored)

    def _may_be_late(self, stored: str) -> bool:
        """Whether what is stored may be the last save although a read shows this."""
        return self._awaited is not None and self._awaited.may_be_hidden_by(
            stored, self._scope.clock()
        )

    async def _keep_fetched(self, text: str) -> None:
        await self._scope.keep(self.location.subject, text, "fetched")

    async def _look_for(self, last: AcceptedPut) -> None:
        """Where reads may not show the last accepted put yet, go on from what was put."""
        if last.shown or self._scope.clock() - last.time >= PROPAGATION:
            return
        if what_is(self.base, last.sent, last.before) is not Shown.OLD:
            return
        check = policy_check(self.location, last.sent, last.before)
        found = await read_back(check, Waiting(FOR_AN_OPENED_POLICY, self._sleep))
        if found.value is not None and found.shown in (Shown.OURS, Shown.OTHER):
            await self._keep_fetched(found.value)
            self.base = self._kept = found.value
            return
        self.base = self._kept = last.sent
        self._awaited, self._decided = last, False
        self.warning = (
            f"{self.warning} Your last save ({last.time:%H:%M} UTC) was accepted, and reads show"
            " the policy from before it: either they do not show the save yet, which can take up to"
            " 5 minutes, or somebody has put that policy back. Here is what you saved; a review"
            " tells which of the two reads show then."
        ).strip()

    async def _offer(self, last: AcceptedPut | None) -> DraftOffer | None:
        draft = await self.stored_draft()
        if draft is None:
            return None
        if draft.text == draft.base or same_meaning(draft.text, self.base):
            # It was stored after all, or nothing was typed: not worth a question.
            if self._awaited is None:
                await self._scope.close_draft(self.location.subject)
            return None
        now = self._scope.clock()
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
        return await self._scope.journal.draft(self._scope.where, self.location.subject)
