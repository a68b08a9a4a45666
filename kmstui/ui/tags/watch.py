"""Looks, after connecting, whether a run of an earlier kmstui was interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from kmstui.model.caller import ConnectionInfo
from kmstui.service.inventory.loading import FIRST_PAINT_SECONDS
from kmstui.service.inventory.store import Topic
from kmstui.service.session import Session

if TYPE_CHECKING:
    from kmstui.service.tags.tagging import UnfinishedTags
    from kmstui.ui.app import KmsApp
    from kmstui.ui.tags.change_screen import Planner
    from kmstui.ui.tags.desk import TaggingDesk

T = TypeVar("T")
Settle = Callable[[], Awaitable[None]]

READ_ONLY_JOURNAL = "It can be finished or undone once the journal can be written."

_IN_FRONT_SECONDS = 0.3
"""Time between two looks at whether nothing is open over the panes any more."""


class UnfinishedWatch:
    """Asks once for each connection, when the account is known."""

    def __init__(self, app: KmsApp, session: Session, desk: TaggingDesk) -> None:
        self._app = app
        self._session = session
        self._desk = desk
        self._looked_at: ConnectionInfo | None = None
        for topic in (Topic.SESSION, Topic.PROGRESS):
            session.store.subscribe(topic, self._changed)

    def _changed(self, _: frozenset[str]) -> None:
        info = self._session.store.info
        if info is not None and info is not self._looked_at and self._session.scope is not None:
            self._looked_at = info
            self._app.call_later(self._desk.work, self._look, "looking for interrupted changes")

    async def _look(self) -> None:
        # What it takes to look is loaded once the first keys have been drawn.
        await asyncio.sleep(FIRST_PAINT_SECONDS)
        from kmstui.ui.tags.unfinished import unfinished_words

        for run in await self._desk.tagging.unfinished():
            if not run.open and not run.unread and self._session.journal.durable:
                await self._desk.tagging.settle(run)
                self._session.notify(f"{unfinished_words(run)} Nothing is left to do.")
            elif not self._session.journal.durable:
                self._session.notify(f"{unfinished_words(run)} {READ_ONLY_JOURNAL}", "warning")
            elif self._session.read_only:
                words = "Start kmstui without --read-only to finish or undo it."
                self._session.notify(f"{unfinished_words(run)} {words}", "warning")
            else:
                await self._ask(run)

    async def _ask(self, run: UnfinishedTags) -> None:
        from kmstui.ui.tags.unfinished import FINISH, UNDO, UnfinishedScreen

        # A screen tells nobody but itself that it is in front again.
        while not self._app.main.is_current:  # noqa: ASYNC110
            await asyncio.sleep(_IN_FRONT_SECONDS)
        screen = UnfinishedScreen(run, self._session.store, self._desk.signs)
        answered: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._app.call_later(self._app.push_screen, screen, _setter(answered))
        answer = await answered
        tagging = self._desk.tagging

        async def settle() -> None:
            await tagging.settle(run)

        if answer is None:
            return
        if answer == FINISH:
            rest = (*run.open, *(change for change, _ in run.unread))
            await self._show(
                "Finish the change of tags", lambda told: tagging.plan_again(rest, told), settle
            )
        elif answer == UNDO:
            done = run.all_done
            await self._show(
                "Undo the change of tags", lambda told: tagging.plan_undo(done, told), settle
            )
        else:
            await settle()

    async def _show(self, title: str, planner: Planner, settle: Settle) -> None:
        closed: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
        self._desk.show(title, planner, written=settle, closed=_setter(closed))
        await closed


def _setter(future: asyncio.Future[T]) -> Callable[[T], None]:
    def set_it(value: T) -> None:
        if not future.done():
            future.set_result(value)

    return set_it
