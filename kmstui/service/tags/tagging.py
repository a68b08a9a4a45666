"""Tagging one key or many: what would change, then the change, read back and undoable."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from kmstui.model import Key, Tag, TagDelta
from kmstui.service.access import AccessReader
from kmstui.service.changes import Check, Shown, Sleep, ours_if
from kmstui.service.errors import AccessDeniedError, ServiceError
from kmstui.service.inventory import Store
from kmstui.service.ports import ChangeRecord, Gateway, Urgency
from kmstui.service.runs import RunKind, Runs, Step, Told
from kmstui.service.session import Session
from kmstui.service.tags.change import (
    TAG_OPERATIONS,
    TagChange,
    change_asked,
    change_of,
    change_to,
    operation_of,
    rename_of,
    shows,
    tag_refusal,
    undo_of,
    wanted_values,
)
from kmstui.service.tags.deciding import TagDecisions, tag_decisions

Tags = tuple[Tag, ...]


class TagKind(RunKind[TagChange, Tags]):
    """Changes of tags, as a run makes them."""

    operations: ClassVar[frozenset[str]] = TAG_OPERATIONS
    rates: ClassVar[Mapping[str, float]] = {"TagResource": 10, "UntagResource": 5}

    def operation_of(self, change: TagChange) -> str:
        """As the permissions that it needs."""
        return operation_of(change)

    def change_of(self, record: ChangeRecord) -> TagChange:
        """Before and after as the journal has them."""
        return change_of(record)

    def refusal(self, key: Key, name: str) -> str:
        """By who manages the key, and its state."""
        return tag_refusal(key, name)

    async def read(self, gateway: Gateway, change: TagChange, urgency: Urgency) -> Tags:
        """All tags of the key."""
        return await gateway.list_tags(change.key_id, urgency)

    def known(self, key: Key, error: ServiceError) -> Tags | None:
        """The tagging API may have told them where ListResourceTags is denied."""
        return key.tags if isinstance(error, AccessDeniedError) else None

    def keep(self, store: Store, key_id: str, value: Tags) -> None:
        """The key has these tags."""
        store.set_tags({key_id: value})

    def judge(self, change: TagChange, value: Tags) -> Shown:
        """Whether the tags are as wanted; or as before."""
        as_before = shows(value, replace(change, after=change.before))
        return ours_if(shows(value, change), as_before=as_before)

    def steps(self, gateway: Gateway, change: TagChange) -> Sequence[Step[Tags]]:
        """Put before remove: a rename that stops half-way leaves both tags, not none."""
        steps: list[Step[Tags]] = []
        if change.put:
            # The old tags may hold the only copy of a value until the new ones show.
            put = replace(change, after=tuple((tag.key, tag.value) for tag in change.put))
            steps.append(
                Step(
                    lambda: gateway.tag(change.key_id, change.put),
                    Check(
                        lambda: gateway.list_tags(change.key_id),
                        lambda tags: ours_if(shows(tags, put)),
                    ),
                    half_done=f"The tags were put, but {', '.join(change.remove)} stayed.",
                    late="KMS does not show the new tags yet, so the old ones were left",
                )
            )
        if change.remove:
            steps.append(Step(lambda: gateway.untag(change.key_id, change.remove)))
        return steps

    def calls(self, change: TagChange) -> Iterable[str]:
        """One for what is put, one for what is removed."""
        if change.put:
            yield "TagResource"
        if change.remove:
            yield "UntagResource"

    def again(self, change: TagChange, value: Tags, name: str) -> TagChange:
        """What of the wanted tags the key has not yet."""
        return change_to(change.key_id, value, dict(change.after), name)

    def undo(self, change: TagChange, value: Tags, name: str) -> TagChange:
        """The values of before, of tags that nobody has changed since."""
        return undo_of(change, value, name)


class Tagging(Runs[TagChange, Tags]):
    """Plans and runs changes of tags."""

    def __init__(self, session: Session, pause: Sleep = asyncio.sleep) -> None:
        super().__init__(session, TagKind(), pause)

    async def plan(
        self, key_ids: Sequence[str], delta: TagDelta, told: Told = lambda count: None
    ) -> tuple[TagChange, ...]:
        """What `delta` means for each key, in the order given, by the tags that KMS has now."""
        wanted = wanted_values(delta)

        def planner(change: TagChange, tags: Tags, name: str) -> TagChange:
            if delta.rename is not None:
                return rename_of(change.key_id, tags, *delta.rename, name)
            return change_asked(change.key_id, tags, wanted, name)

        return await self._plan([TagChange(key_id, (), ()) for key_id in key_ids], planner, told)

    def deciding(self, changes: Iterable[TagChange]) -> TagDecisions:
        """Which of the changes bear on access, by the IAM policies that were read before."""
        readers = [each.shared(AccessReader) for each in self._session.each]
        known = {each.arn: each for reader in readers for each in reader.known_identities}
        return tag_decisions(changes, known.values(), self._session.store)
