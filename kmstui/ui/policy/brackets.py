"""Brackets of a JSON text, found one line at a time: a JSON token never spans lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from kmstui.ui.policy.finding_marks import Location
from kmstui.ui.style import LONGEST_LINE

_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\]]')


def brackets(line: str) -> tuple[tuple[int, str], ...]:
    """Column and character of the brackets of a line that stand outside strings."""
    # Long lines are not remembered: one of 32 KB, typed in, would fill the memory.
    return (_brackets if len(line) <= LONGEST_LINE else _brackets.__wrapped__)(line)


@lru_cache(maxsize=4096)
def _brackets(line: str) -> tuple[tuple[int, str], ...]:
    return tuple(
        (match.start(), match[0])
        for match in _STRING_OR_BRACKET.finditer(line)
        if match[0][0] != '"'
    )


_OPENING = "{["
_CLOSING = "}]"


def bracket_partner(lines: Sequence[str], at: Location) -> Location | None:
    """Where the partner of the bracket at a place is; None where there is none."""
    row, column = at
    bracket = next((each for place, each in brackets(lines[row]) if place == column), "")
    if not bracket:
        return None
    step = 1 if bracket in _OPENING else -1
    rows = range(row, len(lines)) if step > 0 else range(row, -1, -1)
    same = _OPENING if step > 0 else _CLOSING
    depth = 0
    for here in rows:
        for place, each in brackets(lines[here])[::step]:
            if here == row and (place - column) * step < 0:
                continue
            depth += 1 if each in same else -1
            if depth == 0:
                return here, place
    return None


def enclosing_bracket(lines: Sequence[str], at: Location) -> Location | None:
    """Where the innermost bracket is that is open at a place."""
    depth = 0
    for row in range(at[0], -1, -1):
        for place, each in reversed(brackets(lines[row])):
            if row == at[0] and place >= at[1]:
                continue
            if each in _CLOSING:
                depth += 1
            elif depth:
                depth -= 1
            else:
                return row, place
    return None
