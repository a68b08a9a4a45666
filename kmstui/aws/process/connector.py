"""The door to AWS, in a process of its own."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from kmstui.aws.process.line import ProcessLine
from kmstui.aws.process.messages import PROCESS
from kmstui.aws.process.starting import AwsProcess, start_process
from kmstui.model import ConnectionInfo
from kmstui.service.errors import CancelledByPersonError, ServiceFailureError
from kmstui.service.ports import CallObserver, Gateway, MfaPrompt, Target, is_change


class ProcessConnector:
    """Implements `kmstui.service.ports.Connector`."""

    def __init__(
        self,
        observer: CallObserver,
        mfa_prompt: MfaPrompt,
        *,
        read_only: bool = False,
        started: AwsProcess | None = None,
        expected: Target | None = None,
    ) -> None:
        """Take over a process that was started.

        Args:
            observer: Told of every finished call, on the event loop.
            mfa_prompt: Asks for an MFA code; called on a thread of its own.
            read_only: Refuse every operation that is not known to read only.
            started: A process with the same `read_only`; without it the first connection starts
                one.
            expected: What `started` will be connected to first: connecting begins now.
        """
        self._observer = observer
        self._mfa_prompt = mfa_prompt
        self._read_only = read_only
        self._line: ProcessLine | None = None
        self._expected: tuple[Target, int] | None = None
        self._starting = asyncio.Lock()
        if started is not None:
            self._line = ProcessLine(started, observer, mfa_prompt)
            if expected is not None:
                self._expected = expected, self._line.open(expected)

    async def connect(self, target: Target) -> Gateway:
        gateway = ProcessGateway(await self._open(target), partial(self._open, target))
        # It has every method of the port, which no type checker can see.
        return cast("Gateway", gateway)

    async def profiles(self) -> tuple[str, ...]:
        return await self._ask("profiles")

    async def regions(self, partition: str = "aws") -> tuple[str, ...]:
        return await self._ask("regions", partition)

    def close(self) -> None:
        """End the process."""
        if self._line is not None:
            self._line.close()

    async def _open(self, target: Target) -> Opened:
        line = await self._living()
        if self._expected is not None and self._expected[0] == target:
            number = self._expected[1]
        else:
            number = line.open(target)
        self._expected = None
        try:
            return Opened(line, number, await line.wait(number))
        except asyncio.CancelledError:
            line.tell(PROCESS, "close_connection", number)
            raise

    async def _ask(self, method: str, *arguments: str) -> tuple[str, ...]:
        line = await self._living()
        names: tuple[str, ...] = await line.ask(PROCESS, method, arguments, {})
        return names

    async def _living(self) -> ProcessLine:
        async with self._starting:
            if self._line is None or self._line.ended:
                if self._line is not None:
                    self._line.close()
                self._expected = None
                try:
                    started = start_process(read_only=self._read_only)
                except OSError as error:
                    raise ServiceFailureError(
                        f"the system would not start the process that talks to AWS ({error})",
                        "Raise the limit of processes (ulimit -u), or end other programs.",
                    ) from error
                self._line = ProcessLine(started, self._observer, self._mfa_prompt)
            await self._line.attach()
            return self._line


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection that the process at the other end of `line` keeps under `number`."""

    line: ProcessLine
    number: int
    info: ConnectionInfo


class ProcessGateway:
    """Forwards every method of `kmstui.service.ports.Gateway` by its name, as the port has it.

    What the port awaits is awaited on the other side, what it iterates over is iterated there,
    and what it marks as `changes` may have happened where the process ends before it is reported.
    Where the process has ended, the next call opens the connection again in a new one.
    """

    def __init__(self, opened: Opened, open_again: Callable[[], Awaitable[Opened]]) -> None:
        self.info = opened.info
        self._opened = opened
        self._open_again = open_again
        self._opening = asyncio.Lock()
        self._closed = False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(Gateway, name, None)
        if method is None or name.startswith("_"):
            raise AttributeError(f"the port has no method {name}")
        if not inspect.iscoroutinefunction(method):
            return partial(self._stream, name)
        return partial(self._ask, name, is_change(method))

    def hold_background(self) -> None:
        if not self._closed:
            self._opened.line.tell(self._opened.number, "hold_background")

    def close(self) -> None:
        self._closed = True
        self._opened.line.tell(PROCESS, "close_connection", self._opened.number)

    async def _ask(self, method: str, changes: bool, /, *args: Any, **named: Any) -> Any:
        opened = await self._living()
        return await opened.line.ask(opened.number, method, args, named, changes=changes)

    async def _stream(self, method: str, /, *args: Any, **named: Any) -> AsyncIterator[Any]:
        opened = await self._living()
        async for item in opened.line.stream(opened.number, method, args, named):
            yield item

    async def _living(self) -> Opened:
        async with self._opening:
            if self._closed:
                raise CancelledByPersonError(
                    "the connection was closed", "Connect again to continue."
                )
            if self._opened.line.ended:
                self._opened = await self._open_again()
            return self._opened
