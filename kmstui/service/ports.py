"""The ports: what the services ask of AWS, of the journal and of the clock.

Every method of a gateway raises subclasses of `kmstui.service.errors.ServiceError` and nothing
else besides `asyncio.CancelledError`. Key arguments are key IDs or key ARNs, never aliases:
GetKeyPolicy, PutKeyPolicy, TagResource, UntagResource, ListResourceTags and ListKeyPolicies
refuse an alias (KMS API Reference).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Protocol

from kmstui.model.alias import Alias
from kmstui.model.caller import Caller, ConnectionInfo
from kmstui.model.grant import Grant, KeyEvent
from kmstui.model.key import Key, KeyCreation, KeyMetadata, LastUsage, Rotation
from kmstui.model.role import Identity, IdentityPolicy
from kmstui.model.tag import Tag


class Urgency(IntEnum):
    """In which order waiting calls are sent; smaller goes first."""

    ASKED = 0
    """A person waits for this very answer."""
    VISIBLE = 1
    """The row is on the screen."""
    BACKGROUND = 2
    """Filling the inventory; held back while keys are being pressed."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One finished call, for the messages view. Never holds credentials or bodies."""

    time: datetime
    service: str
    operation: str
    key: str
    seconds: float
    retries: int
    error: str = ""
    """The error code or cause; empty on success."""
    mutating: bool = False


class InventoryGateway(Protocol):
    """Reads of keys, aliases and tags."""

    def key_pages(self) -> AsyncIterator[Sequence[Key]]:
        """ListKeys, 1000 a page; keys carry ID and ARN only."""
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

    async def last_usage(self, key_id: str) -> LastUsage:
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

    async def tag(self, key_id: str, tags: Sequence[Tag]) -> None:
        """TagResource."""
        ...

    async def untag(self, key_id: str, tag_keys: Sequence[str]) -> None:
        """UntagResource; silent on tag keys that do not exist."""
        ...


class AliasGateway(Protocol):
    """Changes of aliases."""

    async def create_alias(self, name: str, key_id: str) -> None:
        """CreateAlias; `name` with its `alias/` prefix."""
        ...

    async def update_alias(self, name: str, key_id: str) -> None:
        """UpdateAlias: point it to another key."""
        ...

    async def delete_alias(self, name: str) -> None:
        """DeleteAlias."""
        ...


class LifecycleGateway(Protocol):
    """Changes of a key itself."""

    async def create_key(self, creation: KeyCreation) -> tuple[Key, KeyMetadata]:
        """CreateKey."""
        ...

    async def update_description(self, key_id: str, description: str) -> None:
        """UpdateKeyDescription, at most 8192 characters."""
        ...

    async def enable(self, key_id: str) -> None:
        """EnableKey."""
        ...

    async def disable(self, key_id: str) -> None:
        """DisableKey."""
        ...

    async def enable_rotation(self, key_id: str, period_days: int | None = None) -> None:
        """EnableKeyRotation; a period of 90 to 2560 days, 365 where none is named."""
        ...

    async def disable_rotation(self, key_id: str) -> None:
        """DisableKeyRotation."""
        ...

    async def rotate_now(self, key_id: str) -> None:
        """RotateKeyOnDemand."""
        ...

    async def schedule_deletion(self, key_id: str, window_days: int) -> datetime | None:
        """ScheduleKeyDeletion, 7 to 30 days; answers the DeletionDate where KMS names one."""
        ...

    async def cancel_deletion(self, key_id: str) -> None:
        """CancelKeyDeletion; the key is Disabled afterwards."""
        ...

    async def replicate(self, key_id: str, region: str, description: str = "") -> Key:
        """ReplicateKey into another Region."""
        ...


class GrantGateway(Protocol):
    """Grants."""

    async def list_grants(self, key_id: str) -> tuple[Grant, ...]:
        """ListGrants, all pages."""
        ...

    async def revoke_grant(self, key_id: str, grant_id: str) -> None:
        """RevokeGrant."""
        ...


class EventGateway(Protocol):
    """CloudTrail."""

    async def events(
        self, key_arn: str, token: str = "", name: str = ""
    ) -> tuple[tuple[KeyEvent, ...], str]:
        """One page of LookupEvents by resource name, newest first, and the next token or "".

        `name` keeps only events of that operation; it is filtered after the answer, since
        LookupEvents takes one attribute.
        """
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

    async def put_role_policy(self, role_name: str, policy_name: str, text: str) -> None:
        """iam:PutRolePolicy."""
        ...

    async def get_role_policy(self, role_name: str, policy_name: str) -> IdentityPolicy:
        """iam:GetRolePolicy."""
        ...


class AnalyzerGateway(Protocol):
    """IAM Access Analyzer, on request."""

    async def validate_policy(self, text: str) -> tuple[AnalyzerFinding, ...]:
        """ValidatePolicy with policyType RESOURCE_POLICY."""
        ...

    async def check_no_public_access(self, text: str) -> AnalyzerFinding | None:
        """CheckNoPublicAccess for AWS::KMS::Key; None when it passes."""
        ...


@dataclass(frozen=True, slots=True)
class AnalyzerFinding:
    """One finding of Access Analyzer."""

    type: str
    """`ERROR`, `SECURITY_WARNING`, `WARNING`, `SUGGESTION`."""
    code: str
    message: str
    url: str = ""
    line: int = 0
    """1-based; 0 where the service names no place."""
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    statement: int | None = None
    """The index of the statement, from 0, where the service names that instead of a place."""


class Gateway(
    InventoryGateway,
    PolicyGateway,
    TagGateway,
    AliasGateway,
    LifecycleGateway,
    GrantGateway,
    EventGateway,
    IdentityGateway,
    AnalyzerGateway,
    Protocol,
):
    """One connection: a profile, a Region, an endpoint, and every call over it."""

    info: ConnectionInfo

    def close(self) -> None:
        """Cancel everything in flight; every later call raises CancelledByPersonError."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """What a person asked to connect to; empty fields mean: as boto3 decides."""

    profile: str = ""
    region: str = ""
    endpoint_url: str = ""


class MfaPrompt(Protocol):
    """Asks the person for an MFA code; called on a worker thread, returns "" when cancelled."""

    def __call__(self, serial: str) -> str:
        """The code for the device `serial`."""
        ...


class Connector(Protocol):
    """Opens connections; the only door to AWS."""

    async def connect(self, target: Target) -> Gateway:
        """Resolve profile, credentials and Region, and build the clients.

        Raises:
            ProfileError, CredentialsMissingError, RegionMissingError, EndpointError, MfaError
        """
        ...

    async def profiles(self) -> tuple[str, ...]:
        """Profiles of the AWS config files; empty when they cannot be read."""
        ...

    async def regions(self, partition: str = "aws") -> tuple[str, ...]:
        """Regions where KMS is offered, from botocore's endpoint data."""
        ...


CallObserver = Callable[[CallRecord], None]
"""Told of every finished call, on the event loop."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a journal entry belongs: texts of two accounts or Regions never mix."""

    account: str
    region: str


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One text of a policy that was fetched, drafted or put."""

    id: int
    time: datetime
    scope: Scope
    subject: str
    """Key ID, or `role/NAME/POLICY` for an inline policy of a role."""
    text: str
    kind: str
    """`fetched`, `draft`, `sent` (about to be put), `stored` (read back after a put)."""
    caller: str
    """ARN of the caller at that time; may be empty when unknown."""
    note: str = ""
    base: str = ""
    """For a draft: the stored text it was begun from."""


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """One change, written before it is sent, and how it ended."""

    id: int
    time: datetime
    scope: Scope
    caller: str
    batch: str
    """Changes made together share it; empty for a single one."""
    operation: str
    """`kms:TagResource` …"""
    subject: str
    """Key ID, alias name, or other thing changed."""
    before: str
    """JSON text of what was there."""
    after: str
    """JSON text of what was asked for."""
    outcome: str
    """`pending`, `done`, `failed`, `cancelled`, `unknown`."""
    detail: str = ""
    ended: datetime | None = None


class Journal(Protocol):
    """Policy history, drafts and changes, durable before each method returns.

    Raises `JournalError` when it cannot keep that promise.
    """

    @property
    def durable(self) -> bool:
        """Whether what is written survives the program; where not, nothing may be changed."""
        ...

    @property
    def warning(self) -> str:
        """What the person must know about the journal, as sentences; empty when all is well.

        It can appear while the program runs, when the file is found damaged or removed.
        """
        ...

    async def keep_version(
        self,
        scope: Scope,
        subject: str,
        text: str,
        kind: str,
        *,
        caller: str = "",
        note: str = "",
    ) -> PolicyVersion:
        """Add one text; a `fetched` text equal to the newest one of the subject adds nothing."""
        ...

    async def versions(
        self,
        scope: Scope,
        subject: str,
        *,
        since: datetime | None = None,
        limit: int | None = None,
    ) -> tuple[PolicyVersion, ...]:
        """Texts of a subject except its open draft, newest first.

        Those from `since` on, and no more than `limit`; all where neither is named.
        """
        ...

    async def save_draft(
        self, scope: Scope, subject: str, text: str, *, base: str, caller: str = ""
    ) -> None:
        """Keep `text` as the subject's open draft, replacing this program's one before.

        A draft that an ended program left goes to the history.
        """
        ...

    async def draft(self, scope: Scope, subject: str) -> PolicyVersion | None:
        """The subject's open draft, of this program or of one that ended.

        What another running kmstui types into is its own.
        """
        ...

    async def drafts(self, scope: Scope) -> tuple[PolicyVersion, ...]:
        """All open drafts, as `draft` finds them, newest first."""
        ...

    async def close_draft(self, scope: Scope, subject: str) -> None:
        """The draft was stored or discarded: move it to the history."""
        ...

    async def begin(self, changes: Sequence[ChangeRecord]) -> tuple[ChangeRecord, ...]:
        """Write changes before they are sent, in one transaction; answers them with their ids."""
        ...

    async def end(self, change_id: int, outcome: str, detail: str = "") -> None:
        """Write how a change ended."""
        ...

    async def changes(
        self,
        scope: Scope | None = None,
        *,
        batch: str = "",
        subject: str = "",
        operations: Sequence[str] = (),
        limit: int = 1000,
    ) -> tuple[ChangeRecord, ...]:
        """Changes, newest first; of all batches, subjects and operations where none is named."""
        ...

    async def pending(self, scope: Scope) -> tuple[ChangeRecord, ...]:
        """Changes that were begun and never ended, by processes that no longer run."""
        ...

    def close(self) -> None:
        """Finish what was handed over, and release the file.

        Raises:
            JournalError: the disk did not take the last writes, or not in time.
        """
        ...
