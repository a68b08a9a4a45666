"""The operations that kmstui sends: their names, their quotas, and which of them only read."""

from __future__ import annotations

from dataclasses import dataclass

_SHARE_OF_READS = 0.8
"""The part of a quota that reading takes; the rest is for everybody else in the account."""

_SHARE_OF_WRITES = 0.95
"""A person waits for a bulk change, and its quota is small; others' writes throttle it, and it
gives way then."""

_IAM_PREFIX = {"resourcegroupstaggingapi": "tag", "accessanalyzer": "access-analyzer"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One API operation. Quotas are requests a second in one account and Region."""

    service: str
    """botocore's name of the service."""
    name: str
    quota: float
    """KMS Developer Guide, "Request quotas"; other services as documented or, where they name
    none, low enough not to disturb anybody else."""

    @property
    def permission(self) -> str:
        """The permission-style name, such as `kms:DescribeKey`."""
        return f"{_IAM_PREFIX.get(self.service, self.service)}:{self.name}"

    @property
    def pace(self) -> float:
        """Requests a second that kmstui sends of it at most."""
        return self.quota * (_SHARE_OF_WRITES if self.mutating else _SHARE_OF_READS)

    @property
    def mutating(self) -> bool:
        """Whether it may change anything: whatever is not known to read only."""
        return self not in READS


LIST_KEYS = Operation("kms", "ListKeys", 500)
LIST_ALIASES = Operation("kms", "ListAliases", 500)
DESCRIBE_KEY = Operation("kms", "DescribeKey", 2000)
LIST_RESOURCE_TAGS = Operation("kms", "ListResourceTags", 2000)
GET_KEY_POLICY = Operation("kms", "GetKeyPolicy", 1000)
LIST_KEY_POLICIES = Operation("kms", "ListKeyPolicies", 100)
GET_KEY_ROTATION_STATUS = Operation("kms", "GetKeyRotationStatus", 1000)
LIST_KEY_ROTATIONS = Operation("kms", "ListKeyRotations", 100)
GET_KEY_LAST_USAGE = Operation("kms", "GetKeyLastUsage", 5)
LIST_GRANTS = Operation("kms", "ListGrants", 100)

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
REVOKE_GRANT = Operation("kms", "RevokeGrant", 50)

GET_RESOURCES = Operation("resourcegroupstaggingapi", "GetResources", 15)

GET_CALLER_IDENTITY = Operation("sts", "GetCallerIdentity", 100)

LIST_ROLES = Operation("iam", "ListRoles", 20)
LIST_USERS = Operation("iam", "ListUsers", 20)
GET_ROLE = Operation("iam", "GetRole", 20)
GET_USER = Operation("iam", "GetUser", 20)
LIST_ROLE_POLICIES = Operation("iam", "ListRolePolicies", 20)
GET_ROLE_POLICY = Operation("iam", "GetRolePolicy", 20)
LIST_ATTACHED_ROLE_POLICIES = Operation("iam", "ListAttachedRolePolicies", 20)
LIST_USER_POLICIES = Operation("iam", "ListUserPolicies", 20)
GET_USER_POLICY = Operation("iam", "GetUserPolicy", 20)
LIST_ATTACHED_USER_POLICIES = Operation("iam", "ListAttachedUserPolicies", 20)
LIST_GROUPS_FOR_USER = Operation("iam", "ListGroupsForUser", 20)
LIST_GROUP_POLICIES = Operation("iam", "ListGroupPolicies", 20)
GET_GROUP_POLICY = Operation("iam", "GetGroupPolicy", 20)
LIST_ATTACHED_GROUP_POLICIES = Operation("iam", "ListAttachedGroupPolicies", 20)
GET_POLICY = Operation("iam", "GetPolicy", 20)
GET_POLICY_VERSION = Operation("iam", "GetPolicyVersion", 20)
PUT_ROLE_POLICY = Operation("iam", "PutRolePolicy", 5)

LOOKUP_EVENTS = Operation("cloudtrail", "LookupEvents", 2)

VALIDATE_POLICY = Operation("accessanalyzer", "ValidatePolicy", 20)
CHECK_NO_PUBLIC_ACCESS = Operation("accessanalyzer", "CheckNoPublicAccess", 20)

READS = frozenset(
    {
        LIST_KEYS,
        LIST_ALIASES,
        DESCRIBE_KEY,
        LIST_RESOURCE_TAGS,
        GET_KEY_POLICY,
        LIST_KEY_POLICIES,
        GET_KEY_ROTATION_STATUS,
        LIST_KEY_ROTATIONS,
        GET_KEY_LAST_USAGE,
        LIST_GRANTS,
        GET_RESOURCES,
        GET_CALLER_IDENTITY,
        LIST_ROLES,
        LIST_USERS,
        GET_ROLE,
        GET_USER,
        LIST_ROLE_POLICIES,
        GET_ROLE_POLICY,
        LIST_ATTACHED_ROLE_POLICIES,
        LIST_USER_POLICIES,
        GET_USER_POLICY,
        LIST_ATTACHED_USER_POLICIES,
        LIST_GROUPS_FOR_USER,
        LIST_GROUP_POLICIES,
        GET_GROUP_POLICY,
        LIST_ATTACHED_GROUP_POLICIES,
        GET_POLICY,
        GET_POLICY_VERSION,
        LOOKUP_EVENTS,
        VALIDATE_POLICY,
        CHECK_NO_PUBLIC_ACCESS,
    }
)
"""What read-only mode lets through. A list of the allowed, so that an operation added later is
refused until somebody has thought about it."""

READ_NAMES = frozenset((operation.service, operation.name) for operation in READS)
"""The same by botocore's names, for the fence right before a request leaves."""
