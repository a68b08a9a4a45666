"""Another Region's key made the primary one of a multi-Region set.

Sources: KMS API Reference, UpdatePrimaryRegion; KMS Developer Guide, "Change the primary key in a
set of multi-Region keys".
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from kmstui.model import KeyMetadata, bare_name
from kmstui.service.changes import FOR_A_PRIMARY, Change, Check, Shown
from kmstui.service.errors import ServiceError
from kmstui.service.keys.key_changes import KeyChanges, OutcomeText
from kmstui.service.keys.lifecycle import PRIMARY, replica_regions
from kmstui.service.keys.related import RelatedKeys
from kmstui.service.ports import ChangeRecord
from kmstui.service.session import Session

Keys = Mapping[str, KeyMetadata | ServiceError]
"""Keys of a set by their Regions, or why one cannot be described."""


class PrimaryRegion(KeyChanges):
    """Changes which key of a set is the primary one.

    KMS takes that in the Region of the primary key, whichever key of the set a person looks at;
    the journal has it under that key, where it is looked for.
    """

    async def read(self, key_id: str, region: str = "") -> Keys:
        """The key itself, the primary key, which comes first, and that of a Region.

        Raises:
            ServiceError: the key itself may not be described.
        """
        own = self._session.of(key_id)
        regions = replica_regions((await own.gateway.describe(key_id))[1])
        here = own.info.region if own.info else ""
        wanted = dict.fromkeys((*regions[:1], region, here))
        return await self._read(key_id, tuple(each for each in wanted if each in regions))

    async def change(self, key_id: str, region: str) -> str:
        """Make the key of a Region the primary one; returns what to tell the person.

        Raises:
            InvalidInputError: KMS would refuse it; nothing was sent.
            ServiceError: it was refused, or nobody knows whether it happened.
        """
        before = await self.read(key_id, region)
        old = next(iter(before), "")
        if problem := primary_problem(before, region):
            raise self._refusal(PRIMARY, key_id, problem)
        session = await self._session_in(key_id, old)
        send = partial(
            session.gateway.update_primary_region, session.handle(bare_name(key_id)), region
        )
        change: Change[Keys] = Change(
            PRIMARY,
            key_id,
            {"primary": old},
            {"primary": region},
            send,
            Check(partial(self._read, key_id, tuple(before)), partial(_judge, old, region)),
            lambda now: _primaries(now) == {old},
        )
        name = self._name(key_id)
        telling: OutcomeText[Keys] = OutcomeText(
            lambda now: _told(name, now, old, region),
            partial(self._keep, key_id),
            later="The keys can be Updating for some seconds more: until they are Enabled again"
            " they encrypt and decrypt, and cannot be enabled, disabled or replicated. r reads"
            " again.",
        )
        return await self._run(change, telling, FOR_A_PRIMARY)

    async def _read(self, key_id: str, regions: tuple[str, ...]) -> Keys:
        found = await asyncio.gather(*(self._describe(key_id, region) for region in regions))
        if found and isinstance(found[0], ServiceError) and not _known(found):
            raise found[0]
        return dict(zip(regions, found, strict=True))

    async def _describe(self, key_id: str, region: str) -> KeyMetadata | ServiceError:
        try:
            session = await self._session_in(key_id, region)
            return (await session.gateway.describe(session.handle(bare_name(key_id))))[1]
        except ServiceError as error:
            return error

    async def _session_in(self, key_id: str, region: str) -> Session:
        return await self._session.of(key_id).shared(RelatedKeys).session_in(region)

    def _keep(self, key_id: str, now: Keys) -> None:
        """The list has what was read of whichever of the keys are in it."""
        for each in self._session.each:
            key = self._store.keys.get(each.handle(bare_name(key_id)))
            read = now.get(each.info.region) if each.info else None
            if key is not None and isinstance(read, KeyMetadata):
                self._store.put_key(replace(key, metadata=read, problem=""))


def primary_problem(keys: Keys, region: str) -> str:
    """Why KMS would refuse that the key of a Region becomes the primary one; "" if it would not.

    What cannot be read, KMS decides.
    """
    old = next(iter(keys), "")
    if old == region:
        return f"the key in {region} is the primary one already"
    known = _known(keys.values())
    if known and not any(region in replica_regions(each) for each in known):
        return f"there is no key of this set in {region}"
    for place in (old, region):
        key = keys.get(place)
        if isinstance(key, KeyMetadata) and key.state and key.state != "Enabled":
            return f"the key in {place} is {key.state}, and both must be Enabled"
    return ""


def primary_before(record: ChangeRecord) -> str:
    """The Region that was primary before a change that the journal tells of; else """ ""
    before: Mapping[str, str] = json.loads(record.before)
    return before.get("primary", "") if record.operation == PRIMARY else ""


def _known(found: Iterable[KeyMetadata | ServiceError]) -> list[KeyMetadata]:
    return [each for each in found if isinstance(each, KeyMetadata)]


def _primaries(keys: Keys) -> set[str]:
    return {replica_regions(each)[0] for each in _known(keys.values()) if each.replicas}


def _judge(old: str, new: str, keys: Keys) -> Shown:
    known = {place: keys[place] for place in (old, new)}
    read = {place: key for place, key in known.items() if isinstance(key, KeyMetadata)}
    if any(key.state == "Updating" for key in read.values()):
        return Shown.OLD
    primaries = _primaries(read)
    if not primaries <= {old, new}:
        return Shown.OTHER
    # Meanwhile both may show as replicas.
    fits = all((key.multi_region == "PRIMARY") == (place == new) for place, key in read.items())
    return Shown.OURS if primaries == {new} and fits else Shown.OLD


def _told(name: str, now: Keys, old: str, new: str) -> str:
    unread = [place for place in (old, new) if not isinstance(now[place], KeyMetadata)]
    rest = f" The key in {unread[0]} could not be read back." if unread else ""
    return (
        f"{name}: the key in {new} is the primary one now, and that in {old} is a replica.{rest}"
        " x, P changes it back."
    )
