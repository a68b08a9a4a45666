"""Partners of brackets, found line by line; brackets in strings are letters, not brackets."""

from __future__ import annotations

from collections.abc import Sequence

from kmstui.ui.policy.finding_marks import Location
from kmstui.ui.policy.highlight import brackets

_OPENING = "{["
_CLOSING = "}]"


def partner(lines: Sequence[str], at: Location) -> Location | None:
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


def enclosing(lines: Sequence[str], at: Location) -> Location | None:
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
