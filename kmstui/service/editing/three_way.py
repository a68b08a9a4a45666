"""Three-way merge of JSON values, and which statement of one policy is which of another."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kmstui.policy.iam import Canonical, canonical_statement, members_of

Value = Any
"""A JSON value, or ABSENT."""
Statement = Any
"""A statement as JSON gives it; usually a dict."""


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
    position: tuple[str | int, ...] = ()
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


# Which statement is which

LIKENESS_NEEDED = 0.5
"""From which share of common content on two statements are taken for versions of one."""

PAIRS_COMPARED = 40_000
"""More than any policy in use needs; thousands of tiny statements would hold up the screen."""


@dataclass(frozen=True, slots=True)
class Triple:
    """One statement in the three policies; None where it does not occur."""

    base: Statement | None
    mine: Statement | None
    theirs: Statement | None


def match_statements(
    base: list[Statement], mine: list[Statement], theirs: list[Statement]
) -> list[Triple]:
    """Every statement of the three once: in my order, then what only the others have."""
    of_mine = _match(base, mine)
    of_theirs = _match(base, theirs)
    base_of_mine = {number: origin for origin, number in of_mine.items()}
    added_by_theirs = [n for n in range(len(theirs)) if n not in of_theirs.values()]
    same_addition = _match_equal(
        [(n, mine[n]) for n in range(len(mine)) if n not in base_of_mine],
        [(n, theirs[n]) for n in added_by_theirs],
    )

    def triple(origin: int | None, number: int | None, other: int | None) -> Triple:
        found = ((base, origin), (mine, number), (theirs, other))
        return Triple(*(None if n is None else statements[n] for statements, n in found))

    triples = []
    for number in range(len(mine)):
        origin = base_of_mine.get(number)
        other = same_addition.get(number) if origin is None else of_theirs.get(origin)
        triples.append(triple(origin, number, other))
    triples += [triple(n, None, of_theirs.get(n)) for n in range(len(base)) if n not in of_mine]
    triples += [triple(None, None, n) for n in added_by_theirs if n not in same_addition.values()]
    return triples


def label_of(statement: Statement, number: int) -> str:
    """How a person finds it: its Sid, or its number counted from 1."""
    sid = statement.get("Sid") if isinstance(statement, dict) else None
    return f'statement "{sid}"' if isinstance(sid, str) and sid else f"statement {number}"


def _match(old: list[Statement], new: list[Statement]) -> dict[int, int]:
    """Index in `old` to index in `new`: the same content first, then the Sid, then likeness."""
    found = _match_equal(list(enumerate(old)), list(enumerate(new)))
    _match_sids(old, new, found)
    _match_likely(old, new, found)
    return found


def _match_likely(old: list[Statement], new: list[Statement], found: dict[int, int]) -> None:
    """Add pairs that have most of their content in common, the likest first."""
    taken = set(found.values())
    free_old = [(n, _atoms(old[n])) for n in range(len(old)) if n not in found]
    free_new = [(n, _atoms(new[n])) for n in range(len(new)) if n not in taken]
    if len(free_old) * len(free_new) > PAIRS_COMPARED:
        return
    pairs = [(_likeness(a, b), -n, -m) for n, a in free_old for m, b in free_new]
    for likeness, n, m in sorted(pairs, reverse=True):
        if likeness < LIKENESS_NEEDED:
            break
        if -n not in found and -m not in taken:
            found[-n] = -m
            taken.add(-m)


def _match_equal(
    old: list[tuple[int, Statement]], new: list[tuple[int, Statement]]
) -> dict[int, int]:
    free: dict[Canonical, deque[int]] = defaultdict(deque)
    for number, statement in new:
        free[canonical_statement(statement)].append(number)
    found: dict[int, int] = {}
    for number, statement in old:
        same = free.get(canonical_statement(statement))
        if same:
            found[number] = same.popleft()
    return found


def _match_sids(old: list[Statement], new: list[Statement], found: dict[int, int]) -> None:
    """Add pairs with a Sid that is unique on both sides."""
    sids_of_old, sids_of_new = _unique_sids(old), _unique_sids(new)
    for sid, a in sids_of_old.items():
        b = sids_of_new.get(sid)
        if b is not None and a not in found and b not in found.values():
            found[a] = b


def _unique_sids(statements: list[Statement]) -> dict[str, int]:
    sids = [s.get("Sid") if isinstance(s, dict) else None for s in statements]
    return {
        sid: number
        for number, sid in enumerate(sids)
        if isinstance(sid, str) and sid and sids.count(sid) == 1
    }


Atoms = set[tuple[Any, ...]]


def _likeness(a: Atoms, b: Atoms) -> float:
    """Share of the two statements' content that is common to both, 0 to 1."""
    union = a | b
    return len(a & b) / len(union) if union else 0.0


def _atoms(value: object, path: tuple[str, ...] = ()) -> Atoms:
    """A statement's content, value by value, each with the way to it."""
    if isinstance(value, dict):
        found: Atoms = set()
        for name, each in value.items():
            # Resource is "*" in nearly every key policy: common to all, it tells nothing.
            if path or name not in ("Sid", "Resource"):
                found |= _atoms(each, (*path, name))
        return found
    return {(*path, repr(each)) for each in members_of(value)}
