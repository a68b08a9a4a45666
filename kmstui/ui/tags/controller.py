"""Where the commands about tags meet the program: opens the line and the screens.

It is there from the start; what it opens is imported when it opens it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from kmstui.model import Key, Tag, TagDelta
from kmstui.service.inventory import FIRST_PAINT_SECONDS, Store
from kmstui.service.ports import ChangeRecord
from kmstui.ui.commands import READ_ONLY, Program

if TYPE_CHECKING:
    from kmstui.service.tags import TagChange, Tagging, TagResult, TagVocabulary
    from kmstui.ui.tags.change_screen import Planner
    from kmstui.ui.tags.modes import LineMode

_LEARN_STEP = 64
"""Keys between two looks at the clock."""


class TagController:
    """One for the program.

    Attributes:
        last: The results of the run that ended last, which can be undone.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._session = program.session
        self.symbols = program.symbols
        self.last: tuple[TagResult, ...] = ()
        self._lost: Callable[[], str] | None = None

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

    @property
    def store(self) -> Store:
        """What was read."""
        return self._session.store

    # What commands ask

    def put(self, key_ids: Sequence[str]) -> None:
        """Ask for tags to add to keys, or to change."""
        from kmstui.ui.tags.modes import PutTags

        self._ask(PutTags(self.vocabulary), key_ids)

    def remove(self, key_ids: Sequence[str]) -> None:
        """Ask for tag keys to remove from keys."""
        from kmstui.ui.tags.modes import RemoveTags

        self._ask(RemoveTags.of([self._key(each).tags or () for each in key_ids]), key_ids)

    def change_value(self, key_id: str, tag: Tag) -> None:
        """Ask for another value of a tag."""
        from kmstui.ui.tags.modes import ChangeValue

        self._ask(ChangeValue(self.vocabulary, tag), [key_id])

    def rename(self, key_id: str, tag: Tag) -> None:
        """Ask for another tag key."""
        from kmstui.ui.tags.modes import RenameTag

        taken = frozenset(each.key for each in self._key(key_id).tags or ())
        self._ask(RenameTag(self.vocabulary, tag, taken), [key_id])

    def delete(self, key_id: str, tag_key: str) -> None:
        """Show what removing a tag does."""
        self.show(f"Remove the tag {tag_key}", self._planner([key_id], TagDelta(remove=(tag_key,))))

    def undo(self, changes: Sequence[TagChange]) -> None:
        """Show what takes changes back."""
        self.show(
            "Undo the change of tags", lambda told: self.tagging.plan_undo(tuple(changes), told)
        )

    def undo_entry(self, record: ChangeRecord, closed: Callable[[bool | None], None]) -> str:
        """Show what takes back the run that a journal entry belongs to; returns why not, or ""."""
        from kmstui.service.tags import TAG_OPERATIONS

        if record.operation not in TAG_OPERATIONS:
            return "Only changes of tags can be undone here; History has a policy's earlier texts."
        if self._session.read_only:
            return READ_ONLY

        async def plan(told: Callable[[int], None]) -> tuple[TagChange, ...]:
            changes = await self.tagging.changes_of(record)
            return await self.tagging.plan_undo(changes, told)

        self.show("Undo the change of tags", plan, closed=closed)
        return ""

    def show(
        self,
        title: str,
        planner: Planner,
        *,
        written: Callable[[], Awaitable[None]] | None = None,
        closed: Callable[[bool | None], None] | None = None,
    ) -> None:
        """Show what a planner comes to, to be sent from there."""
        from kmstui.ui.tags.change_screen import ChangeScreen

        self._program.push_screen(ChangeScreen(self, title, planner, written=written), closed)

    def _ask(self, mode: LineMode, key_ids: Sequence[str]) -> None:
        from kmstui.ui.tags.line import TagLine
        from kmstui.ui.tags.words import names_of

        key_ids = tuple(key_ids)

        def submit(delta: TagDelta) -> None:
            def closed(sent: bool | None) -> None:
                if sent and line.is_current:
                    line.dismiss(None)

            self.show(_title(mode, delta), self._planner(key_ids, delta), closed=closed)

        line = TagLine(mode, names_of(self.store, key_ids), self.symbols, submit)
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
        for number, key_id in enumerate(tuple(self.store.keys)):
            key = self.store.keys.get(key_id)
            self.vocabulary.learn((key and key.tags) or ())
            if number % _LEARN_STEP == 0 and self._program.slices.over:
                await self._program.slices.next()

    def _key(self, key_id: str) -> Key:
        return self.store.keys.get(key_id) or Key(key_id, "")

    async def look_for_unfinished(self) -> None:
        """Ask about each run of an earlier kmstui that was interrupted."""
        # What it takes to look is loaded once the first keys have been drawn.
        await asyncio.sleep(FIRST_PAINT_SECONDS)
        from kmstui.ui.tags.unfinished import ask_about_unfinished

        await ask_about_unfinished(self._program, self.tagging, self.show)

    # What the screen asks

    def work(self, job: Callable[[], Awaitable[None]], what: str) -> Callable[[], None]:
        """Run a job beside the screen; returns what ends it."""
        return self._program.work(job, group="tags", what=what, exclusive=False).cancel

    def copy(self, changes: Sequence[TagChange], told: Callable[[str], None]) -> None:
        """Copy changes as AWS CLI commands."""
        from kmstui.ui.commands import Context
        from kmstui.ui.main import copy_text
        from kmstui.ui.tags.words import cli_commands

        text = cli_commands(changes, self.store.info)
        if not text:
            told("There is nothing to copy: nothing would be sent.")
            return

        async def job() -> None:
            before = len(self.store.notices)
            await copy_text(Context(self._program, self._program.screen), text, "AWS CLI commands")
            if len(self.store.notices) > before:
                told(self.store.notices[-1].text)

        self.work(job, "copying")

    def began(self, words: Callable[[], str]) -> None:
        """A run began: ending the program asks first."""
        self._lost = words
        self._program.unsaved.append(words)

    def ended(self, results: Sequence[TagResult]) -> None:
        """A run ended: it can be undone and copied from the main screen too."""
        from kmstui.ui.tags.words import cli_commands

        if self._lost is not None:
            self._program.unsaved.remove(self._lost)
            self._lost = None
        saved = tuple(result for result in results if result.outcome.saved)
        if saved:
            self.last = saved
            self._program.last_change_command = cli_commands(
                (result.change for result in saved), self.store.info
            )

    def tell(self, text: str) -> None:
        """Say a sentence on the screen beneath."""
        self._session.notify(text)


def _title(mode: LineMode, delta: TagDelta) -> str:
    """What was asked for, above what will happen."""
    from kmstui.ui.tags.modes import PutTags, RemoveTags
    from kmstui.ui.tags.words import tags_text

    if isinstance(mode, PutTags):
        return f"{mode.title} {tags_text(delta.put)}"
    return f"{mode.title} {', '.join(delta.remove)}" if isinstance(mode, RemoveTags) else mode.title
