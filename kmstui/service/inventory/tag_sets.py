"""The tags of many keys in little memory: equal sets of tags, and equal words, are kept once."""

from __future__ import annotations

from array import array
from functools import lru_cache

from kmstui.model.tag import Tag
from kmstui.service.inventory.text_table import TextTable

_LATELY = 1024
"""Sets that are kept as they are: most keys of an account carry one of a few."""

_BYTES = "latin-1"
"""Makes a text of any bytes, and bytes of it again."""


class TagSets:
    """Different tuples of tags, numbered from 0 in the order they came; none ever goes."""

    def __init__(self) -> None:
        self._words = TextTable()
        """Tag keys and values."""
        self._sets = TextTable()
        """For each tag the numbers of its two words."""
        self._lately = lru_cache(_LATELY)(self._made)

    def __getitem__(self, number: int) -> tuple[Tag, ...]:
        return self._lately(number)

    def add(self, tags: tuple[Tag, ...]) -> int:
        """The number of these, which is new where they were not added before."""
        add = self._words.add
        numbers = array("I", [add(word) for tag in tags for word in (tag.key, tag.value)])
        return self._sets.add(numbers.tobytes().decode(_BYTES))

    def _made(self, number: int) -> tuple[Tag, ...]:
        numbers = array("I", self._sets[number].encode(_BYTES))
        words = [self._words[each] for each in numbers]
        return tuple(map(Tag, words[::2], words[1::2]))
