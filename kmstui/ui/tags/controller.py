"""Opens the tag line and the screens of a change for the commands about tags.

It is there from the start; what it opens is imported when it opens it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

from kmstui.model import Key, Tag, TagDelta
from kmstui.service.inventory import FIRST_PAINT_SECONDS
from kmstui.service.ports import ChangeRecord
from kmstui.ui.commands import READ_ONLY, Program

if TYPE_CHECKING:
    from kmstui.service.session import Session
    from kmstui.service.tags import TagChange, Tagging, TagResult, TagVocabulary, UnfinishedTags
    from kmstui.ui.tags.change_screen import ChangeScreen, Planner
    from kmstui.ui.tags.modes import LineMode

_UNDO = "Undo the change of tags"
_LEARN_STEP = 64
"""Keys learnt from before the clock is read again."""
_IN_FRONT_SECONDS = 0.3
"""Time between two looks at whether nothing is open over the panes any more."""


class TagController:
    """One for the program.

    Attributes:
        last: The results of the run that ended last, which can be undone.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._session = program.session
        self.last: tuple[TagResult, ...] = ()

    @cached_property
    def tagging(self) -> Tagging:
        """Plans and runs."""
        from kmstui.service.tags import Tagging

        return Tagging(self._session)

    @cached_property
    def vocabulary(self) -> TagVocabulary:
        """Tags seen in the account, for completion."""
        from kmstui.service.tags import TagVocabulary

        return TagVocabulary()

    # What commands ask

    def put(self, key_ids: Sequence[str]) -> None:
        """Ask for tags to add to keys, or to change."""
        from kmstui.ui.tags.modes import putting_tags

        self._ask(putting_tags(self.vocabulary), key_ids)

    def remove(self, key_ids: Sequence[str]) -> None:
        """Ask for tag keys to remove from keys."""
        from kmstui.ui.tags.modes import removing_tags

        self._ask(removing_tags([self._key(each).tags or () for each in key_ids]), key_ids)

    def change_value(self, key_id: str, tag: Tag) -> None:
        """Ask for another value of a tag."""
        from kmstui.ui.tags.modes import changing_value

        self._ask(changing_value(self.vocabulary, tag), [key_id])

    def rename(self, key_ids: Sequence[str], tag: Tag) -> None:
        """Ask for another tag key, on one key or many."""
        from kmstui.ui.tags.modes import renaming_tag

        one = self._key(key_ids[0]).tags or () if len(key_ids) == 1 else ()
        taken = frozenset(each.key for each in one)
        self._ask(renaming_tag(self.vocabulary, tag.key, taken), key_ids)

    def delete(self, key_id: str, tag: Tag) -> None:
        """Show what removing a tag does."""
        self.show(f"Remove the tag {tag.key}", self._planner([key_id], TagDelta(remove=(tag.key,))))

    def undo(self, changes: Sequence[TagChange]) -> None:
        """Show what takes changes back."""
        self.show(_UNDO, partial(self.tagging.plan_undo, tuple(changes)))

    def undo_entry(self, record: ChangeRecord, closed: Callable[[bool | None], None]) -> str:
        """Show what takes back the run that a journal entry belongs to; returns why not, or ""."""
        from kmstui.service.tags import TAG_OPERATIONS

        if record.operation not in TAG_OPERATIONS:
            return (
                "Changes of tags and of the primary Region can be undone here; History has a"
                " policy's earlier texts."
            )
        if self._session.read_only:
            return READ_ONLY

        async def plan(told: Callable[[int], None]) -> tuple[TagChange, ...]:
            changes = await self.tagging.changes_of(record)
            return await self.tagging.plan_undo(changes, told)

        self.show(_UNDO, plan, closed)
        return ""

    def show(
        self,
        title: str,
        planner: Planner,
        closed: Callable[[bool | None], None] | None = None,
    ) -> None:
        """Show what a planner comes to, to be sent from there."""
        self._program.push_screen(self._screen(title, planner), closed)

    def _screen(
        self, title: str, planner: Planner, written: Callable[[], Awaitable[None]] | None = None
    ) -> ChangeScreen:
        from kmstui.ui.tags.change_screen import ChangeScreen

        return ChangeScreen(
            self._program, self.tagging, title, planner, ended=self._ended, written=written
        )

    def _ended(self, results: Sequence[TagResult]) -> None:
        """A run ended: it can be undone and copied from the main screen too."""
        from kmstui.ui.tags.words import cli_commands

        saved = tuple(result for result in results if result.outcome.saved)
        if saved:
            self.last = saved
            self._program.last_change_command = cli_commands(
                (result.change for result in saved), self._session
            )

    def _ask(self, mode: LineMode, key_ids: Sequence[str]) -> None:
        from kmstui.ui.tags.line import TagLine
        from kmstui.ui.tags.words import names_of

        key_ids = tuple(key_ids)

        def submit(delta: TagDelta) -> None:
            def closed(sent: bool | None) -> None:
                if sent:
                    line.forget()
                if sent and line.is_current:
                    line.dismiss(None)

            title = f"{mode.title} {mode.asked(delta)}".rstrip()
            self.show(title, self._planner(key_ids, delta), closed)

        names = names_of(self._session.store, key_ids)
        line = TagLine(mode, names, self._program.symbols, submit)
        self._program.push_screen(line)
        self._program.work(self._learn, group="tag-words", what="reading the tags in use")

    def _planner(self, key_ids: Sequence[str], delta: TagDelta) -> Planner:
        async def plan(told: Callable[[int], None]) -> tuple[TagChange, ...]:
            if len(key_ids) == 1:
                # Whether its policy decides by the tag is worth two calls.
                await self._session.read_policies(key_ids[0])
            return await self.tagging.plan(key_ids, delta, told)

        return plan

    async def _learn(self) -> None:
        """Count the tags in use, in slices: there may be 100,000 keys."""
        self.vocabulary.clear()
        keys = self._session.store.keys
        for number, key_id in enumerate(tuple(keys)):
            key = keys.get(key_id)
            self.vocabulary.learn((key and key.tags) or ())
            if number % _LEARN_STEP == 0 and self._program.slices.over:
                await self._program.slices.next()

    def _key(self, key_id: str) -> Key:
        return self._session.store.keys.get(key_id) or Key(key_id, "")

    # What an earlier kmstui left behind

    async def look_for_unfinished(self, connection: Session) -> None:
        """Settle interrupted runs that left nothing to do, and ask about each other one."""
        # What it takes to look is loaded once the first keys have been drawn.
        await asyncio.sleep(FIRST_PAINT_SECONDS)
        from kmstui.ui.tags.unfinished import unfinished_words

        session = self._session
        for run in await self.tagging.unfinished(connection):
            if not run.open and not run.unread and session.journal.durable:
                await self.tagging.settle(run)
                session.notify(f"{unfinished_words(run)} Nothing is left to do.")
            elif not session.journal.durable:
                later = "It can be finished or undone once the journal can be written."
                session.notify(f"{unfinished_words(run)} {later}", "warning")
            elif session.read_only:
                words = "Start kmstui without --read-only to finish or undo it."
                session.notify(f"{unfinished_words(run)} {words}", "warning")
            else:
                await self._ask_about(run)

    async def _ask_about(self, run: UnfinishedTags) -> None:
        """Ask what to do with a run when nothing is open any more, and do it."""
        from kmstui.ui.tags.unfinished import FINISH, UNDO, UnfinishedScreen

        program, tagging = self._program, self.tagging
        # A screen tells nobody but itself that it is in front again.
        while not program.main.is_current:  # noqa: ASYNC110
            await asyncio.sleep(_IN_FRONT_SECONDS)

        async def settle() -> None:
            await tagging.settle(run)

        answer = await program.push_screen_wait(
            UnfinishedScreen(run, self._session.store, program.symbols)
        )
        if answer == FINISH:
            rest = (*run.open, *(change for change, _ in run.unread))
            title, planner = "Finish the change of tags", partial(tagging.plan_again, rest)
            await program.push_screen_wait(self._screen(title, planner, settle))
        elif answer == UNDO:
            planner = partial(tagging.plan_undo, run.all_done)
            await program.push_screen_wait(self._screen(_UNDO, planner, settle))
        elif answer is not None:
            await settle()
