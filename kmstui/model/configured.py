"""Resources of other services that are configured with a KMS key."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ResourceKind(StrEnum):
    """Kinds of resources whose service lists them with their key; a list is of one Region."""

    EBS_VOLUMES = "EBS volumes"
    EBS_SNAPSHOTS = "EBS snapshots"
    RDS_INSTANCES = "RDS instances"
    RDS_CLUSTERS = "RDS clusters"
    S3_BUCKETS = "S3 buckets"
    SECRETS = "Secrets Manager"
    FUNCTIONS = "Lambda functions"
    TOPICS = "SNS topics"
    QUEUES = "SQS queues"
    LOG_GROUPS = "Log groups"
    TABLES = "DynamoDB tables"
    FILE_SYSTEMS = "EFS file systems"


@dataclass(frozen=True, slots=True)
class ConfiguredResource:
    """A resource, and what its configuration names as its key."""

    name: str
    """Its ID, name or ARN, as its service calls it."""
    keys: tuple[str, ...] = ()
    """Key IDs, key ARNs, alias names or alias ARNs, as the service holds them; empty where it names
    none, which most services take for a key of AWS's."""
    problem: str = ""
    """Why its key could not be read, as a sentence; else empty."""


@dataclass(frozen=True, slots=True)
class ConfigRecording:
    """What AWS Config records in an account and Region, of which alone its query tells.

    Source: AWS Config API Reference, ConfigurationRecorder and ConfigurationRecorderStatus.
    """

    is_on: bool = False
    """Whether there is a recorder, and it runs."""
    all_types: bool = False
    """Whether it records every type of resource that Config supports, now and later."""
    types: tuple[str, ...] = ()
    """The types that it records, or, with `excludes`, all but which."""
    excludes: bool = False
