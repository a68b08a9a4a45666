"""Shows runs, keeps the last one to be undone, and finds those that an earlier kmstui left.

It is there from the start; what it opens is imported when it opens it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from kmstui.service.inventory import FIRST_PAINT_SECONDS
from kmstui.service.ports import ChangeRecord
from kmstui.ui.commands import READ_ONLY, Program
from kmstui.ui.runtime import import_ahead

if TYPE_CHECKING:
    from kmstui.service.runs import RunResult, UnfinishedRun
    from kmstui.service.session import Session
    from kmstui.ui.runs.run_screen import Plan, RunScreen
    from kmstui.ui.runs.shown_kind import C, ShownKind

_IN_FRONT_SECONDS = 0.3
"""Time between two looks at whether nothing is open over the panes any more."""
_LOADED_SECONDS = 0.03
"""Time between two looks at whether the rest of the screens is loaded."""

_NO_UNDO = (
    "Changes of tags, of keys and of the primary Region can be undone here; History has a policy's"
    " earlier texts."
)


class RunController:
    """One for the program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._session = program.session
        self._undo: Callable[[], None] | None = None

    @property
    def can_undo(self) -> bool:
        """Whether a run has changed anything since the program was started."""
        return self._undo is not None

    def undo_last(self) -> None:
        """Show what takes the last run back."""
        if self._undo is not None:
            self._undo()

    def undo(self, kind: ShownKind[C], changes: Sequence[C]) -> None:
        """Show what takes changes back."""
        planner = partial(kind.runs.plan_undo, tuple(changes))
        self.show(kind, f"Undo the {kind.noun(changes)}", planner)

    def undo_entry(
        self,
        record: ChangeRecord,
        kinds: Sequence[ShownKind[Any]],
        closed: Callable[[bool | None], None],
    ) -> str:
        """Show what takes back the run that a journal entry belongs to; returns why not, or ""."""
        kind = next((each for each in kinds if record.operation in each.runs.kind.operations), None)
        if kind is None:
            return _NO_UNDO
        if self._session.read_only:
            return READ_ONLY

        async def plan(told: Callable[[int], None]) -> tuple[Any, ...]:
            return await kind.runs.plan_undo(await kind.runs.changes_of(record), told)

        noun = kind.noun([kind.runs.kind.change_of(record)])
        self.show(kind, f"Undo the {noun}", plan, closed)
        return ""

    def show(
        self,
        kind: ShownKind[C],
        title: str,
        planner: Plan[C],
        closed: Callable[[bool | None], None] | None = None,
    ) -> None:
        """Show what a planner comes to, to be sent from there."""
        self._program.push_screen(self._screen(kind, title, planner), closed)

    def _screen(
        self,
        kind: ShownKind[C],
        title: str,
        planner: Plan[C],
        written: Callable[[], Awaitable[None]] | None = None,
    ) -> RunScreen[C]:
        from kmstui.ui.runs.run_screen import RunScreen

        ended = partial(self._ended, kind)
        return RunScreen(self._program, kind, title, planner, ended=ended, written=written)

    def _ended(self, kind: ShownKind[C], results: Sequence[RunResult[C]]) -> None:
        """A run ended: it can be undone and copied from the main screen too."""
        from kmstui.ui.runs.words import cli_commands

        saved = [result.change for result in results if result.outcome.saved]
        if saved:
            self._undo = partial(self.undo, kind, saved)
            self._program.last_change_command = cli_commands(saved, kind, kind.runs.session)

    # What an earlier kmstui left behind

    async def look_for_unfinished(
        self, connection: Session, kinds: Callable[[], Sequence[ShownKind[Any]]]
    ) -> None:
        """Settle interrupted runs that left nothing to do, and ask about each other one."""
        # What it takes to look is loaded once the first keys have been drawn, by the thread that
        # loads all screens: loaded here, a key that was pressed meanwhile waited 20 ms for it.
        await asyncio.sleep(FIRST_PAINT_SECONDS)
        while import_ahead().is_alive():  # noqa: ASYNC110
            await asyncio.sleep(_LOADED_SECONDS)
        for kind in kinds():
            for run in await kind.runs.unfinished(connection):
                await self._see_to(run, kind)

    async def _see_to(self, run: UnfinishedRun[C], kind: ShownKind[C]) -> None:
        from kmstui.ui.runs.unfinished import unfinished_words

        session = self._session
        told = unfinished_words(run, kind)
        if not session.journal.durable:
            later = "It can be finished or undone once the journal can be written."
            session.notify(f"{told} {later}", "warning")
        elif not run.open and not run.unread:
            await kind.runs.settle(run)
            session.notify(f"{told} Nothing is left to do.")
        elif session.read_only:
            words = "Start kmstui without --read-only to finish or undo it."
            session.notify(f"{told} {words}", "warning")
        else:
            await self._ask_about(run, kind)

    async def _ask_about(self, run: UnfinishedRun[C], kind: ShownKind[C]) -> None:
        """Ask what to do with a run when nothing is open any more, and do it."""
        from kmstui.ui.runs.unfinished import FINISH, UNDO, UnfinishedScreen

        program, runs = self._program, kind.runs
        # A screen tells nobody but itself that it is in front again.
        while not program.main.is_current:  # noqa: ASYNC110
            await asyncio.sleep(_IN_FRONT_SECONDS)

        async def settle() -> None:
            await runs.settle(run)

        noun = kind.noun(change for change, _ in run.found)
        answer = await program.push_screen_wait(UnfinishedScreen(run, kind, program.symbols))
        if answer == FINISH:
            rest = (*run.open, *(change for change, _ in run.unread))
            planner = partial(runs.plan_again, rest)
            screen = self._screen(kind, f"Finish the {noun}", planner, settle)
            await program.push_screen_wait(screen)
        elif answer == UNDO:
            planner = partial(runs.plan_undo, run.all_done)
            screen = self._screen(kind, f"Undo the {noun}", planner, settle)
            await program.push_screen_wait(screen)
        elif answer is not None:
            await settle()
