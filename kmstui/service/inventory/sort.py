"""What the keys table is sorted by: for each key a text that sorts it among all others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from kmstui.model.key import Key, KeyMetadata

_LOWEST = "\x00"
_LOW = "\x01"
_HIGH = "\U0010fffe"
_HIGHEST = "\U0010ffff"
_SIGNS = _LOWEST + _LOW + _HIGH + _HIGHEST
"""They stand for what comes before or behind all text, and are no part of any."""

_Reader = Callable[[Key, Sequence[str]], str]


def _of_metadata(read: Callable[[KeyMetadata], str]) -> _Reader:
    def text(key: Key, aliases: Sequence[str]) -> str:
        return "" if key.metadata is None else read(key.metadata)

    return text


def _time(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.timestamp():020.3f}"


def _rotation(key: Key, aliases: Sequence[str]) -> str:
    return "" if key.rotation is None else ("off", "on")[key.rotation]


def _tags(key: Key, aliases: Sequence[str]) -> str:
    return " ".join(f"{tag.key}={tag.value}" for tag in key.tags or ())


_READERS: Mapping[str, _Reader] = {
    "alias": lambda key, aliases: aliases[0] if aliases else "",
    "id": lambda key, aliases: key.id,
    "state": _of_metadata(lambda metadata: metadata.state),
    "spec": _of_metadata(lambda metadata: metadata.spec),
    "usage": _of_metadata(lambda metadata: metadata.usage),
    "origin": _of_metadata(lambda metadata: metadata.origin),
    "manager": _of_metadata(lambda metadata: metadata.manager),
    "region": _of_metadata(lambda metadata: metadata.multi_region),
    "created": _of_metadata(lambda metadata: _time(metadata.created)),
    "deletion": _of_metadata(lambda metadata: _time(metadata.deletion)),
    "rotation": _rotation,
    "tags": _tags,
    "description": _of_metadata(lambda metadata: metadata.description),
}
_WORDS = frozenset(("state", "spec", "usage", "origin", "manager", "region"))
"""Columns of few words, which are kept once."""
SORT_COLUMNS = tuple(_READERS)
"""What the keys table can be sorted by."""


def sort_text(key: Key, aliases: Sequence[str], column: str, *, reverse: bool = False) -> str:
    """The text that sorts a key: customer keys first, then by `column`, empty ones last.

    With `reverse` the list is read backwards, so what must stay last comes first in it.
    """
    read = _READERS[column](key, aliases)
    text = (_folded_word(read) if column in _WORDS else folded(read)) or (
        _LOW if reverse else _HIGH
    )
    return (_LOWEST if reverse else _HIGHEST) + text if key.is_aws_managed else text


def folded(text: str) -> str:
    """Without upper case; the same object where there was none, so that it takes no memory."""
    small = text.casefold().lstrip(_SIGNS)
    return text if small == text else small


_folded_word = lru_cache(256)(folded)
