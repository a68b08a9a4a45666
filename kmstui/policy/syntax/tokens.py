"""The strings of a text and what stands between them, found at one go.

Most of a policy is strings. To find them all by one regular expression, and to make their nodes
by built-in functions alone, takes a third of the time of reading them one by one.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import accumulate, repeat
from operator import add

from kmstui.policy.syntax.nodes import Span, StringNode
from kmstui.policy.syntax.scanner import CONTROL

_PLAIN_STRING = re.compile(f'"([^"\\\\{CONTROL}]*+)"')
BLANKS = " \t\r\n"
"""Those of JSON."""
_MARK = re.compile(f"[^{BLANKS}]")
_LONGEST_REMEMBERED = 200
_new = tuple.__new__
"""Makes a named tuple in half the time of calling its class."""


class Tokens:
    """The strings without escapes, in the order written, and the gaps between them.

    Where quotes are amiss some of these strings are none; whoever reads takes only one that
    begins where a string is due.
    """

    def __init__(self, text: str) -> None:
        pieces = _PLAIN_STRING.split(text)
        count = len(pieces) // 2
        bounds = list(accumulate(map(len, pieces)))
        self.starts = list(map(add, bounds[:-1:2], range(0, 2 * count, 2)))
        """Where each string begins, its quote included."""
        ends = map(add, bounds[1::2], range(2, 2 * count + 2, 2))
        spans = map(_new, repeat(Span), zip(self.starts, ends, strict=True))
        self.nodes: list[StringNode] = list(
            map(_new, repeat(StringNode), zip(pieces[1::2], spans, strict=True))
        )
        self.gaps = pieces[::2]
        """One before each string, and one behind the last."""
        kinds = {gap: gap.strip(BLANKS) for gap in set(self.gaps)}
        self.colons = {gap for gap, marks in kinds.items() if marks == ":"}
        """The gaps that are a colon, with blanks around it."""
        self.commas = {gap for gap, marks in kinds.items() if marks == ","}

    def index(self, at: int) -> int:
        """Which string begins at a character; -1 where none does."""
        found = bisect_left(self.starts, at)
        return found if found < len(self.starts) and self.starts[found] == at else -1


def marks(gap: str) -> Iterable[tuple[str, int]]:
    """The characters of a gap that are no blanks, each with its place."""
    return _remembered_marks(gap) if len(gap) <= _LONGEST_REMEMBERED else _marks(gap)


def _marks(gap: str) -> Iterator[tuple[str, int]]:
    return ((match.group(), match.start()) for match in _MARK.finditer(gap))


@lru_cache(maxsize=1024)
def _remembered_marks(gap: str) -> tuple[tuple[str, int], ...]:
    return tuple(_marks(gap))
