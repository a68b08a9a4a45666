"""The columns of the keys table: how wide each is, what stands in it, and what it sorts by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from kmstui.model import Fact, Key
from kmstui.service.inventory import KEY_VALUES, KeyValue, alias_text
from kmstui.ui.style import Part, Symbols
from kmstui.ui.widgets import Column, Counts, counts_text

STATE_STYLES = {
    "Enabled": "good",
    "Disabled": "dim",
    "PendingDeletion": "bad",
    "PendingReplicaDeletion": "bad",
    "Unavailable": "bad",
}
"""How a state looks; any other one, such as `PendingImport`, is a warning."""


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """One column of the table."""

    column: Column
    value: KeyValue | None
    """What stands in it; None of what is no part of a key."""
    style: Callable[[str], str] = lambda text: ""
    """How the text looks."""
    usual: bool = True
    """Whether it is there before a person chooses."""

    def cell(self, key: Key, aliases: Sequence[str]) -> Part:
        """What stands in it for a key and the names of its aliases."""
        value = self.value
        if value is None:
            return ""
        if value.is_unread(key):
            return ("✖" if value.problem(key) else "…"), "dim"
        text = value.text(key, aliases)
        return text, self.style(text)


def state_style(state: str) -> str:
    """The style that a key's state is drawn in; its word stands beside it."""
    return STATE_STYLES.get(state, "warn")


def _nameless(key: Key) -> str:
    """What stands in the place of an alias: whose key it is, where it is another account's."""
    return f"shared by {key.sharer}" if key.sharer else "-"


def _alias(key: Key, aliases: Sequence[str]) -> Part:
    return (alias_text(aliases), "accent") if aliases else (_nameless(key), "dim")


def _tags(key: Key, aliases: Sequence[str]) -> Part:
    if key.tags is None:
        return ("✖" if key.tags_problem else "…", "dim")
    return KEY_VALUES["tags"].text(key, aliases)


_CELLS: Mapping[str, Callable[[Key, Sequence[str]], Part]] = {"alias": _alias, "tags": _tags}
"""Of columns that say more than their value's text."""


def _of(
    name: str,
    width: int,
    style: Callable[[str], str] = lambda text: "",
    *,
    usual: bool = True,
    **layout: Any,
) -> KeyColumn:
    value = KEY_VALUES[name]
    return KeyColumn(Column(name, value.title, width, **layout), value, style, usual)


COLUMNS = (
    _of("alias", 22, rank=0, most=40),
    # Two groups of its ID tell a key from any other; where there is room, nobody types the rest.
    _of("id", 13, rank=2, most=36, whole_rank=2),
    _of("state", 15, state_style, rank=1),
    _of("spec", 17, rank=4),
    _of("usage", 15, rank=7),
    _of("origin", 8, rank=9, most=18),
    _of("manager", 8, rank=14),
    _of("multi", 12, rank=10),
    _of("created", 10, rank=11, right=True),
    _of("deletion", 10, lambda _: "bad", rank=12, right=True),
    _of("rotation", 8, lambda word: "warn" if word == "off" else "", rank=13),
    _of("tags", 16, rank=3, most=32, least=8),
    # The findings are no part of a key: `cells_of` is given them.
    KeyColumn(Column("findings", "POLICY", 9, rank=6), None),
    _of("description", 32, rank=5, most=120),
    # What follows costs a call a key, or is seldom there: who wants it chooses it.
    _of("last_use", 21, rank=15, least=10, usual=False),
    _of("next_rotation", 13, rank=16, right=True, usual=False),
    _of("expires", 10, lambda _: "warn", rank=17, right=True, usual=False),
    _of("grants", 6, rank=18, right=True, usual=False),
    _of("replicas", 14, rank=19, most=40, usual=False),
    _of("cost", 7, rank=20, right=True, usual=False),
    _of("account", 12, rank=2, usual=False),
    _of("region", 14, rank=1, usual=False),
)
"""Every column, in the usual order. Ranks say which go first where it is narrow."""

PLACE_COLUMNS = ("account", "region")
"""Shown by themselves where several accounts or Regions are open; else for who chooses them."""

KEY_COLUMNS = {each.column.id: each for each in COLUMNS}
"""By their ids, each of which stands for one column."""

SORT_COLUMNS = tuple(name for name, each in KEY_COLUMNS.items() if each.value is not None)
"""What the keys table can be sorted by."""


def facts_of(columns: Iterable[str]) -> tuple[Fact, ...]:
    """What has to be read of each key for these columns."""
    values = (KEY_COLUMNS[each].value for each in columns)
    return tuple(dict.fromkeys(each.fact for each in values if each and each.fact))


def chosen_facts(columns: Iterable[Column]) -> tuple[Fact, ...]:
    """Those that a person asked for by choosing a column that is not usual."""
    return facts_of(each.id for each in columns if not KEY_COLUMNS[each.id].usual)


def findings_cell(counts: Counts | None, symbols: Symbols) -> Part:
    """The findings of a key's policy; nothing before it was read."""
    if counts is None:
        return ""
    style = "bad" if counts.errors else "warn" if counts.warnings else "good"
    return counts_text(counts, symbols) or symbols.done, style


def cells_of(
    key: Key,
    aliases: Sequence[str],
    columns: Sequence[str],
    findings: Part = "",
    *,
    draft: bool = False,
) -> list[Part]:
    """A key's cells; where it could not be described, the reason takes the rest of the row.

    `draft`: its policy has one, which stands before the alias.
    """
    cells: list[Part] = []
    for column in columns:
        if column == "alias" and not aliases and "id" not in columns:
            # Where there is no room for IDs, a key without an alias must be known by something.
            cells.append((key.bare_id, "dim"))
            continue
        known = KEY_COLUMNS[column]
        needs_description = known.value is None or known.value.described
        if key.problem and key.metadata is None and needs_description:
            cells.append((f"✖ {key.problem}", "bad"))
            break
        if column == "findings":
            cells.append(findings)
        else:
            cells.append(_CELLS.get(column, known.cell)(key, aliases))
    if draft and "alias" in columns:
        place = list(columns).index("alias")
        if place < len(cells):
            cell = cells[place]
            name, style = (cell, "") if isinstance(cell, str) else cell
            cells[place] = (f"(draft) {name}", style)
    return cells


def columns_named(names: Sequence[str]) -> list[Column]:
    """The columns that a person chose, in their order; unknown names are left out.

    The usual ones where none is left.
    """
    chosen = [KEY_COLUMNS[name].column for name in names if name in KEY_COLUMNS]
    if not chosen:
        return [each.column for each in KEY_COLUMNS.values() if each.usual]
    # The person's order is also the order of usefulness.
    return [replace(each, rank=rank) for rank, each in enumerate(chosen)]


def with_places(columns: Sequence[Column], *, several: bool) -> list[Column]:
    """The columns with account and Region behind the first one, or without them."""
    others = [each for each in columns if each.id not in PLACE_COLUMNS]
    if not several:
        return others
    if len(others) < len(columns):
        return list(columns)
    return [*others[:1], *(KEY_COLUMNS[name].column for name in PLACE_COLUMNS), *others[1:]]


def columns_as_wide(widths: Mapping[str, int]) -> list[Column]:
    """The columns of these ids, in their order, each as wide as that; unknown ids are left out."""
    columns = []
    for column in columns_named([*widths]):
        width = widths.get(column.id, 0)
        if width > 0 and width != max(column.width, column.most):
            least = min(column.least or width, width)
            columns.append(replace(column, width=width, most=width, least=least))
        else:
            columns.append(column)
    return columns


# Sorting

_LOWEST = "\x00"
_LOW = "\x01"
_HIGH = "\U0010fffe"
_HIGHEST = "\U0010ffff"
_SIGNS = _LOWEST + _LOW + _HIGH + _HIGHEST
"""They stand for what comes before or behind all text, and are no part of any."""


def sort_text(key: Key, aliases: Sequence[str], column: str, *, reverse: bool = False) -> str:
    """The text that sorts a key: customer keys first, then by `column`, empty ones last.

    With `reverse` the list is read backwards, so what must stay last comes first in it.
    """
    value = KEY_COLUMNS[column].value
    text = (folded(value.sort_text(key, aliases)) if value else "") or (_LOW if reverse else _HIGH)
    return (_LOWEST if reverse else _HIGHEST) + text if key.is_aws_managed else text


@lru_cache(256)
def folded(text: str) -> str:
    """Without upper case; the same object where there was none, so that it takes no memory."""
    small = text.casefold().lstrip(_SIGNS)
    return text if small == text else small
