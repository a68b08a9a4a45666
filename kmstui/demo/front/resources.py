"""Resources of other services that are configured with the world's keys, as their lists tell.

moto has most of these services, but each takes seconds to begin. The answers are written by
botocore's models, with moto's serializers; there is one page of each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from botocore.loaders import Loader
from moto.core.model import ServiceModel
from moto.core.serialize import SerializationContext, get_serializer_class

from kmstui.demo.access.context import Call
from kmstui.demo.errors import AwsError
from kmstui.demo.front.wire import AwsRequest, Response

SERVICES = {
    "rds": "rds",
    "s3": "s3",
    "secretsmanager": "secretsmanager",
    "lambda": "lambda",
    "sns": "sns",
    "sqs": "sqs",
    "logs": "logs",
    "dynamodb": "dynamodb",
    "elasticfilesystem": "efs",
    "config": "config",
}
"""botocore's names of the services, by the name under which their requests are signed."""
EC2_OPERATIONS = frozenset({"DescribeVolumes", "DescribeSnapshots"})
_MADE = datetime(2025, 6, 3, 8, 15, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WorldResource:
    """One resource of the embedded account."""

    type: str
    """As AWS Config names it: `AWS::EC2::Volume`."""
    name: str
    key: str = ""
    """What its configuration names as key, as that service tells it; empty for none."""


Members = dict[str, Any]


class ResourceService:
    """The resources of one account in one Region."""

    def __init__(self, account: str, region: str, resources: Sequence[WorldResource]) -> None:
        self._account, self._region = account, region
        self._resources = resources

    def answer(self, request: AwsRequest, call: Call) -> Response:
        """Serve one call; raises ``AwsError``."""
        answer = _ANSWERS.get(request.operation)
        if answer is None:
            raise AwsError("InvalidAction", f"{request.operation} is not served here.")
        here = (call.account, call.region) == (self._account, self._region)
        asked = _Asked(self._resources if here else (), request.parameters, self._arn)
        return _rendered(request, answer(asked))

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self._region}:{self._account}:{resource}"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a call asks, of which resources."""

    resources: Sequence[WorldResource]
    parameters: Mapping[str, Any]
    arn: Callable[[str, str], str]

    def of(self, kind: str) -> list[WorldResource]:
        return [each for each in self.resources if each.type == kind]

    def one(self, kind: str, member: str, code: str) -> WorldResource:
        """The resource that a member names by its name, ARN or URL."""
        named = str(self.parameters.get(member, ""))
        for each in self.of(kind):
            if re.split(r"[:/]", named)[-1] == each.name:
                return each
        raise AwsError(code, f"{named} does not exist", 404)


@lru_cache(maxsize=16)
def _model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def _rendered(request: AwsRequest, members: Members) -> Response:
    service = SERVICES.get(request.service, request.service)
    model = _model(service)
    serializer = get_serializer_class(service, model.metadata["protocol"])
    context = SerializationContext(request_id=request.request_id)
    told = serializer(model.operation_model(request.operation), context=context).serialize(members)
    headers = dict(told["headers"])
    content_type = str(headers.pop("Content-Type", "application/json"))
    body = told["body"]
    content = body.encode() if isinstance(body, str) else body
    return Response(told["status_code"], content_type, content, tuple(headers.items()))


def _key(member: str, resource: WorldResource) -> Members:
    return {member: resource.key} if resource.key else {}


def _volumes(asked: _Asked) -> Members:
    found = asked.of("AWS::EC2::Volume")
    return {
        "Volumes": [
            {"VolumeId": each.name, "Encrypted": True, "State": "in-use", **_key("KmsKeyId", each)}
            for each in found
        ]
    }


def _snapshots(asked: _Asked) -> Members:
    found = asked.of("AWS::EC2::Snapshot")
    return {
        "Snapshots": [
            {"SnapshotId": each.name, "Encrypted": True, **_key("KmsKeyId", each)} for each in found
        ]
    }


def _instances(asked: _Asked) -> Members:
    return {
        "DBInstances": [
            {"DBInstanceIdentifier": each.name, "StorageEncrypted": True, **_key("KmsKeyId", each)}
            for each in asked.of("AWS::RDS::DBInstance")
        ]
    }


def _clusters(asked: _Asked) -> Members:
    return {
        "DBClusters": [
            {"DBClusterIdentifier": each.name, "StorageEncrypted": True, **_key("KmsKeyId", each)}
            for each in asked.of("AWS::RDS::DBCluster")
        ]
    }


def _buckets(asked: _Asked) -> Members:
    names = [each.name for each in asked.of("AWS::S3::Bucket")]
    return {"Buckets": [{"Name": name, "CreationDate": _MADE} for name in names]}


def _bucket_encryption(asked: _Asked) -> Members:
    bucket = asked.one("AWS::S3::Bucket", "Bucket", "NoSuchBucket")
    algorithm = "aws:kms" if bucket.key else "AES256"
    default = {"SSEAlgorithm": algorithm, **_key("KMSMasterKeyID", bucket)}
    rules = [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": bool(bucket.key)}]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _secrets(asked: _Asked) -> Members:
    return {
        "SecretList": [
            {"Name": each.name, "ARN": asked.arn("secretsmanager", f"secret:{each.name}-a1B2c3"),
             **_key("KmsKeyId", each)}
            for each in asked.of("AWS::SecretsManager::Secret")
        ]
    }  # fmt: skip


def _functions(asked: _Asked) -> Members:
    return {
        "Functions": [
            {"FunctionName": each.name, **_key("KMSKeyArn", each)}
            for each in asked.of("AWS::Lambda::Function")
        ]
    }


def _topics(asked: _Asked) -> Members:
    found = asked.of("AWS::SNS::Topic")
    return {"Topics": [{"TopicArn": asked.arn("sns", each.name)} for each in found]}


def _topic(asked: _Asked) -> Members:
    topic = asked.one("AWS::SNS::Topic", "TopicArn", "NotFound")
    arn = asked.arn("sns", topic.name)
    return {"Attributes": {"TopicArn": arn, **_key("KmsMasterKeyId", topic)}}


def _queues(asked: _Asked) -> Members:
    account, region = asked.arn("", "").split(":")[4], asked.arn("", "").split(":")[3]
    base = f"https://sqs.{region}.amazonaws.com/{account}"
    return {"QueueUrls": [f"{base}/{each.name}" for each in asked.of("AWS::SQS::Queue")]}


def _queue(asked: _Asked) -> Members:
    queue = asked.one("AWS::SQS::Queue", "QueueUrl", "AWS.SimpleQueueService.NonExistentQueue")
    return {"Attributes": _key("KmsMasterKeyId", queue)}


def _log_groups(asked: _Asked) -> Members:
    return {
        "logGroups": [
            {"logGroupName": each.name, **_key("kmsKeyId", each)}
            for each in asked.of("AWS::Logs::LogGroup")
        ]
    }


def _tables(asked: _Asked) -> Members:
    return {"TableNames": [each.name for each in asked.of("AWS::DynamoDB::Table")]}


def _table(asked: _Asked) -> Members:
    table = asked.one("AWS::DynamoDB::Table", "TableName", "ResourceNotFoundException")
    told: Members = {"TableName": table.name, "TableStatus": "ACTIVE"}
    if table.key:
        told["SSEDescription"] = {
            "Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": table.key
        }  # fmt: skip
    return {"Table": told}


def _file_systems(asked: _Asked) -> Members:
    return {
        "FileSystems": [
            {
                "FileSystemId": each.name,
                "CreationToken": each.name,
                "OwnerId": asked.arn("", "").split(":")[4],
                "CreationTime": _MADE,
                "LifeCycleState": "available",
                "NumberOfMountTargets": 2,
                "SizeInBytes": {"Value": 6144},
                "PerformanceMode": "generalPurpose",
                "Tags": [],
                "Encrypted": True,
                **_key("KmsKeyId", each),
            }
            for each in asked.of("AWS::EFS::FileSystem")
        ]
    }


def _recorders(asked: _Asked) -> Members:
    if not asked.resources:
        return {"ConfigurationRecorders": []}
    group = {"allSupported": True, "includeGlobalResourceTypes": True}
    return {"ConfigurationRecorders": [{"name": "default", "recordingGroup": group}]}


def _recorder_status(asked: _Asked) -> Members:
    status = {"name": "default", "recording": True, "lastStatus": "Success"}
    return {"ConfigurationRecordersStatus": [status] if asked.resources else []}


_LITERAL = re.compile(r"'([^']*)'")


def _selected(asked: _Asked) -> Members:
    """The resources of which a property is one of the literals of the expression."""
    names = set(_LITERAL.findall(str(asked.parameters.get("Expression", ""))))
    # Config has a queue by the URL, and snapshots of volumes not at all.
    found = [
        each
        for each in asked.resources
        if each.key and each.key in names and each.type != "AWS::EC2::Snapshot"
    ]
    return {
        "Results": [
            json.dumps({"resourceId": each.name, "resourceType": each.type}) for each in found
        ]
    }


_ANSWERS: Mapping[str, Callable[[_Asked], Members]] = {
    "DescribeVolumes": _volumes,
    "DescribeSnapshots": _snapshots,
    "DescribeDBInstances": _instances,
    "DescribeDBClusters": _clusters,
    "ListBuckets": _buckets,
    "GetBucketEncryption": _bucket_encryption,
    "ListSecrets": _secrets,
    "ListFunctions": _functions,
    "ListTopics": _topics,
    "GetTopicAttributes": _topic,
    "ListQueues": _queues,
    "GetQueueAttributes": _queue,
    "DescribeLogGroups": _log_groups,
    "ListTables": _tables,
    "DescribeTable": _table,
    "DescribeFileSystems": _file_systems,
    "DescribeConfigurationRecorders": _recorders,
    "DescribeConfigurationRecorderStatus": _recorder_status,
    "SelectResourceConfig": _selected,
}
