"""Everything of a key but its material, as it is backed up and brought back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from kmstui.model import Grant, KeyMetadata, Tag
from kmstui.service.errors import FailedError
from kmstui.service.inventory import never_rotates
from kmstui.service.keys import grant_content, replica_regions
from kmstui.service.ports import Gateway

PARTS = ("policy", "tags", "aliases", "grants", "rotation")
"""What KMS tells of a key by calls of their own, any of which may be denied."""

PENDING_DELETION = ("PendingDeletion", "PendingReplicaDeletion")


@dataclass(frozen=True, slots=True)
class RotationSetting:
    """Whether a key rotates by itself, and how often."""

    enabled: bool
    period_days: int | None = None


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key without its material."""

    arn: str
    spec: str
    usage: str
    origin: str
    manager: str
    state: str
    description: str = ""
    multi_region: str = ""
    """`PRIMARY`, `REPLICA`, or empty for a single-Region key."""
    regions: tuple[str, ...] = ()
    """Of its multi-Region set, the primary's first."""
    custom_key_store_id: str = ""
    external_key_id: str = ""
    policy: str = ""
    tags: tuple[Tag, ...] = ()
    """Sorted by tag key."""
    aliases: tuple[str, ...] = ()
    """With their prefix, sorted."""
    grants: tuple[Grant, ...] = ()
    """What was said when they were made (`grant_content`), sorted."""
    rotation: RotationSetting | None = None
    """None where its kind does not rotate by itself, or where that waits for a deletion."""
    not_read: tuple[str, ...] = ()
    """Of `PARTS`, what could not be read, and so is not in it."""

    @property
    def id(self) -> str:
        """The key's ID."""
        return self.arn.rpartition("/")[2]

    @property
    def account(self) -> str:
        """The account that owns it."""
        return self.arn.split(":")[4]

    @property
    def region(self) -> str:
        """Its Region."""
        return self.arn.split(":")[3]

    @property
    def name(self) -> str:
        """Its first alias; its ID where it has none."""
        return self.aliases[0] if self.aliases else self.id


async def read_record(gateway: Gateway, key_id: str) -> tuple[KeyRecord, Mapping[str, str]]:
    """Read a key; what of `PARTS` could not be read is told, each with the sentence why.

    Raises:
        FailedError: it may not be described.
    """
    key, metadata = await gateway.describe(key_id)
    problems: dict[str, str] = {}
    found: dict[str, object] = {}

    async def part(name: str, read: Callable[[], Awaitable[object]]) -> None:
        try:
            found[name] = await read()
        except FailedError as error:
            problems[name] = error.sentence

    await asyncio.gather(
        part("policy", lambda: gateway.get_policy(key_id)),
        part("tags", lambda: gateway.list_tags(key_id)),
        part("aliases", lambda: _aliases(gateway, key_id)),
        part("grants", lambda: _grants(gateway, key_id)),
        part("rotation", lambda: _rotation(gateway, key_id, metadata)),
    )
    record = KeyRecord(
        arn=key.arn,
        spec=metadata.spec,
        usage=metadata.usage,
        origin=metadata.origin,
        manager=metadata.manager,
        state=metadata.state,
        description=metadata.description,
        multi_region=metadata.multi_region,
        regions=replica_regions(metadata),
        custom_key_store_id=metadata.custom_key_store_id,
        external_key_id=metadata.external_key_id,
        not_read=tuple(name for name in PARTS if name in problems),
    )
    return replace(record, **found), problems  # type: ignore[arg-type]


async def _aliases(gateway: Gateway, key_id: str) -> tuple[str, ...]:
    return tuple(sorted([each.name async for page in gateway.alias_pages(key_id) for each in page]))


async def _grants(gateway: Gateway, key_id: str) -> tuple[Grant, ...]:
    found = await gateway.list_grants(key_id)
    for each in found:
        if each.unread or each.constraint_unread:
            why = each.unread or "it has constraints that this kmstui does not know"
            raise FailedError(f"a grant ({each.name or each.id}) could not be read whole: {why}")
    return sorted_grants(map(grant_content, found))


def sorted_grants(grants: object) -> tuple[Grant, ...]:
    """Grants in an order that does not hang on when they were made."""
    return tuple(sorted(grants, key=_grant_order))  # type: ignore[call-overload]


def _grant_order(grant: Grant) -> tuple[object, ...]:
    return (
        grant.name, grant.holder, grant.operations, grant.retirer,
        grant.context_equals, grant.context_subset, grant.source_arn,
    )  # fmt: skip


async def _rotation(gateway: Gateway, key_id: str, metadata: KeyMetadata) -> RotationSetting | None:
    if not rotates_by_itself(metadata):
        return None
    found = await gateway.rotation_status(key_id)
    return RotationSetting(found.enabled, found.period_days if found.enabled else None)


def rotates_by_itself(metadata: KeyMetadata) -> bool:
    """Whether automatic rotation is a setting of this key, now.

    A replica has its primary's, and KMS tells `false` of a key that is pending deletion, whatever
    comes back when that is cancelled (KMS API Reference, GetKeyRotationStatus).
    """
    return not (
        never_rotates(metadata)
        or metadata.origin == "EXTERNAL"
        or metadata.manager == "AWS"
        or metadata.multi_region == "REPLICA"
        or metadata.state in PENDING_DELETION
    )


# From one account, or from keys that are gone, to others

_KEY_ID = r"mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KEY_ARN = re.compile(rf"arn:[\w-]+:kms:[\w-]*:\d*:key/({_KEY_ID})")
_KEY_OR_ACCOUNT = re.compile(rf"(?P<key>{_KEY_ID})|(?<!\d)(?P<account>\d{{12}})(?!\d)")


@dataclass(frozen=True, slots=True)
class Renaming:
    """What policies and grants call by another name in the account that they are restored to."""

    accounts: Mapping[str, str]
    """New account IDs by the old ones."""
    keys: Mapping[str, str]
    """ARNs of keys by the IDs of those that they are restored from."""

    def text(self, text: str) -> str:
        """A text with the new names in place of the old ones."""
        text = _KEY_ARN.sub(lambda match: self.keys.get(match[1], match[0]), text)

        def new_name(match: re.Match[str]) -> str:
            if match["key"]:
                arn = self.keys.get(match[0])
                return arn.rpartition("/")[2] if arn else match[0]
            return self.accounts.get(match[0], match[0])

        return _KEY_OR_ACCOUNT.sub(new_name, text)

    def record(self, record: KeyRecord) -> KeyRecord:
        """A key as it is to be where it is restored; ARN and ID are those of the backup."""
        return replace(
            record,
            policy=self.text(record.policy),
            grants=sorted_grants(map(self._grant, record.grants)),
        )

    def _grant(self, grant: Grant) -> Grant:
        return replace(
            grant,
            grantee=self.text(grant.grantee),
            retiring=self.text(grant.retiring),
            source_arn=self.text(grant.source_arn),
            context_equals=self._pairs(grant.context_equals),
            context_subset=self._pairs(grant.context_subset),
        )

    def _pairs(self, pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        return tuple((name, self.text(value)) for name, value in pairs)


def names_in(text: str) -> tuple[set[str], set[str]]:
    """The accounts and the key IDs that a text names."""
    found = list(_KEY_OR_ACCOUNT.finditer(text))
    return (
        {each["account"] for each in found if each["account"]},
        {each["key"] for each in found if each["key"]},
    )
