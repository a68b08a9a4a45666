"""The colours of a policy's JSON, one line at a time: a JSON token never spans lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from pygments.lexers.data import JsonLexer
from pygments.token import Comment, Error, Keyword, Name, Number, Punctuation, String

from kmstui.policy.iam import parse_operator
from kmstui.policy.lint import find_placeholders

LONGEST_LINE: Final = 2000
"""Characters; a longer line stays plain, since colouring it would cost more than a key may."""

StyledRange = tuple[int, int, str]
"""Start, end and the name of a text style."""

_LEXER = JsonLexer()
_BY_TOKEN: Final[Mapping[object, str]] = {
    Name.Tag: "json-name",
    Punctuation: "json-punctuation",
    Number.Integer: "json-number",
    Number.Float: "json-number",
    Keyword.Constant: "json-number",
    Comment.Single: "json-wrong",
    Comment.Multiline: "json-wrong",
    Error: "json-wrong",
}

_EFFECTS = {"Allow": "json-allow", "Deny": "json-deny"}
_ACTION = re.compile(r"([a-z][\w-]*:)([\w*?]*)")
_ARN = re.compile(r"(arn:[\w*-]*:[\w*-]*:[\w*-]*:)([^:]*)(.*)")
_ARN_STYLES = ("json-arn", "json-account", "json-resource")
_WHOLE: Final = (
    (re.compile(r"[0-9]{12}"), "json-account"),
    (re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?|true|false"), "json-number"),
    (re.compile(r"[\w.-]+\.amazonaws\.com(?:\.cn)?"), "json-service"),
)
_WILDCARD = re.compile(r"(?<!\$\{)[*?]")
_FIELD = re.compile(r"\$\{[A-Za-z][\w-]*\}")
_PROSE = frozenset({'"Sid"', '"Id"', '"Version"', '"Description"'})
"""Members whose values are words, whatever they look like."""


def json_ranges(line: str) -> Sequence[StyledRange]:
    """The ranges of a line that have a style; a later one goes over an earlier one.

    A string is told by its content, so that a list of actions looks the same on one line and on
    many.
    """
    return _json_ranges(line) if len(line) <= LONGEST_LINE else ()


@lru_cache(maxsize=4096)
def _json_ranges(line: str) -> Sequence[StyledRange]:
    return tuple(_ranges(line))


def _ranges(line: str) -> Iterator[StyledRange]:
    name = ""
    tokens = _LEXER.get_tokens_unprocessed(line)  # type: ignore[no-untyped-call]
    for start, token, value in tokens:
        if token is Name.Tag:
            name = value
            yield start, start + len(value), _style_of_name(value[1:-1])
        elif token is String.Double:
            inside = value[1:-1]
            if name not in _PROSE:
                yield from _shifted(_string_ranges(inside, name), start + 1)
            yield from _shifted(_placeholders(inside), start + 1)
        elif style := _BY_TOKEN.get(token):
            yield start, start + len(value), style


def _shifted(ranges: Iterator[StyledRange], by: int) -> Iterator[StyledRange]:
    return ((start + by, end + by, style) for start, end, style in ranges)


def _style_of_name(name: str) -> str:
    if parse_operator(name) is not None:
        return "json-operator"
    return "json-condition" if ":" in name else "json-name"


def _string_ranges(text: str, name: str) -> Iterator[StyledRange]:
    if text in _EFFECTS and name in ("", '"Effect"'):
        yield 0, len(text), _EFFECTS[text]
        return
    if arn := _ARN.fullmatch(text):
        yield from ((*arn.span(part), style) for part, style in enumerate(_ARN_STYLES, 1))
    elif action := _ACTION.fullmatch(text):
        yield *action.span(1), "json-prefix"
        yield *action.span(2), "json-action"
    elif style := next((style for form, style in _WHOLE if form.fullmatch(text)), ""):
        yield 0, len(text), style
    yield from ((*found.span(), "json-wildcard") for found in _WILDCARD.finditer(text))


def _placeholders(text: str) -> Iterator[StyledRange]:
    for found in find_placeholders(text):
        yield found.start, found.end, "json-placeholder"
    for field in _FIELD.finditer(text):
        yield *field.span(), "json-placeholder"
