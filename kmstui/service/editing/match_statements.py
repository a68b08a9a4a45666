"""Which statement of one policy is which of another."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any

from kmstui.policy.iam.equality import Canonical, canonical_statement, members_of

LIKENESS_NEEDED = 0.5
"""From which share of common content on two statements are taken for versions of one."""

PAIRS_COMPARED = 40_000
"""More than any policy in use needs; thousands of tiny statements would hold up the screen."""

Statement = Any
"""A statement as JSON gives it; usually a dict."""


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
    triples = []
    for number, statement in enumerate(mine):
        origin = base_of_mine.get(number)
        if origin is not None:
            other = of_theirs.get(origin)
            triples.append(
                Triple(base[origin], statement, None if other is None else theirs[other])
            )
        else:
            other = same_addition.get(number)
            triples.append(Triple(None, statement, None if other is None else theirs[other]))
    for origin, statement in enumerate(base):
        if origin not in of_mine:
            other = of_theirs.get(origin)
            triples.append(Triple(statement, None, None if other is None else theirs[other]))
    triples += [
        Triple(None, None, theirs[n]) for n in added_by_theirs if n not in same_addition.values()
    ]
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
