"""Resources that are configured with a key: AWS Config's records, and the services' own lists."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kmstui.model import ConfiguredResource, ResourceKind
from kmstui.service.errors import FailedError, IncompleteListError
from kmstui.service.ports import Gateway
from kmstui.service.uses.naming import KeyNames
from kmstui.service.uses.sources import SourceReading, Use, UseState, counted

_PROPERTIES = (
    "configuration.kmsKeyId",
    "configuration.KmsKeyId",
    "configuration.KMSKeyId",
    "configuration.kmskeyArn",
    "configuration.KmsMasterKeyId",
    "configuration.ssedescription.kmsmasterKeyArn",
    "supplementaryConfiguration.ServerSideEncryptionConfiguration.rules"
    ".applyServerSideEncryptionByDefault.kmsMasterKeyID",
)
"""Where types of resources have their key: volumes and databases, file systems and log groups,
secrets, functions, topics and queues, tables, buckets.

Source: https://github.com/awslabs/aws-config-resource-schema"""

_MOST_CHARACTERS = 4096
"""Of an expression (AWS Config API Reference, SelectResourceConfig)."""


def config_expression(names: KeyNames) -> str:
    """The advanced query for what names a key; aliases as far as there is room for them."""
    wanted = [names.key.arn, names.key.bare_id]
    expression = _expression(wanted)
    for alias in sorted(names.aliases):
        wanted.append(alias)
        longer = _expression(wanted)
        if len(longer) > _MOST_CHARACTERS:
            break
        expression = longer
    return expression


def _expression(wanted: Sequence[str]) -> str:
    literals = ", ".join(f"'{each}'" for each in wanted)
    tests = " OR ".join(f"{each} IN ({literals})" for each in _PROPERTIES)
    return f"SELECT resourceId, resourceName, resourceType WHERE {tests}"


async def read_config(gateway: Gateway, names: KeyNames, region: str) -> SourceReading:
    """What AWS Config has recorded with the key.

    Raises:
        FailedError: it may not be asked, or does not answer.
    """
    recording = await gateway.config_recording()
    if not recording.is_on:
        return SourceReading(
            UseState.FAILED,
            "Not known.",
            problem=f"AWS Config records nothing in {region}, so its query would find nothing,"
            " whatever is there. The lists of the services tell.",
        )
    found = tuple(map(_recorded, await gateway.config_query(config_expression(names))))
    limits = ""
    if not recording.all_types:
        kinds = ", ".join(recording.types[:6]) + (" …" if recording.types[6:] else "")
        limits = (
            f"It records all but {kinds}." if recording.excludes else f"It records {kinds} only."
        )
    state = UseState.PARTLY if limits else UseState.READ
    claim = "None of the recorded resources names it."
    if found:
        claim = f"{counted(len(found), 'recorded resource')}."
    return SourceReading(state, claim, found, limits)


def _recorded(text: str) -> Use:
    try:
        members = json.loads(text)
        kind = str(members["resourceType"])
        name = str(members.get("resourceName") or members["resourceId"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Use("a resource that could not be read", text)
    return Use(name, kind.removeprefix("AWS::").replace("::", " "))


@dataclass(frozen=True, slots=True)
class _Listed:
    """All resources of a kind, as they were read last."""

    resources: tuple[ConfiguredResource, ...]
    problem: str
    read_at: datetime


class ResourceLists:
    """The lists of the services, each read once for all keys of a connection."""

    def __init__(self) -> None:
        self._lists: dict[ResourceKind, _Listed] = {}
        self._turns: dict[ResourceKind, asyncio.Lock] = {}

    def forget(self) -> None:
        """Read all of them again when they are next asked for."""
        self._lists.clear()

    def is_known(self, kind: ResourceKind) -> bool:
        """Whether a list is here, so that to tell of another key costs no call."""
        return kind in self._lists

    def forget_one(self, kind: ResourceKind) -> None:
        """Read one of them again when it is next asked for."""
        self._lists.pop(kind, None)

    async def read(
        self, gateway: Gateway, kind: ResourceKind, names: KeyNames, now: datetime
    ) -> SourceReading:
        """What of a kind is configured with the key.

        Raises:
            FailedError: the service may not be asked, or does not answer.
        """
        async with self._turns.setdefault(kind, asyncio.Lock()):
            if kind not in self._lists:
                self._lists[kind] = await _listed(gateway, kind, now)
        return _told(self._lists[kind], kind, names)


async def _listed(gateway: Gateway, kind: ResourceKind, now: datetime) -> _Listed:
    found: list[ConfiguredResource] = []
    problem = ""
    try:
        async for page in gateway.resource_pages(kind):
            found.extend(page)
    except FailedError as error:
        if not found:
            raise
        # What came before is true all the same.
        what = "" if isinstance(error, IncompleteListError) else "The rest of the list is missing: "
        problem = f"{what}{error.sentence}"
    return _Listed(tuple(found), problem, now)


def _told(listed: _Listed, kind: ResourceKind, names: KeyNames) -> SourceReading:
    uses = tuple(
        Use(each.name, kind.value) for each in listed.resources if any(map(names.names, each.keys))
    )
    unread = [each for each in listed.resources if each.problem]
    problems = [listed.problem] if listed.problem else []
    if unread:
        more = f" and {len(unread) - 1} others" if unread[1:] else ""
        problems.append(f"{unread[0].name}{more} could not be read: {unread[0].problem}")
    count = len(listed.resources)
    if not count:
        claim = f"There are no {kind.value} in this account and Region."
        if kind in (ResourceKind.EBS_VOLUMES, ResourceKind.EBS_SNAPSHOTS):
            claim = f"There are no encrypted {kind.value} in this account and Region."
    elif uses:
        claim = f"{len(uses)} of {count:,} that were read."
    else:
        claim = f"None of {count:,} that were read names it."
    state = UseState.PARTLY if problems else UseState.READ
    return SourceReading(state, claim, uses, " ".join(problems), listed.read_at)
