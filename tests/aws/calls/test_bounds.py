"""An answer has a time and a size, on whatever way it goes beyond them."""

from __future__ import annotations

import asyncio
import gzip
import select
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from kmstui.aws.calls import bounded_response
from kmstui.aws.calls.bounded_response import response_class
from kmstui.aws.calls.operations import MOST_BYTES
from kmstui.aws.calls.turns import Turns
from kmstui.service.errors import (
    MalformedAnswerError,
    NetworkError,
    ServiceError,
    UnreportedOutcomeError,
)
from kmstui.service.ports import CallRecord, Target, Urgency

Connect = Callable[..., Awaitable[Any]]

_KEY = (
    b'{"KeyMetadata": {"KeyId": "k", "Arn": "arn:aws:kms:eu-west-1:1:key/k", "KeyState": "Enabled",'
    b' "CreationDate": 1}}'
)
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\n"
_LENGTH = b"Content-Length: %d\r\n\r\n"
_CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


def _read_request(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as file:
        fields = dict(line.split(b":", 1) for line in iter(file.readline, b"\r\n") if b": " in line)
        return file.read(int(fields[b"Content-Length"]))


class _Endless:
    """Begins to answer, and then goes on with a piece until the client has hung up."""

    def __init__(self) -> None:
        self.begins = _OK + _LENGTH % len(_KEY) + _KEY
        self.piece = b""
        self.pause = 0.0
        """Seconds between pieces."""
        self.only = b""
        """What a request must contain to be answered so; all others get the key at once."""
        self.asked = 0
        self.hung_up = threading.Semaphore(0)
        """Released when a client left an answer before its end."""
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            request = _read_request(connection)
            self.asked += 1
            if self.only not in request:
                connection.sendall(_OK + b"Connection: close\r\n" + _LENGTH % len(_KEY) + _KEY)
                return
            try:
                connection.sendall(self.begins)
                while self.piece and not select.select([connection], [], [], self.pause)[0]:
                    connection.sendall(self.piece)
            except OSError:
                # It hung up while we sent.
                pass
            self.hung_up.release()

    def stop(self) -> None:
        # Wakes the thread that accepts, which closing alone does not.
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


@pytest.fixture
def endless(scripted: Any) -> Iterator[_Endless]:
    server = _Endless()
    yield server
    server.stop()


async def _failure(work: Awaitable[object]) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await asyncio.wait_for(work, 20)
    return caught.value


async def _is_hung_up(endless: _Endless) -> bool:
    return await asyncio.to_thread(endless.hung_up.acquire, timeout=10)


_WAYS = {
    "a status line": (b"", b"H"),
    "interim responses": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a header": (_OK + b"X-More: ", b"x"),
    "a body of a length": (_OK + _LENGTH % 10**12, b" "),
    "a body until the end of the connection": (_OK + b"\r\n", b" "),
    "chunks": (_OK + _CHUNKED, b"64\r\n" + b" " * 100 + b"\r\n"),
    "one chunk": (_OK + _CHUNKED + b"FFFFFFFFFF\r\n", b" "),
    "a chunk's extension": (_OK + _CHUNKED + b"1;", b"x"),
    "trailers": (_OK + _CHUNKED + b"0\r\n", b"x: " + b"y" * 100 + b"\r\n"),
}
"""Parts of a response that may have no end: what it begins with, and what then follows."""


@pytest.mark.parametrize("way", _WAYS)
async def test_an_answer_that_trickles_is_left_when_the_calls_time_is_over(
    way: str, endless: _Endless, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_response, "RECEIVING_SECONDS", 0.3)
    endless.begins, endless.piece = _WAYS[way]
    endless.pause = 0.01
    gateway = await connect(Target(endpoint_url=endless.url))
    error = await _failure(gateway.describe("1234"))
    assert isinstance(error, NetworkError)
    assert error.reason == f"{endless.url} did not answer in time"
    assert error.next_step
    assert await _is_hung_up(endless)
    assert endless.asked == 2, "a read is asked once more"


async def test_a_change_whose_answer_trickles_is_open_and_sent_once(
    endless: _Endless,
    connect: Connect,
    records: list[CallRecord],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounded_response, "RECEIVING_SECONDS", 0.3)
    endless.begins, endless.piece = _WAYS["a body of a length"]
    endless.pause = 0.01
    gateway = await connect(Target(endpoint_url=endless.url))
    error = await _failure(gateway.put_policy("1234", "{}"))
    assert isinstance(error, UnreportedOutcomeError)
    assert f"{endless.url} did not answer in time, so the change may" in str(error)
    assert await _is_hung_up(endless)
    assert endless.asked == 1
    assert [record.error for record in records] == ["Outcome unknown"]


async def test_an_answer_that_trickles_lets_others_of_its_urgency_compute(
    endless: _Endless, connect: Connect
) -> None:
    endless.only = b'"slow"'
    endless.begins, endless.piece = _OK + _LENGTH % 10**12 + b"{", b" "
    endless.pause = 0.01
    gateway = await connect(Target(endpoint_url=endless.url))
    slow = asyncio.ensure_future(gateway.describe("slow", Urgency.BACKGROUND))
    for _ in range(5):
        key, _ = await asyncio.wait_for(gateway.describe("other", Urgency.BACKGROUND), 20)
        assert key.id == "k"
    assert not slow.done()
    gateway.close()
    await asyncio.gather(slow, return_exceptions=True)


@pytest.mark.parametrize(
    "way", [way for way in _WAYS if way not in ("a status line", "a header", "a chunk's extension")]
)
async def test_an_answer_without_end_is_left_where_it_is_larger_than_any(
    way: str, endless: _Endless, connect: Connect
) -> None:
    endless.begins, piece = _WAYS[way]
    endless.piece = piece * 1000
    gateway = await connect(Target(endpoint_url=endless.url))
    error = await _failure(gateway.describe("1234"))
    assert isinstance(error, MalformedAnswerError)
    assert "it is longer than 4 MB" in error.reason
    assert error.next_step
    assert await _is_hung_up(endless)
    assert endless.asked == 1


async def test_a_change_whose_answer_has_no_end_is_open_and_sent_once(
    endless: _Endless, connect: Connect
) -> None:
    endless.begins, endless.piece = _OK + _CHUNKED, b"FFFF\r\n" + b" " * 0xFFFF + b"\r\n"
    gateway = await connect(Target(endpoint_url=endless.url))
    error = await _failure(gateway.put_policy("1234", "{}"))
    assert isinstance(error, UnreportedOutcomeError)
    assert "cannot be read, so the change may" in str(error)
    assert await _is_hung_up(endless)
    assert endless.asked == 1


async def test_an_answer_of_the_largest_size_is_read_and_the_connection_kept(
    scripted: Any, connect: Connect
) -> None:
    scripted.body = _KEY.ljust(MOST_BYTES - 1000)
    gateway = await connect()
    for _ in range(3):
        key, _ = await gateway.describe("1234")
        assert key.id == "k"
    assert scripted.open_connections() == 1


async def test_nothing_is_unpacked_so_a_small_answer_stays_small(
    endless: _Endless, connect: Connect
) -> None:
    packed = gzip.compress(_KEY + b" " * 50_000_000)
    head = _OK + b"Connection: close\r\nContent-Encoding: gzip\r\n"
    endless.begins = head + _LENGTH % len(packed) + packed
    gateway = await connect(Target(endpoint_url=endless.url))
    error = await _failure(gateway.describe("1234"))
    assert isinstance(error, MalformedAnswerError)
    assert len(packed) < 100_000


class _SlowTurns(Turns):
    """Turns that come late, as while somebody types; tells when one is given away."""

    def __init__(self, comes_late: Callable[[float], None] = lambda seconds: None) -> None:
        super().__init__()
        self._comes_late = comes_late
        self.gave = threading.Event()

    def take(self) -> None:
        super().take()
        self._comes_late(100.0)

    def give(self) -> None:
        super().give()
        self.gave.set()


def _response(sock: Any, turns: Turns) -> Any:
    sock.settimeout(10)
    return response_class(turns, lambda: MOST_BYTES)(sock)


def test_waiting_for_a_turn_is_not_counted_as_the_servers_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0

    def comes_late(seconds: float) -> None:
        nonlocal now
        now += seconds
        turns._mine.waited += seconds

    monkeypatch.setattr(bounded_response, "time", SimpleNamespace(monotonic=lambda: now))
    turns = _SlowTurns(comes_late)
    here, there = socket.socketpair()
    with here, there, _response(here, turns) as response:
        there.sendall(b"x" * 30_000)
        assert response.fp.read(30_000) == b"x" * 30_000
        assert now > bounded_response.RECEIVING_SECONDS


def _anonymous(side: int) -> ssl.SSLContext:
    context = ssl.SSLContext(side)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("aNULL:@SECLEVEL=0")
    return context


def test_a_part_of_a_tls_record_costs_others_no_turn() -> None:
    here, there = socket.socketpair()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = _anonymous(ssl.PROTOCOL_TLS_SERVER).wrap_bio(incoming, outgoing, server_side=True)
    client = _anonymous(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(here, do_handshake_on_connect=False)
    shaking = threading.Thread(target=client.do_handshake, daemon=True)
    shaking.start()
    done = False
    while not done:
        try:
            server.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            there.sendall(outgoing.read())
            incoming.write(there.recv(65536))
    there.sendall(outgoing.read())
    shaking.join(10)
    turns, read = _SlowTurns(), list[bytes]()

    def background() -> None:
        with turns.computing(Urgency.BACKGROUND), _response(client, turns) as response:
            read.append(response.fp.read(5))

    server.write(b"hello")
    record = outgoing.read()
    there.sendall(record[:10])
    reading = threading.Thread(target=background, daemon=True)
    reading.start()
    assert turns.gave.wait(10)
    with turns.computing(Urgency.BACKGROUND):
        there.sendall(record[10:])
    reading.join(10)
    assert read == [b"hello"]
    client.close()
    there.close()
