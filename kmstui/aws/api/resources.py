"""Resources of other services, with the keys that they are configured with.

Each is a list of its service. Their clients are made when one of them is asked for, which takes
part of a second (botocore's model of EC2 alone has a megabyte), in the AWS process.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from kmstui.aws.api.base import ApiBase, Listing, Paging
from kmstui.aws.calls import Operation, Params, Response
from kmstui.aws.calls import operations as op
from kmstui.model import ConfigRecording, ConfiguredResource, ConnectionInfo, ResourceKind
from kmstui.service.errors import FailedError
from kmstui.service.ports import Urgency

ASKED_AT_ONCE = 4
"""Resources that are asked one by one at the same time; the pace of the operation holds too."""

_NO_DEFAULT = "ServerSideEncryptionConfigurationNotFoundError"
"""S3's word for a bucket without a default, as there were until 2023."""

_NEXT = Paging("NextToken", "NextToken")
_MARKER = Paging("Marker", "Marker")

Read = Callable[[Response], ConfiguredResource]


@dataclass(frozen=True, slots=True)
class _List:
    """A list whose entries tell their key."""

    operation: Operation
    paging: Paging
    items: str
    """The member of the response that has them."""
    read: Read
    params: Params


def _named(name: str, *keys: str) -> Read:
    """Reads the members that hold the name and what is named as key."""

    def read(entry: Response) -> ConfiguredResource:
        found = filter(None, map(entry.optional_text, keys))
        return ConfiguredResource(entry.text(name), tuple(dict.fromkeys(found)))

    return read


def _database(name: str) -> Read:
    plain = _named(name, "KmsKeyId", "PerformanceInsightsKMSKeyId", "ActivityStreamKmsKeyId")

    def read(entry: Response) -> ConfiguredResource:
        # The password of its administrator is a secret of its own.
        secret = entry.optional_structure("MasterUserSecret")
        found = plain(entry)
        key = secret.optional_text("KmsKeyId") if secret else ""
        return replace(found, keys=tuple(dict.fromkeys((*found.keys, *filter(None, (key,))))))

    return read


_ENCRYPTED = {"Filters": [{"Name": "encrypted", "Values": ["true"]}]}

_LISTS: Mapping[ResourceKind, _List] = {
    ResourceKind.EBS_VOLUMES: _List(
        op.DESCRIBE_VOLUMES, _NEXT, "Volumes", _named("VolumeId", "KmsKeyId"),
        {**_ENCRYPTED, "MaxResults": 500},
    ),
    ResourceKind.EBS_SNAPSHOTS: _List(
        op.DESCRIBE_SNAPSHOTS, _NEXT, "Snapshots", _named("SnapshotId", "KmsKeyId"),
        {**_ENCRYPTED, "OwnerIds": ["self"], "MaxResults": 500},
    ),
    ResourceKind.RDS_INSTANCES: _List(
        op.DESCRIBE_DB_INSTANCES, _MARKER, "DBInstances", _database("DBInstanceIdentifier"), {}
    ),
    ResourceKind.RDS_CLUSTERS: _List(
        op.DESCRIBE_DB_CLUSTERS, _MARKER, "DBClusters", _database("DBClusterIdentifier"), {}
    ),
    ResourceKind.SECRETS: _List(
        op.LIST_SECRETS, _NEXT, "SecretList", _named("Name", "KmsKeyId"),
        {"IncludePlannedDeletion": True, "MaxResults": 100},
    ),
    ResourceKind.FUNCTIONS: _List(
        op.LIST_FUNCTIONS, Paging("Marker", "NextMarker"), "Functions",
        _named("FunctionName", "KMSKeyArn"), {},
    ),
    ResourceKind.LOG_GROUPS: _List(
        op.DESCRIBE_LOG_GROUPS, Paging("nextToken", "nextToken"), "logGroups",
        _named("logGroupName", "kmsKeyId"), {},
    ),
    ResourceKind.FILE_SYSTEMS: _List(
        op.DESCRIBE_FILE_SYSTEMS, Paging("Marker", "NextMarker"), "FileSystems",
        _named("FileSystemId", "KmsKeyId"), {},
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _OneByOne:
    """A list of names, each of which is asked for its key."""

    operation: Operation
    paging: Paging
    names: Callable[[Response], tuple[str, ...]]
    ask: Operation
    asks: Callable[[str], Params]
    keys: Callable[[Response], tuple[str, ...]]
    params: Params


def _bucket_keys(response: Response) -> tuple[str, ...]:
    rules = response.structure("ServerSideEncryptionConfiguration").each("Rules", lambda rule: rule)
    defaults = (rule.optional_structure("ApplyServerSideEncryptionByDefault") for rule in rules)
    found = (default.optional_text("KMSMasterKeyID") for default in defaults if default)
    return tuple(filter(None, found))


def _attribute(response: Response) -> tuple[str, ...]:
    attributes = dict(response.pairs("Attributes"))
    return tuple(filter(None, (attributes.get("KmsMasterKeyId", ""),)))


def _table_key(response: Response) -> tuple[str, ...]:
    described = response.structure("Table").optional_structure("SSEDescription")
    return tuple(filter(None, (described.optional_text("KMSMasterKeyArn") if described else "",)))


_ONE_BY_ONE: Mapping[ResourceKind, _OneByOne] = {
    ResourceKind.S3_BUCKETS: _OneByOne(
        op.LIST_BUCKETS, Paging("ContinuationToken", "ContinuationToken"),
        lambda page: page.optional_each("Buckets", lambda bucket: bucket.text("Name")),
        op.GET_BUCKET_ENCRYPTION, lambda name: {"Bucket": name}, _bucket_keys,
        {"MaxBuckets": 1000},
    ),
    ResourceKind.TOPICS: _OneByOne(
        op.LIST_TOPICS, _NEXT,
        lambda page: page.optional_each("Topics", lambda topic: topic.text("TopicArn")),
        op.GET_TOPIC_ATTRIBUTES, lambda name: {"TopicArn": name}, _attribute, {},
    ),
    ResourceKind.QUEUES: _OneByOne(
        op.LIST_QUEUES, _NEXT, lambda page: page.optional_texts("QueueUrls"),
        op.GET_QUEUE_ATTRIBUTES,
        lambda url: {"QueueUrl": url, "AttributeNames": ["KmsMasterKeyId"]}, _attribute,
        {"MaxResults": 1000},
    ),
    ResourceKind.TABLES: _OneByOne(
        op.LIST_TABLES, Paging("ExclusiveStartTableName", "LastEvaluatedTableName"),
        lambda page: page.optional_texts("TableNames"),
        op.DESCRIBE_TABLE, lambda name: {"TableName": name}, _table_key, {"Limit": 100},
    ),
}  # fmt: skip


class ResourceApi(ApiBase):
    """Reads of other services' resources."""

    info: ConnectionInfo

    def resource_pages(self, kind: ResourceKind) -> AsyncIterator[Sequence[ConfiguredResource]]:
        listed = _LISTS.get(kind)
        if listed is None:
            return self._one_by_one(_ONE_BY_ONE[kind])
        return Listing(
            listed.operation,
            listed.params,
            listed.paging,
            lambda page: page.readable(listed.items, listed.read),
            later=Urgency.VISIBLE,
        ).pages(self._calls)

    async def _one_by_one(self, asked: _OneByOne) -> AsyncIterator[Sequence[ConfiguredResource]]:
        gate = asyncio.Semaphore(ASKED_AT_ONCE)

        async def ask(name: str) -> ConfiguredResource:
            async with gate:
                try:
                    keys = await self._calls.send(
                        asked.ask, asked.asks(name), asked.keys, key=name, urgency=Urgency.VISIBLE
                    )
                except FailedError as error:
                    if error.context.code == _NO_DEFAULT:
                        return ConfiguredResource(_short(name))
                    return ConfiguredResource(_short(name), problem=error.sentence)
            return ConfiguredResource(_short(name), keys)

        params = dict(asked.params)
        if asked.operation is op.LIST_BUCKETS:
            params["BucketRegion"] = self.info.region
        async for names in Listing(
            asked.operation, params, asked.paging, asked.names, later=Urgency.VISIBLE
        ).pages(self._calls):
            yield await asyncio.gather(*map(ask, names))

    async def config_recording(self) -> ConfigRecording:
        send = self._calls.send
        recorders = await send(op.DESCRIBE_CONFIGURATION_RECORDERS, {}, _recorders)
        running = await send(op.DESCRIBE_CONFIGURATION_RECORDER_STATUS, {}, _running)
        return next(
            (recording for name, recording in recorders if name in running), ConfigRecording()
        )

    async def config_query(self, expression: str) -> tuple[str, ...]:
        listing = Listing(
            op.SELECT_RESOURCE_CONFIG,
            {"Expression": expression, "Limit": 100},
            _NEXT,
            partial(Response.optional_texts, name="Results"),
        )
        return await listing.everything(self._calls)


def _short(name: str) -> str:
    """The name in the ARN of a topic, or in the URL of a queue."""
    return name.rpartition(":" if name.startswith("arn:") else "/")[2]


def _recorders(response: Response) -> tuple[tuple[str, ConfigRecording], ...]:
    return response.optional_each("ConfigurationRecorders", _recorder)


def _recorder(response: Response) -> tuple[str, ConfigRecording]:
    group = response.optional_structure("recordingGroup")
    if group is None:
        # "By default, AWS Config records all supported resource types."
        return response.text("name"), ConfigRecording(is_on=True, all_types=True)
    excluded = group.optional_structure("exclusionByResourceTypes")
    without = excluded.optional_texts("resourceTypes") if excluded else ()
    return response.text("name"), ConfigRecording(
        is_on=True,
        all_types=group.flag("allSupported"),
        types=without or group.optional_texts("resourceTypes"),
        excludes=bool(without),
    )


def _running(response: Response) -> frozenset[str]:
    found = response.optional_each(
        "ConfigurationRecordersStatus", lambda each: (each.text("name"), each.flag("recording"))
    )
    return frozenset(name for name, recording in found if recording)
