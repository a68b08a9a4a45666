"""Every combination of patterns that one text can match, with a text for each.

All patterns run side by side as one nondeterministic automaton, its states held as the bits of a
single integer ("Shift-And", Baeza-Yates and Gonnet 1992). A search over the sets of states that
some text reaches finds each combination of accepted patterns once, with the shortest text for it.

It is written here because all patterns at once are wanted; libraries of automata combine two.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from kmstui.policy.iam import plain

ANY = "any"
NOT_COLON = "not :"
NOT_SLASH = "not : or /"
DIGIT = "digit"
_REFUSED = {ANY: "", NOT_COLON: ":", NOT_SLASH: ":/"}
_DIGITS = "0123456789"
_OTHERS = "xyzwvutsrqponmlkjihgfedcbaXYZWVUTSRQPONMLKJIHGFEDCBA_-+=,.@~!%&()[]{}|^;<>'#$\"\\ "
"""Characters to fill in where any other will do: what looks least odd in an ARN comes first."""
_ASTRAL = "¡"
_MOST_STATES = 6_000

Class = str
"""One of the classes above, or the characters that are accepted, as `a` or `aA`."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A sequence of characters with stars between them."""

    steps: tuple[tuple[Class, bool], ...]
    """Each character in turn, and whether the step is a star, which may repeat or be left out."""

    def __add__(self, other: Pattern) -> Pattern:
        return Pattern(self.steps + other.steps)


def text_pattern(text: str, *, ignore_case: bool = False) -> Pattern:
    """Exactly `text`, in which `*` and `?` stand for themselves."""
    letters = ({c, c.lower(), c.upper()} if ignore_case else {c} for c in text)
    # ß has no capital letter of its own.
    accepted = ("".join(sorted(each for each in either if len(each) == 1)) for either in letters)
    return Pattern(tuple((each, False) for each in accepted))


def glob_pattern(text: str, others: Class = ANY) -> Pattern:
    """A pattern of StringLike: `*` and `?` stand for characters of the class `others`."""
    return Pattern(tuple((others, c == "*") if c in "*?" else (plain(c), False) for c in text))


def arn_pattern(text: str) -> Pattern | None:
    """A pattern of ArnLike, whose first five parts match by themselves; None: it matches nothing.

    As `kmstui.policy.iam.arn_match`.
    """
    if text == "*":
        return glob_pattern(text)
    parts = text.split(":", 5)
    if len(parts) != 6:
        return None
    found = Pattern(())
    for part in parts[:-1]:
        found += glob_pattern(part, NOT_COLON) + text_pattern(":")
    return found + glob_pattern(parts[-1])


def star(others: Class = ANY) -> Pattern:
    """Any number of characters of a class."""
    return Pattern(((others, True),))


def some(others: Class, times: int = 1) -> Pattern:
    """So many characters of a class."""
    return Pattern(((others, False),) * times)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found."""

    texts: dict[int, str]
    """By the accepted patterns (bit i for pattern i), the shortest text that they accept and the
    others do not."""
    complete: bool
    """Whether there are no further combinations."""


def bits_of(number: int) -> Iterator[int]:
    """The bits that are set, the lowest first."""
    while number:
        lowest = number & -number
        yield lowest
        number ^= lowest


class Automaton:
    """Patterns side by side."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self.start = 0
        self.ends: list[int] = []
        self._letters: dict[str, int] = {}
        self._steps = dict.fromkeys((*_REFUSED, DIGIT), 0)
        self._loops = dict.fromkeys((*_REFUSED, DIGIT), 0)
        at = 1
        for pattern in patterns:
            self.start |= at
            for accepted, repeats in pattern.steps:
                if repeats:
                    self._loops[accepted] |= at
                    continue
                if accepted in self._steps:
                    self._steps[accepted] |= at
                else:
                    for letter in accepted:
                        self._letters[letter] = self._letters.get(letter, 0) | at
                at <<= 1
            self.ends.append(at)
            at <<= 1
        used = [name for name in self._steps if self._steps[name] | self._loops[name]]
        self._marks = "".join(dict.fromkeys("".join(_REFUSED.get(name, "") for name in used)))
        self._has_digits = DIGIT in used
        self._masks: dict[str, tuple[int, int]] = {}
        self._numbers = {end: 1 << i for i, end in enumerate(self.ends)}
        self._all_ends = sum(self.ends)

    def accepting(self, states: int) -> int:
        """The patterns that accept a text which leads to these states, as bits."""
        return sum(self._numbers[end] for end in bits_of(states & self._all_ends))

    def accepted(self, text: str) -> int:
        """The patterns that accept a text, as bits."""
        states = self.start
        for letter in text:
            steps, loops = self._masks.get(letter) or self._mask(letter)
            states = ((states & steps) << 1) | (states & loops)
        return self.accepting(states)

    def moves(self, states: int) -> Iterator[tuple[str, int]]:
        """Where the states lead, by a character of each kind that they tell apart."""
        known = [letter for letter, mask in self._letters.items() if states & mask]
        known += (mark for mark in self._marks if mark not in known)
        kinds = [*known]
        kinds += [next((c for c in _OTHERS if c not in known), _ASTRAL)]
        if self._has_digits:
            kinds += [c for c in _DIGITS if c not in known][:1]
        for letter in kinds:
            steps, loops = self._masks.get(letter) or self._mask(letter)
            yield letter, ((states & steps) << 1) | (states & loops)

    def _mask(self, letter: str) -> tuple[int, int]:
        steps, loops = self._letters.get(letter, 0), 0
        for name in self._steps:
            taken = letter in _DIGITS if name == DIGIT else letter not in _REFUSED[name]
            if taken:
                steps |= self._steps[name]
                loops |= self._loops[name]
        self._masks[letter] = steps, loops
        return steps, loops


@lru_cache(maxsize=512)
def combinations(patterns: tuple[Pattern, ...], shape: Pattern) -> Found:
    """Every combination of `patterns` that one text of `shape` can match.

    The search ends, incomplete, at some thousand sets of states.
    """
    automaton = Automaton((*patterns, shape))
    *ends, whole = automaton.ends
    patterns_alone = (1 << len(ends)) - 1
    # The states of the shape stand last, above the end of the last pattern.
    alive = ~((ends[-1] << 1) - 1) if ends else ~0
    texts: dict[int, str] = {}
    came: dict[int, tuple[int, str] | None] = {automaton.start: None}
    queue = deque(came)
    while queue:
        states = queue.popleft()
        if states & whole:
            accepted = automaton.accepting(states) & patterns_alone
            if accepted not in texts:
                texts[accepted] = _spelled(came, states)
        for letter, following in automaton.moves(states):
            if following & alive and following not in came:
                if len(came) >= _MOST_STATES:
                    return Found(texts, complete=False)
                came[following] = (states, letter)
                queue.append(following)
    return Found(texts, complete=True)


def _spelled(came: dict[int, tuple[int, str] | None], states: int) -> str:
    letters = []
    while (step := came[states]) is not None:
        states, letter = step
        letters.append(letter)
    return "".join(reversed(letters))
