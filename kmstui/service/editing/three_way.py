"""Three-way merge of JSON values: scalars, sets, and tables of either."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kmstui.policy.iam.equality import Canonical, members_of

Value = Any
"""A JSON value, or ABSENT."""


class _Absent:
    """Stands where a member is not there, which `null` is not."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()

Canonicalizer = Callable[[Value], Canonical]
"""The canonical form of a value that is there."""


@dataclass(frozen=True, slots=True)
class Clash:
    """A place that both sides changed differently."""

    path: tuple[str, ...]
    base: Value
    mine: Value
    theirs: Value
    kept: Value
    """What the merged value holds until a person decides."""
    place: tuple[str | int, ...] = ()
    """Where that is in the merged value; `path` is for a person, and names statements."""


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged value, and where a person must decide."""

    value: Value
    clashes: tuple[Clash, ...] = ()


Merger = Callable[[tuple[str, ...], Value, Value, Value], Merged]
"""Merges base, mine and theirs at a path."""


def settle(canonicalize: Canonicalizer, base: Value, mine: Value, theirs: Value) -> Merged | None:
    """The easy cases: both agree, or only one of them changed anything."""

    def form(value: Value) -> object:
        return ABSENT if value is ABSENT else canonicalize(value)

    of_base, of_mine, of_theirs = form(base), form(mine), form(theirs)
    if of_theirs in (of_mine, of_base):
        return Merged(mine)
    return Merged(theirs) if of_mine == of_base else None


def merge_scalar(canonicalize: Canonicalizer) -> Merger:
    """A value that one side or the other must win."""

    def merge(path: tuple[str, ...], base: Value, mine: Value, theirs: Value) -> Merged:
        settled = settle(canonicalize, base, mine, theirs)
        if settled is not None:
            return settled
        kept = theirs if mine is ABSENT else mine
        return Merged(kept, (Clash(path, base, mine, theirs, kept),))

    return merge


def merge_set(canonicalize: Canonicalizer, *, unite_new: bool = False) -> Merger:
    """Alternatives: each side's additions and removals both count.

    A clash is a set that would end up empty, or that one side removed as a whole while the other
    changed it: without alternatives it means something else than with few. So is one that both
    sides began, unless `unite_new`: two conditions that each admit one network are no wish to
    admit both.
    """
    whole = merge_scalar(lambda value: _set_form(canonicalize, value))

    def merge(path: tuple[str, ...], base: Value, mine: Value, theirs: Value) -> Merged:
        settled = settle(lambda value: _set_form(canonicalize, value), base, mine, theirs)
        if settled is not None:
            return settled
        if ABSENT in (mine, theirs) or (base is ABSENT and not unite_new):
            return whole(path, base, mine, theirs)
        was = set() if base is ABSENT else _forms(canonicalize, base)
        removed = (was - _forms(canonicalize, mine)) | (was - _forms(canonicalize, theirs))
        kept: dict[Canonical, Value] = {}
        for each in (*members_of(mine), *members_of(theirs)):
            if (form := canonicalize(each)) not in removed:
                kept.setdefault(form, each)
        if not kept:
            return whole(path, base, mine, theirs)
        members = list(kept.values())
        return Merged(members[0] if len(members) == 1 else members)

    return merge


def merge_whole_or(canonicalize: Canonicalizer, inner: Merger) -> Merger:
    """Merge objects by `inner`; what is no object on some side, as one piece.

    So is an object of which each side removed what the other kept: an empty Condition admits
    everything.
    """
    whole = merge_scalar(canonicalize)

    def merge(path: tuple[str, ...], base: Value, mine: Value, theirs: Value) -> Merged:
        settled = settle(canonicalize, base, mine, theirs)
        if settled is not None:
            return settled
        if isinstance(mine, dict) and isinstance(theirs, dict):
            merged = inner(path, base, mine, theirs)
            if merged.value or not (mine and theirs):
                return merged
        return whole(path, base, mine, theirs)

    return merge


def merge_table(merger_of: Callable[[str], Merger], key_of: Callable[[str], str] = str) -> Merger:
    """An object, member by member; `key_of` tells which names are the same."""

    def merge(path: tuple[str, ...], base: Value, mine: Value, theirs: Value) -> Merged:
        tables = _by_key((base, mine, theirs), key_of)
        merged: dict[str, Value] = {}
        clashes: list[Clash] = []
        for key in dict.fromkeys((*tables[1], *tables[2], *tables[0])):
            # The spelling is mine where I have the member.
            name = next(
                table[key][0] for table in (tables[1], tables[2], tables[0]) if key in table
            )
            values = [table[key][1] if key in table else ABSENT for table in tables]
            result = merger_of(key)((*path, name), *values)
            clashes += result.clashes
            if result.value is not ABSENT:
                merged[name] = result.value
        return Merged(merged, tuple(clashes))

    return merge


def _by_key(
    values: Sequence[Value], key_of: Callable[[str], str]
) -> list[dict[str, tuple[str, Value]]]:
    """Each object's members by what their names mean."""
    objects = [value if isinstance(value, dict) else {} for value in values]
    # Two spellings of one name beside each other in one object: neither may get lost.
    if any(len({key_of(name) for name in each}) < len(each) for each in objects):
        key_of = str
    return [{key_of(name): (name, value) for name, value in each.items()} for each in objects]


def _forms(canonicalize: Canonicalizer, value: Value) -> set[Canonical]:
    return {canonicalize(each) for each in members_of(value)}


def _set_form(canonicalize: Canonicalizer, value: Value) -> Canonical:
    return ("set", *sorted(_forms(canonicalize, value), key=repr))
