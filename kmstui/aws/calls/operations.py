"""The operations that kmstui sends: their names, quotas, and which of them only read.

One more is one line here, a method of the adapter in `api` and its signature in
`service/ports/gateways.py`; the process in between forwards it by that signature.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

_SHARE_OF_READS = 0.8
"""The part of a quota that reading takes; the rest is for everybody else in the account."""

_SHARE_OF_WRITES = 0.95
"""A person waits for a bulk change, and its quota is small; others' writes throttle it, and it
gives way then."""

MOST_BYTES = 4 << 20
"""No response to most operations is nearly as long: a policy is at most 32 KB, a page of grants or
of keys a megabyte."""

_IAM_PREFIX = {
    "resourcegroupstaggingapi": "tag",
    "accessanalyzer": "access-analyzer",
    "efs": "elasticfilesystem",
}
_IAM_NAME = {
    "ListBuckets": "ListAllMyBuckets",
    "GetBucketEncryption": "GetEncryptionConfiguration",
}
"""Operations of S3 whose permission has another name (Service Authorization Reference, S3)."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One API operation. Quotas are requests a second in one account and Region."""

    service: str
    """botocore's name of the service."""
    name: str
    quota: float
    """KMS Developer Guide, "Request quotas"; other services as documented or, where they name
    none, low enough not to disturb anybody else."""
    reads: bool = False
    """Whether it only reads, which is what read-only mode lets through. What is added without it
    is refused there until somebody has thought about it."""
    most_bytes: int = MOST_BYTES
    """How long a response may be; a longer one is not read to its end."""
    dry_run: bool = False
    """Whether it is sent with `DryRun` alone, so that KMS judges it and does nothing; without that
    parameter it does not leave, in whatever mode."""

    @property
    def permission(self) -> str:
        """The permission-style name, such as `kms:DescribeKey`."""
        name = _IAM_NAME.get(self.name, self.name)
        return f"{_IAM_PREFIX.get(self.service, self.service)}:{name}"

    @property
    def pace(self) -> float:
        """Requests a second that kmstui sends of it at most."""
        return self.quota * (_SHARE_OF_WRITES if self.mutating else _SHARE_OF_READS)

    @property
    def mutating(self) -> bool:
        """Whether it may change anything: whatever is not known to only read."""
        return not (self.reads or self.dry_run)

    @property
    def resent(self) -> bool:
        """Whether botocore may send it again; a change, where it was surely not carried out."""
        return not self.mutating or RESENDING.get(self.name, _UNKNOWN).harmless


class Resending(NamedTuple):
    """Whether a change that AWS rejected may be sent again without another look, and why."""

    harmless: bool
    why: str


_UNKNOWN = Resending(False, "nobody has thought about it")

RESENDING = {
    "PutKeyPolicy": Resending(False, "replaces the whole policy, also what was put since the read"),
    "PutRolePolicy": Resending(False, "replaces the whole policy, also what was put since"),
    "UpdateAlias": Resending(False, "takes the alias from whichever key has it by then"),
    "DeleteAlias": Resending(False, "deletes the alias, whichever key it names by then"),
    "UpdateKeyDescription": Resending(False, "replaces the whole description, also a newer one"),
    "EnableKey": Resending(False, "undoes a DisableKey of somebody else's in between"),
    "DisableKey": Resending(False, "undoes an EnableKey of somebody else's in between"),
    "EnableKeyRotation": Resending(False, "undoes another period, or that it was turned off"),
    "DisableKeyRotation": Resending(False, "undoes that it was turned on in between"),
    "ScheduleKeyDeletion": Resending(False, "undoes a CancelKeyDeletion in between"),
    "CancelKeyDeletion": Resending(False, "undoes a ScheduleKeyDeletion in between"),
    "TagResource": Resending(True, "says what these tags shall be, compared with no read before"),
    "UntagResource": Resending(True, "takes these tags away, compared with no read before"),
    "CreateAlias": Resending(True, "is refused where the name is in use by then"),
    "CreateKey": Resending(True, "replaces nothing; a key was made only if AWS says so"),
    "ReplicateKey": Resending(True, "is refused where there is a replica by then"),
    "RotateKeyOnDemand": Resending(True, "replaces nothing, is refused while a rotation runs"),
    "UpdatePrimaryRegion": Resending(False, "undoes another choice of primary key in between"),
    "ImportKeyMaterial": Resending(False, "undoes another expiry, or a deletion in between"),
    "DeleteImportedKeyMaterial": Resending(False, "deletes what was imported again in between"),
    "ConnectCustomKeyStore": Resending(False, "undoes a DisconnectCustomKeyStore in between"),
    "DisconnectCustomKeyStore": Resending(False, "undoes a ConnectCustomKeyStore in between"),
    "CreateGrant": Resending(True, "replaces nothing; a grant was made only if AWS says so"),
    "RevokeGrant": Resending(True, "is about one grant by its ID, which no other ever gets"),
}
"""Every change, by name. What AWS rejected for its rate or for a fault inside (answers.py tells
what else may have been carried out, which is never sent again) botocore sends again up to some
seconds later, with nobody looking in between. Where that could undo what somebody else did
meanwhile, the service looks again before it sends again: `Change.stands` in
service/changes/runner.py."""


LIST_KEYS = Operation("kms", "ListKeys", 500, reads=True)
LIST_ALIASES = Operation("kms", "ListAliases", 500, reads=True)
DESCRIBE_KEY = Operation("kms", "DescribeKey", 2000, reads=True)
LIST_RESOURCE_TAGS = Operation("kms", "ListResourceTags", 2000, reads=True)
GET_KEY_POLICY = Operation("kms", "GetKeyPolicy", 1000, reads=True)
LIST_KEY_POLICIES = Operation("kms", "ListKeyPolicies", 100, reads=True)
GET_KEY_ROTATION_STATUS = Operation("kms", "GetKeyRotationStatus", 1000, reads=True)
LIST_KEY_ROTATIONS = Operation("kms", "ListKeyRotations", 100, reads=True)
GET_KEY_LAST_USAGE = Operation("kms", "GetKeyLastUsage", 5, reads=True)
GET_PARAMETERS_FOR_IMPORT = Operation("kms", "GetParametersForImport", 1, reads=True)
DESCRIBE_CUSTOM_KEY_STORES = Operation("kms", "DescribeCustomKeyStores", 5, reads=True)
LIST_GRANTS = Operation("kms", "ListGrants", 100, reads=True)

PUT_KEY_POLICY = Operation("kms", "PutKeyPolicy", 15)
TAG_RESOURCE = Operation("kms", "TagResource", 10)
UNTAG_RESOURCE = Operation("kms", "UntagResource", 5)
CREATE_ALIAS = Operation("kms", "CreateAlias", 5)
UPDATE_ALIAS = Operation("kms", "UpdateAlias", 5)
DELETE_ALIAS = Operation("kms", "DeleteAlias", 15)
CREATE_KEY = Operation("kms", "CreateKey", 5)
UPDATE_KEY_DESCRIPTION = Operation("kms", "UpdateKeyDescription", 5)
ENABLE_KEY = Operation("kms", "EnableKey", 5)
DISABLE_KEY = Operation("kms", "DisableKey", 5)
ENABLE_KEY_ROTATION = Operation("kms", "EnableKeyRotation", 15)
DISABLE_KEY_ROTATION = Operation("kms", "DisableKeyRotation", 5)
ROTATE_KEY_ON_DEMAND = Operation("kms", "RotateKeyOnDemand", 5)
SCHEDULE_KEY_DELETION = Operation("kms", "ScheduleKeyDeletion", 15)
CANCEL_KEY_DELETION = Operation("kms", "CancelKeyDeletion", 5)
REPLICATE_KEY = Operation("kms", "ReplicateKey", 5)
UPDATE_PRIMARY_REGION = Operation("kms", "UpdatePrimaryRegion", 5)
IMPORT_KEY_MATERIAL = Operation("kms", "ImportKeyMaterial", 15)
DELETE_IMPORTED_KEY_MATERIAL = Operation("kms", "DeleteImportedKeyMaterial", 15)
CONNECT_CUSTOM_KEY_STORE = Operation("kms", "ConnectCustomKeyStore", 5)
DISCONNECT_CUSTOM_KEY_STORE = Operation("kms", "DisconnectCustomKeyStore", 5)
CREATE_GRANT = Operation("kms", "CreateGrant", 50)
REVOKE_GRANT = Operation("kms", "RevokeGrant", 50)

GET_RESOURCES = Operation(
    "resourcegroupstaggingapi", "GetResources", 15, reads=True, most_bytes=20 << 20
)
"""A hundred resources with 50 tags of 384 characters, each of up to four bytes."""

GET_CALLER_IDENTITY = Operation("sts", "GetCallerIdentity", 100, reads=True)

LIST_ROLES = Operation("iam", "ListRoles", 20, reads=True, most_bytes=20 << 20)
"""A thousand roles with their trust policies, each of whose characters may take three bytes."""
LIST_USERS = Operation("iam", "ListUsers", 20, reads=True)
GET_ROLE = Operation("iam", "GetRole", 20, reads=True)
GET_USER = Operation("iam", "GetUser", 20, reads=True)
LIST_ROLE_POLICIES = Operation("iam", "ListRolePolicies", 20, reads=True)
GET_ROLE_POLICY = Operation("iam", "GetRolePolicy", 20, reads=True)
LIST_ATTACHED_ROLE_POLICIES = Operation("iam", "ListAttachedRolePolicies", 20, reads=True)
LIST_USER_POLICIES = Operation("iam", "ListUserPolicies", 20, reads=True)
GET_USER_POLICY = Operation("iam", "GetUserPolicy", 20, reads=True)
LIST_ATTACHED_USER_POLICIES = Operation("iam", "ListAttachedUserPolicies", 20, reads=True)
LIST_GROUPS_FOR_USER = Operation("iam", "ListGroupsForUser", 20, reads=True)
LIST_GROUP_POLICIES = Operation("iam", "ListGroupPolicies", 20, reads=True)
GET_GROUP_POLICY = Operation("iam", "GetGroupPolicy", 20, reads=True)
LIST_ATTACHED_GROUP_POLICIES = Operation("iam", "ListAttachedGroupPolicies", 20, reads=True)
GET_POLICY = Operation("iam", "GetPolicy", 20, reads=True)
GET_POLICY_VERSION = Operation("iam", "GetPolicyVersion", 20, reads=True)
PUT_ROLE_POLICY = Operation("iam", "PutRolePolicy", 5)

LOOKUP_EVENTS = Operation("cloudtrail", "LookupEvents", 2, reads=True, most_bytes=20 << 20)
"""Fifty events of at most 256 KB, their quotation marks escaped once more."""

VALIDATE_POLICY = Operation("accessanalyzer", "ValidatePolicy", 20, reads=True)
CHECK_NO_PUBLIC_ACCESS = Operation("accessanalyzer", "CheckNoPublicAccess", 20, reads=True)
CHECK_NO_NEW_ACCESS = Operation("accessanalyzer", "CheckNoNewAccess", 20, reads=True)
CHECK_ACCESS_NOT_GRANTED = Operation("accessanalyzer", "CheckAccessNotGranted", 20, reads=True)

DESCRIBE_ORGANIZATION = Operation("organizations", "DescribeOrganization", 2, reads=True)
LIST_PARENTS = Operation("organizations", "ListParents", 5, reads=True)
LIST_POLICIES_FOR_TARGET = Operation("organizations", "ListPoliciesForTarget", 5, reads=True)
DESCRIBE_POLICY = Operation("organizations", "DescribePolicy", 5, reads=True)

LIST_ACCOUNTS = Operation("organizations", "ListAccounts", 5, reads=True)
LIST_REGIONS = Operation("account", "ListRegions", 2, reads=True)
DESCRIBE_REGIONS = Operation("ec2", "DescribeRegions", 5, reads=True)
LIST_INDEXES = Operation("resource-explorer-2", "ListIndexes", 2, reads=True)
SEARCH = Operation("resource-explorer-2", "Search", 2, reads=True)
DESCRIBE_VPC_ENDPOINTS = Operation("ec2", "DescribeVpcEndpoints", 20, reads=True)

LIST_PAGE_BYTES = 20 << 20
"""Of a page of resources with all that their service tells of them."""

DESCRIBE_VOLUMES = Operation("ec2", "DescribeVolumes", 5, reads=True, most_bytes=LIST_PAGE_BYTES)
DESCRIBE_SNAPSHOTS = Operation(
    "ec2", "DescribeSnapshots", 5, reads=True, most_bytes=LIST_PAGE_BYTES
)
DESCRIBE_DB_INSTANCES = Operation(
    "rds", "DescribeDBInstances", 5, reads=True, most_bytes=LIST_PAGE_BYTES
)
DESCRIBE_DB_CLUSTERS = Operation(
    "rds", "DescribeDBClusters", 5, reads=True, most_bytes=LIST_PAGE_BYTES
)
LIST_BUCKETS = Operation("s3", "ListBuckets", 2, reads=True)
GET_BUCKET_ENCRYPTION = Operation("s3", "GetBucketEncryption", 10, reads=True)
LIST_SECRETS = Operation("secretsmanager", "ListSecrets", 5, reads=True)
LIST_FUNCTIONS = Operation("lambda", "ListFunctions", 5, reads=True, most_bytes=LIST_PAGE_BYTES)
LIST_TOPICS = Operation("sns", "ListTopics", 10, reads=True)
GET_TOPIC_ATTRIBUTES = Operation("sns", "GetTopicAttributes", 10, reads=True)
LIST_QUEUES = Operation("sqs", "ListQueues", 10, reads=True)
GET_QUEUE_ATTRIBUTES = Operation("sqs", "GetQueueAttributes", 20, reads=True)
DESCRIBE_LOG_GROUPS = Operation("logs", "DescribeLogGroups", 5, reads=True)
LIST_TABLES = Operation("dynamodb", "ListTables", 5, reads=True)
DESCRIBE_TABLE = Operation("dynamodb", "DescribeTable", 10, reads=True)
DESCRIBE_FILE_SYSTEMS = Operation("efs", "DescribeFileSystems", 5, reads=True)
DESCRIBE_CONFIGURATION_RECORDERS = Operation(
    "config", "DescribeConfigurationRecorders", 2, reads=True
)
DESCRIBE_CONFIGURATION_RECORDER_STATUS = Operation(
    "config", "DescribeConfigurationRecorderStatus", 2, reads=True
)
DESCRIBE_CONFIGURATION_AGGREGATORS = Operation(
    "config", "DescribeConfigurationAggregators", 2, reads=True
)
SELECT_AGGREGATE_RESOURCE_CONFIG = Operation(
    "config", "SelectAggregateResourceConfig", 2, reads=True
)
SELECT_RESOURCE_CONFIG = Operation("config", "SelectResourceConfig", 2, reads=True)

DRY_RUNS = {
    name: Operation("kms", name, quota, dry_run=True)
    for quota, names in (
        (
            1000,
            (
                "Encrypt",
                "Decrypt",
                "ReEncrypt",
                "GenerateDataKey",
                "GenerateDataKeyWithoutPlaintext",
                "Sign",
                "Verify",
                "GenerateMac",
                "VerifyMac",
                "DeriveSharedSecret",
                "Encapsulate",
                "Decapsulate",
            ),
        ),
        (20, ("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext")),
        (50, ("CreateGrant",)),
    )
    for name in names
}
"""What KMS is asked about the caller, by name; a dry run counts as the request that it stands for
(KMS Developer Guide, "Testing your permissions"), so the quotas are those of the least key spec.

RevokeGrant and RetireGrant take `DryRun` too, but each is about a grant that exists: lost on the
way, the parameter would cost somebody access. They are not asked.
"""

READ_NAMES = frozenset(
    (each.service, each.name)
    for each in tuple(globals().values())
    if isinstance(each, Operation) and each.reads
)
"""What only reads, by botocore's names: for the read-only guard right before a request leaves."""
