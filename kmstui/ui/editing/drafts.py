"""Drafts: what is typed is kept as it is typed, and asked about before it is left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kmstui.service.editing import DraftOffer
from kmstui.service.errors import ServiceError
from kmstui.service.ports import Journal
from kmstui.ui.dialogs import Menu, MenuItem


class DraftKeeper:
    """Keeps the newest text; texts that come while one is being written wait, the last alone.

    Attributes:
        problem: Why the last text is not kept, as a sentence; empty when it is.
        kept: Whether any text was kept as a draft.
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
        self._busy = False
        self.problem = ""
        self.kept = False

    async def keep(self, text: str) -> None:
        """Keep this text, or the newest one that comes meanwhile; never raises for the journal."""
        self._waiting = text
        if self._busy:
            return
        self._busy = True
        try:
            while self._waiting is not None:
                text, self._waiting = self._waiting, None
                await self._keep_one(text)
        finally:
            self._busy = False

    async def _keep_one(self, text: str) -> None:
        before = (self.problem, self.kept)
        try:
            await self._write(text)
        except ServiceError as error:
            self.problem = error.sentence
        else:
            # What is in memory alone is gone with the program.
            self.problem = "" if self._journal.durable else self._journal.warning
            self.kept = not self.problem
        if before != (self.problem, self.kept):
            self._told()


def ask_about_draft(draft: DraftOffer, title: str) -> Menu:
    """Returns a menu of `take`, `stored` and `discard`; None is as `stored`."""
    who = f" Typed by {draft.caller}." if draft.caller else ""
    return Menu(
        f"{title}: {draft.sentence}{who}",
        [
            MenuItem("take", "Go on with the draft", key="g"),
            MenuItem("stored", "Look at the stored policy; the draft stays", key="s"),
            MenuItem("discard", "Discard the draft; the history keeps it", key="d"),
        ],
    )


def ask_about_typed(what: str, age: str) -> Menu:
    """Returns a menu of `take` and `discard`; None: begin anew, and the draft stays for now."""
    return Menu(
        f"{what}, typed {age} ago, were not sent.",
        [
            MenuItem("take", "Go on with them", key="g"),
            MenuItem("discard", "Begin anew; the history keeps them", key="d"),
        ],
    )


def ask_to_leave(title: str, problem: str) -> Menu:
    """Returns a menu of `keep` and `discard`; None: stay."""
    if problem:
        heading = f"The changes of {title} are not kept anywhere. {problem}"
        keep = MenuItem("keep", "Leave; the changes are lost", key="l")
        return Menu(heading, [MenuItem("stay", "Stay", key="s"), keep])
    return Menu(
        f"The changes of {title} are not saved.",
        [
            MenuItem("keep", "Leave; they are kept as a draft", key="l"),
            MenuItem("discard", "Leave and discard; the history keeps them", key="d"),
            MenuItem("stay", "Stay", key="s"),
        ],
    )
