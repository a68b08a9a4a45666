"""The columns of the keys table, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from kmstui.model.key import Key, KeyMetadata
from kmstui.ui.style.symbols import Symbols
from kmstui.ui.style.text_styles import Part
from kmstui.ui.widgets.columns import Column
from kmstui.ui.widgets.finding_counts import Counts

COLUMNS: dict[str, Column] = {
    column.id: column
    for column in (
        Column("alias", "ALIAS", 20, rank=0, most=40),
        # Two groups of its ID tell a key from any other; the whole goes before what few ask for.
        Column("id", "KEY ID", 13, rank=2, most=36, whole_rank=7),
        Column("state", "STATE", 15, rank=1),
        Column("spec", "SPEC", 17, rank=3),
        Column("usage", "USAGE", 15, rank=6),
        Column("origin", "ORIGIN", 8, rank=9, most=18),
        Column("manager", "MANAGER", 8, rank=14),
        Column("region", "MULTI-REGION", 12, rank=10),
        Column("created", "CREATED", 10, rank=11),
        Column("deletion", "DELETION", 10, rank=12),
        Column("rotation", "ROTATION", 8, rank=13),
        Column("tags", "TAGS", 16, rank=5, most=32),
        Column("findings", "POLICY", 9, rank=4),
        Column("description", "DESCRIPTION", 16, rank=8, most=120),
    )
}
"""Every column, in the usual order. Ranks say which go first where it is narrow."""

STATE_ROLES = {
    "Enabled": "good",
    "Disabled": "dim",
    "PendingDeletion": "bad",
    "PendingReplicaDeletion": "bad",
    "Unavailable": "bad",
}
"""How a state looks; any other one, such as `PendingImport`, is a warning."""

_Reader = Callable[[Key, Sequence[str]], Part]


def state_role(state: str) -> str:
    """The role that a key's state is drawn in; its word stands beside it."""
    return STATE_ROLES.get(state, "warn")


def day(moment: datetime | None) -> str:
    """A date in UTC, as the AWS console and CLI show it."""
    return "" if moment is None else f"{moment:%Y-%m-%d}"


def _of_metadata(read: Callable[[KeyMetadata], Part]) -> _Reader:
    def cell(key: Key, aliases: Sequence[str]) -> Part:
        return ("…", "dim") if key.metadata is None else read(key.metadata)

    return cell


def alias_text(aliases: Sequence[str]) -> str:
    """The first alias without its prefix, and how many more there are."""
    if not aliases:
        return ""
    more = f" +{len(aliases) - 1}" if len(aliases) > 1 else ""
    return aliases[0].removeprefix("alias/") + more


def _alias(key: Key, aliases: Sequence[str]) -> Part:
    return (alias_text(aliases), "accent") if aliases else ("-", "dim")


def _tags(key: Key, aliases: Sequence[str]) -> Part:
    if key.tags is None:
        return ("✖" if key.tags_problem else "…", "dim")
    return " ".join(f"{tag.key}={tag.value}" if tag.value else tag.key for tag in key.tags)


def _rotation(key: Key, aliases: Sequence[str]) -> Part:
    return "" if key.rotation is None else ("on" if key.rotation else "off")


_READERS: dict[str, _Reader] = {
    "alias": _alias,
    "id": lambda key, aliases: key.id,
    "state": _of_metadata(lambda metadata: (metadata.state, state_role(metadata.state))),
    "spec": _of_metadata(lambda metadata: metadata.spec),
    "usage": _of_metadata(lambda metadata: metadata.usage),
    "origin": _of_metadata(lambda metadata: metadata.origin),
    "manager": _of_metadata(lambda metadata: metadata.manager),
    "region": _of_metadata(lambda metadata: metadata.multi_region),
    "created": _of_metadata(lambda metadata: day(metadata.created)),
    "deletion": _of_metadata(lambda metadata: (day(metadata.deletion), "bad")),
    "rotation": _rotation,
    "tags": _tags,
    "description": _of_metadata(lambda metadata: metadata.description),
}

_TOLD_WITHOUT_DESCRIPTION = ("alias", "id", "tags")


def counts_text(counts: Counts, signs: Symbols) -> str:
    """How many findings of each severity, each behind its sign."""
    return " ".join(
        f"{sign}{number}"
        for sign, number in (
            (signs.error, counts.errors),
            (signs.warning, counts.warnings),
            (signs.information, counts.infos),
        )
        if number
    )


def findings_cell(counts: Counts | None, signs: Symbols) -> Part:
    """The findings of a key's policy; nothing before it was read."""
    if counts is None:
        return ""
    role = "bad" if counts.errors else "warn" if counts.warnings else "good"
    return counts_text(counts, signs) or signs.done, role


def cells_of(
    key: Key, aliases: Sequence[str], columns: Sequence[str], findings: Part = ""
) -> list[Part]:
    """A key's cells; where it could not be described, the reason takes the rest of the row."""
    cells: list[Part] = []
    for column in columns:
        if column == "alias" and not aliases and "id" not in columns:
            # Where there is no room for IDs, a key without an alias must be known by something.
            cells.append((key.id, "dim"))
            continue
        if key.problem and key.metadata is None and column not in _TOLD_WITHOUT_DESCRIPTION:
            cells.append((f"✖ {key.problem}", "bad"))
            break
        cells.append(findings if column == "findings" else _READERS[column](key, aliases))
    return cells


def unknown_columns(names: Sequence[str]) -> list[str]:
    """Which of the names a person chose are no column's."""
    return [name for name in names if name not in COLUMNS]


def columns_named(names: Sequence[str]) -> list[Column]:
    """The columns that a person chose, in their order; unknown names are left out.

    The usual ones where none is left.
    """
    chosen = [COLUMNS[name] for name in names if name in COLUMNS]
    if not chosen:
        return list(COLUMNS.values())
    # The person's order is also the order of usefulness.
    return [replace(each, rank=rank) for rank, each in enumerate(chosen)]
