"""Tags of a key, and changes of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Tag:
    """One tag: a case-sensitive tag key and its value, which may be empty."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class TagDelta:
    """A change of tags as a person wants it, before it is compared with any key's tags."""

    put: tuple[Tag, ...] = ()
    """Tags to add, or to change where the tag key exists."""
    remove: tuple[str, ...] = ()
    """Tag keys to remove."""
