"""Find and replace in a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


class SearchError(ValueError):
    """The pattern or the replacement cannot be used; the message is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for. Case counts only where the pattern has a capital letter."""

    pattern: str
    regex: bool = False

    def compile(self) -> re.Pattern[str]:
        """The pattern as a regular expression.

        Raises:
            SearchError: it is no regular expression.
        """
        pattern = self.pattern if self.regex else re.escape(self.pattern)
        ignore_case = 0 if any(map(str.isupper, self.pattern)) else re.IGNORECASE
        try:
            return re.compile(pattern, re.MULTILINE | ignore_case)
        except (re.error, OverflowError, RecursionError) as error:
            raise SearchError(
                f"{self.pattern!r} is not a valid regular expression: {error}."
            ) from error


def find_all(text: str, query: Query) -> list[tuple[int, int]]:
    """Start and end of every match that is not empty.

    Raises:
        SearchError: the pattern is no regular expression.
    """
    if not query.pattern:
        return []
    return [match.span() for match in query.compile().finditer(text) if match[0]]


def next_match(matches: Sequence[tuple[int, int]], offset: int) -> int:
    """The index of the first match at or behind `offset`, else of the first of all."""
    return next((index for index, (start, _) in enumerate(matches) if start >= offset), 0)


def previous_match(matches: Sequence[tuple[int, int]], offset: int) -> int:
    """The index of the last match before `offset`, else of the last of all."""
    before = [index for index, (start, _) in enumerate(matches) if start < offset]
    return before[-1] if before else len(matches) - 1


def replacement_of(text: str, match: tuple[int, int], query: Query, template: str) -> str:
    r"""What `template` makes of one match; `\1` and `\g<name>` work in regex mode.

    Raises:
        SearchError: the template names a group that is not there.
    """
    if not query.regex:
        return template
    found = query.compile().match(text, *match)
    if found is None:
        # A look-behind or an anchor saw more than the match: take the template as it stands.
        return template
    try:
        return found.expand(template)
    except (re.error, IndexError) as error:
        raise SearchError(f"{template!r} cannot be the replacement: {error}.") from error


def replace_all(text: str, query: Query, template: str) -> tuple[str, int]:
    """The text with every match replaced, and how many there were.

    Raises:
        SearchError: the pattern or the template cannot be used.
    """
    matches = find_all(text, query)
    pieces: list[str] = []
    at = 0
    for start, end in matches:
        pieces += [text[at:start], replacement_of(text, (start, end), query, template)]
        at = end
    return "".join(pieces) + text[at:], len(matches)
