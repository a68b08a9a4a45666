"""What goes over the line between the program and its AWS process.

Both ends are of one version of kmstui and hold the only two ends of the line, so pickle is safe
here, and any value of the model may cross. Credentials never do, but for those in the program's
own environment.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

PROCESS = 0
"""Receives what is for the other side itself and not for one of its connections."""

NO_RESULT = 0
"""The number of a call of which nobody waits for a result."""

ITEMS_AHEAD = 8


class MethodCall(NamedTuple):
    """Call a method of the other side.

    Where it awaits, a `Result` comes back; where it iterates, an `Item` for each before that, of
    which at most `ITEMS_AHEAD` without an `items_taken`: keeping them takes longer than sending.
    """

    number: int
    """Tells results apart; a connection has the number of the call that opened it."""
    receiver: int
    """A connection, or `PROCESS`."""
    method: str
    arguments: Sequence[Any] = ()
    named: Mapping[str, Any] = {}


class Item(NamedTuple):
    """One of those that a method iterates over."""

    number: int
    packed: bytes
    """See `pack`: what it takes to read an item is done by whom it is for, in its turn."""


class Result(NamedTuple):
    """What a method returned or raised."""

    number: int
    """Of the call; `PROCESS` where the other side ends of the error."""
    value: Any = None
    error: Exception | None = None


Message = MethodCall | Item | Result


class AwsProcessError(RuntimeError):
    """Our own fault on the other side; the message is its traceback."""


def pack(value: Any) -> bytes:
    """A value as bytes, for `unpack`."""
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def unpack(packed: bytes) -> Any:
    """The value that `pack` was given."""
    return pickle.loads(packed)  # noqa: S301 - written by our own process


_LENGTH = struct.Struct("!I")


def frame(messages: Sequence[Message]) -> bytes:
    """Messages as bytes; together they are smaller, and wake the other end once."""
    content = pack(messages)
    return _LENGTH.pack(len(content)) + content


class Frames:
    """Puts frames together again from the pieces in which they come."""

    def __init__(self) -> None:
        self._received = bytearray()

    def feed(self, data: bytes) -> None:
        """More was received."""
        self._received += data

    def __iter__(self) -> Iterator[Sequence[Message]]:
        """The messages of each frame that is complete, once."""
        while (content := self._next()) is not None:
            yield unpack(content)

    def _next(self) -> bytes | None:
        if len(self._received) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._received)
        end = _LENGTH.size + length
        if len(self._received) < end:
            return None
        content = bytes(self._received[_LENGTH.size : end])
        del self._received[:end]
        return content
