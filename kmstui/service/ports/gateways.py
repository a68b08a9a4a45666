"""What the services ask of AWS.

Every method of a gateway raises subclasses of `kmstui.service.errors.ServiceError` and nothing
else besides `asyncio.CancelledError`. Key arguments are key IDs or key ARNs, never aliases:
GetKeyPolicy, PutKeyPolicy, TagResource, UntagResource, ListResourceTags and ListKeyPolicies
refuse an alias (KMS API Reference). What is awaited is one answer, what is iterated over comes in
pages, and what changes something is marked so: the process gateway forwards by that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from typing import Protocol

from kmstui.model import (
    AccountControls,
    Alias,
    Caller,
    ConfigRecording,
    ConfiguredResource,
    ConnectionInfo,
    ControlPolicy,
    DryRun,
    Grant,
    Identity,
    IdentityPolicy,
    Key,
    KeyCreation,
    KeyMetadata,
    LastUsage,
    ResourceKind,
    Rotation,
    Tag,
    VpcEndpoint,
)
from kmstui.service.ports.analyzer import AnalyzerFinding, PolicyCheck
from kmstui.service.ports.changing import changes
from kmstui.service.ports.events import EventGateway
from kmstui.service.ports.material import CustomKeyStoreGateway, MaterialGateway
from kmstui.service.ports.places import PlaceGateway


class Urgency(IntEnum):
    """In which order waiting calls are sent; smaller goes first."""

    ASKED = 0
    """A person waits for this very answer."""
    VISIBLE = 1
    """The row is on the screen."""
    BACKGROUND = 2
    """Filling the inventory; held back while keys are being pressed."""


class InventoryGateway(Protocol):
    """Reads of keys, aliases and tags."""

    def key_pages(self) -> AsyncIterator[Sequence[Key]]:
        """ListKeys, 1000 a page; keys carry ID and ARN only."""
        ...

    def shared_key_pages(self) -> AsyncIterator[Sequence[Key]]:
        """ListKeys of the keys that other accounts share through Resource Access Manager.

        Their ID is their ARN, by which alone KMS finds keys of other accounts.
        """
        ...

    def alias_pages(self, key_id: str | None = None) -> AsyncIterator[Sequence[Alias]]:
        """ListAliases, 100 a page, of one key or of all."""
        ...

    def tag_pages(self) -> AsyncIterator[Mapping[str, tuple[Tag, ...]]]:
        """Tags by key ID, 100 keys a page, from resourcegroupstaggingapi:GetResources.

        Keys that never had a tag do not occur.
        """
        ...

    async def describe(
        self, key_id: str, urgency: Urgency = Urgency.ASKED
    ) -> tuple[Key, KeyMetadata]:
        """DescribeKey. Takes a key ID, key ARN, alias name or alias ARN."""
        ...

    async def list_tags(self, key_id: str, urgency: Urgency = Urgency.ASKED) -> tuple[Tag, ...]:
        """ListResourceTags, all pages, sorted by tag key."""
        ...

    async def rotation(self, key_id: str) -> Rotation:
        """GetKeyRotationStatus and ListKeyRotations."""
        ...

    async def rotation_status(self, key_id: str, urgency: Urgency = Urgency.ASKED) -> Rotation:
        """GetKeyRotationStatus alone: no materials."""
        ...

    async def rotations(self, key_id: str, urgency: Urgency = Urgency.ASKED) -> int:
        """How many rotations ListKeyRotations lists: those that happened."""
        ...

    async def last_usage(self, key_id: str, urgency: Urgency = Urgency.ASKED) -> LastUsage:
        """GetKeyLastUsage."""
        ...

    def hold_background(self) -> None:
        """A key was pressed: send no BACKGROUND call for the next 150 ms."""
        ...


class PolicyGateway(Protocol):
    """Key policies."""

    async def policy_names(self, key_id: str) -> tuple[str, ...]:
        """ListKeyPolicies: `default`, and `AWS_RAM` where Resource Access Manager made one."""
        ...

    async def get_policy(self, key_id: str, name: str = "default") -> str:
        """GetKeyPolicy: the text as the service holds it."""
        ...

    @changes
    async def put_policy(
        self, key_id: str, text: str, *, bypass_lockout_check: bool = False
    ) -> None:
        """PutKeyPolicy of the `default` policy.

        Raises:
            PolicyRefusedError: MalformedPolicyDocumentException, with KMS's words.
            UnreportedOutcomeError: sent, and no answer came.
        """
        ...


class TagGateway(Protocol):
    """Changes of tags. TagResource has a quota of 10/s, UntagResource of 5/s."""

    @changes
    async def tag(self, key_id: str, tags: Sequence[Tag]) -> None:
        """TagResource."""
        ...

    @changes
    async def untag(self, key_id: str, tag_keys: Sequence[str]) -> None:
        """UntagResource; silent on tag keys that do not exist."""
        ...


class AliasGateway(Protocol):
    """Changes of aliases."""

    @changes
    async def create_alias(self, name: str, key_id: str) -> None:
        """CreateAlias; `name` with its `alias/` prefix."""
        ...

    @changes
    async def update_alias(self, name: str, key_id: str) -> None:
        """UpdateAlias: point it to another key."""
        ...

    @changes
    async def delete_alias(self, name: str) -> None:
        """DeleteAlias."""
        ...


class LifecycleGateway(Protocol):
    """Changes of a key itself."""

    @changes
    async def create_key(self, creation: KeyCreation) -> tuple[Key, KeyMetadata]:
        """CreateKey."""
        ...

    @changes
    async def update_description(self, key_id: str, description: str) -> None:
        """UpdateKeyDescription, at most 8192 characters."""
        ...

    @changes
    async def enable(self, key_id: str) -> None:
        """EnableKey."""
        ...

    @changes
    async def disable(self, key_id: str) -> None:
        """DisableKey."""
        ...

    @changes
    async def enable_rotation(self, key_id: str, period_days: int | None = None) -> None:
        """EnableKeyRotation; a period of 90 to 2560 days, 365 where none is named."""
        ...

    @changes
    async def disable_rotation(self, key_id: str) -> None:
        """DisableKeyRotation."""
        ...

    @changes
    async def rotate_now(self, key_id: str) -> None:
        """RotateKeyOnDemand."""
        ...

    @changes
    async def schedule_deletion(self, key_id: str, window_days: int) -> datetime | None:
        """ScheduleKeyDeletion, 7 to 30 days; returns the DeletionDate where KMS names one."""
        ...

    @changes
    async def cancel_deletion(self, key_id: str) -> None:
        """CancelKeyDeletion; the key is Disabled afterwards."""
        ...

    @changes
    async def replicate(self, key_id: str, region: str, description: str = "") -> Key:
        """ReplicateKey into another Region."""
        ...

    @changes
    async def update_primary_region(self, key_id: str, region: str) -> None:
        """UpdatePrimaryRegion: the replica in that Region becomes the primary key."""
        ...


class GrantGateway(Protocol):
    """Grants."""

    async def list_grants(self, key_id: str, urgency: Urgency = Urgency.ASKED) -> tuple[Grant, ...]:
        """ListGrants, all pages."""
        ...

    @changes
    async def create_grant(self, key_id: str, grant: Grant) -> str:
        """CreateGrant with the name, principals, operations and constraints of a grant.

        Returns the GrantId. What a grant has of its own, as ID and date, is not sent.
        """
        ...

    @changes
    async def revoke_grant(self, key_id: str, grant_id: str) -> None:
        """RevokeGrant."""
        ...


class DryRunGateway(Protocol):
    """What KMS would answer."""

    async def dry_run(self, request: DryRun) -> None:
        """Send a request with `DryRun`; returns where KMS would carry it out.

        Raises:
            AccessDeniedError: the caller may not, with KMS's words in the context.
            MalformedAnswerError: the endpoint does not know `DryRun`, and has carried it out.
            ServiceError: KMS says something else of it, such as that the key is disabled.
        """
        ...


class ResourceGateway(Protocol):
    """Resources of other services, and the keys that they are configured with."""

    def resource_pages(self, kind: ResourceKind) -> AsyncIterator[Sequence[ConfiguredResource]]:
        """All resources of a kind in this account and Region, with what they name as their key.

        Paced so that nobody else's calls of that service suffer. Where the key stands in no list,
        as of buckets, each resource is asked; one that may not be read has a `problem`.
        """
        ...

    async def config_recording(self) -> ConfigRecording:
        """DescribeConfigurationRecorders and DescribeConfigurationRecorderStatus."""
        ...

    async def config_query(self, expression: str) -> tuple[str, ...]:
        """SelectResourceConfig, all pages: each result as JSON text, as Config returns it."""
        ...


class IdentityGateway(Protocol):
    """Who is asking, and the identities of the account."""

    async def caller(self) -> Caller:
        """STS GetCallerIdentity."""
        ...

    async def role_names(self) -> tuple[str, ...]:
        """ARNs of the account's roles (iam:ListRoles), sorted."""
        ...

    async def user_names(self) -> tuple[str, ...]:
        """ARNs of the account's users (iam:ListUsers), sorted."""
        ...

    async def identity(self, arn: str) -> Identity:
        """A role or user with its inline, attached and group policies and its boundary."""
        ...

    @changes
    async def put_role_policy(self, role_name: str, policy_name: str, text: str) -> None:
        """iam:PutRolePolicy."""
        ...

    async def get_role_policy(self, role_name: str, policy_name: str) -> IdentityPolicy:
        """iam:GetRolePolicy."""
        ...


class OrganizationGateway(Protocol):
    """What binds requests besides the key and its account."""

    async def account_controls(self, account: str) -> AccountControls:
        """Service and resource control policies over an account, or why they are not known."""
        ...

    async def endpoint_policy(self, endpoint_id: str) -> ControlPolicy:
        """The policy of a VPC endpoint of this account (ec2:DescribeVpcEndpoints)."""
        ...

    async def vpc_endpoints(self) -> tuple[VpcEndpoint, ...]:
        """The interface endpoints of KMS in this account and Region (ec2:DescribeVpcEndpoints)."""
        ...

    async def addresses(self, host: str) -> tuple[str, ...]:
        """What a host name resolves to on this machine; empty where it does not within 2 s."""
        ...


class AnalyzerGateway(Protocol):
    """IAM Access Analyzer, on request."""

    async def validate_policy(self, text: str) -> tuple[AnalyzerFinding, ...]:
        """ValidatePolicy with policyType RESOURCE_POLICY."""
        ...

    async def check_no_public_access(self, text: str) -> AnalyzerFinding | None:
        """CheckNoPublicAccess for AWS::KMS::Key; None when it passes."""
        ...

    async def check_no_new_access(self, existing: str, new: str) -> PolicyCheck:
        """CheckNoNewAccess of resource policies: whether `new` gives what `existing` did not."""
        ...

    async def check_access_not_granted(self, text: str, actions: Sequence[str]) -> PolicyCheck:
        """CheckAccessNotGranted of a resource policy: whether it gives anybody one of `actions`.

        At most 100 of them, names or patterns (Access Analyzer API Reference, Access).
        """
        ...


class Gateway(
    InventoryGateway,
    PolicyGateway,
    TagGateway,
    AliasGateway,
    LifecycleGateway,
    MaterialGateway,
    CustomKeyStoreGateway,
    GrantGateway,
    DryRunGateway,
    EventGateway,
    ResourceGateway,
    IdentityGateway,
    OrganizationGateway,
    PlaceGateway,
    AnalyzerGateway,
    Protocol,
):
    """One connection: a profile, a Region, an endpoint, and every call over it."""

    info: ConnectionInfo

    def close(self) -> None:
        """Cancel everything in flight; every later call raises CancelledByPersonError."""
        ...
