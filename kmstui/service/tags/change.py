"""What a change of tags means for one key, and how it ended; values without any calls."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kmstui.model import Key, Tag, TagDelta
from kmstui.service.ports import ChangeRecord
from kmstui.service.runs import KeyChange
from kmstui.service.tags.parse import MOST_TAGS

_UNTAGGABLE_STATES = {
    "PendingDeletion": "is pending deletion: cancel the deletion to change its tags",
    "PendingReplicaDeletion": "is pending deletion: cancel the deletion to change its tags",
    "Creating": "is still being created: wait a moment to change its tags",
    "Updating": "is being updated: wait a moment to change its tags",
}
"""KMS Developer Guide, "Key states", TagResource and UntagResource."""


@dataclass(frozen=True, slots=True)
class TagChange(KeyChange):
    """What happens to the tags of one key.

    `before` and `after` are tag keys with their values, None where the key has no such tag; sorted.
    """

    @property
    def put(self) -> tuple[Tag, ...]:
        """Tags to add or change."""
        return tuple(Tag(name, value) for name, value in self.after if value is not None)

    @property
    def remove(self) -> tuple[str, ...]:
        """Tag keys to remove."""
        return tuple(name for name, value in self.after if value is None)

    @property
    def added(self) -> tuple[str, ...]:
        """Tag keys that the key has not yet."""
        old = dict(self.before)
        return tuple(name for name, value in self.after if value is not None and old[name] is None)

    @property
    def changed(self) -> tuple[str, ...]:
        """Tag keys that get another value."""
        old = dict(self.before)
        return tuple(
            name for name, value in self.after if value is not None and old[name] is not None
        )


def tag_refusal(key: Key, name: str) -> str:
    """Why the tags of a key cannot be changed at all, as a sentence that calls it `name`; or ""."""
    if key.fixed:
        return f"{name} {key.fixed}: nobody else can change its tags."
    state = key.metadata.state if key.metadata is not None else ""
    if state in _UNTAGGABLE_STATES:
        return f"{name} {_UNTAGGABLE_STATES[state]}."
    return ""


def wanted_values(delta: TagDelta) -> dict[str, str | None]:
    """The values that a delta asks for; what is put and removed at once is put."""
    wanted: dict[str, str | None] = dict.fromkeys(delta.remove)
    return wanted | {tag.key: tag.value for tag in delta.put}


def change_to(
    key_id: str, tags: Sequence[Tag], wanted: Mapping[str, str | None], name: str
) -> TagChange:
    """What has to happen so that a key with `tags` shows the wanted values."""
    old = {tag.key: tag.value for tag in tags}
    after = tuple(sorted((each, value) for each, value in wanted.items() if old.get(each) != value))
    change = TagChange(key_id, tuple((each, old.get(each)) for each, _ in after), after)
    total = len(old) + len(change.added)
    if change.added and total > MOST_TAGS:
        # Tags are put before others are removed, so those to be removed count too.
        reason = f"{name} would have {total} tags at once, and a key can have {MOST_TAGS}."
        return replace(change, refused=reason)
    return change


def change_asked(
    key_id: str, tags: Sequence[Tag], wanted: Mapping[str, str | None], name: str
) -> TagChange:
    """As `change_to`, for what a person has just typed: tags that are not there are told."""
    change = change_to(key_id, tags, wanted, name)
    there = {tag.key for tag in tags}
    missing = [each for each, value in wanted.items() if value is None and each not in there]
    if change.refused or not missing:
        return change
    return replace(change, note=f"{name} has no such tag: {', '.join(missing)}.")


def rename_of(key_id: str, tags: Sequence[Tag], old: str, new: str, name: str) -> TagChange:
    """What gives the value of one tag key to another on a key that has `tags`."""
    values = {tag.key: tag.value for tag in tags}
    if old not in values:
        return TagChange(key_id, (), (), note=f"{name} has no such tag: {old}.")
    if values.get(new, values[old]) != values[old]:
        lost = f"{name} has a tag {new!r} already, whose value {values[new]!r} would be lost."
        return TagChange(key_id, (), (), refused=lost)
    return change_to(key_id, tags, {new: values[old], old: None}, name)


def undo_of(change: TagChange, tags: Sequence[Tag], name: str) -> TagChange:
    """What takes `change` back on a key that has `tags` now.

    A tag that somebody has given a third value since is left as it is, and the note says so.
    """
    now = {tag.key: tag.value for tag in tags}
    before = dict(change.before)
    theirs = [
        each
        for each, value in change.after
        if now.get(each) != value and now.get(each) != before[each]
    ]
    wanted = {each: value for each, value in change.before if each not in theirs}
    undo = change_to(change.key_id, tags, wanted, name)
    if not theirs:
        return undo
    words = ", ".join(theirs)
    return replace(undo, note=f"{words} of {name} was changed by somebody else since, and stays.")


def shows(tags: Iterable[Tag], change: TagChange) -> bool:
    """Whether a key with `tags` shows the change."""
    now = {tag.key: tag.value for tag in tags}
    return all(now.get(name) == value for name, value in change.after)


# In the journal

_BOTH = "kms:TagResource kms:UntagResource"
TAG_OPERATIONS = frozenset({"kms:TagResource", "kms:UntagResource", _BOTH})
"""What the journal calls changes of tags."""


def operation_of(change: TagChange) -> str:
    """What the journal calls it."""
    if change.put and change.remove:
        return _BOTH
    return "kms:TagResource" if change.put else "kms:UntagResource"


def change_of(record: ChangeRecord) -> TagChange:
    """The change of tags that a journal entry tells of."""
    before: dict[str, str | None] = json.loads(record.before)
    after: dict[str, str | None] = json.loads(record.after)
    return TagChange(record.subject, tuple(sorted(before.items())), tuple(sorted(after.items())))
