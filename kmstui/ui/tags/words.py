"""Changes of tags as the screen of a run shows them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import ClassVar

from kmstui.model import Tag
from kmstui.service.inventory import Store
from kmstui.service.runs import RunResult
from kmstui.service.tags import TagChange, TagDecisions, Tagging, written
from kmstui.ui.runs import ShownKind, StepLine, number
from kmstui.ui.style import Symbols


def tags_text(tags: Iterable[Tag]) -> str:
    """Tags on one line, as they could be typed."""
    return " ".join(written(tag) for tag in tags)


class ShownTags(ShownKind[TagChange]):
    """Changes of tags."""

    reading: ClassVar[str] = "the tags"
    column: ClassVar[str] = "TAG KEY"
    as_wanted: ClassVar[str] = "has the tags as wanted already"

    def __init__(self, tagging: Tagging, store: Store, symbols: Symbols) -> None:
        super().__init__(tagging, store)
        self.tagging = tagging
        self._symbols = symbols

    def noun(self, changes: Iterable[TagChange]) -> str:
        """Put, removed or renamed, it is one thing."""
        return "change of tags"

    def steps(self, change: TagChange) -> list[StepLine]:
        """Each tag that changes: sign, tag key, and what becomes of its value."""
        old = dict(change.before)
        arrow = self._symbols.arrow
        steps = []
        for name, value in change.after:
            before = old[name]
            if value is None:
                steps.append(("-", name, f"was {before!r}" if before else "was empty"))
            elif before is None:
                steps.append(("+", name, value))
            else:
                steps.append(("~", name, f"{before or '(empty)'} {arrow} {value or '(empty)'}"))
        return steps

    def line(self, change: TagChange) -> str:
        """All steps on one line."""
        words = []
        for symbol, name, value in self.steps(change):
            if symbol == "-":
                words.append(f"-{name}")
            elif symbol == "+":
                words.append(f"+{name}={value}")
            else:
                words.append(f"~{name}: {value}")
        return "  ".join(words)

    def counts(self, changes: Sequence[TagChange]) -> str:
        """Tags added, values changed, tags removed."""
        counts = (
            ("adds", "tag", sum(len(change.added) for change in changes)),
            ("changes", "value", sum(len(change.changed) for change in changes)),
            ("removes", "tag", sum(len(change.remove) for change in changes)),
        )
        return ", ".join(f"{verb} {number(count, noun)}" for verb, noun, count in counts if count)

    def now(self, result: RunResult[TagChange]) -> str:
        """Its tags."""
        return tags_text(result.found) or "without tags"

    def now_holds(self, result: RunResult[TagChange]) -> str:
        """The tags put and removed, and how many it has in all."""
        change = result.change
        parts = []
        if change.put:
            parts.append(f"now has {tags_text(change.put)}")
        if change.remove:
            parts.append(f"has no tag {', '.join(change.remove)} any more")
        count = number(len(result.found or ()), "tag")
        return f"{self.store.name_of(change.key_id)} {' and '.join(parts)} ({count} in all)."

    def all_found(self, result: RunResult[TagChange]) -> Sequence[str]:
        """All of its tags."""
        if not result.found:
            return ["It has no tags now."]
        return ["The key now has these tags:", *map(written, result.found)]

    def if_lost(self, left: str) -> str:
        """The keys that keep their tags."""
        return f"Tags are being changed: {left} would be left as they are."

    def commands(self, change: TagChange) -> Iterable[Sequence[str]]:
        """Tags are written as JSON: the short form would read some characters otherwise."""
        if change.put:
            tags = [{"TagKey": tag.key, "TagValue": tag.value} for tag in change.put]
            yield "tag-resource", "--tags", json.dumps(tags, ensure_ascii=False)
        if change.remove:
            names = json.dumps(list(change.remove), ensure_ascii=False)
            yield "untag-resource", "--tag-keys", names

    def is_plain(self, change: TagChange) -> bool:
        """Whether no value or access is lost by it."""
        only_added = len(change.added) == len(change.after)
        return only_added and not self.tagging.deciding([change]).key_ids

    def warning(self, changes: Sequence[TagChange]) -> str:
        """Where IAM policies decide by a tag that changes."""
        return access_warning(self.tagging.deciding(changes), self.store)


def access_warning(found: TagDecisions, store: Store) -> str:
    """A word on attribute-based access control, where IAM policies decide by a tag that changes."""
    if not found.key_ids:
        return ""
    who, *others = found.identities
    if others:
        who += f" and {len(others)} more"
    which = store.name_of(found.key_ids[0])
    if len(found.key_ids) > 1:
        which += f" and {number(len(found.key_ids) - 1, 'other key')}"
    several = len(found.tags) > 1
    one = found.looked_at == 1
    looked_at = "one role or user" if one else f"{found.looked_at:,} roles and users"
    return (
        f"IAM policies of {who} decide by the tag{'s' if several else ''} {', '.join(found.tags)}"
        f" of {which} (aws:ResourceTag): this changes who may use it, some minutes after it is"
        f" sent. Looked at: the {looked_at} read for Access."
    )
