"""The AWS process's end of the line: an `AwsConnector` that is asked over it. See `line`."""

from __future__ import annotations

import asyncio
import os
import socket
import traceback
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any

from kmstui.aws.calls import sources_asked
from kmstui.aws.process.messages import (
    ITEMS_AHEAD,
    NO_RESULT,
    PROCESS,
    AwsProcessError,
    Frames,
    Item,
    Message,
    MethodCall,
    Result,
    frame,
    pack,
)
from kmstui.aws.process.source_watch import SourceWatch

# The opener is imported before anybody asks: it takes longer than all the rest of connecting.
from kmstui.aws.session import AwsConnector, Opener  # noqa: F401
from kmstui.model import ConnectionInfo
from kmstui.service.errors import CREDENTIALS_REFUSED, MalformedAnswerError, ServiceError
from kmstui.service.ports import CallRecord, Gateway, Target

_CHUNK_BYTES = 1 << 16

_KEYS_PER_ITEM = 250
"""A page of ListKeys goes in parts: reading 1000 keys at once would hold the screen up."""


class AwsServer:
    """Does what is asked over the line: calls methods by their names, of a gateway or its own."""

    def __init__(self, *, read_only: bool) -> None:
        self._connector = AwsConnector(self._tell, self._ask_for_code, read_only=read_only)
        self._gateways: dict[int, Gateway] = {}
        self._tasks: dict[int, asyncio.Task[object]] = {}
        self._room: dict[int, asyncio.Semaphore] = {}
        """For the items that may be sent of each iteration."""
        self._codes: dict[int, Future[str]] = {}
        self._outgoing: list[Message] = []
        self._watch = SourceWatch(lambda: bool(self._tasks), self._sources, self._tell_of_source)
        self._loop: asyncio.AbstractEventLoop
        self._writer: asyncio.StreamWriter

    async def serve(self, line: socket.socket) -> None:
        """Work until the other end is closed."""
        self._loop = asyncio.get_running_loop()
        reader, self._writer = await asyncio.open_unix_connection(sock=line)
        frames = Frames()
        while data := await reader.read(_CHUNK_BYTES):
            frames.feed(data)
            for messages in frames:
                for message in messages:
                    if isinstance(message, MethodCall):
                        self._take(message)

    # Called from the other side

    async def connect(
        self, number: int, target: Target, environment: Mapping[str, str]
    ) -> ConnectionInfo:
        """Open a connection that receives calls by `number`.

        `environment` is the program's, whole: a demo replaces its AWS variables after the start.
        """
        if environment != dict(os.environ):
            os.environ.clear()
            os.environ.update(environment)
        gateway = await self._connector.connect(target)
        self._gateways[number] = gateway
        return gateway.info

    async def profiles(self) -> tuple[str, ...]:
        return await self._connector.profiles()

    async def regions(self, partition: str = "aws") -> tuple[str, ...]:
        return await self._connector.regions(partition)

    async def sign_in_command(self, target: Target) -> tuple[str, ...]:
        return await self._connector.sign_in_command(target)

    def close_connection(self, number: int) -> None:
        """Close a connection, if it came about."""
        if number in self._gateways:
            self._gateways.pop(number).close()

    def cancel(self, number: int) -> None:
        """Nobody waits for the result of a call any more."""
        if number in self._tasks:
            self._tasks[number].cancel()

    def item_taken(self, number: int) -> None:
        """One more item may come."""
        if number in self._room:
            self._room[number].release()

    def give_code(self, number: int, code: str) -> None:
        """The person's MFA code, or "" when they cancelled."""
        self._codes.pop(number).set_result(code)

    # Calling

    def _take(self, call: MethodCall) -> None:
        # Whom it is for is looked up at once: the connection's end may come right behind.
        receiver = self if call.receiver == PROCESS else self._gateways[call.receiver]
        if call.number == NO_RESULT:
            getattr(receiver, call.method)(*call.arguments)
            return
        self._watch.begin()
        task = self._tasks[call.number] = self._loop.create_task(self._work(receiver, call))
        task.add_done_callback(partial(self._finished, call.number))

    async def _work(self, receiver: object, call: MethodCall) -> object:
        result = getattr(receiver, call.method)(*call.arguments, **call.named)
        if not isinstance(result, AsyncIterator):
            return await result
        room = self._room[call.number] = asyncio.Semaphore(ITEMS_AHEAD)
        try:
            async for page in result:
                for part in _parts(page):
                    await room.acquire()
                    self._send(Item(call.number, pack(part)))
        finally:
            del self._room[call.number]
        return None

    def _finished(self, number: int, task: asyncio.Task[object]) -> None:
        del self._tasks[number]
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._send(Result(number, task.result()))
        elif isinstance(error, ServiceError):
            if isinstance(error, CREDENTIALS_REFUSED):
                self._connector.forget_roles()
            self._send(Result(number, error=error))
        else:
            fault = AwsProcessError("".join(traceback.format_exception(error)))
            self._send(Result(number, error=fault))

    def _tell(self, record: CallRecord) -> None:
        self._send(MethodCall(NO_RESULT, PROCESS, "record_call", (record,)))

    def _sources(self) -> Iterable[str]:
        # A person who is asked for a code may take as long as they like.
        return () if self._codes else sources_asked()

    def _tell_of_source(self, source: str) -> None:
        self._send(MethodCall(NO_RESULT, PROCESS, "tell_of_source", (source,)))

    def _ask_for_code(self, serial: str) -> str:
        # On the thread that connects; it waits as long as the person does.
        code: Future[str] = Future()
        number = id(code)

        def ask() -> None:
            self._codes[number] = code
            self._send(MethodCall(NO_RESULT, PROCESS, "ask_for_code", (number, serial)))

        self._loop.call_soon_threadsafe(ask)
        return code.result()

    def _send(self, message: Message) -> None:
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(message)

    def _flush(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        try:
            content = frame(outgoing)
        except Exception:
            # One of them is at fault: the others arrive, and whoever waits for it is told.
            content = b"".join(map(_framed, outgoing))
        self._writer.write(content)


def _framed(message: Message) -> bytes:
    try:
        return frame([message])
    except Exception as error:
        if not isinstance(message, Result):
            return b""
        lost = MalformedAnswerError(
            "kmstui's process that talks to AWS could not hand on what it read "
            f"({type(error).__name__}: {error})",
            "Try again; if it happens again, please report it.",
        )
        return frame([Result(message.number, error=lost)])


def _parts(page: Any) -> Iterator[Any]:
    if not isinstance(page, tuple) or len(page) <= _KEYS_PER_ITEM:
        yield page
        return
    for start in range(0, len(page), _KEYS_PER_ITEM):
        yield page[start : start + _KEYS_PER_ITEM]
