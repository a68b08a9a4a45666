"""Where in a policy a cursor stands, told from a text that may be half typed.

A policy being typed seldom parses, so this reads tokens from the cursor backwards, line by line,
and looks at no more than the brackets around it: what is broken above does not matter. A JSON
string never spans lines, so each line can be read for itself. Takes time linear in the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from kmstui.model import late_pattern

Token = tuple[int, str]
"""Offset and spelling."""

_TOKEN = late_pattern(r'"(?:[^"\\\n]|\\.)*"?|[{}\[\],:]|[^\s{}\[\],:"]+')
_WORD_REST = late_pattern(r'[^\s",\[\]{}]*"?')
_SHORT = 400
_LEVELS = 5
"""Brackets around the cursor that matter: value list, key, operator, Condition, statement."""


@dataclass(frozen=True, slots=True)
class Bracket:
    """An open bracket around the cursor."""

    offset: int
    kind: Literal["{", "["]
    name: str
    """The member whose value it begins; empty for an item of a list and for the root."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the cursor stands."""

    brackets: tuple[Bracket, ...]
    """The open brackets around it, the innermost first; no more than matter."""
    member: str
    """The member whose value is written here without a bracket between; empty for a key."""
    expects: Literal["key", "value", "nothing"]
    start: int
    """Where the token under the cursor begins; the cursor itself where there is none."""
    end: int
    typed: str
    """What stands between `start` and the cursor, without its quote."""
    quoted: bool
    """The token under the cursor begins with a quote."""

    @property
    def names(self) -> tuple[str, ...]:
        """The members around the cursor, the one whose value it is in first."""
        names = [bracket.name for bracket in self.brackets]
        if self.expects == "value" and self.brackets and self.brackets[0].kind == "{":
            names.insert(0, self.member)
        return tuple(names)


@lru_cache(maxsize=4096)
def _tokens(line: str) -> tuple[Token, ...]:
    return tuple((match.start(), match[0]) for match in _TOKEN.finditer(line))


def _tokens_of_line(line: str) -> tuple[Token, ...]:
    # Long lines are rare, and remembering each state of one while it is typed would cost memory.
    return _tokens(line) if len(line) < _SHORT else _tokens.__wrapped__(line)


def tokens_back(text: str, offset: int) -> Iterator[Token]:
    """The tokens that end at or before `offset`, the last first, as far as each line tells."""
    end = offset
    while end >= 0:
        start = text.rfind("\n", 0, end) + 1
        for at, lexeme in reversed(_tokens_of_line(text[start:end])):
            yield start + at, lexeme
        end = start - 1


def tokens_forth(text: str, offset: int) -> Iterator[Token]:
    """The tokens from `offset` on, which must be where a token begins."""
    for match in _TOKEN.finditer(text, offset):
        yield match.start(), match[0]


def unquoted(lexeme: str) -> str:
    """The inside of a string token, as written."""
    return lexeme[1:-1] if len(lexeme) > 1 and lexeme.endswith('"') else lexeme[1:]


def cursor_at(text: str, offset: int) -> Cursor:
    """Where `offset` stands in `text`."""
    line_start = text.rfind("\n", 0, offset) + 1
    start, quoted = offset, False
    for at, lexeme in reversed(_tokens_of_line(text[line_start:offset])):
        touches = line_start + at + len(lexeme) == offset
        if lexeme[0] == '"' and (len(lexeme) == 1 or not _closed(lexeme)):
            start, quoted = line_start + at, True
        elif touches and lexeme not in "{}[],:" and lexeme[0] != '"':
            start = line_start + at
        break
    typed = text[start + quoted : offset]
    rest = _WORD_REST.match(text, offset)
    end = rest.end() if rest and start < offset else offset
    if not quoted and end > offset and text[end - 1] == '"':
        end = offset
    brackets, before = _around(text, start)
    member, expects = _expected(brackets, before)
    return Cursor(brackets, member, expects, start, end, typed, quoted)


def _closed(lexeme: str) -> bool:
    inside = lexeme[1:]
    if not inside.endswith('"'):
        return False
    backslashes = len(inside) - 1 - len(inside[:-1].rstrip("\\"))
    return backslashes % 2 == 0


def _around(text: str, offset: int) -> tuple[tuple[Bracket, ...], list[str]]:
    """The brackets around `offset`, and up to two tokens right before it, the nearest first."""
    brackets: list[Bracket] = []
    before: list[str] = []
    depth = 0
    tokens = tokens_back(text, offset)
    pending: list[tuple[int, Literal["{", "["]]] = []
    window: list[str] = []
    for at, lexeme in tokens:
        if len(before) < 2:
            before.append(lexeme)
        if pending:
            window.append(lexeme)
            if len(window) == 2 or window[0] != ":":
                brackets.append(_bracket(pending.pop(), window))
                window = []
                if len(brackets) == _LEVELS:
                    break
        if lexeme in ("}", "]"):
            depth += 1
        elif lexeme in ("{", "["):
            if depth:
                depth -= 1
            else:
                pending.append((at, "{" if lexeme == "{" else "["))
    if pending:
        brackets.append(_bracket(pending.pop(), window))
    return tuple(brackets), before


def _bracket(opened: tuple[int, Literal["{", "["]], window: list[str]) -> Bracket:
    named = len(window) == 2 and window[0] == ":" and window[1][0] == '"'
    return Bracket(*opened, unquoted(window[1]) if named else "")


def _expected(
    brackets: tuple[Bracket, ...], before: list[str]
) -> tuple[str, Literal["key", "value", "nothing"]]:
    last = before[0] if before else ""
    if brackets and brackets[0].kind == "[":
        return "", "value"
    if last == ":":
        named = len(before) > 1 and before[1][0] == '"'
        return (unquoted(before[1]) if named else ""), "value"
    if not brackets:
        return "", "nothing"
    # A comma forgotten at the end of the line above must not silence the next member.
    return "", "key" if last in ("{", ",") or last[-1:] in ('"', "}", "]") else "nothing"
