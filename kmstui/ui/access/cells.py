"""How the access table says what it says: words for marks, and columns for groups."""

from __future__ import annotations

from collections.abc import Sequence

from kmstui.policy.access import AccessGroup, Cell, Mark
from kmstui.ui.widgets import Column

GROUPS = tuple(AccessGroup)

_WORDS = {
    Mark.YES: ("yes", "good"),
    Mark.CONDITIONAL: ("if", "warn"),
    Mark.VIA_IAM: ("IAM?", "accent"),
    Mark.DENIED: ("deny", "bad"),
    Mark.NO: ("no", "dim"),
    Mark.IMPOSSIBLE: ("-", "dim"),
}
_PART_OF_GROUP = ("some", "warn")
"""Some actions of the group yes, others not."""

LEGEND = """yes: all actions of the group
some: some of its actions, and others not
if: under a condition on the request, or where the documents leave it open
IAM?: left to IAM policies that were not read
deny: explicitly denied
no: nothing allows it
-: no action of the group works with this key

The lines below the table tell it of the cell under the cursor; Enter tells all of it."""

_TITLES = {
    AccessGroup.ADMINISTER: "ADMIN",
    AccessGroup.ENCRYPT: "ENCR",
    AccessGroup.DECRYPT: "DECR",
    AccessGroup.SIGN: "SIGN",
    AccessGroup.GRANT: "GRANT",
    AccessGroup.READ: "READ",
    AccessGroup.DELETE: "DEL",
}
_WIDEST_NAME = 80
_NARROWEST_NAME = 12
_NARROWEST_CELL = 5
_ROOMY = 112
"""Cells from which on the groups' whole names fit beside a role's."""


def cell_part(cell: Cell) -> tuple[str, str]:
    """The cell in one word of at most four letters, with its style; no two marks share one."""
    if cell.mark is Mark.YES and cell.partial:
        return _PART_OF_GROUP
    return _WORDS[cell.mark]


def cell_words(cell: Cell) -> str:
    """What holds of the cell's actions: of all of them, where they come out differently."""
    if cell.partial:
        return " ".join(part.words for part in cell.parts)
    return cell.words


def columns_for(width: int, group: AccessGroup) -> tuple[Column, ...]:
    """The principal and as many groups as fit, `group` among them."""
    roomy = width >= _ROOMY
    cells = [
        Column(
            each.value,
            f" {each.value.upper() if roomy else _TITLES[each]}",
            max(len(each.value if roomy else _TITLES[each]) + 1, _NARROWEST_CELL),
        )
        for each in GROUPS
    ]
    chosen = _window(cells, GROUPS.index(group), width - _NARROWEST_NAME - 4)
    principal = Column("principal", "PRINCIPAL", _NARROWEST_NAME, most=_WIDEST_NAME)
    return (principal, *chosen)


def _window(columns: Sequence[Column], index: int, room: int) -> Sequence[Column]:
    """As many columns as fit into `room` cells, from the first on if that shows `index`."""
    start = 0
    while start < index and _width(columns[start : index + 1]) > room:
        start += 1
    end = index + 1
    while end < len(columns) and _width(columns[start : end + 1]) <= room:
        end += 1
    return columns[start:end]


def _width(columns: Sequence[Column]) -> int:
    return sum(column.width + 2 for column in columns)
