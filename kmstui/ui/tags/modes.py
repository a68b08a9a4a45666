"""What a person types on the tag line: tags to put, tag keys to remove, a value, a new tag key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kmstui.model import Tag, TagDelta
from kmstui.service.changes import TAG_KEY, TAG_LINE, TAG_VALUE, UNTAG_LINE
from kmstui.service.tags import (
    TagProblem,
    TagProposal,
    TagVocabulary,
    complete_tag_keys,
    complete_tags,
    complete_value,
    parse_tag_keys,
    parse_tags,
    tag_key_problems,
    tag_problems,
)
from kmstui.ui.tags.words import tags_text


@dataclass(frozen=True, slots=True)
class LineRead:
    """What a line says, as far as it could be read."""

    delta: TagDelta
    problems: tuple[TagProblem, ...]

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing."""
        return self.delta == TagDelta()


@dataclass(frozen=True, slots=True)
class LineMode:
    """How the tag line is read and completed."""

    title: str
    """What is typed."""
    keeps: str
    """What the journal calls it until it was sent."""
    example: str
    """What stands in the empty line."""
    read: Callable[[str], LineRead]
    """Returns what the text says."""
    complete: Callable[[str, int], Sequence[TagProposal]]
    """Returns proposals for the word at the cursor."""
    start: str = ""
    """What stands in the line at first, chosen so that typing replaces it."""
    asked: Callable[[TagDelta], str] = lambda delta: ""
    """Returns what a line asks for, to stand behind the title."""


def putting_tags(vocabulary: TagVocabulary) -> LineMode:
    """Tags to add or change; proposed are tag keys, then values, of the account."""

    def read(text: str) -> LineRead:
        parsed = parse_tags(text)
        return LineRead(TagDelta(put=parsed.tags), parsed.problems)

    return LineMode(
        "Tag",
        TAG_LINE,
        'project=kmsworkshop env=dev "cost center=42"   or paste lines, JSON, CSV',
        read,
        lambda text, cursor: complete_tags(text, cursor, vocabulary) if text.strip() else (),
        asked=lambda delta: tags_text(delta.put),
    )


def removing_tags(tags: Sequence[Sequence[Tag]]) -> LineMode:
    """Tag keys to remove from keys that have these tags."""
    counts = Counter(tag.key for each in tags for tag in each)

    def read(text: str) -> LineRead:
        names, problems = parse_tag_keys(text, counts)
        return LineRead(TagDelta(remove=names), problems)

    return LineMode(
        "Untag",
        UNTAG_LINE,
        'project "cost center"',
        read,
        lambda text, cursor: complete_tag_keys(text, cursor, counts),
        asked=lambda delta: ", ".join(delta.remove),
    )


def changing_value(vocabulary: TagVocabulary, tag: Tag) -> LineMode:
    """Another value for one tag; proposed are values that other keys have."""

    def read(text: str) -> LineRead:
        new = Tag(tag.key, text.strip())
        problems = tuple(TagProblem(words, 0, len(text)) for words in tag_problems(new))
        return LineRead(TagDelta(put=(new,)), problems)

    return LineMode(
        f"Value of {tag.key}",
        TAG_VALUE,
        "no value",
        read,
        lambda text, cursor: complete_value(text, vocabulary.values(tag.key)),
        start=tag.value,
    )


def renaming_tag(vocabulary: TagVocabulary, name: str, taken: frozenset[str]) -> LineMode:
    """Another tag key for its value: the new tag is put and read back before the old one goes.

    `taken` are the tag keys that the key has, where it is one; proposed are others of the account.
    """

    def read(text: str) -> LineRead:
        new = text.strip()
        if not new or new == name:
            return LineRead(TagDelta(), ())
        problems = [TagProblem(words, 0, len(text)) for words in tag_key_problems(new)]
        if new in taken:
            words = f"the key has a tag {new!r} already, whose value would be lost"
            problems.append(TagProblem(words, 0, len(text)))
        return LineRead(TagDelta(rename=(name, new)), tuple(problems))

    def complete(text: str, cursor: int) -> Sequence[TagProposal]:
        names = vocabulary.keys().items()
        return complete_value(text, {each: count for each, count in names if each not in taken})

    return LineMode(
        f"Rename the tag key {name}", TAG_KEY, "a new tag key", read, complete, start=name
    )
