"""The way to the gateways, without any AWS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from kmstui.service.ports import Target
from tests.fakes.gateway import FakeGateway


class FakeConnector:
    """Hands out prepared gateways.

    Attributes:
        asked: The targets that were asked for, in order.
        sign_in: The command that signs in to every profile.
    """

    def __init__(
        self,
        *gateways: FakeGateway,
        make: Callable[[Target], FakeGateway] | None = None,
        profiles: Iterable[str] = ("default", "workshop"),
        regions: Iterable[str] = ("eu-central-1", "eu-west-1", "us-east-1"),
    ) -> None:
        self._gateways = list(gateways)
        self._make = make
        self._profiles = tuple(profiles)
        self._regions = tuple(regions)
        self.sign_in: tuple[str, ...] = ()
        self._errors: list[Exception] = []
        self.asked: list[Target] = []
        self.gate: asyncio.Event | None = None

    def fail(self, error: Exception, times: int = 1) -> None:
        """Let the next connections raise `error`."""
        self._errors.extend([error] * times)

    async def connect(self, target: Target) -> FakeGateway:
        self.asked.append(target)
        if self.gate is not None:
            await self.gate.wait()
        if self._errors:
            raise self._errors.pop(0)
        if self._make is not None:
            return self._make(target)
        return self._gateways.pop(0) if len(self._gateways) > 1 else self._gateways[0]

    async def profiles(self) -> tuple[str, ...]:
        return self._profiles

    async def regions(self, partition: str = "aws") -> tuple[str, ...]:
        return self._regions

    async def sign_in_command(self, target: Target) -> tuple[str, ...]:
        return self.sign_in
