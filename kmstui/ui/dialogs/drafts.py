"""Drafts: what is typed is kept as it is typed; of a line, what nobody would like to type again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from kmstui.service.changes import TypedText
from kmstui.service.errors import ServiceError
from kmstui.service.ports import Journal
from kmstui.ui.commands import Program

_SHORT = 40
"""Characters that are typed again more quickly than they are looked for."""


class DraftKeeper:
    """Keeps the newest text; texts that come while one is being written wait, the last alone.

    Attributes:
        problem: Why the last text is not kept, as a sentence; empty when it is.
        kept: Whether the newest text is kept as a draft.
    """

    def __init__(
        self,
        keep: Callable[[str], Awaitable[None]],
        journal: Journal,
        told: Callable[[], None],
    ) -> None:
        """`keep` writes one text to the journal; `told` hears when `problem` or `kept` changed."""
        self._write = keep
        self._journal = journal
        self._told = told
        self._waiting: str | None = None
        self._writes = asyncio.Lock()
        self.problem = ""
        self.kept = False

    async def keep(self, text: str) -> None:
        """Keep this text, or the newest one that comes meanwhile; never raises for the journal."""
        self._waiting = text
        self._now(self.problem, kept=False)
        # Whoever wrote the one before may have been ended with the program: then it is up to this.
        async with self._writes:
            while self._waiting is not None:
                text, self._waiting = self._waiting, None
                await self._keep_one(text)

    async def _keep_one(self, text: str) -> None:
        try:
            await self._write(text)
        except ServiceError as error:
            problem = error.sentence
        else:
            # What is in memory alone is gone with the program.
            problem = "" if self._journal.durable else self._journal.warning
        self._now(problem, kept=not problem and self._waiting is None)

    def _now(self, problem: str, *, kept: bool) -> None:
        before = (self.problem, self.kept)
        self.problem, self.kept = problem, kept
        if before != (problem, kept):
            self._told()


class KeptLine:
    """Keeps a line of more than a few words until it was sent, and brings it back.

    Attributes:
        earlier: What was typed before and not sent; empty where there is nothing.
    """

    def __init__(
        self, program: Program, subject: str, start: str, offer: Callable[[str], object]
    ) -> None:
        """`subject` is what the journal calls it, `start` what nobody has typed.

        `offer` hears how long ago something was typed that was not sent, in words.

        Raises:
            JournalError: the account is not known yet.
        """
        scope = program.session.of("").change_scope()
        self._program = program
        self._typed = TypedText(scope, subject)
        self._drafts = DraftKeeper(self._keep, scope.journal, self._tell)
        self._known = start
        self._offer = offer
        self._replaces = False
        self.earlier = ""
        self._work(self._find)

    @classmethod
    def of(
        cls, program: Program, subject: str, start: str, offer: Callable[[str], object]
    ) -> KeptLine | None:
        """None where there is no `subject`, or nowhere to keep it yet."""
        if not subject or program.session.of("").scope is None:
            return None
        return cls(program, subject, start, offer)

    def _work(self, job: Callable[[], Awaitable[None]]) -> None:
        self._program.work(job, group="line", what="keeping what is typed", exclusive=False)

    async def _find(self) -> None:
        self.earlier, age = await self._typed.stored()
        self._replaces = bool(self.earlier)
        if self.earlier:
            self._offer(age)

    def keep(self, text: str) -> None:
        """This stands in the line now."""
        if text != self._known and len(text.strip()) > _SHORT:
            self._known = text
            self._work(lambda: self._drafts.keep(text))

    async def _keep(self, text: str) -> None:
        if self._replaces and text != self.earlier:
            # The history has it: else it would be replaced for good.
            await self._typed.close()
        self._replaces = False
        await self._typed.keep_draft(text)

    def _tell(self) -> None:
        if self._drafts.problem:
            self._program.session.notify(
                f"What you type is not kept. {self._drafts.problem}", "error"
            )

    def forget(self) -> None:
        """It was sent."""
        self._work(self._typed.close)
