"""The sessions over which a key's related multi-Region keys are read and changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

from kmstui.service.connections import GatewayByArn, JournalByArn
from kmstui.service.errors import CancelledByPersonError, ServiceError
from kmstui.service.inventory import Store
from kmstui.service.ports import Gateway, Scope
from kmstui.service.session import Session


class RelatedKeys:
    """Of one session: those of the other Regions of its account.

    Where several connections are open and one of them is to that Region, it is that; else one is
    opened with the same credentials, and kept until the session's own is closed.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._opened: dict[str, Session] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        session.at_close.append(self._close)

    async def session_in(self, region: str) -> Session:
        """The session of a Region; a key of the set goes by `handle` of its ID there.

        Raises:
            ServiceError: there is no connection to that Region.
        """
        here = self._session.scope
        for each in self._session.each:
            if here is not None and each.scope == replace(here, region=region):
                return each
        async with self._opening.setdefault(region, asyncio.Lock()):
            if region not in self._opened:
                self._opened[region] = await self._open(region)
            return self._opened[region]

    async def _open(self, region: str) -> Session:
        own = self._session
        gateway = own.gateway
        target = replace(own.target, region=region, region_from="")
        if not own.demo:
            # An endpoint of this Region leads to no other.
            target = replace(target, endpoint_url="")
        opened = _Beside(own)
        await opened.attach(target)
        if not own.is_connected_by(gateway):
            opened.close()
            raise CancelledByPersonError("the connection was switched")
        return opened

    def _close(self) -> None:
        for each in self._opened.values():
            each.close()
        self._opened.clear()


class _Beside(Session):
    """The session over a connection that is opened beside another; tells what it has to there.

    Its keys go by their ARNs: the one of the other Region has the same ID.
    """

    def __init__(self, other: Session) -> None:
        journal = JournalByArn(other.journal, self._place_of)
        loop = asyncio.get_running_loop()
        super().__init__(
            Store(loop.call_later),
            other.connector,
            # It has every method of the port, which no type checker can see.
            cast("Any", journal),
            other.clock,
            read_only=other.read_only,
            demo=other.demo,
        )
        self.slices = other.slices
        self._other = other
        self._by_arn: GatewayByArn | None = None

    def _take(self, gateway: Gateway) -> None:
        self._by_arn = GatewayByArn(gateway)
        super()._take(cast("Gateway", self._by_arn))

    def handle(self, name: str) -> str:
        """The ARN of a key ID or alias name of this connection."""
        return self._by_arn.handle(name) if self._by_arn is not None else name

    def _place_of(self, _: Scope) -> str:
        return self._by_arn.place if self._by_arn is not None else ""

    def notify(self, text: str, severity: str = "information") -> None:
        """Where the person looks."""
        self._other.notify(text, severity)

    def _fail(self, error: ServiceError) -> None:
        """Whoever asked for the connection tells why there is none."""
