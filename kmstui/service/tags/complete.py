"""Completion of tags by those that the account uses already."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import nsmallest

from kmstui.model import Tag
from kmstui.service.tags.parse import word_at, words_of, written

MOST_PROPOSALS = 50


@dataclass(frozen=True, slots=True)
class TagProposal:
    """One thing that the word at the cursor may become."""

    label: str
    detail: str
    """How often it is used."""
    text: str
    """What replaces the characters `start` up to `end`."""
    start: int
    end: int


class TagVocabulary:
    """Tag keys and values with the number of keys that have them."""

    def __init__(self) -> None:
        self._values: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._totals: Counter[str] = Counter()

    def learn(self, tags: Iterable[Tag], keys: int = 1) -> None:
        """Count tags that so many more keys have."""
        for tag in tags:
            self._values[tag.key][tag.value] += keys
            self._totals[tag.key] += keys

    def clear(self) -> None:
        """Forget all tags."""
        self._values.clear()
        self._totals.clear()

    def keys(self) -> Mapping[str, int]:
        """Tag keys with the number of keys that have them."""
        return self._totals

    def values(self, tag_key: str) -> Mapping[str, int]:
        """Values of a tag key with the number of keys that have them."""
        return self._values.get(tag_key, {})


def complete_tags(text: str, cursor: int, vocabulary: TagVocabulary) -> tuple[TagProposal, ...]:
    """Proposals for the word at the cursor of a line of tags to put."""
    found = word_at(text, cursor)
    if found is None:
        return ()
    start, end, typed = found
    name, equals, value = typed.partition("=")
    if not equals:
        taken = _tag_keys_in(text[:start])
        names = ((each, count) for each, count in vocabulary.keys().items() if each not in taken)
        return _proposals(names, typed, _with_equals, start, end)
    values = ((each, count) for each, count in vocabulary.values(name).items() if each != value)
    return _proposals(
        values,
        value,
        lambda each: written(Tag(name, each)) + " ",
        start,
        end,
        lambda each: f"{name}={each}",
    )


def complete_tag_keys(text: str, cursor: int, counts: Mapping[str, int]) -> tuple[TagProposal, ...]:
    """Proposals for the word at the cursor of a line of tag keys to remove."""
    found = word_at(text, cursor)
    if found is None:
        return ()
    start, end, typed = found
    taken = _tag_keys_in(text[:start])
    names = ((each, count) for each, count in counts.items() if each not in taken)
    return _proposals(names, typed, lambda each: _quoted(each) + " ", start, end)


def complete_value(text: str, values: Mapping[str, int]) -> tuple[TagProposal, ...]:
    """Proposals for a whole text, such as the value of one tag."""
    if text in values:
        return ()
    return _proposals(values.items(), text, lambda each: each, 0, len(text))


def _proposals(
    counted: Iterable[tuple[str, int]],
    typed: str,
    insert: Callable[[str], str],
    start: int,
    end: int,
    label: Callable[[str], str] = lambda each: each,
) -> tuple[TagProposal, ...]:
    found = nsmallest(MOST_PROPOSALS, _ranked(counted, typed.casefold()))
    return tuple(
        TagProposal(
            label(name), f"on {-count:,} key{'s' * (count != -1)}", insert(name), start, end
        )
        for _, count, name in found
    )


def _ranked(counted: Iterable[tuple[str, int]], typed: str) -> Iterator[tuple[int, int, str]]:
    """What begins with the typed text, then what holds it; the most used first."""
    for name, count in counted:
        folded = name.casefold()
        if typed in folded:
            yield 0 if folded.startswith(typed) else 1, -count, name


def _with_equals(name: str) -> str:
    return f"{_quoted(name)}="


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


def _tag_keys_in(text: str) -> set[str]:
    return {word.partition("=")[0] for word, _, _ in words_of(text, [])}
