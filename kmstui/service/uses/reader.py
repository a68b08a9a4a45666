"""Reads what each source tells of the use of a key, and keeps it until a refresh or a switch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kmstui.model import Alias, Grant, Key, KeyEvent, LastUsage
from kmstui.policy.evaluation import as_policy
from kmstui.policy.iam import Principal, PrincipalKind, allows_everybody, named
from kmstui.service.access import AccessReader
from kmstui.service.errors import AccessDeniedError, CancelledByPersonError, FailedError
from kmstui.service.inventory import Topic
from kmstui.service.ports import Gateway
from kmstui.service.session import Session
from kmstui.service.uses.by_day import UsesByDay, uses_by_day
from kmstui.service.uses.naming import KeyNames, is_use, resource_in, short_arn, uses_in
from kmstui.service.uses.resources import ResourceLists, read_config
from kmstui.service.uses.sources import (
    ALIASES,
    CONFIG,
    EVENTS,
    GRANTS,
    LAST_USE,
    LISTS,
    ON_OPENING,
    POLICIES,
    REPLICAS,
    KeyUses,
    SourceReading,
    Use,
    UseSource,
    UseState,
    counted,
)

PAGES_OF_EVENTS = 4
"""Pages of 50 events that are read at a time: two seconds of CloudTrail's quota."""
LISTS_AT_ONCE = 3
"""Services that are asked at the same time for their lists."""

Told = Callable[[], None]
"""Called when more is known."""


def last_use_claim(usage: LastUsage, key: Key) -> str:
    """When a key was last used, as a sentence."""
    if usage.at is not None:
        what = f" ({usage.operation})" if usage.operation else ""
        event = f", event {usage.event_id}" if usage.event_id else ""
        return f"Last used on {usage.at:%Y-%m-%d %H:%M} UTC{what}{event}."
    since = usage.tracking_since
    if since is None:
        return "No use was recorded; since when that is kept, KMS does not tell."
    created = key.metadata.created if key.metadata else None
    if created is not None and created.date() >= since.date():
        return f"No use was recorded since it was created on {created:%Y-%m-%d}."
    return (
        f"No use was recorded since {since:%Y-%m-%d}; it is older than that, and may have been used"
        " before."
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question about one key over one connection."""

    gateway: Gateway
    key: Key
    names: KeyNames
    before: SourceReading


class UsesReader:
    """One for a session: views and dialogs share what it has read."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._gateway: Gateway | None = None
        self._uses: dict[str, KeyUses] = {}
        self._events: dict[str, tuple[KeyEvent, ...]] = {}
        self._lists = ResourceLists()
        self._gate = asyncio.Semaphore(LISTS_AT_ONCE)
        self._ended = asyncio.Event()
        """Set when a reading ends; the next one has another."""
        session.store.subscribe(Topic.POLICIES, self._refreshed)
        session.store.subscribe(Topic.GRANTS, self._grants_changed)

    def _refreshed(self, key_ids: frozenset[str]) -> None:
        if not key_ids:
            self.forget()

    def _grants_changed(self, key_ids: frozenset[str]) -> None:
        for key_id in key_ids:
            self.of(key_id).readings.pop(GRANTS.title, None)

    def forget(self) -> None:
        """Read everything again when it is next asked for."""
        self._uses.clear()
        self._events.clear()
        self._lists.forget()

    def of(self, key_id: str) -> KeyUses:
        """What is known of a key's use."""
        return self._uses.setdefault(key_id, KeyUses())

    def by_day(self, key_id: str) -> UsesByDay | None:
        """The use of a key by day, as far as CloudTrail's events were read; None before."""
        if key_id not in self._events:
            return None
        older = bool(self.of(key_id).of(EVENTS).more)
        return uses_by_day(self._events[key_id], self._session.clock(), older=older)

    async def read(
        self,
        key: Key,
        sources: Iterable[UseSource] | None = None,
        told: Told = lambda: None,
        *,
        again: bool = False,
    ) -> KeyUses:
        """Read sources that were not read; what fails is part of what they tell.

        Without `sources` those that take a few calls, and the lists that were read for other keys.

        With `again` those are read that were read before, too, and CloudTrail goes on where it
        ended.

        Raises:
            CancelledByPersonError: the connection is gone.
        """
        while True:
            gateway = self._connected()
            uses = self.of(key.id)
            listed = tuple(self._at_once() if sources is None else sources)
            states = {each: uses.of(each).state for each in listed}
            wanted = [
                each
                for each, state in states.items()
                if state is UseState.NOT_LOOKED or (again and state is not UseState.READING)
            ]
            again = False
            if wanted:
                await self._read_wanted(gateway, key, uses, wanted, told)
            elif UseState.READING in states.values():
                # Whoever reads it may be told to stop: it would be left unread.
                await self._ended.wait()
            else:
                return uses

    async def _read_wanted(
        self, gateway: Gateway, key: Key, uses: KeyUses, wanted: Sequence[UseSource], told: Told
    ) -> None:
        names = KeyNames(key, frozenset(self._session.store.aliases_of(key.id)))
        asked = {each: _Asked(gateway, key, names, uses.of(each)) for each in wanted}
        for source in wanted:
            uses.readings[source.title] = SourceReading(UseState.READING, "Reading…")
        told()
        try:
            async with asyncio.TaskGroup() as group:
                for source in wanted:
                    group.create_task(self._tell(source, asked[source], uses, told))
        except* CancelledByPersonError as errors:
            raise errors.exceptions[0] from None
        finally:
            for source in wanted:
                # Whoever looked at it has left: nothing is being read any more.
                if uses.of(source).state is UseState.READING:
                    uses.readings[source.title] = asked[source].before
            self._ended.set()
            self._ended = asyncio.Event()

    def _at_once(self) -> tuple[UseSource, ...]:
        known = tuple(each for each in LISTS if each.kind and self._lists.is_known(each.kind))
        return (*ON_OPENING, *known)

    def _connected(self) -> Gateway:
        gateway = self._session.gateway
        if gateway is not self._gateway:
            self.forget()
            self._gateway = gateway
        return gateway

    async def _tell(self, source: UseSource, asked: _Asked, uses: KeyUses, told: Told) -> None:
        try:
            reading = await self._read_one(source, asked)
        except AccessDeniedError as error:
            reading = SourceReading(UseState.DENIED, "Not known: denied.", problem=error.sentence)
        except FailedError as error:
            reading = SourceReading(UseState.FAILED, "Not known.", problem=error.sentence)
        if reading.read_at is None:
            reading = replace(reading, read_at=self._session.clock())
        uses.readings[source.title] = reading
        told()

    async def _read_one(self, source: UseSource, asked: _Asked) -> SourceReading:
        if source.kind is not None:
            async with self._gate:
                now = self._session.clock()
                if asked.before.state is not UseState.NOT_LOOKED:
                    self._lists.forget_one(source.kind)
                return await self._lists.read(asked.gateway, source.kind, asked.names, now)
        return await _READERS[source.title](self, asked)

    # The sources that are about one key

    async def _last_use(self, asked: _Asked) -> SourceReading:
        usage = await asked.gateway.last_usage(asked.key.id)
        uses = (Use(usage.operation or "used", at=usage.at),) if usage.at else ()
        return SourceReading(UseState.READ, last_use_claim(usage, asked.key), uses)

    async def _grants(self, asked: _Asked) -> SourceReading:
        grants = await asked.gateway.list_grants(asked.key.id)
        claim = f"{counted(len(grants), 'grant')}." if grants else "There is none now."
        unread = sum(bool(each.unread) for each in grants)
        problem = f"{unread} could not be read whole." if unread else ""
        state = UseState.PARTLY if unread else UseState.READ
        return SourceReading(state, claim, tuple(map(_granted, grants)), problem)

    async def _aliases(self, asked: _Asked) -> SourceReading:
        found: list[Alias] = []
        async for page in asked.gateway.alias_pages(asked.key.id):
            found.extend(page)
        claim = (
            f"{counted(len(found), 'alias')}."
            if found
            else "It has none; programs may use its ID or ARN."
        )
        uses = tuple(Use(each.name, "", each.updated or each.created) for each in found)
        return SourceReading(UseState.READ, claim, uses)

    async def _replicas(self, asked: _Asked) -> SourceReading:
        metadata = asked.key.metadata
        if metadata is None:
            metadata = (await asked.gateway.describe(asked.key.id))[1]
        if not metadata.multi_region:
            return SourceReading(UseState.READ, "It is a key of one Region, and has none.")
        others = [arn for arn in metadata.replicas if arn != asked.key.arn]
        role = "primary" if metadata.multi_region == "PRIMARY" else "replica"
        claim = f"It is the {role} of a set with {counted(len(others), 'other key')}."
        return SourceReading(UseState.READ, claim, tuple(Use(arn) for arn in others))

    async def _policies(self, asked: _Asked) -> SourceReading:
        stored = self._session.store.default_policy(asked.key.id)
        if stored is not None and not stored.problem:
            text = stored.text
        else:
            text = await asked.gateway.get_policy(asked.key.id)
        policy = as_policy(text)
        principals = [
            each
            for each in named(policy)
            if each.kind is not PrincipalKind.ROOT or each.account != asked.key.account
        ]
        uses = [Use(_principal(each, asked.key), "named by the key policy") for each in principals]
        if allows_everybody(policy):
            uses.append(Use("*", "everybody, or all who meet a condition, by the key policy"))
        read = self._session.shared(AccessReader).known_identities
        for identity in read:
            naming = [each.name for each in identity.policies if asked.names.occur_in(each.text)]
            if naming:
                words = f"its IAM policy {', '.join(naming)} names the key"
                uses.append(Use(short_arn(identity.arn), words))
        problem = f"Of the account's roles and users, {len(read)} were read; c (Access) reads more."
        claim = "Nobody is named but the account."
        if uses:
            claim = f"{counted(len(uses), 'principal')} named."
        return SourceReading(UseState.PARTLY, claim, tuple(uses), problem)

    async def _config(self, asked: _Asked) -> SourceReading:
        return await read_config(asked.gateway, asked.names, asked.key.region)

    async def _cloudtrail(self, asked: _Asked) -> SourceReading:
        key = asked.key
        token = asked.before.more
        events = self._events.get(key.id, ()) if token else ()
        for _ in range(PAGES_OF_EVENTS):
            page, token = await asked.gateway.events(key.arn, token)
            events += page
            if not token:
                break
        self._events[key.id] = events
        return events_reading(events, token)


def events_reading(events: tuple[KeyEvent, ...], token: str) -> SourceReading:
    """What CloudTrail's events say, and, with a token, that there are older ones."""
    uses = uses_in(events)
    used = sum(map(is_use, events))
    unread = sum(event.time is None and not event.name for event in events)
    since = min((event.time for event in events if event.time), default=None)
    back = f"since {since:%Y-%m-%d}" if token and since else "in 90 days"
    others = len(events) - used - unread
    beside = f"; {counted(others, 'event')} only looked at it or administered it" if others else ""
    claim = f"{counted(used, 'use').capitalize()} {back}{beside}."
    problems = []
    if token:
        problems.append("There are older events that were not read: m on this row reads on.")
    if unread:
        problems.append(f"{unread} events could not be read.")
    state = UseState.PARTLY if problems else UseState.READ
    return SourceReading(state, claim, uses, " ".join(problems), more=token)


def _principal(principal: Principal, key: Key) -> str:
    if principal.kind is PrincipalKind.ROOT:
        return f"account {principal.account}"
    of_own = principal.account in ("", key.account)
    return short_arn(principal.name) if of_own else principal.name


def _granted(grant: Grant) -> Use:
    resource = resource_in((*grant.context_equals, *grant.context_subset)) or grant.source_arn
    who = short_arn(grant.holder) or "somebody whom the answer does not name"
    may = f"may {', '.join(grant.operations)}" if grant.operations else "may what was not read"
    return Use(resource or who, f"{who} {may}" if resource else may, grant.created)


_READERS: Mapping[str, Callable[[UsesReader, _Asked], Awaitable[SourceReading]]] = {
    LAST_USE.title: UsesReader._last_use,
    EVENTS.title: UsesReader._cloudtrail,
    GRANTS.title: UsesReader._grants,
    ALIASES.title: UsesReader._aliases,
    POLICIES.title: UsesReader._policies,
    REPLICAS.title: UsesReader._replicas,
    CONFIG.title: UsesReader._config,
}
