"""Reading members of a response, which may lack them or hold anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from sys import intern
from typing import TypeVar

T = TypeVar("T")


class UnreadableResponse(ValueError):  # noqa: N818 - it becomes a MalformedAnswerError
    """A member is missing or of another type than the service model says."""


class Response:
    """One structure of a response. Names of members are those of the API reference.

    Every method raises `UnreadableResponse` naming the member; the optional ones for a wrong type
    only.
    """

    __slots__ = ("_members", "_path", "unread")

    def __init__(self, members: object, path: str = "") -> None:
        if not isinstance(members, dict):
            raise UnreadableResponse(f"{path or 'the response'} is not a structure")
        self._members = members
        self._path = path
        self.unread: tuple[str, ...] = ()
        """Why items of lists that `readable` read are missing from what it returned."""

    def text(self, name: str) -> str:
        """A string that must be there."""
        return self._required(name, str)

    def name(self, name: str) -> str:
        """A string that must be there and names something: an empty one is nobody."""
        text = self.text(name)
        if not text:
            raise UnreadableResponse(f"{self._at(name)} is empty")
        return text

    def optional_text(self, name: str) -> str:
        """A string, or empty where none came."""
        return self._optional(name, str) or ""

    def blob(self, name: str) -> bytes:
        """Bytes that must be there."""
        return self._required(name, bytes)

    def word(self, name: str) -> str:
        """A string that must be there and comes again in other responses: it is kept once."""
        return intern(self.text(name))

    def optional_word(self, name: str) -> str:
        """As `word`, or empty where none came."""
        return intern(self.optional_text(name))

    def flag(self, name: str) -> bool:
        """A boolean; absent means false, as in every KMS response."""
        return self._optional(name, bool) or False

    def number(self, name: str) -> int | None:
        """An integer, or None where none came."""
        return self._optional(name, int)

    def time(self, name: str) -> datetime:
        """A moment that must be there, in UTC."""
        return _utc(self._required(name, datetime))

    def optional_time(self, name: str) -> datetime | None:
        """A moment in UTC, or None where none came."""
        value = self._optional(name, datetime)
        return None if value is None else _utc(value)

    def structure(self, name: str) -> Response:
        """A structure that must be there."""
        return Response(self._required(name, dict), self._at(name))

    def optional_structure(self, name: str) -> Response | None:
        """A structure, or None where none came."""
        value = self._optional(name, dict)
        return None if value is None else Response(value, self._at(name))

    def each(self, name: str, read: Callable[[Response], T]) -> tuple[T, ...]:
        """A list of structures that must be there, each read with `read`."""
        items = self._required(name, list)
        return tuple(read(Response(item, self._at(name))) for item in items)

    def optional_each(self, name: str, read: Callable[[Response], T]) -> tuple[T, ...]:
        """A list of structures, empty where none came."""
        return self.each(name, read) if self._members.get(name) is not None else ()

    def readable(
        self,
        name: str,
        read: Callable[[Response], T],
        instead: Callable[[str], T] | None = None,
    ) -> tuple[T, ...]:
        """As `each`, but an item that cannot be read hides no other.

        In its place stands what `instead` makes of the reason; without that it is left out, and
        `unread` says why.
        """
        found: list[T] = []
        for item in self._required(name, list):
            try:
                found.append(read(Response(item, self._at(name))))
            except UnreadableResponse as error:
                if instead is not None:
                    found.append(instead(str(error)))
                else:
                    self.unread += (str(error),)
        return tuple(found)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings that must be there."""
        items = self._required(name, list)
        if not all(isinstance(item, str) for item in items):
            raise UnreadableResponse(f"{self._at(name)} contains something other than text")
        return tuple(items)

    def optional_texts(self, name: str) -> tuple[str, ...]:
        """A list of strings, empty where none came."""
        return self.texts(name) if self._members.get(name) is not None else ()

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """A map of strings, sorted by name; empty where none came."""
        value = self._optional(name, dict)
        if value is None:
            return ()
        if not all(isinstance(text, str) for text in value.values()):
            raise UnreadableResponse(f"{self._at(name)} contains something other than text")
        return text_pairs(value)

    def raw(self, name: str) -> object:
        """Whatever stands there, or None."""
        value: object = self._members.get(name)
        return value

    def _required(self, name: str, kind: type[T]) -> T:
        value = self._optional(name, kind)
        if value is None:
            raise UnreadableResponse(f"{self._at(name)} is missing")
        return value

    def _optional(self, name: str, kind: type[T]) -> T | None:
        value = self._members.get(name)
        if value is None:
            return None
        if not isinstance(value, kind):
            raise UnreadableResponse(f"{self._at(name)} has an unexpected type")
        return value

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def text_pairs(value: Mapping[object, object]) -> tuple[tuple[str, str], ...]:
    """A map of strings, sorted by name."""
    return tuple(sorted((str(name), str(text)) for name, text in value.items()))


def _utc(moment: datetime) -> datetime:
    # botocore attaches a time zone object of its own to every single value: of 100,000 keys
    # they would outweigh the keys.
    return moment.astimezone(UTC)
