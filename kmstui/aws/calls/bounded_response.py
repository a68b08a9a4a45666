"""A response is received within a time and up to a length, whatever the server does.

The timeout of a socket is for each receipt alone, so a server that sends a byte a second could go
on for ever; and botocore takes a response into memory whole, however long it is.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Callable
from ssl import SSLWantReadError
from typing import Any

from urllib3.util.wait import wait_for_read

from kmstui.aws.calls.response import UnreadableResponse
from kmstui.aws.calls.turns import Turns

RECEIVING_SECONDS = 20.0
"""How long a response may take, from the request's end to its last byte. Twenty megabytes come in
that time over 8 Mbit/s; almost all are a thousandth of that."""


class TooLongResponse(UnreadableResponse):
    """A response is longer than any to its operation."""

    def __init__(self, most_bytes: int) -> None:
        most = f"{most_bytes >> 20} MB"
        super().__init__(f"it is longer than {most}, which no response to this operation is")


class _Receipt(io.RawIOBase):
    """The bytes of one response as they come."""

    def __init__(self, sock: Any, received: io.RawIOBase, turns: Turns, most_bytes: int) -> None:
        self._sock = sock
        self._received = received
        self._turns = turns
        self._most_bytes = self._left = most_bytes
        self._until = self._now() + RECEIVING_SECONDS

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Receive what is there, or wait for it.

        Raises:
            TimeoutError: nothing came for as long as the socket waits, or it takes too long in all.
            TooLongResponse: it goes on after what it may have.
        """
        timeout = self._sock.gettimeout()
        # What came of a TLS record does not tell whether there is anything to read: only reading
        # does, and it may not wait in its turn.
        self._sock.settimeout(0)
        try:
            received = self._receive(buffer, timeout)
        finally:
            self._sock.settimeout(timeout)
        self._turns.take()
        self._left -= received
        if self._left < 0:
            raise TooLongResponse(self._most_bytes)
        return received

    def _receive(self, buffer: Any, timeout: float | None) -> int:
        while (rest := self._until - self._now()) > 0:
            try:
                return int(self._sock.recv_into(buffer))
            except (BlockingIOError, SSLWantReadError):
                self._turns.give()
            if not wait_for_read(self._sock, timeout=min(rest, timeout or rest)):
                raise TimeoutError("timed out")
        raise TimeoutError("the response takes too long")

    def _now(self) -> float:
        # Waiting for a turn, as while somebody types, is no fault of the server's.
        return time.monotonic() - self._turns.waited

    def close(self) -> None:
        self._received.close()
        super().close()


def response_class(turns: Turns, most_bytes: Callable[[], int]) -> type[http.client.HTTPResponse]:
    """The class of responses for the connections of one client.

    Args:
        turns: A response is received in a turn only; waiting for it costs nobody one.
        most_bytes: How long the response to this thread's call may be.
    """

    class BoundedResponse(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *how: Any, **named: Any) -> None:
            super().__init__(sock, *how, **named)
            receipt = _Receipt(sock, self.fp.detach(), turns, most_bytes())
            self.fp = io.BufferedReader(receipt)

    return BoundedResponse
