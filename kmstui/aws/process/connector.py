"""The door to AWS, in a process of its own."""

from __future__ import annotations

import asyncio
from functools import partial

from kmstui.aws.process.gateway import Opened, ProcessGateway
from kmstui.aws.process.line import Line
from kmstui.aws.process.messages import CONNECTOR
from kmstui.aws.process.starting import AwsProcess, start_process
from kmstui.service.errors import ServiceFailureError
from kmstui.service.ports import CallObserver, MfaPrompt, Target


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
        self._line: Line | None = None
        self._expected: tuple[Target, int] | None = None
        self._starting = asyncio.Lock()
        if started is not None:
            self._line = Line(started, observer, mfa_prompt)
            if expected is not None:
                self._expected = expected, self._line.open(expected)

    async def connect(self, target: Target) -> ProcessGateway:
        """See `Connector`."""
        return ProcessGateway(await self._open(target), partial(self._open, target))

    async def profiles(self) -> tuple[str, ...]:
        """See `Connector`."""
        return await self._ask("profiles")

    async def regions(self, partition: str = "aws") -> tuple[str, ...]:
        """See `Connector`."""
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
            line.close_connection(number)
            raise

    async def _ask(self, method: str, *arguments: str) -> tuple[str, ...]:
        answer: tuple[str, ...] = await (await self._living()).ask(CONNECTOR, method, arguments, {})
        return answer

    async def _living(self) -> Line:
        async with self._starting:
            if self._line is None or self._line.ended:
                if self._line is not None:
                    self._line.close()
                self._expected = None
                try:
                    started = start_process(read_only=self._read_only)
                except OSError as error:
                    raise ServiceFailureError(
                        f"this computer gives kmstui no process to talk to AWS with ({error})",
                        "Raise the limit of processes (ulimit -u), or end other programs.",
                    ) from error
                self._line = Line(started, self._observer, self._mfa_prompt)
            await self._line.attach()
            return self._line
