"""JSON highlighting and brackets, one line at a time: a JSON token never spans lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from pygments.lexers.data import JsonLexer
from pygments.token import Comment, Error, Keyword, Name, Number, String

LONGEST_LINE: Final = 2000
"""Characters; a longer line stays plain, since colouring it would cost more than a key may."""

KINDS: Final = ("key", "string", "number", "literal", "wrong")
"""The kinds of token that have a style of their own."""

_LEXER = JsonLexer()
_BY_TOKEN: Final[Mapping[object, str]] = {
    Name.Tag: "key",
    String.Double: "string",
    Number.Integer: "number",
    Number.Float: "number",
    Keyword.Constant: "literal",
    Comment.Single: "wrong",
    Comment.Multiline: "wrong",
    Error: "wrong",
}


def _tokens(line: str) -> Iterator[tuple[int, object, str]]:
    return _LEXER.get_tokens_unprocessed(line)  # type: ignore[no-untyped-call, no-any-return]


def token_spans(line: str) -> tuple[tuple[int, int, str], ...]:
    """Start, end and kind of the tokens of a line that have a colour."""
    return _token_spans(line) if len(line) <= LONGEST_LINE else ()


@lru_cache(maxsize=4096)
def _token_spans(line: str) -> tuple[tuple[int, int, str], ...]:
    return tuple(
        (start, start + len(value), kind)
        for start, token, value in _tokens(line)
        if value and (kind := _BY_TOKEN.get(token))
    )


_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\]]')


def brackets(line: str) -> tuple[tuple[int, str], ...]:
    """Column and character of the brackets of a line that stand outside strings."""
    return _brackets_cached(line) if len(line) <= LONGEST_LINE else _brackets(line)


def _brackets(line: str) -> tuple[tuple[int, str], ...]:
    return tuple(
        (match.start(), match[0])
        for match in _STRING_OR_BRACKET.finditer(line)
        if match[0][0] != '"'
    )


_brackets_cached = lru_cache(maxsize=4096)(_brackets)
