"""The door to AWS, in a process of its own."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

from kmstui.aws.process.line import ProcessLine
from kmstui.aws.process.messages import PROCESS
from kmstui.aws.process.starting import AwsProcess, start_process
from kmstui.model import Caller, ConnectionInfo, is_same_identity
from kmstui.service.errors import (
    CREDENTIALS_REFUSED,
    CallerChangedError,
    CancelledByPersonError,
    CredentialsRenewedError,
    MfaError,
    ServiceError,
    ServiceFailureError,
)
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
        told: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Take over a process that was started.

        Args:
            observer: Told of every finished call, on the event loop.
            mfa_prompt: Asks for an MFA code; called on a thread of its own.
            read_only: Refuse every operation that is not known to read only.
            started: A process with the same `read_only`; without it the first connection starts
                one.
            expected: What `started` will be connected to first: connecting begins now.
            told: Gets a sentence, on the event loop, where a source of credentials takes long.
        """
        self._told = told
        self._observer = observer
        self._mfa_prompt = mfa_prompt
        self._read_only = read_only
        self._line: ProcessLine | None = None
        self._expected: tuple[Target, int] | None = None
        self._starting = asyncio.Lock()
        if started is not None:
            self._line = ProcessLine(started, observer, mfa_prompt, told)
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

    async def sign_in_command(self, target: Target) -> tuple[str, ...]:
        return await self._ask("sign_in_command", target)

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
            if line.is_slow:
                # No thread can be kept from waiting, and no helper is left behind.
                line.abandon()
            else:
                line.tell(PROCESS, "close_connection", number)
            raise

    async def _ask(self, method: str, *arguments: object) -> tuple[str, ...]:
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
                self._line = ProcessLine(started, self._observer, self._mfa_prompt, self._told)
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
    Where the process has ended, the next call opens the connection again in a new one. Where AWS
    refuses the credentials, they are looked up again, so that those that a person renewed outside
    are taken, and a read is repeated; of a change CredentialsRenewedError tells.
    """

    def __init__(self, opened: Opened, open_again: Callable[[], Awaitable[Opened]]) -> None:
        self.info = opened.info
        self._opened = opened
        self._open_again = open_again
        self._opening = asyncio.Lock()
        self._closed = False
        self._caller: Caller | None = None
        self._was_answered = False
        self._looked_up = 0.0
        self._found_wrong: ServiceError | None = None

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
        self._give_up(self._opened)

    async def _ask(self, method: str, changes: bool, /, *args: Any, **named: Any) -> Any:
        opened, began = await self._living(), time.monotonic()
        try:
            result = await opened.line.ask(opened.number, method, args, named, changes=changes)
        except CREDENTIALS_REFUSED as error:
            opened = await self._renewed(opened, error, began)
            if changes:
                # What was read before it may not be so any more: who reads it sends it again.
                again = "New credentials are in use now: try again."
                raise CredentialsRenewedError(error.reason, again, error.context) from error
            result = await opened.line.ask(opened.number, method, args, named, changes=changes)
        self._was_answered = True
        if method == "caller":
            self._caller = result
        return result

    async def _stream(self, method: str, /, *args: Any, **named: Any) -> AsyncIterator[Any]:
        if method == "key_pages":
            # A person asked for everything anew, and may be asked for a code once more.
            self._found_wrong = None
        opened, began = await self._living(), time.monotonic()
        begun = False
        try:
            async for item in opened.line.stream(opened.number, method, args, named):
                begun = self._was_answered = True
                yield item
        except CREDENTIALS_REFUSED as error:
            opened = await self._renewed(opened, error, began)
            if begun:
                raise
            async for item in opened.line.stream(opened.number, method, args, named):
                self._was_answered = True
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

    async def _renewed(self, refused: Opened, error: ServiceError, began: float) -> Opened:
        """The connection with credentials that were looked up anew since a call began.

        Raises:
            ServiceError: `error`, or what is wrong with the sources of credentials;
                CallerChangedError where they are another's.
        """
        async with self._opening:
            if self._opened is not refused:
                return self._opened
            # Many calls are refused at once, and a person who gave no code is not asked for ever.
            if self._closed or began < self._looked_up or isinstance(self._found_wrong, MfaError):
                raise _told_of(self._found_wrong or error, error)
            self._found_wrong = None
            try:
                renewed = await self._open_again()
                await self._refuse_another_caller(renewed)
            except ServiceError as wrong:
                self._found_wrong = wrong
                raise _told_of(wrong, error) from error
            finally:
                self._looked_up = time.monotonic()
            self._give_up(refused)
            self._opened = renewed
            return renewed

    async def _refuse_another_caller(self, renewed: Opened) -> None:
        if not self._was_answered:
            return
        try:
            caller: Caller = await renewed.line.ask(renewed.number, "caller", (), {})
            asked = self._caller is not None
        except CREDENTIALS_REFUSED:
            self._give_up(renewed)
            raise
        except ServiceError:
            asked = False
        if asked and self._caller is not None and is_same_identity(caller, self._caller):
            if _route(renewed.info) == _route(self.info):
                return
            now = f"the settings now lead to {renewed.info.endpoint_url}"
        elif asked:
            now = f"the credentials found now are those of {caller.arn}"
        else:
            now = "there are other credentials now, and STS does not say whose they are"
        self._give_up(renewed)
        raise CallerChangedError(
            f"the credentials have expired, and {now}", "Press r to read everything with them."
        )

    @staticmethod
    def _give_up(opened: Opened) -> None:
        opened.line.tell(PROCESS, "close_connection", opened.number)


def _route(info: ConnectionInfo) -> ConnectionInfo:
    """Where a connection leads, whatever decided on that."""
    return replace(info, credential_source="", region_from="")


def _told_of(cause: ServiceError, refused: ServiceError) -> ServiceError:
    """The cause of a refusal, with the call that was refused for it."""
    return type(cause)(cause.reason, cause.next_step, refused.context)
