"""What a person types on the tag line: tags to put, tag keys to remove, a value, a new tag key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from kmstui.model import Tag, TagDelta
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


@dataclass(frozen=True, slots=True)
class LineRead:
    """What a line says, as far as it could be read."""

    delta: TagDelta
    problems: tuple[TagProblem, ...]

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing."""
        return self.delta == TagDelta()


class LineMode(Protocol):
    """How the tag line is read and completed."""

    @property
    def title(self) -> str:
        """What is typed."""
        ...

    @property
    def example(self) -> str:
        """What stands in the empty line."""
        ...

    @property
    def start(self) -> str:
        """What stands in the line at first, chosen so that typing replaces it."""
        ...

    def read(self, text: str) -> LineRead:
        """What the text says."""
        ...

    def complete(self, text: str, cursor: int) -> Sequence[TagProposal]:
        """Proposals for the word at the cursor."""
        ...


@dataclass(frozen=True, slots=True)
class PutTags:
    """Tags to add or change."""

    vocabulary: TagVocabulary
    title: str = "Tag"
    example: str = 'project=kmsworkshop env=dev "cost center=42"   or paste lines, JSON, CSV'
    start: str = ""

    def read(self, text: str) -> LineRead:
        """As `parse_tags`."""
        parsed = parse_tags(text)
        return LineRead(TagDelta(put=parsed.tags), parsed.problems)

    def complete(self, text: str, cursor: int) -> Sequence[TagProposal]:
        """Tag keys, then values, of the account."""
        return complete_tags(text, cursor, self.vocabulary) if text.strip() else ()


@dataclass(frozen=True, slots=True)
class RemoveTags:
    """Tag keys to remove from some keys."""

    counts: Mapping[str, int]
    """Tag keys of those keys, with how many have them."""
    title: str = "Untag"
    example: str = 'project "cost center"'
    start: str = ""

    @classmethod
    def of(cls, tags: Sequence[Sequence[Tag]]) -> RemoveTags:
        """For keys with these tags."""
        return cls(Counter(tag.key for each in tags for tag in each))

    def read(self, text: str) -> LineRead:
        """As `parse_tag_keys`."""
        names, problems = parse_tag_keys(text, self.counts)
        return LineRead(TagDelta(remove=names), problems)

    def complete(self, text: str, cursor: int) -> Sequence[TagProposal]:
        """The tag keys that are there."""
        return complete_tag_keys(text, cursor, self.counts)


@dataclass(frozen=True, slots=True)
class ChangeValue:
    """Another value for one tag."""

    vocabulary: TagVocabulary
    tag: Tag
    example: str = "no value"

    @property
    def title(self) -> str:
        """Names the tag."""
        return f"Value of {self.tag.key}"

    @property
    def start(self) -> str:
        """The value it has."""
        return self.tag.value

    def read(self, text: str) -> LineRead:
        """The text is the value."""
        tag = Tag(self.tag.key, text.strip())
        problems = tuple(TagProblem(words, 0, len(text)) for words in tag_problems(tag))
        return LineRead(TagDelta(put=(tag,)), problems)

    def complete(self, text: str, cursor: int) -> Sequence[TagProposal]:
        """Values that other keys have."""
        return complete_value(text, self.vocabulary.values(self.tag.key))


@dataclass(frozen=True, slots=True)
class RenameTag:
    """Another tag key for a value: the new tag is put before the old one is removed."""

    vocabulary: TagVocabulary
    tag: Tag
    taken: frozenset[str]
    """Tag keys that the key has."""
    example: str = "a new tag key"

    @property
    def title(self) -> str:
        """Names the tag."""
        return f"Rename the tag key {self.tag.key}"

    @property
    def start(self) -> str:
        """The tag key it has."""
        return self.tag.key

    def read(self, text: str) -> LineRead:
        """The text is the tag key."""
        name = text.strip()
        if not name or name == self.tag.key:
            return LineRead(TagDelta(), ())
        problems = [TagProblem(words, 0, len(text)) for words in tag_key_problems(name)]
        if name in self.taken:
            words = f"the key has a tag {name!r} already, whose value would be lost"
            problems.append(TagProblem(words, 0, len(text)))
        delta = TagDelta(put=(Tag(name, self.tag.value),), remove=(self.tag.key,))
        return LineRead(delta, tuple(problems))

    def complete(self, text: str, cursor: int) -> Sequence[TagProposal]:
        """Tag keys that other keys have."""
        names = self.vocabulary.keys()
        return complete_value(
            text, {name: count for name, count in names.items() if name not in self.taken}
        )
