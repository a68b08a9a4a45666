"""The columns of the keys table: how wide each is, what stands in it, and what it sorts by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from operator import attrgetter

from kmstui.model import Key
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

_Cell = Callable[[Key, Sequence[str]], Part]
_Text = Callable[[Key, Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """One column, for a key and the names of its aliases."""

    column: Column
    cell: _Cell
    """What stands in it."""
    sort: _Text | None = None
    """What it sorts by, "" where that is not known; None where it cannot be sorted by."""
    always_known: bool = False
    """Whether it shows something of keys that could not be described, too."""


def state_style(state: str) -> str:
    """The style that a key's state is drawn in; its word stands beside it."""
    return STATE_STYLES.get(state, "warn")


def day(moment: datetime | None) -> str:
    """A date in UTC, as the AWS console and CLI show it."""
    return "" if moment is None else f"{moment:%Y-%m-%d}"


def alias_text(aliases: Sequence[str]) -> str:
    """The first alias without its prefix, and how many more there are."""
    if not aliases:
        return ""
    more = f" +{len(aliases) - 1}" if len(aliases) > 1 else ""
    return aliases[0].removeprefix("alias/") + more


def _nameless(key: Key) -> str:
    """What stands in the place of an alias: whose key it is, where it is another account's."""
    return f"shared by {key.sharer}" if key.sharer else "-"


def _described(
    column: Column, attribute: str, style: Callable[[str], str] = lambda word: ""
) -> KeyColumn:
    """A column with a word or a date that DescribeKey tells."""
    read = attrgetter(attribute)

    def cell(key: Key, aliases: Sequence[str]) -> Part:
        if key.metadata is None:
            return "…", "dim"
        value: str | datetime | None = read(key.metadata)
        word = value if isinstance(value, str) else day(value)
        return word, style(word)

    def sort(key: Key, aliases: Sequence[str]) -> str:
        value = "" if key.metadata is None else read(key.metadata)
        return f"{value.timestamp():020.3f}" if isinstance(value, datetime) else value or ""

    return KeyColumn(column, cell, sort)


def _tags(key: Key, aliases: Sequence[str]) -> Part:
    if key.tags is None:
        return ("✖" if key.tags_problem else "…", "dim")
    return " ".join(f"{tag.key}={tag.value}" if tag.value else tag.key for tag in key.tags)


def _tags_sorted(key: Key, aliases: Sequence[str]) -> str:
    return " ".join(f"{tag.key}={tag.value}" for tag in key.tags or ())


def _rotation(key: Key, aliases: Sequence[str]) -> str:
    return "" if key.rotation is None else ("on" if key.rotation else "off")


COLUMNS = (
    KeyColumn(
        Column("alias", "ALIAS", 22, rank=0, most=40),
        lambda key, aliases: (
            (alias_text(aliases), "accent") if aliases else (_nameless(key), "dim")
        ),
        lambda key, aliases: aliases[0] if aliases else "",
        always_known=True,
    ),
    # Two groups of its ID tell a key from any other; where there is room, nobody types the rest.
    KeyColumn(
        Column("id", "KEY ID", 13, rank=2, most=36, whole_rank=2),
        lambda key, aliases: key.bare_id,
        lambda key, aliases: key.bare_id,
        always_known=True,
    ),
    _described(Column("state", "STATE", 15, rank=1), "state", state_style),
    _described(Column("spec", "SPEC", 17, rank=4), "spec"),
    _described(Column("usage", "USAGE", 15, rank=7), "usage"),
    _described(Column("origin", "ORIGIN", 8, rank=9, most=18), "origin"),
    _described(Column("manager", "MANAGER", 8, rank=14), "manager"),
    _described(Column("region", "MULTI-REGION", 12, rank=10), "multi_region"),
    _described(Column("created", "CREATED", 10, rank=11, right=True), "created"),
    _described(
        Column("deletion", "DELETION", 10, rank=12, right=True), "deletion", lambda _: "bad"
    ),
    KeyColumn(Column("rotation", "ROTATION", 8, rank=13), _rotation, _rotation),
    KeyColumn(
        Column("tags", "TAGS", 16, rank=3, most=32, least=8), _tags, _tags_sorted, always_known=True
    ),
    # The findings are no part of a key: `cells_of` is given them.
    KeyColumn(Column("findings", "POLICY", 9, rank=6), lambda key, aliases: ""),
    _described(Column("description", "DESCRIPTION", 32, rank=5, most=120), "description"),
)
"""Every column, in the usual order. Ranks say which go first where it is narrow."""

KEY_COLUMNS = {each.column.id: each for each in COLUMNS}
"""By their ids, each of which stands for one column."""

SORT_COLUMNS = tuple(name for name, each in KEY_COLUMNS.items() if each.sort is not None)
"""What the keys table can be sorted by."""


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
        if key.problem and key.metadata is None and not KEY_COLUMNS[column].always_known:
            cells.append((f"✖ {key.problem}", "bad"))
            break
        cells.append(findings if column == "findings" else KEY_COLUMNS[column].cell(key, aliases))
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
        return [each.column for each in KEY_COLUMNS.values()]
    # The person's order is also the order of usefulness.
    return [replace(each, rank=rank) for rank, each in enumerate(chosen)]


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
    read = KEY_COLUMNS[column].sort
    text = (folded(read(key, aliases)) if read else "") or (_LOW if reverse else _HIGH)
    return (_LOWEST if reverse else _HIGHEST) + text if key.is_aws_managed else text


@lru_cache(256)
def folded(text: str) -> str:
    """Without upper case; the same object where there was none, so that it takes no memory."""
    small = text.casefold().lstrip(_SIGNS)
    return text if small == text else small
