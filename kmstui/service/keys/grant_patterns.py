"""Which grants a person means: a pattern of grantee, name, operation and retiring principal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from kmstui.model import Grant

_FIELDS: Mapping[str, Callable[[Grant], tuple[str, ...]]] = {
    "grantee": lambda grant: (grant.grantee, grant.grantee_service),
    "name": lambda grant: (grant.name,),
    "operation": lambda grant: grant.operations,
    "retiring": lambda grant: (grant.retiring, grant.retiring_service),
}
_WHOLE = "operation"
"""A field of which a word means the whole: Encrypt is a part of ReEncryptTo."""

GRANT_WORDS = "grantee: name: operation: retiring:"
"""The fields that a pattern knows."""


@dataclass(frozen=True, slots=True)
class GrantPattern:
    """Words that must all fit; in each, `*` stands for anything, and case does not matter."""

    words: tuple[tuple[str, str], ...]
    """Fields and what must be found in them; "" is the field of grantee, name or retiring."""

    def means(self, grant: Grant) -> bool:
        """Whether it is one of them; one that could not be read never is."""
        return not grant.unread and all(_fits(grant, *word) for word in self.words)


def parse_grant_pattern(text: str) -> GrantPattern | None:
    """The pattern that a person typed, such as `grantee:role/app operation:Decrypt`.

    A word without a field is looked for in grantee, name and retiring principal; `*` alone means
    every grant. None where it says nothing.
    """
    words = []
    for word in text.split():
        field, colon, value = word.partition(":")
        known = colon and field.casefold() in _FIELDS
        words.append((field.casefold(), value) if known else ("", word))
    if not words or not all(value for _, value in words):
        return None
    return GrantPattern(tuple(words))


def _fits(grant: Grant, field: str, wanted: str) -> bool:
    part = "" if field == _WHOLE else ".*"
    stands_for = re.escape(wanted).replace(r"\*", ".*")
    expression = re.compile(f"{part}{stands_for}{part}", re.IGNORECASE | re.DOTALL)
    return any(value and expression.fullmatch(value) for value in _values(grant, field)) or (
        # A grant without a name is meant where anything will do.
        not wanted.strip("*")
    )


def _values(grant: Grant, field: str) -> Iterator[str]:
    for name in (field,) if field else ("grantee", "name", "retiring"):
        yield from _FIELDS[name](grant)
