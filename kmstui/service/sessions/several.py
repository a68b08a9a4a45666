"""The session over several connections at once: keys of accounts and Regions in one list.

Each connection has a session of its own, with its gateway, its caller, its scope of the journal and
its pace; all of them fill one store. What is denied to one, or out of reach for it, is a line with
its reason and stops none of the others. Keys and aliases go by their ARNs here (`connections`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

from kmstui.model import Arn, Caller, ConnectionInfo, Fact, bare_name
from kmstui.service.connections import Router
from kmstui.service.errors import (
    CREDENTIALS_REFUSED,
    CallerChangedError,
    CredentialsMissingError,
    NotFoundError,
    ServiceError,
)
from kmstui.service.inventory import Progress
from kmstui.service.ports import ALL, Gateway, Scope, Target
from kmstui.service.session import Session
from kmstui.service.sessions.part import PartSession

CONNECTING_AT_ONCE = 4
"""Making clients takes the processor of the AWS process, which the first keys need too."""

NEAREST_FIRST_SECONDS = 2.0
"""So long the others wait for the nearest to be connected, if it takes longer."""

_TOLD = 3
"""Connections whose trouble is told above the panes; all of them where the connection is told."""


class Sessions(Session):
    """The session over one connection, or over each of several that a target names."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._parts: list[PartSession] = []
        self._places: dict[str, PartSession] = {}
        self._near = asyncio.Event()
        self._connecting = asyncio.Semaphore(CONNECTING_AT_ONCE)

    # Which connection

    def of(self, subject: str) -> Session:
        """That of the account and Region of an ARN; of the account, of a role; else the nearest."""
        if not self._parts:
            return self
        if not subject.startswith("arn:"):
            return next((each for each in self._parts if each.info is not None), self._parts[0])
        place = "".join(f"{part}:" for part in subject.split(":", 5)[:5])
        if place not in self._places:
            self._places = {each.place: each for each in self._parts if each.place}
        found = self._places.get(place) or next(self._near_to(subject), None)
        return found or self.of("")

    def _near_to(self, subject: str) -> Iterator[PartSession]:
        """Those that may ask about what is in no account and Region that is open."""
        yield from (each for each in self._parts if each.shares(subject))
        arn = Arn.maybe(subject)
        if arn is not None:
            yield from (each for each in self._parts if arn.account and each.account == arn.account)

    @property
    def each(self) -> Sequence[Session]:
        """One for each connection, the nearest first."""
        return tuple(self._parts) or (self,)

    @property
    def parts(self) -> Sequence[PartSession]:
        """The several connections, the nearest first; empty where there is one alone."""
        return tuple(self._parts)

    @property
    def info(self) -> ConnectionInfo | None:
        """What the connection is; None where there are several."""
        return None if self._parts else super().info

    @property
    def caller(self) -> Caller | None:
        """Who asks; None where each of several has a caller of its own."""
        return None if self._parts else super().caller

    @property
    def to_sign_in(self) -> Target:
        """The first connection that lacks credentials; else the nearest."""
        refused = (*CREDENTIALS_REFUSED, CredentialsMissingError)
        missing = (each for each in self._parts if isinstance(each.error, refused))
        return next((each.target for each in missing), self.of("").target)

    def is_connected_by(self, gateway: Gateway) -> bool:
        """Whether `gateway` is one of those in use."""
        return gateway is self._gateway or any(gateway is each._gateway for each in self._parts)

    def place_of(self, scope: Scope) -> str:
        """The ARN up to `key/` of what is in an account and Region that is open; else ""."""
        return next((each.place for each in self._parts if each.place and each.scope == scope), "")

    # Connecting and reading

    async def open(self, target: Target) -> None:
        """Connect to all that the target names; raises as `Session.open` where none can be used."""
        if not target.is_several:
            await super().open(target)
            return
        self.close()
        self.store.clear()
        self.target = target
        self._gateway = cast("Gateway", Router(lambda subject: self.of(subject).gateway))
        self._read_facts()
        self._near = asyncio.Event()
        self._parts = [PartSession(self, each) for each in target.each]
        await self._in_each(self._open)

    async def refresh(self) -> None:
        """Read everything again, over each; raises as `open`."""
        if not self._parts:
            await super().refresh()
            return
        self.store.set_banner("")
        self.store.forget_policies()
        if self.facts is not None:
            self.facts.restart()
        self.store.forget_facts()
        self._near.set()
        await self._in_each(self._refresh)

    async def _in_each(
        self, work: Callable[[PartSession, Spawn], Coroutine[Any, Any, None]]
    ) -> None:
        """Do this over each connection, beside each other.

        Raises:
            ServiceError: why the nearest cannot be used, where none can.
        """
        async with asyncio.TaskGroup() as group:

            def spawn(part: PartSession) -> None:
                group.create_task(_unless_refused(work(part, spawn)))

            for each in tuple(self._parts):
                spawn(each)
        errors = [each.error for each in self._parts if each.error is not None]
        if len(errors) == len(self._parts):
            raise errors[0]

    async def _open(self, part: PartSession, spawn: Spawn) -> None:
        nearest = part is self._parts[0]
        if not nearest:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._near.wait(), NEAREST_FIRST_SECONDS)
        wanted = part.target
        part.target = _first_of(wanted)
        try:
            if nearest:
                self.is_connecting = True
            async with self._connecting:
                await part.connect()
        finally:
            if nearest:
                self.is_connecting = False
                self._near.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(_unless_refused(part.load()))
            if wanted != part.target:
                group.create_task(self._add_others(part, wanted, spawn))

    async def _add_others(self, part: PartSession, wanted: Target, spawn: Spawn) -> None:
        """Connect to the other accounts of the organization, and the other enabled Regions."""
        try:
            if wanted.accounts == ALL:
                own = (await part.gateway.caller()).account
                accounts = [each for each in await part.gateway.account_ids() if each != own]
                others = list(replace(wanted, accounts=",".join(accounts)).each) if accounts else []
                if wanted.region == ALL:
                    others += await self._other_regions(part, replace(wanted, accounts=""))
            else:
                others = await self._other_regions(part, wanted)
        except ServiceError as error:
            part.tell_problem(f"Which others there are is not known: {error.sentence}")
            return
        for each in others:
            added = PartSession(self, each)
            self._parts.append(added)
            spawn(added)

    async def _other_regions(self, part: PartSession, wanted: Target) -> list[Target]:
        own = part.info.region if part.info else ""
        regions = await part.gateway.enabled_regions()
        role = part.target.role
        return [replace(wanted, region=each, role=role) for each in regions if each != own]

    async def _refresh(self, part: PartSession, spawn: Spawn) -> None:
        part.problem, part.error = "", None
        if part.info is None:
            await self._open(part, spawn)
            return
        try:
            await part.load()
        except CallerChangedError:
            part.close()
            await self._open(part, spawn)

    def close(self) -> None:
        """Cancel everything in flight."""
        super().close()
        for each in self._parts:
            each.close()
        self._parts, self._places = [], {}

    # What the parts tell

    def connected(self, info: ConnectionInfo) -> None:
        """One of the connections stands."""
        if self.store.info is None:
            self.store.connected(info)
        self.store.session_changed()

    def progressed(self) -> None:
        """One of the connections has read on."""
        each = [part.progress for part in self._parts]
        self.store.set_progress(
            Progress(
                listed=len(self.store.keys),
                listing=any(one.listing for one in each),
                described=sum(one.described for one in each),
                loading=any(one.loading for one in each),
                # One that is denied or out of reach has its line; the others are read to their end.
                stopped=all(one.stopped for one in each),
            )
        )

    def tell_problems(self) -> None:
        """Say above the panes what is not read, and why."""
        lines = [f"{each.label}: {each.problem}" for each in self._parts if each.problem]
        if len(lines) > _TOLD:
            lines[_TOLD:] = [f"Not read, or not to their end: {len(lines) - _TOLD} more: see W."]
        self.store.set_banner("\n".join(lines))

    # What is looked at

    def show(self, key_ids: Sequence[str], facts: Sequence[Fact] = ()) -> None:
        """These rows are on the screen: each connection describes its own first."""
        if not self._parts:
            super().show(key_ids, facts)
            return
        if self.facts is not None:
            self.facts.show(key_ids, facts)
        shown: dict[Session, list[str]] = {each: [] for each in self._parts}
        for key_id in key_ids:
            shown[self.of(key_id)].append(key_id)
        for part, its_own in shown.items():
            part.show(its_own)

    def key_pressed(self) -> None:
        """A person is typing: all of them step back."""
        if not self._parts:
            super().key_pressed()
            return
        self.slices.pressed()
        for each in self._parts:
            if each._gateway is not None:
                each._gateway.hold_background()

    async def look_at(self, key_id: str) -> None:
        """Read what the panes show of a key, over its own connection."""
        part = self.of(key_id)
        await (super().look_at(key_id) if part is self else part.look_at(key_id))

    async def find(self, name: str) -> str:
        """The key of that name in the nearest connection that has one; raises as `Session.find`."""
        if not self._parts or name.startswith("arn:"):
            return await super().find(name)
        names = {name, f"alias/{name}"}
        for alias in self.store.aliases.values():
            if alias.bare_name in names and alias.key_id:
                return alias.key_id
        for key_id in self.store.keys:
            if bare_name(key_id) == name:
                return key_id
        for part in self._parts:
            with suppress(ServiceError):
                return await part._find(name)
        raise NotFoundError(
            f"no key of the {len(self._parts)} connections goes by {name}",
            "Type its ID, ARN or alias as KMS has it.",
        )


Spawn = Callable[[PartSession], None]


def _first_of(wanted: Target) -> Target:
    """The connection over which the others are asked for: the profile's own account and Region."""
    region = "" if wanted.region == ALL else wanted.region
    role = "" if wanted.accounts == ALL else wanted.role
    return replace(wanted, region=region, role=role, accounts="")


async def _unless_refused(work: Coroutine[Any, Any, None]) -> None:
    """Do this; what refuses it was told already, and stops nothing else."""
    with suppress(ServiceError):
        await work
