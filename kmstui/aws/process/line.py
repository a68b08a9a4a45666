"""The program's end of the line to its AWS process. The other end is `server`."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

from kmstui.aws.process.messages import (
    NO_RESULT,
    PROCESS,
    Frames,
    Item,
    Message,
    MethodCall,
    Result,
    frame,
    unpack,
)
from kmstui.aws.process.starting import AwsProcess
from kmstui.service.errors import OPEN_OUTCOME, NetworkError, ServiceError, UnreportedOutcomeError
from kmstui.service.ports import CallObserver, CallRecord, MfaPrompt, Target

_SLICE_SECONDS = 0.002
"""How long answers may keep the event loop from a key press."""

_END_SECONDS = 2.0


class ProcessLine(asyncio.Protocol):
    """One AWS process, until its end.

    `open` may be called before there is an event loop; everything else belongs on the loop that
    `attach` was called on.
    """

    def __init__(
        self,
        started: AwsProcess,
        observer: CallObserver,
        prompt: MfaPrompt,
        told: Callable[[str], object] = lambda _: None,
    ) -> None:
        """`told` gets a sentence where a source of credentials takes long."""
        self._process, self._socket = started
        self._observer = observer
        self._prompt = prompt
        self._told = told
        self._number = 0
        self._frames = Frames()
        self._catching_up = False
        self._waiting: dict[int, _Waiter] = {}
        self._last_words = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._transport: asyncio.Transport | None = None
        self._attaching = asyncio.Lock()
        self.ended = False
        """Whether the process is gone; nothing can be asked any more."""
        self.is_slow = False
        """Whether a source of credentials takes long."""

    async def attach(self) -> None:
        """Listen from now on, on the running event loop; nothing where that is done already."""
        async with self._attaching:
            if self._transport is not None or self.ended:
                return
            self._loop = asyncio.get_running_loop()
            await self._loop.create_unix_connection(lambda: self, sock=self._socket)

    def close(self) -> None:
        """End the process; may be called again, and without a loop."""
        self._hang_up()
        self._reap()

    def abandon(self) -> None:
        """End the process and what it has started, and do not wait for that."""
        self._hang_up()
        threading.Thread(target=self._reap, name="kmstui-reap", daemon=True).start()

    def _hang_up(self) -> None:
        self.ended = True
        if self._transport is not None and self._loop is not None and not self._loop.is_closed():
            self._transport.abort()
        self._socket.close()

    def _reap(self) -> None:
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            # With the programs that it has started for credentials: it leads their group.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    # Calling

    def open(self, target: Target) -> int:
        """Begin to open a connection; returns its number, for `wait`."""
        number = self._new()
        arguments = (number, target, dict(os.environ))
        self._send(MethodCall(number, PROCESS, "connect", arguments))
        return number

    async def ask(
        self,
        receiver: int,
        method: str,
        arguments: Sequence[Any],
        named: Mapping[str, Any],
        *,
        changes: bool = False,
    ) -> Any:
        """Await a method on the other side.

        Raises:
            ServiceError: as the method; NetworkError or, for what `changes` something,
                UnreportedOutcomeError where the process ends meanwhile.
            AwsProcessError: it failed as it should not.
        """
        number = self._new(changes=changes)
        self._send(MethodCall(number, receiver, method, arguments, named))
        return await self.wait(number)

    async def stream(
        self, receiver: int, method: str, arguments: Sequence[Any], named: Mapping[str, Any]
    ) -> AsyncIterator[Any]:
        """Iterate over a method on the other side. Raises as `ask`."""
        number = self._new()
        waiter = self._waiting[number]
        self._send(MethodCall(number, receiver, method, arguments, named))
        try:
            while not waiter.ended or waiter.items:
                await waiter.came.wait()
                while waiter.items:
                    yield unpack(waiter.items.popleft())
                    self.tell(PROCESS, "item_taken", number)
                if not waiter.ended:
                    waiter.came.clear()
            waiter.result()
        finally:
            self._forget(number)

    async def wait(self, number: int) -> Any:
        """The result of a call. Raises as `ask`."""
        waiter = self._waiting[number]
        try:
            await waiter.came.wait()
            return waiter.result()
        finally:
            self._forget(number)

    def tell(self, receiver: int, method: str, *arguments: Any) -> None:
        """Call a method on the other side of which no result is waited for."""
        self._send(MethodCall(NO_RESULT, receiver, method, arguments))

    def _new(self, *, changes: bool = False) -> int:
        if self.ended:
            raise self._gone(changes=False)
        self._number += 1
        self._waiting[self._number] = _Waiter(changes)
        return self._number

    def _forget(self, number: int) -> None:
        waiter = self._waiting.pop(number)
        if not waiter.ended:
            self.tell(PROCESS, "cancel", number)

    def _send(self, message: Message) -> None:
        if self.ended:
            # Whoever waits for a result is told so; nothing else is of use to anybody.
            return
        if self._transport is not None:
            self._transport.write(frame([message]))
            return
        # Where the process has ended already, whoever attaches learns of it as its line's end.
        with suppress(OSError):
            self._socket.sendall(frame([message]))

    # Listening

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._frames.feed(data)
        if not self._catching_up:
            self._take_frames()

    def connection_lost(self, exc: Exception | None) -> None:
        """The process has ended."""
        self.ended = True
        for waiter in self._waiting.values():
            if not waiter.ended:
                waiter.end(error=self._gone(changes=waiter.changes))

    def _take_frames(self) -> None:
        over = time.monotonic() + _SLICE_SECONDS
        for messages in self._frames:
            for message in messages:
                self._take(message)
            if time.monotonic() >= over:
                self._catch_up()
                return
        if self._catching_up and self._transport is not None:
            self._catching_up = False
            self._transport.resume_reading()

    def _catch_up(self) -> None:
        # A key press goes between; what comes meanwhile stays on the line.
        if not self._catching_up and self._transport is not None:
            self._catching_up = True
            self._transport.pause_reading()
        asyncio.get_running_loop().call_soon(self._take_frames)

    def _take(self, message: Message) -> None:
        if isinstance(message, MethodCall):
            getattr(self, message.method)(*message.arguments)
        elif waiter := self._waiting.get(message.number):
            if isinstance(message, Item):
                waiter.add(message.packed)
            else:
                waiter.end(message.value, error=message.error)
        elif isinstance(message, Result) and message.number == PROCESS:
            self._last_words = str(message.error).strip().rpartition("\n")[2]

    # Called from the other side

    def record_call(self, record: CallRecord) -> None:
        """Pass on to the observer what was called."""
        try:
            self._observer(record)
        except Exception as error:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "the observer of calls failed", "exception": error}
            )

    def tell_of_source(self, source: str) -> None:
        """A source of credentials does not answer."""
        self.is_slow = True
        self._told(
            f"Waiting for {source}, which has not answered for 3 s. Esc stops waiting; q quits."
        )

    def ask_for_code(self, number: int, serial: str) -> None:
        """Ask the person for the MFA code of a device, on a thread of its own."""
        loop = asyncio.get_running_loop()

        def ask() -> None:
            code = self._prompt(serial)
            # Where the loop is closed, the program has ended, and with it the process that asked.
            if not loop.is_closed():
                loop.call_soon_threadsafe(self.tell, PROCESS, "give_code", number, code)

        threading.Thread(target=ask, name="kmstui-mfa", daemon=True).start()

    def _gone(self, *, changes: bool) -> ServiceError:
        words = f" ({self._last_words})" if self._last_words else ""
        reason = f"kmstui's process that talks to AWS has ended{words}"
        if changes:
            return UnreportedOutcomeError(
                f"{reason}{OPEN_OUTCOME}",
                "Press r to connect again, and read the key again before you repeat it.",
            )
        return NetworkError(reason, "Press r to connect again.")


@dataclass(slots=True)
class _Waiter:
    """Who waits for a result; made before there is an event loop, in one case."""

    changes: bool
    came: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when an item or the end came."""
    items: deque[bytes] = field(default_factory=deque)
    """Packed."""
    ended: bool = False
    _value: Any = None
    _error: Exception | None = None

    def add(self, item: bytes) -> None:
        """One more of a stream."""
        self.items.append(item)
        self.came.set()

    def end(self, value: Any = None, *, error: Exception | None = None) -> None:
        """No more will come."""
        self._value, self._error, self.ended = value, error, True
        self.came.set()

    def result(self) -> Any:
        """What the call returned or raised."""
        if self._error is not None:
            raise self._error
        return self._value
