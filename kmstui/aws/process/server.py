"""An `AwsConnector` that is asked over a line. The other end is `line`."""

from __future__ import annotations

import asyncio
import os
import socket
import traceback
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any

# Imported before anybody asks: they take longer than all the rest of connecting.
import kmstui.aws.session.open  # noqa: F401
from kmstui.aws.api.gateway import AwsGateway
from kmstui.aws.process.messages import (
    CONNECTOR,
    ITEMS_AHEAD,
    Answer,
    Call,
    Called,
    Cancel,
    Close,
    Code,
    CodeWanted,
    Connect,
    Failure,
    Fault,
    Frames,
    Hold,
    Item,
    Message,
    More,
    Stream,
    frame,
    pack,
)
from kmstui.aws.session.connector import AwsConnector
from kmstui.model.caller import ConnectionInfo
from kmstui.service.errors import ServiceError

_CHUNK_BYTES = 1 << 16

_KEYS_PER_ITEM = 250
"""A page of ListKeys goes in parts: reading 1000 keys at once would hold the screen up."""


class Server:
    """Answers what comes over the line."""

    def __init__(self, *, read_only: bool) -> None:
        self._connector = AwsConnector(
            lambda record: self._send(Called(record)), self._ask_for_code, read_only=read_only
        )
        self._gateways: dict[int, AwsGateway] = {}
        self._tasks: dict[int, asyncio.Task[object]] = {}
        self._room: dict[int, asyncio.Semaphore] = {}
        """For the items that may be sent of each stream."""
        self._codes: dict[int, Future[str]] = {}
        self._outgoing: list[Message] = []
        self._loop: asyncio.AbstractEventLoop
        self._writer: asyncio.StreamWriter

    async def serve(self, line: socket.socket) -> None:
        """Answer until the other end is closed."""
        self._loop = asyncio.get_running_loop()
        reader, self._writer = await asyncio.open_unix_connection(sock=line)
        frames = Frames()
        while data := await reader.read(_CHUNK_BYTES):
            frames.feed(data)
            for messages in frames:
                for message in messages:
                    self._take(message)

    def _take(self, message: Message) -> None:
        match message:
            case Connect():
                self._begin(message.number, self._connect(message))
            # Whom it is for is looked up at once: a Close may come right behind.
            case Call():
                self._begin(message.number, self._call(self._peer(message.connection), message))
            case Stream():
                self._begin(message.number, self._stream(self._peer(message.connection), message))
            case Cancel(number):
                if number in self._tasks:
                    self._tasks[number].cancel()
            case Hold(connection):
                self._gateways[connection].hold_background()
            case More(number):
                if number in self._room:
                    self._room[number].release()
            case Close(connection):
                if connection in self._gateways:
                    self._gateways.pop(connection).close()
            case Code(number, code):
                self._codes.pop(number).set_result(code)

    def _begin(self, number: int, work: Coroutine[Any, Any, object]) -> None:
        task = self._tasks[number] = self._loop.create_task(work)
        task.add_done_callback(partial(self._finished, number))

    def _finished(self, number: int, task: asyncio.Task[object]) -> None:
        del self._tasks[number]
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._send(Answer(number, task.result()))
        elif isinstance(error, ServiceError):
            self._send(Failure(number, error))
        else:
            self._send(Fault(number, "".join(traceback.format_exception(error))))

    async def _connect(self, message: Connect) -> ConnectionInfo:
        if message.environment != dict(os.environ):
            os.environ.clear()
            os.environ.update(message.environment)
        gateway = await self._connector.connect(message.target)
        self._gateways[message.number] = gateway
        return gateway.info

    def _peer(self, connection: int) -> AwsConnector | AwsGateway:
        return self._connector if connection == CONNECTOR else self._gateways[connection]

    async def _call(self, peer: object, call: Call) -> Any:
        return await getattr(peer, call.method)(*call.arguments, **call.named)

    async def _stream(self, peer: object, stream: Stream) -> None:
        pages: AsyncIterator[Any] = getattr(peer, stream.method)(*stream.arguments, **stream.named)
        room = self._room[stream.number] = asyncio.Semaphore(ITEMS_AHEAD)
        try:
            async for page in pages:
                for part in _parts(page):
                    await room.acquire()
                    self._send(Item(stream.number, pack(part)))
        finally:
            del self._room[stream.number]

    def _send(self, message: Message) -> None:
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(message)

    def _flush(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        self._writer.write(frame(outgoing))

    def _ask_for_code(self, serial: str) -> str:
        # On the thread that connects; it waits as long as the person does.
        code: Future[str] = Future()
        number = id(code)

        def ask() -> None:
            self._codes[number] = code
            self._send(CodeWanted(number, serial))

        self._loop.call_soon_threadsafe(ask)
        return code.result()


def _parts(page: Any) -> Iterator[Any]:
    if not isinstance(page, tuple) or len(page) <= _KEYS_PER_ITEM:
        yield page
        return
    for start in range(0, len(page), _KEYS_PER_ITEM):
        yield page[start : start + _KEYS_PER_ITEM]
