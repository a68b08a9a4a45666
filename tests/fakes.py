"""Stand-ins for AWS, for the connector and for the journal, scripted by a test.

`FakeGateway` answers from a `World` that a test fills. `fail` makes an operation raise, `hold`
makes it wait, and `calls` tells what was asked. Changes change the world, so a read after a
write is true.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from kmstui.model.alias import Alias
from kmstui.model.caller import Caller, ConnectionInfo, Route
from kmstui.model.grant import Grant, KeyEvent
from kmstui.model.key import Key, KeyCreation, KeyMetadata, LastUsage, Rotation
from kmstui.model.role import Identity, IdentityPolicy
from kmstui.model.tag import Tag
from kmstui.service.errors import CancelledByPersonError, ErrorContext, NotFoundError
from kmstui.service.ports import (
    AnalyzerFinding,
    CallObserver,
    CallRecord,
    ChangeRecord,
    PolicyVersion,
    Scope,
    Target,
    Urgency,
)

ACCOUNT = "444455556666"
REGION = "eu-central-1"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/KMSWorkshop-InstanceInitRole"
CALLER = Caller(
    ACCOUNT,
    f"arn:aws:sts::{ACCOUNT}:assumed-role/KMSWorkshop-InstanceInitRole/i-0123456789abcdef0",
    "AROAEXAMPLE:i-0123456789abcdef0",
)
INFO = ConnectionInfo(REGION, f"https://kms.{REGION}.amazonaws.com", Route.PUBLIC)


async def until(condition: Callable[[], object]) -> None:
    """Let everything else run until the condition holds.

    Raises:
        AssertionError: it never did.
    """
    for _ in range(100_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("what was waited for never came")


def key_id_of(number: int) -> str:
    """A key ID that sorts by number and reads like a UUID."""
    return f"{number:08x}-1111-4222-8333-{number:012x}"


def arn_of(key_id: str, account: str = ACCOUNT, region: str = REGION) -> str:
    return f"arn:aws:kms:{region}:{account}:key/{key_id}"


def metadata_of(**changes: object) -> KeyMetadata:
    """An ordinary enabled symmetric customer key, with what a test wants different."""
    plain = KeyMetadata(
        state="Enabled",
        spec="SYMMETRIC_DEFAULT",
        usage="ENCRYPT_DECRYPT",
        origin="AWS_KMS",
        manager="CUSTOMER",
        description="",
        created=datetime(2025, 6, 1, 9, 30, tzinfo=UTC),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def default_policy(account: str = ACCOUNT) -> str:
    """The policy that KMS gives a key made without one."""
    return (
        '{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User '
        'Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::'
        f'{account}:root"}},"Action":"kms:*","Resource":"*"}}]}}'
    )


@dataclass
class World:
    """What a fake account holds."""

    metadata: dict[str, KeyMetadata] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    """Alias name with prefix → key ID ("" for an AWS alias without a key)."""
    tags: dict[str, tuple[Tag, ...]] = field(default_factory=dict)
    policies: dict[str, dict[str, str]] = field(default_factory=dict)
    grants: dict[str, tuple[Grant, ...]] = field(default_factory=dict)
    events: dict[str, tuple[KeyEvent, ...]] = field(default_factory=dict)
    """By key ARN."""
    rotations: dict[str, Rotation] = field(default_factory=dict)
    usages: dict[str, LastUsage] = field(default_factory=dict)
    identities: dict[str, Identity] = field(default_factory=dict)
    caller: Caller = CALLER
    account: str = ACCOUNT
    region: str = REGION

    def add(
        self,
        key_id: str,
        *aliases: str,
        tags: Mapping[str, str] | None = None,
        policy: str | None = None,
        **metadata: object,
    ) -> str:
        """Add one key; answers its ID."""
        self.metadata[key_id] = metadata_of(**metadata)
        for alias in aliases:
            self.aliases[f"alias/{alias}"] = key_id
        if tags:
            self.tags[key_id] = tuple(sorted(Tag(name, value) for name, value in tags.items()))
        self.policies[key_id] = {"default": policy or default_policy(self.account)}
        return key_id

    def arn(self, key_id: str) -> str:
        return arn_of(key_id, self.account, self.region)


IMPORTED = key_id_of(1)
SIGNING = key_id_of(2)
DISABLED = key_id_of(3)
DYING = key_id_of(4)
NAMELESS = key_id_of(5)
DENIED = key_id_of(6)
HOSTILE = key_id_of(7)
MANAGED = key_id_of(8)
REPLICATED = "mrk-" + key_id_of(9).replace("-", "")
HOSTILE_TEXT = "[bold red]markup[/] \x1b[2Jescape \u202egnol\u202c\ttab\nline"


def workshop_world() -> World:
    """A small account with one key of each kind that a screen must cope with."""
    world = World()
    world.add(
        IMPORTED,
        "ImportedCMK",
        tags={"project": "kmsworkshop", "env": "dev"},
        origin="EXTERNAL",
        description="Key with imported material",
        expiration_model="KEY_MATERIAL_DOES_NOT_EXPIRE",
    )
    world.add(SIGNING, "signing", "signing-old", "z-last", spec="RSA_2048", usage="SIGN_VERIFY")
    world.add(DISABLED, "retired", state="Disabled", tags={"project": "old"})
    world.add(DYING, "dying", state="PendingDeletion", deletion=NOW + timedelta(days=9))
    world.add(NAMELESS, description="Nobody named it")
    world.add(DENIED, "secret")
    world.add(HOSTILE, "hostile", description=HOSTILE_TEXT, tags={"no\x07te": "a\u202eb"})
    world.add(MANAGED, "aws/s3", manager="AWS", description="Default key for S3")
    world.add(REPLICATED, "global", multi_region="PRIMARY", replicas=(arn_of(REPLICATED),))
    world.aliases["alias/aws/ebs"] = ""
    return world


def large_world(number: int) -> World:
    """Many plain keys, each with an alias, every third with a tag."""
    world = World()
    for index in range(number):
        tags = {"project": f"p{index % 7}"} if index % 3 == 0 else None
        state = "Disabled" if index % 10 == 9 else "Enabled"
        world.add(key_id_of(index), f"app/key-{index:06d}", tags=tags, state=state)
    return world


class FakeGateway:
    """Implements every gateway port over a `World`.

    Attributes:
        calls: (operation, key or other subject) of every call, in order.
        held_background: How often a key press asked background reads to wait.
        closed: Whether the connection was closed.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        info: ConnectionInfo = INFO,
        observer: CallObserver | None = None,
        read_only: bool = False,
        keys_per_page: int = 1000,
    ) -> None:
        self.world = world or workshop_world()
        self.info = info
        self.observer = observer
        self.read_only = read_only
        self.keys_per_page = keys_per_page
        self.calls: list[tuple[str, str]] = []
        self.held_background = 0
        self.closed = False
        self._failures: dict[tuple[str, str], list[Exception | None]] = defaultdict(list)
        self._gates: dict[str, asyncio.Event] = {}

    # Scripting

    def fail(
        self, operation: str, error: Exception, key: str = "", times: int | None = None
    ) -> None:
        """Let `operation` (on `key`, or on any) raise `error`, so often or for ever."""
        script = self._failures[(operation, key)]
        if times is None:
            script.append(error)
            script.append(None)  # stands for: and so on
        else:
            script.extend([error] * times)

    def heal(self, operation: str, key: str = "") -> None:
        """End the failures of `operation`."""
        self._failures.pop((operation, key), None)

    def hold(self, operation: str) -> asyncio.Event:
        """Let `operation` wait until the event that is answered is set."""
        gate = self._gates[operation] = asyncio.Event()
        return gate

    def count(self, operation: str) -> int:
        """How often `operation` was called."""
        return sum(1 for name, _ in self.calls if name == operation)

    async def _call(self, operation: str, subject: str = "", *, mutating: bool = False) -> None:
        self.calls.append((operation, subject))
        gate = self._gates.get(operation)
        if gate is not None:
            await gate.wait()
        else:
            await asyncio.sleep(0)
        error = self._next_failure(operation, subject)
        if self.closed and error is None:
            error = CancelledByPersonError("the connection was switched")
        if self.observer is not None:
            service, _, name = operation.partition(":")
            code = type(error).__name__ if error else ""
            self.observer(CallRecord(NOW, service, name, subject, 0.012, 0, code, mutating))
        if error is not None:
            raise error

    def _next_failure(self, operation: str, subject: str) -> Exception | None:
        for place in ((operation, subject), (operation, "")):
            script = self._failures.get(place)
            if script:
                if len(script) > 1 and script[1] is None:
                    return script[0]
                return script.pop(0)
        return None

    def _key(self, operation: str, name: str) -> str:
        key_id = name.rsplit(":key/", 1)[-1]
        if name.startswith("alias/"):
            key_id = self.world.aliases.get(name, "")
        if key_id not in self.world.metadata:
            raise NotFoundError(
                f"there is no key {name} in {self.world.region}",
                "Check the Region and the name.",
                ErrorContext(operation, name, "NotFoundException"),
            )
        return key_id

    # Inventory

    async def key_pages(self) -> AsyncIterator[Sequence[Key]]:
        ids = list(self.world.metadata)
        for start in range(0, max(len(ids), 1), self.keys_per_page):
            await self._call("kms:ListKeys")
            yield tuple(
                Key(each, self.world.arn(each)) for each in ids[start : start + self.keys_per_page]
            )

    async def alias_pages(self, key_id: str | None = None) -> AsyncIterator[Sequence[Alias]]:
        aliases = [
            Alias(name, target, NOW)
            for name, target in sorted(self.world.aliases.items())
            if key_id is None or target == key_id
        ]
        for start in range(0, max(len(aliases), 1), 100):
            await self._call("kms:ListAliases", key_id or "")
            yield tuple(aliases[start : start + 100])

    async def tag_pages(self) -> AsyncIterator[Mapping[str, tuple[Tag, ...]]]:
        tagged = list(self.world.tags.items())
        for start in range(0, max(len(tagged), 1), 100):
            await self._call("tag:GetResources")
            yield dict(tagged[start : start + 100])

    async def describe(
        self, key_id: str, urgency: Urgency = Urgency.ASKED
    ) -> tuple[Key, KeyMetadata]:
        await self._call("kms:DescribeKey", key_id)
        found = self._key("kms:DescribeKey", key_id)
        metadata = self.world.metadata[found]
        return Key(found, self.world.arn(found), metadata), metadata

    async def list_tags(self, key_id: str, urgency: Urgency = Urgency.ASKED) -> tuple[Tag, ...]:
        await self._call("kms:ListResourceTags", key_id)
        return self.world.tags.get(self._key("kms:ListResourceTags", key_id), ())

    async def rotation(self, key_id: str) -> Rotation:
        await self._call("kms:GetKeyRotationStatus", key_id)
        return self.world.rotations.get(key_id, Rotation(enabled=False))

    async def last_usage(self, key_id: str) -> LastUsage:
        await self._call("kms:GetKeyLastUsage", key_id)
        return self.world.usages.get(key_id, LastUsage(None))

    def hold_background(self) -> None:
        self.held_background += 1

    # Policies

    async def policy_names(self, key_id: str) -> tuple[str, ...]:
        await self._call("kms:ListKeyPolicies", key_id)
        return tuple(self.world.policies[self._key("kms:ListKeyPolicies", key_id)])

    async def get_policy(self, key_id: str, name: str = "default") -> str:
        await self._call("kms:GetKeyPolicy", key_id)
        return self.world.policies[self._key("kms:GetKeyPolicy", key_id)][name]

    async def put_policy(
        self, key_id: str, text: str, *, bypass_lockout_check: bool = False
    ) -> None:
        await self._call("kms:PutKeyPolicy", key_id, mutating=True)
        self.world.policies[self._key("kms:PutKeyPolicy", key_id)]["default"] = text

    # Tags

    async def tag(self, key_id: str, tags: Sequence[Tag]) -> None:
        await self._call("kms:TagResource", key_id, mutating=True)
        merged = {tag.key: tag for tag in (*self.world.tags.get(key_id, ()), *tags)}
        self.world.tags[key_id] = tuple(sorted(merged.values()))

    async def untag(self, key_id: str, tag_keys: Sequence[str]) -> None:
        await self._call("kms:UntagResource", key_id, mutating=True)
        kept = [tag for tag in self.world.tags.get(key_id, ()) if tag.key not in set(tag_keys)]
        self.world.tags[key_id] = tuple(kept)

    # Aliases

    async def create_alias(self, name: str, key_id: str) -> None:
        await self._call("kms:CreateAlias", name, mutating=True)
        self.world.aliases[name] = self._key("kms:CreateAlias", key_id)

    async def update_alias(self, name: str, key_id: str) -> None:
        await self._call("kms:UpdateAlias", name, mutating=True)
        self.world.aliases[name] = self._key("kms:UpdateAlias", key_id)

    async def delete_alias(self, name: str) -> None:
        await self._call("kms:DeleteAlias", name, mutating=True)
        self.world.aliases.pop(name, None)

    # The life of a key

    async def create_key(self, creation: KeyCreation) -> tuple[Key, KeyMetadata]:
        await self._call("kms:CreateKey", mutating=True)
        key_id = key_id_of(0xF0000 + len(self.world.metadata))
        self.world.add(
            key_id,
            tags={tag.key: tag.value for tag in creation.tags},
            policy=creation.policy,
            spec=creation.spec,
            usage=creation.usage,
            origin=creation.origin,
            description=creation.description,
            multi_region="PRIMARY" if creation.multi_region else "",
        )
        metadata = self.world.metadata[key_id]
        return Key(key_id, self.world.arn(key_id), metadata), metadata

    async def update_description(self, key_id: str, description: str) -> None:
        await self._change("kms:UpdateKeyDescription", key_id, description=description)

    async def enable(self, key_id: str) -> None:
        await self._change("kms:EnableKey", key_id, state="Enabled")

    async def disable(self, key_id: str) -> None:
        await self._change("kms:DisableKey", key_id, state="Disabled")

    async def enable_rotation(self, key_id: str, period_days: int | None = None) -> None:
        await self._change("kms:EnableKeyRotation", key_id)
        self.world.rotations[key_id] = Rotation(enabled=True, period_days=period_days or 365)

    async def disable_rotation(self, key_id: str) -> None:
        await self._change("kms:DisableKeyRotation", key_id)
        self.world.rotations[key_id] = Rotation(enabled=False)

    async def rotate_now(self, key_id: str) -> None:
        await self._change("kms:RotateKeyOnDemand", key_id)

    async def schedule_deletion(self, key_id: str, window_days: int) -> datetime | None:
        when = NOW + timedelta(days=window_days)
        await self._change(
            "kms:ScheduleKeyDeletion", key_id, state="PendingDeletion", deletion=when
        )
        return when

    async def cancel_deletion(self, key_id: str) -> None:
        await self._change("kms:CancelKeyDeletion", key_id, state="Disabled", deletion=None)

    async def replicate(self, key_id: str, region: str, description: str = "") -> Key:
        await self._call("kms:ReplicateKey", key_id, mutating=True)
        arn = arn_of(key_id, self.world.account, region)
        metadata = self.world.metadata[key_id]
        self.world.metadata[key_id] = replace(metadata, replicas=(*metadata.replicas, arn))
        return Key(key_id, arn)

    async def _change(self, operation: str, key_id: str, **changes: object) -> None:
        await self._call(operation, key_id, mutating=True)
        found = self._key(operation, key_id)
        self.world.metadata[found] = replace(self.world.metadata[found], **changes)  # type: ignore[arg-type]

    # Grants, events, identities, Access Analyzer

    async def list_grants(self, key_id: str) -> tuple[Grant, ...]:
        await self._call("kms:ListGrants", key_id)
        return self.world.grants.get(key_id, ())

    async def revoke_grant(self, key_id: str, grant_id: str) -> None:
        await self._call("kms:RevokeGrant", key_id, mutating=True)
        kept = tuple(each for each in self.world.grants.get(key_id, ()) if each.id != grant_id)
        self.world.grants[key_id] = kept

    async def events(
        self, key_arn: str, token: str = "", name: str = ""
    ) -> tuple[tuple[KeyEvent, ...], str]:
        await self._call("cloudtrail:LookupEvents", key_arn)
        events = self.world.events.get(key_arn, ())
        start = int(token or "0")
        page = events[start : start + 50]
        more = str(start + 50) if start + 50 < len(events) else ""
        return tuple(each for each in page if not name or each.name == name), more

    async def caller(self) -> Caller:
        await self._call("sts:GetCallerIdentity")
        return self.world.caller

    async def role_names(self) -> tuple[str, ...]:
        await self._call("iam:ListRoles")
        return tuple(
            sorted(arn for arn, each in self.world.identities.items() if each.kind == "role")
        )

    async def user_names(self) -> tuple[str, ...]:
        await self._call("iam:ListUsers")
        return tuple(
            sorted(arn for arn, each in self.world.identities.items() if each.kind == "user")
        )

    async def identity(self, arn: str) -> Identity:
        await self._call("iam:GetRole", arn)
        try:
            return self.world.identities[arn]
        except KeyError:
            raise NotFoundError(f"there is no {arn}") from None

    async def put_role_policy(self, role_name: str, policy_name: str, text: str) -> None:
        await self._call("iam:PutRolePolicy", role_name, mutating=True)
        for arn, identity in self.world.identities.items():
            if identity.name == role_name:
                others = tuple(each for each in identity.policies if each.name != policy_name)
                changed = IdentityPolicy(policy_name, text, inline=True)
                self.world.identities[arn] = replace(identity, policies=(*others, changed))

    async def get_role_policy(self, role_name: str, policy_name: str) -> IdentityPolicy:
        await self._call("iam:GetRolePolicy", role_name)
        for identity in self.world.identities.values():
            for policy in identity.policies:
                if identity.name == role_name and policy.name == policy_name:
                    return policy
        raise NotFoundError(f"the role {role_name} has no inline policy {policy_name}")

    async def validate_policy(self, text: str) -> tuple[AnalyzerFinding, ...]:
        await self._call("access-analyzer:ValidatePolicy")
        return ()

    async def check_no_public_access(self, text: str) -> AnalyzerFinding | None:
        await self._call("access-analyzer:CheckNoPublicAccess")
        return None

    def close(self) -> None:
        self.closed = True
        for gate in self._gates.values():
            gate.set()


class FakeConnector:
    """Hands out prepared gateways.

    Attributes:
        asked: The targets that were asked for, in order.
    """

    def __init__(
        self,
        *gateways: FakeGateway,
        make: Callable[[Target], FakeGateway] | None = None,
        profiles: Iterable[str] = ("default", "workshop"),
        regions: Iterable[str] = ("eu-central-1", "eu-west-1", "us-east-1"),
    ) -> None:
        self._gateways = list(gateways)
        self._make = make
        self._profiles = tuple(profiles)
        self._regions = tuple(regions)
        self._errors: list[Exception] = []
        self.asked: list[Target] = []
        self.gate: asyncio.Event | None = None

    def fail(self, error: Exception, times: int = 1) -> None:
        """Let the next connections raise `error`."""
        self._errors.extend([error] * times)

    async def connect(self, target: Target) -> FakeGateway:
        self.asked.append(target)
        if self.gate is not None:
            await self.gate.wait()
        if self._errors:
            raise self._errors.pop(0)
        if self._make is not None:
            return self._make(target)
        return self._gateways.pop(0) if len(self._gateways) > 1 else self._gateways[0]

    async def profiles(self) -> tuple[str, ...]:
        return self._profiles

    async def regions(self, partition: str = "aws") -> tuple[str, ...]:
        return self._regions


class MemoryJournal:
    """The journal's port without a disk; `error` makes every method raise it."""

    durable = True
    warning = ""

    def __init__(self, clock: Callable[[], datetime] = lambda: NOW) -> None:
        self._clock = clock
        self._ids = count(1)
        self._versions: list[PolicyVersion] = []
        self._drafts: dict[tuple[Scope, str], PolicyVersion] = {}
        self._changes: dict[int, ChangeRecord] = {}
        self.error: Exception | None = None
        self.closed = False

    def _check(self) -> None:
        if self.error is not None:
            raise self.error

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
        self._check()
        newest = await self.versions(scope, subject)
        if kind == "fetched" and newest and newest[0].text == text:
            return newest[0]
        version = PolicyVersion(
            next(self._ids), self._clock(), scope, subject, text, kind, caller, note
        )
        self._versions.append(version)
        return version

    async def versions(
        self,
        scope: Scope,
        subject: str,
        *,
        since: datetime | None = None,
        limit: int | None = None,
    ) -> tuple[PolicyVersion, ...]:
        self._check()
        mine = [
            each
            for each in self._versions
            if (each.scope, each.subject) == (scope, subject)
            and (since is None or each.time >= since)
        ]
        return tuple(reversed(mine))[:limit]

    async def save_draft(
        self, scope: Scope, subject: str, text: str, *, base: str, caller: str = ""
    ) -> None:
        self._check()
        self._drafts[(scope, subject)] = PolicyVersion(
            next(self._ids), self._clock(), scope, subject, text, "draft", caller, base=base
        )

    async def draft(self, scope: Scope, subject: str) -> PolicyVersion | None:
        self._check()
        return self._drafts.get((scope, subject))

    async def drafts(self, scope: Scope) -> tuple[PolicyVersion, ...]:
        self._check()
        mine = [each for (where, _), each in self._drafts.items() if where == scope]
        return tuple(sorted(mine, key=lambda each: each.id, reverse=True))

    async def close_draft(self, scope: Scope, subject: str) -> None:
        self._check()
        draft = self._drafts.pop((scope, subject), None)
        if draft is not None:
            self._versions.append(draft)

    async def begin(self, changes: Sequence[ChangeRecord]) -> tuple[ChangeRecord, ...]:
        self._check()
        written = tuple(replace(change, id=next(self._ids)) for change in changes)
        self._changes.update({change.id: change for change in written})
        return written

    async def end(self, change_id: int, outcome: str, detail: str = "") -> None:
        self._check()
        self._changes[change_id] = replace(
            self._changes[change_id], outcome=outcome, detail=detail, ended=self._clock()
        )

    async def changes(
        self,
        scope: Scope | None = None,
        *,
        batch: str = "",
        subject: str = "",
        operations: Sequence[str] = (),
        limit: int = 1000,
    ) -> tuple[ChangeRecord, ...]:
        self._check()
        mine = [
            each
            for each in self._changes.values()
            if scope in (None, each.scope)
            and batch in ("", each.batch)
            and subject in ("", each.subject)
            and (not operations or each.operation in operations)
        ]
        return tuple(reversed(mine))[:limit]

    async def pending(self, scope: Scope) -> tuple[ChangeRecord, ...]:
        self._check()
        return tuple(
            each
            for each in self._changes.values()
            if each.scope == scope and each.outcome == "pending"
        )

    def close(self) -> None:
        self.closed = True
