"""Every combination of patterns that one text can match, with a text for each.

All patterns run side by side as one nondeterministic automaton, its states held as the bits of a
single integer ("Shift-And", Baeza-Yates and Gonnet 1992). A search over the sets of states that
some text reaches finds each combination of accepted patterns once, with the shortest text for it.

It is written here because all patterns at once are wanted; libraries of automata combine two.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
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
_MOST_STATES = 3_000
_MOST_CLASHES = 8

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


Patterns = tuple[Pattern, ...]
"""Some patterns any of which suffices."""


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
    """By what accepts it (bit i for the patterns i), the shortest text that these accept and the
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
    """Patterns side by side, in sets any of which suffices."""

    def __init__(self, tests: Iterable[Patterns]) -> None:
        self.start = 0
        self._ends: list[int] = []
        self._letters: dict[str, int] = {}
        self._steps = dict.fromkeys((*_REFUSED, DIGIT), 0)
        self._loops = dict.fromkeys((*_REFUSED, DIGIT), 0)
        self._settled: list[tuple[int, int, int]] = []
        self._at = 1
        for patterns in tests:
            self._lay_out(patterns)
        used = [name for name in self._steps if self._steps[name] | self._loops[name]]
        self._marks = "".join(dict.fromkeys("".join(_REFUSED.get(name, "") for name in used)))
        self._has_digits = DIGIT in used
        self._masks: dict[str, tuple[int, int]] = {}
        self._all_settled = sum(ends for ends, _, _ in self._settled)
        self.start = self._without_settled(self.start)

    def _lay_out(self, patterns: Patterns) -> None:
        first, ends, settled = self._at, 0, 0
        for pattern in patterns:
            self.start |= self._at
            for accepted, repeats in pattern.steps:
                if repeats:
                    self._loops[accepted] |= self._at
                    continue
                if accepted in self._steps:
                    self._steps[accepted] |= self._at
                else:
                    for letter in accepted:
                        self._letters[letter] = self._letters.get(letter, 0) | self._at
                self._at <<= 1
            ends |= self._at
            settled |= self._at & self._loops[ANY]
            self._at <<= 1
        self._ends.append(ends)
        if settled:
            self._settled.append((settled, ~(self._at - first), settled & -settled))

    def _without_settled(self, states: int) -> int:
        """The states, one for each test that every longer text meets too: the rest is idle."""
        if states & self._all_settled:
            for ends, others, end in self._settled:
                if states & ends:
                    states = states & others | end
        return states

    @property
    def last_end(self) -> int:
        """Where texts end that the last test accepts."""
        return self._ends[-1]

    @property
    def states_before_last(self) -> int:
        """All states but those of the last test."""
        return (1 << self._ends[-2].bit_length()) - 1 if len(self._ends) > 1 else 0

    def accepting(self, states: int) -> int:
        """The tests that accept a text which leads to these states, as bits."""
        return sum(1 << i for i, ends in enumerate(self._ends) if states & ends)

    def accepted(self, text: str) -> int:
        """The tests that accept a text, as bits."""
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
            yield letter, self._without_settled(((states & steps) << 1) | (states & loops))

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
def combinations(tests: tuple[Patterns, ...], shape: Pattern) -> Found:
    """Every combination of `tests` that one text of `shape` can meet.

    The search ends, incomplete, at some thousand sets of states.
    """
    automaton = Automaton((*tests, (shape,)))
    whole, alone = automaton.last_end, (1 << len(tests)) - 1
    alive = ~automaton.states_before_last
    texts: dict[int, str] = {}
    came: dict[int, tuple[int, str] | None] = {automaton.start: None}
    queue = deque(came)
    while queue:
        states = queue.popleft()
        if states & whole:
            accepted = automaton.accepting(states) & alone
            if accepted not in texts:
                texts[accepted] = _spelled(came, states)
        for letter, following in automaton.moves(states):
            if following & alive and following not in came:
                if len(came) >= _MOST_STATES:
                    return Found(texts, complete=False)
                came[following] = (states, letter)
                queue.append(following)
    return Found(texts, complete=True)


def free_texts(
    tests: Sequence[Patterns], shape: Pattern, taken: Callable[[str], Pattern | None]
) -> Found:
    """Every combination of `tests`, each with a text that is not taken.

    Args:
        tests: What to combine.
        shape: What the texts look like.
        taken: What to keep apart where a text stands for something else already, else None.
    """
    apart: dict[Pattern, None] = {}
    for _ in range(_MOST_CLASHES):
        found = combinations((*tests, *((each,) for each in apart)), shape)
        texts = {bits: text for bits, text in found.texts.items() if not bits >> len(tests)}
        clashing = {
            bits: pattern for bits, text in texts.items() if (pattern := taken(text)) is not None
        }
        if not clashing:
            return Found(texts, found.complete)
        apart |= dict.fromkeys(clashing.values())
    return Found({bits: text for bits, text in texts.items() if bits not in clashing}, False)


def _spelled(came: dict[int, tuple[int, str] | None], states: int) -> str:
    letters = []
    while (step := came[states]) is not None:
        states, letter = step
        letters.append(letter)
    return "".join(reversed(letters))
