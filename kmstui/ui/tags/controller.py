"""Opens the tag line and the screens of a change for the commands about tags.

It is there from the start; what it opens is imported when it opens it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

from kmstui.model import Key, Tag, TagDelta
from kmstui.ui.commands import Program
from kmstui.ui.runs import RunController

if TYPE_CHECKING:
    from kmstui.service.session import Session
    from kmstui.service.tags import TagChange, TagVocabulary
    from kmstui.ui.runs import Plan
    from kmstui.ui.tags.modes import LineMode
    from kmstui.ui.tags.words import ShownTags

_LEARN_STEP = 64
"""Keys learnt from before the clock is read again."""


class TagController:
    """One for the program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._session = program.session

    @cached_property
    def kind(self) -> ShownTags:
        """Plans and runs, and how they are shown."""
        from kmstui.service.tags import Tagging
        from kmstui.ui.tags.words import ShownTags

        session, program = self._session, self._program
        return ShownTags(Tagging(session), session.store, program.symbols)

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

    def change_beside(self, session: Session, key_id: str, title: str, delta: TagDelta) -> None:
        """Show what a change of tags does to a key of a connection beside those in use."""
        from kmstui.service.tags import Tagging
        from kmstui.ui.tags.words import ShownTags

        tagging = Tagging(session)
        kind = ShownTags(tagging, session.store, self._program.symbols)
        planner = partial(tagging.plan, [key_id], delta)
        self._program.part(RunController).show(kind, title, planner)

    def show(
        self,
        title: str,
        planner: Plan[TagChange],
        closed: Callable[[bool | None], None] | None = None,
    ) -> None:
        """Show what a planner comes to, to be sent from there."""
        self._program.part(RunController).show(self.kind, title, planner, closed)

    def _ask(self, mode: LineMode, key_ids: Sequence[str]) -> None:
        from kmstui.ui.runs import names_of
        from kmstui.ui.tags.line import TagLine

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

    def _planner(self, key_ids: Sequence[str], delta: TagDelta) -> Plan[TagChange]:
        async def plan(told: Callable[[int], None]) -> tuple[TagChange, ...]:
            if len(key_ids) == 1:
                # Whether its policy decides by the tag is worth two calls.
                await self._session.read_policies(key_ids[0])
            return await self.kind.tagging.plan(key_ids, delta, told)

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
