"""What goes over the line between the program and its AWS process.

Tuples, because hundreds of thousands of them are pickled. Both ends are of one version of kmstui
and hold the only two ends of the line, so pickle is safe here. Numbers tell questions apart;
connections are numbered by the question that opened them, and number 0 is the connector itself.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from kmstui.service.errors import ServiceError
from kmstui.service.ports import CallRecord, Target

CONNECTOR = 0
ITEMS_AHEAD = 8


class Connect(NamedTuple):
    """Open a connection; the answer is its `ConnectionInfo`."""

    number: int
    target: Target
    environment: Mapping[str, str]
    """The asking process's, whole: a demo replaces its AWS variables after the start."""


class Call(NamedTuple):
    """Await a method of a connection, or of the connector."""

    number: int
    connection: int
    method: str
    arguments: Sequence[Any]
    named: Mapping[str, Any]


class Stream(NamedTuple):
    """Iterate over a method of a connection: an `Item` for each, then an `Answer`.

    At most `ITEMS_AHEAD` come without a `More`: keeping them takes longer than sending them.
    """

    number: int
    connection: int
    method: str
    arguments: Sequence[Any]
    named: Mapping[str, Any]


class Cancel(NamedTuple):
    """Nobody waits for the answer any more."""

    number: int


class Hold(NamedTuple):
    """A key was pressed: `Gateway.hold_background`."""

    connection: int


class More(NamedTuple):
    """An item of a stream was taken: another one may come."""

    number: int


class Close(NamedTuple):
    """`Gateway.close`."""

    connection: int


class Code(NamedTuple):
    """The person's MFA code, or "" when they cancelled."""

    number: int
    code: str


class Answer(NamedTuple):
    """What a method answered."""

    number: int
    value: Any


class Item(NamedTuple):
    """One of a stream."""

    number: int
    packed: bytes
    """See `pack`: what it takes to read an item is done by whom it is for, in its turn."""


class Failure(NamedTuple):
    """What a method raised."""

    number: int
    error: ServiceError


class Fault(NamedTuple):
    """What a method raised that it should not: our own fault. Number 0: the process ends of it."""

    number: int
    traceback: str


class CodeWanted(NamedTuple):
    """A device's code is needed."""

    number: int
    serial: str


class Called(NamedTuple):
    """A call is finished, for the observer."""

    record: CallRecord


Message = (
    Connect
    | Call
    | Stream
    | Cancel
    | Hold
    | More
    | Close
    | Code
    | Answer
    | Item
    | Failure
    | Fault
    | CodeWanted
    | Called
)


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
