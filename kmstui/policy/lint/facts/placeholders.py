"""Placeholders that a copied policy still holds: `your-account-id`, `<…>`, `${…}`, `xxxx`.

A placeholder is the one cause of all that is wrong with the value around it, so every rule
about values asks here first and keeps silent where one is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

ACCOUNT = "account"
REGION = "region"
KEY = "key"

_MARKS = re.compile(
    r"\$\{(?P<variable>[^{}]*)\}"
    r"|\{\{[^{}]{0,80}\}\}|\{\s*[\w.:…-][\w.:… -]{0,80}\}"
    r"|<[^<>]{1,80}>"
    r"|%\(\w{1,40}\)[sd]|%[sd]\b"
    r"|(?i:\byour(?:[-_ ][a-z][a-z0-9]*)+)"
    r"|(?<![\w-])(?:TODO|FIXME|(?i:change[-_ ]?me|replace[-_ ]?me))(?![\w-])"
    r"|(?<=\.)(?i:(?:aws[-_])?region)(?=\.amazonaws\.com)"
)
_XXXX = re.compile(r"[xX]{4,}")
_POLICY_VARIABLE = re.compile(r"[*?$]|\s*|\s*[A-Za-z][\w.-]*:(?!:).*", re.DOTALL)
_ACCOUNT_WORD = re.compile(r"(?i)ac+ou?nt")
_ACCOUNT_VALUE = re.compile(r"(?i)(?:aws[-_ ]?)?account(?:[-_ ]?(?:id|number))(?:[-_ ]\w+)*")
_REGION_WORD = re.compile(r"(?i)(?:aws[-_ ]?)?region")
_KEY_WORD = re.compile(r"(?i)key[-_ ]?(?:id|arn)|(?i:kms[-_ ]?key)")


class Placeholder(NamedTuple):
    """A part of a value that nobody filled in."""

    start: int
    """Where it begins in the value, in characters."""
    end: int
    text: str
    stands_for: str
    """`account`, `region` or `key` where its words or its place tell, else empty."""


def _slots(value: str) -> list[tuple[str, int, int]]:
    """What stands at the Region, account and resource of an ARN, with its range."""
    parts = value.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        return []
    slots = []
    at = 0
    for index, part in enumerate(parts):
        if index >= 3:
            slots.append(((REGION, ACCOUNT, KEY)[index - 3], at, at + len(part)))
        at += len(part) + 1
    return slots


def _marked(value: str) -> Iterator[tuple[int, int]]:
    for match in _MARKS.finditer(value):
        variable = match["variable"]
        if variable is None or not _POLICY_VARIABLE.fullmatch(variable):
            yield match.span()


def _crossed_out(value: str) -> Iterator[tuple[int, int]]:
    """Words with `xxxx` in them, whole."""
    last = 0
    for match in _XXXX.finditer(value):
        start, end = match.span()
        if start < last:
            continue
        while start > last and (value[start - 1].isalnum() or value[start - 1] in "-_"):
            start -= 1
        while end < len(value) and (value[end].isalnum() or value[end] in "-_"):
            end += 1
        last = end
        yield start, end


def _named(value: str, slots: list[tuple[str, int, int]]) -> Iterator[tuple[int, int]]:
    """A bare `account-id`, and words where an ARN has its account or Region."""
    if _ACCOUNT_VALUE.fullmatch(value):
        yield 0, len(value)
    for meaning, start, end in slots:
        pattern = {ACCOUNT: _ACCOUNT_WORD, REGION: _REGION_WORD}.get(meaning)
        if pattern and pattern.search(value, start, end):
            yield start, end


def _ranges(value: str, slots: list[tuple[str, int, int]]) -> Iterator[tuple[int, int]]:
    """All of them in the order written; of two that overlap, the one that begins first."""
    last = 0
    for start, end in sorted((*_marked(value), *_crossed_out(value), *_named(value, slots))):
        if start >= last:
            last = end
            yield start, end


def _meaning(value: str, start: int, end: int, slots: list[tuple[str, int, int]]) -> str:
    text = value[start:end]
    for word, meaning in (
        (_ACCOUNT_WORD, ACCOUNT),
        (_REGION_WORD, REGION),
        (_KEY_WORD, KEY),
    ):
        if word.search(text):
            return meaning
    for meaning, slot_start, slot_end in slots:
        if (start, end) == (slot_start, slot_end) and meaning != KEY:
            return meaning
    return ""


@lru_cache(maxsize=4096)
def _found(value: str) -> tuple[Placeholder, ...]:
    slots = _slots(value)
    return tuple(
        Placeholder(start, end, value[start:end], _meaning(value, start, end, slots))
        for start, end in _ranges(value, slots)
    )


def find_placeholders(value: str) -> tuple[Placeholder, ...]:
    """The placeholders in one string of a policy, in the order written.

    A policy variable such as `${aws:username}` or `${*}` is none (IAM User Guide, "IAM policy
    elements: Variables and tags"); `${AWS::AccountId}` and `${var.account}` are.
    """
    # Values of a real length come again at every key press; nonsense shall not fill the cache.
    return _found(value) if len(value) < 512 else _found.__wrapped__(value)
