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
from functools import partial
from typing import Any, cast

from kmstui.model import Arn, Caller, ConnectionInfo, Fact, KeyPlaces, bare_name
from kmstui.service.connections import (
    CONNECTING_AT_ONCE,
    Router,
    find_key_places,
    find_others,
    nearest_of,
)
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
from kmstui.service.sessions.left_out import LeftOut
from kmstui.service.sessions.part import PartSession

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
        self._left_out: list[LeftOut] = []
        self._reads_all = False
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
    def left_out(self) -> Sequence[LeftOut]:
        """Regions that are not read, since an index of AWS's knows no key there."""
        return tuple(self._left_out)

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
        self._begin_several(target)
        await self._in_each(self._open)

    async def attach(self, target: Target) -> None:
        """Connect to all that the target names, and ask who is asking; raises as `open`.

        All enabled Regions are, whatever an index knows: what a command prints passes for whole.
        """
        if not target.is_several:
            await super().attach(target)
            return
        self._begin_several(target)
        self._reads_all = True
        await self._in_each(partial(self._open, reads=False))

    def _begin_several(self, target: Target) -> None:
        self._begin(target)
        self._gateway = cast("Gateway", Router(lambda subject: self.of(subject).gateway))
        self._read_facts()
        self._near = asyncio.Event()
        self._reads_all = False
        self._parts = [PartSession(self, each) for each in target.each]

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

    async def _in_each(self, work: PartWork, parts: Sequence[PartSession] | None = None) -> None:
        """Do this over each connection, or over these, beside each other.

        Raises:
            ServiceError: why the nearest cannot be used, where none can.
        """
        async with asyncio.TaskGroup() as group:

            def spawn(part: PartSession) -> None:
                group.create_task(_unless_refused(work(part, spawn)))

            for each in tuple(self._parts if parts is None else parts):
                spawn(each)
        errors = [each.error for each in self._parts if each.error is not None]
        if len(errors) == len(self._parts):
            raise errors[0]

    async def _open(self, part: PartSession, spawn: Spawn, *, reads: bool = True) -> None:
        nearest = part is self._parts[0]
        if not nearest:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._near.wait(), NEAREST_FIRST_SECONDS)
        part.target = nearest_of(part.wanted)
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
            group.create_task(_unless_refused(part.load() if reads else part.identify()))
            group.create_task(self._add_others(part, spawn))

    async def _add_others(self, part: PartSession, spawn: Spawn) -> None:
        """Connect to the other accounts of the organization, and the other enabled Regions.

        Of Regions only to those that hold keys, where an index of AWS's knows.
        """
        wanted = part.wanted
        if wanted == part.target:
            return
        try:
            found, places = await asyncio.gather(
                find_others(part.gateway, wanted, self.connector), self._key_places(part, wanted)
            )
        except ServiceError as error:
            part.tell_problem(f"Which others there are is not known: {error.sentence}")
            return
        part.wanted = part.target
        if found.words:
            part.tell_problem(found.words)
        left_out = LeftOut.of(part.account, found.targets, places) if places else None
        if left_out is not None:
            self._left_out.append(left_out)
            self.notify(left_out.notice)
        for each in found.targets:
            if left_out is None or each not in left_out.targets:
                self._add(each, spawn)

    async def _key_places(self, part: PartSession, wanted: Target) -> KeyPlaces | None:
        """Where the part's account has keys; None where nothing tells, or all is to be read."""
        if wanted.region != ALL or self._reads_all:
            return None

        async def connect(region: str) -> Gateway:
            return await self.connector.connect(replace(part.target, region=region))

        places, problem = await find_key_places(part.gateway, connect)
        if places is not None and not part.account:
            await part.gateway.caller()
        if places is None:
            self.notify(
                f"{part.label}: no index of AWS's tells which Regions hold keys, so all are read."
                f" {problem}".rstrip()
            )
        return places

    def _add(self, target: Target, spawn: Spawn) -> None:
        added = PartSession(self, target)
        self._parts.append(added)
        spawn(added)

    async def read_left_out(self) -> None:
        """Read the Regions too of which an index says that they hold no key; raises as `open`."""
        self._reads_all = True
        wanted = [target for each in self._left_out for target in each.targets]
        self._left_out = []
        first = len(self._parts)
        self._parts += [PartSession(self, each) for each in wanted]
        await self._in_each(self._open, self._parts[first:])

    async def _refresh(self, part: PartSession, spawn: Spawn) -> None:
        part.problem, part.error = "", None
        if part.info is None:
            await self._open(part, spawn)
            return
        try:
            await asyncio.gather(part.load(), self._add_others(part, spawn))
        except CallerChangedError:
            part.close()
            await self._open(part, spawn)

    def close(self) -> None:
        """Cancel everything in flight."""
        super().close()
        for each in self._parts:
            each.close()
        self._parts, self._places, self._left_out = [], {}, []

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
PartWork = Callable[[PartSession, Spawn], Coroutine[Any, Any, None]]


async def _unless_refused(work: Coroutine[Any, Any, None]) -> None:
    """Do this; what refuses it was told already, and stops nothing else."""
    with suppress(ServiceError):
        await work
