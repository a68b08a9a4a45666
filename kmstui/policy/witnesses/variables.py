"""What the keys that policy variables tie together must be told apart by.

Where one key is compared with another, as in `kms:EncryptionContext:path` like
`home/${aws:username}/*`, whatever else a policy asks of the first is asked of the second, too: the
path `home/a*` asks whether the name begins with an `a`. Values that pass the same of these tests
are in one class, and one of them speaks for all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from kmstui.policy.iam import (
    Condition,
    Lookup,
    UnknownVariableError,
    Variable,
    literal,
    pieces_of,
)
from kmstui.policy.witnesses.values import ACCOUNT_KEYS, CASELESS, EXACTLY, ValueTest, as_test

_MOST_TESTS = 60
_MOST_SLICES = 64
_ELSEWHERE = "\ue002"
"""Stands, in a pattern, for whatever another variable brings in."""

Pieces = tuple[str | Variable, ...]
Conditions = Mapping[int, Condition]
"""Each by a number of its own."""


def tied_together(conditions: Conditions) -> list[dict[int, Condition]]:
    """The conditions in groups that share no key."""
    by_key: dict[str, dict[int, Condition]] = {}
    for number, condition in conditions.items():
        by_key.setdefault(condition.key, {})[number] = condition
    groups: list[tuple[set[str], dict[int, Condition]]] = []
    for key, alike in by_key.items():
        keys, members = {key}.union(*(each.variable_keys for each in alike.values())), alike
        apart = []
        for other_keys, others in groups:
            if keys.isdisjoint(other_keys):
                apart.append((other_keys, others))
            else:
                keys, members = keys | other_keys, others | members
        groups = [*apart, (keys, members)]
    return [members for _, members in groups]


class Tie(NamedTuple):
    """A value with variables that a key is compared with."""

    key: str
    """In lower case."""
    positive: str
    """The operator without its negation."""
    pieces: Pieces
    """With what is known filled in."""

    @property
    def is_whole(self) -> bool:
        """Whether the value is one variable and nothing else."""
        return len(self.pieces) == 1

    @property
    def variables(self) -> Iterator[tuple[str, str, str]]:
        """The key of each variable, with the patterns of what stands before and behind it."""
        texts = [piece if isinstance(piece, str) else "*" for piece in self.pieces]
        for at, piece in enumerate(self.pieces):
            if isinstance(piece, Variable):
                yield piece.key, "".join(texts[:at]), "".join(texts[at + 1 :])

    @property
    def skeleton(self) -> str:
        """The pattern that its values have in common, whatever the variables bring in."""
        return "".join(each if isinstance(each, str) else _ELSEWHERE for each in self.pieces)


def tie_of(key: str, positive: str, value: str, lookup: Lookup) -> Tie | None:
    """The tie of one value, with what is known filled in; None where it has no value at all."""
    found: list[str] = []
    pieces: list[str | Variable] = []
    for piece in pieces_of(value):
        text: str | Variable | None = piece
        if isinstance(piece, Variable):
            try:
                text = piece.value(lookup)
            except UnknownVariableError:
                pieces += ["".join(found), piece] if found else [piece]
                found = []
                continue
            if text is None:
                return None
        elif positive == EXACTLY:
            text = literal(piece)
        found.append(str(text))
    return Tie(key, positive, (*pieces, *(["".join(found)] if found else [])))


class Ties:
    """Keys that conditions compare with each other."""

    def __init__(self, conditions: Iterable[Condition], lookup: Lookup) -> None:
        self.each: list[Tie] = []
        self.tests: dict[str, dict[ValueTest, frozenset[object]]] = {}
        """What the values of each key must be told apart by, and what asks it."""
        self.open: set[str] = set()
        """Keys of which that is not all."""
        for condition in conditions:
            operator = condition.operator
            if operator is not None and operator.type not in ("Null", "Bool"):
                for value in condition.values:
                    self._read(condition, operator.positive, value, lookup)
        for key in {tie.key for tie in self.each}:
            known = lookup(key)
            if known is not None:
                self.tests[key] = {ValueTest(EXACTLY, value): frozenset({value}) for value in known}
        self._share()
        self._hold_ties_against_each_other()

    def _read(self, condition: Condition, positive: str, value: str, lookup: Lookup) -> None:
        tie = None
        if condition.has_variables:
            tie = tie_of(condition.key, positive, value, lookup)
            if tie is None:
                return
            value = tie.skeleton
        if tie is not None and _ELSEWHERE in value:
            self.each.append(tie)
            return
        test = as_test(positive, value)
        if test is not None:
            self._add(condition.key, test, frozenset({id(condition)}))

    def _add(self, key: str, test: ValueTest, by: frozenset[object]) -> bool:
        tests = self.tests.setdefault(key, {})
        known = tests.get(test)
        if test.value == "*" or (known is not None and by <= known):
            return False
        tests[test] = by | (known or frozenset())
        return True

    def _share(self) -> None:
        """What is asked of a key is asked of all that it is tied to, until nothing is new."""
        left = [(key, test) for key, tests in self.tests.items() for test in tests]
        while left:
            if any(len(tests) > _MOST_TESTS for tests in self.tests.values()):
                self.tests = {
                    key: {test: by for test, by in tests.items() if not test.patterns}
                    for key, tests in self.tests.items()
                }
                for tie in self.each:
                    self._leave_open(tie)
                return
            key, test = left.pop()
            by = self.tests[key][test]
            for tie in self.each:
                asked: list[tuple[str, ValueTest, frozenset[object]]] = []
                either_case = tie.is_whole and tie.positive == CASELESS
                other_case = as_test(CASELESS, test.value) if either_case else None
                for variable, head, tail in tie.variables:
                    if tie.key == key and tie.is_whole:
                        asked.append((variable, test, by))
                        if other_case is not None:
                            asked.append((variable, other_case, by))
                            if test.positive not in (EXACTLY, CASELESS):
                                self._leave_open(tie)
                    elif tie.key == key:
                        found = _asked_of_variable(variable, test, head, tail)
                        if found is None:
                            self._leave_open(tie)
                        asked += ((variable, each, frozenset({each})) for each in found or ())
                    if variable == key and tie.is_whole:
                        asked.append((tie.key, other_case or test, by))
                        if other_case is not None and test.positive not in (EXACTLY, CASELESS):
                            self._leave_open(tie)
                left += (each[:2] for each in asked if self._add(*each))

    def _leave_open(self, tie: Tie) -> None:
        self.open |= {tie.key, *(key for key, _, _ in tie.variables)}

    def _hold_ties_against_each_other(self) -> None:
        """Leave open where one variable may have to be like another, or like a part of itself."""
        for tie in self.each:
            arn = tie.positive.startswith("Arn")
            if (tie.positive == CASELESS and not tie.is_whole) or (
                arn
                and any(
                    head.count(":") < 5 and key not in ACCOUNT_KEYS
                    for key, head, _ in tie.variables
                )
            ):
                self._leave_open(tie)
        for one, other in combinations(dict.fromkeys(self.each), 2):
            if one.key == other.key and not (_stay_apart(one, other) and _stay_apart(other, one)):
                self._leave_open(one)
                self._leave_open(other)
        named = {key for tie in self.each for key, _, _ in tie.variables}
        for tie in self.each:
            if tie.key in named and not tie.is_whole:
                self._leave_open(tie)


def _stay_apart(one: Tie, other: Tie) -> bool:
    """Whether no variable of `one` stands where one of `other` does, but for whole values."""
    if one.is_whole and other.is_whole:
        return CASELESS not in (one.positive, other.positive) or one.pieces == other.pieces
    ours, theirs = list(one.variables), list(other.variables)
    if len(ours) == len(theirs) == 1:
        (key, head, tail), (its, its_head, its_tail) = ours[0], theirs[0]
        if key == its and any(
            mine == another and "*" not in mine and "?" not in mine
            for mine, another in ((head, its_head), (tail, its_tail))
        ):
            return True
    skeleton = other.skeleton
    slices = [(key, slices_of(skeleton, head, tail)) for key, head, tail in ours]
    return all(
        each is not None and not any(_ELSEWHERE in s and _may_be(key, s) for s in each)
        for key, each in slices
    )


def _may_be(key: str, pattern: str) -> bool:
    """Whether a value of a key may meet a pattern, by the letters that its values have."""
    if key == "aws:username":
        return "/" not in pattern and ":" not in pattern
    return key not in ACCOUNT_KEYS or all(c.isdigit() or c in _WILD for c in pattern)


def _asked_of_variable(
    key: str, test: ValueTest, head: str, tail: str
) -> Sequence[ValueTest] | None:
    """What a test of a key asks of a variable in the key's value; None: it is not worked out."""
    pattern = literal(test.value) if test.positive in (EXACTLY, CASELESS) else test.value
    positive = "StringLike"
    if test.family:
        return None
    if test.positive.startswith("Arn"):
        part = min(head.count(":"), 5)
        if part < 5 and key not in ACCOUNT_KEYS:
            return None
        pattern, head = pattern.split(":", 5)[part], head.split(":", 5)[part]
        tail = tail if part == 5 else tail.partition(":")[0]
    elif test.positive == CASELESS:
        positive = CASELESS
    slices = slices_of(pattern, head, tail, ignore_case=positive == CASELESS)
    if slices is None:
        return None
    return [
        each
        for text in sorted(slices)
        if _may_be(key, text) and (each := as_test(positive, text)) is not None
    ]


@lru_cache(maxsize=2048)
def slices_of(
    pattern: str, head: str, tail: str, *, ignore_case: bool = False
) -> frozenset[str] | None:
    """The parts of a pattern that a text may meet which stands between two others.

    None where there are too many.
    """
    starts = _reached(pattern, head, ignore_case)
    ends = {len(pattern) - at for at in _reached(pattern[::-1], tail[::-1], ignore_case)}
    if len(starts) * len(ends) > _MOST_SLICES:
        return None
    return frozenset(
        (pattern[start:end] + _repeating_at(pattern, end)).replace("**", "*")
        for start in starts
        for end in ends
        if start <= end
    )


def _repeating_at(pattern: str, at: int) -> str:
    return letter if (letter := pattern[at : at + 1]) in _REPEATING else ""


def _reached(pattern: str, by: str, ignore_case: bool) -> set[int]:
    """How far into a pattern a text may come that another pattern describes."""
    if ignore_case:
        pattern, by = pattern.lower(), by.lower()
    found, left, seen = set[int](), [(0, 0)], {(0, 0)}
    while left:
        at, step = left.pop()
        ours, theirs = pattern[at : at + 1], by[step : step + 1]
        if not theirs:
            found.add(at)
        moves = []
        if ours in _REPEATING:
            moves.append((at + 1, step))
        if theirs in _REPEATING:
            moves.append((at, step + 1))
        if ours and theirs and (ours == theirs or ours in _WILD or theirs in _WILD):
            moves.append((at + (ours not in _REPEATING), step + (theirs not in _REPEATING)))
        for move in moves:
            if move not in seen:
                seen.add(move)
                left.append(move)
    return found


_REPEATING = frozenset(("*", _ELSEWHERE))
_WILD = _REPEATING | {"?"}
