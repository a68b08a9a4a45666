"""AWS as a test scripts it.

`FakeGateway` reads from a `World` that a test fills. `fail` makes an operation raise, `hold`
makes it wait, and `calls` tells what was asked. Changes change the world, so a read after a
write is true.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from kmstui.model import (
    AccountControls,
    Alias,
    Caller,
    ConfigRecording,
    ConfiguredResource,
    ConnectionInfo,
    ControlPolicy,
    CustomKeyStore,
    DryRun,
    Grant,
    Identity,
    IdentityPolicy,
    ImportParameters,
    Key,
    KeyCreation,
    KeyEvent,
    KeyMaterial,
    KeyMetadata,
    KeyPlaces,
    LastUsage,
    MaterialImport,
    ResourceIndexes,
    ResourceKind,
    Rotation,
    Route,
    Tag,
    VpcEndpoint,
)
from kmstui.service.errors import CancelledByPersonError, ErrorContext, NotFoundError
from kmstui.service.ports import (
    AnalyzerFinding,
    CallObserver,
    CallRecord,
    PolicyCheck,
    Urgency,
)
from tests.fakes.world import NOW, REGION, World, arn_of, key_id_of, workshop_world

INFO = ConnectionInfo(REGION, f"https://kms.{REGION}.amazonaws.com", Route.PUBLIC)


class FakeGateway:
    """Implements every gateway port over a `World`.

    Attributes:
        calls: (operation, key or other subject) of every call, in order.
        dry_runs: What KMS was asked to judge, in order; it allows all that no test refuses.
        sent_to_analyzer: What its custom policy checks were asked about, in order.
        no_new_access, access_not_granted: What they come to.
        imported: What ImportKeyMaterial was given, in order.
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
        self.dry_runs: list[DryRun] = []
        self.sent_to_analyzer: list[tuple[str, ...]] = []
        self.no_new_access = PolicyCheck(passed=True)
        self.access_not_granted = PolicyCheck(passed=True)
        self.imported: list[MaterialImport] = []
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
        """Let `operation` wait until the event that is returned is set."""
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
        others = {arn.rpartition("/")[2] for arn in self.world.shared}
        ids = [each for each in self.world.metadata if each not in others]
        for start in range(0, max(len(ids), 1), self.keys_per_page):
            await self._call("kms:ListKeys")
            yield tuple(
                Key.of(each, self.world.arn(each))
                for each in ids[start : start + self.keys_per_page]
            )

    async def shared_key_pages(self) -> AsyncIterator[Sequence[Key]]:
        await self._call("kms:ListKeys")
        yield tuple(Key.of(arn, arn, shared=True) for arn in self.world.shared)

    async def alias_pages(self, key_id: str | None = None) -> AsyncIterator[Sequence[Alias]]:
        aliases = [
            Alias(name, target, NOW, arn_prefix=self.world.arn("").removesuffix("key/"))
            for name, target in sorted(self.world.aliases.items())
            if key_id is None or target == key_id.rpartition("/")[2]
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
        return Key.of(found, self.world.arn(found), metadata), metadata

    async def list_tags(self, key_id: str, urgency: Urgency = Urgency.ASKED) -> tuple[Tag, ...]:
        await self._call("kms:ListResourceTags", key_id)
        return self.world.tags.get(self._key("kms:ListResourceTags", key_id), ())

    async def rotation(self, key_id: str) -> Rotation:
        await self._call("kms:GetKeyRotationStatus", key_id)
        return self.world.rotations.get(key_id, Rotation(enabled=False))

    async def rotation_status(self, key_id: str, urgency: Urgency = Urgency.ASKED) -> Rotation:
        return replace(await self.rotation(key_id), materials=())

    async def rotations(self, key_id: str, urgency: Urgency = Urgency.ASKED) -> int:
        await self._call("kms:ListKeyRotations", key_id)
        materials = self.world.rotations.get(key_id, Rotation(enabled=False)).materials
        return sum(each.rotated is not None for each in materials)

    async def last_usage(self, key_id: str, urgency: Urgency = Urgency.ASKED) -> LastUsage:
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
        key_id = key_id.rsplit(":key/", 1)[-1]
        merged = {tag.key: tag for tag in (*self.world.tags.get(key_id, ()), *tags)}
        self.world.tags[key_id] = tuple(sorted(merged.values()))

    async def untag(self, key_id: str, tag_keys: Sequence[str]) -> None:
        await self._call("kms:UntagResource", key_id, mutating=True)
        key_id = key_id.rsplit(":key/", 1)[-1]
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
        return Key.of(key_id, self.world.arn(key_id), metadata), metadata

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
        rotation = self.world.rotations.get(key_id, Rotation(enabled=False))
        materials = (KeyMaterial("", "CURRENT", NOW, "ON_DEMAND"), *rotation.materials)
        self.world.rotations[key_id] = replace(rotation, materials=materials)

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
        key_id = self._key("kms:ReplicateKey", key_id)
        arn = arn_of(key_id, self.world.account, region)
        metadata = self.world.metadata[key_id]
        self.world.metadata[key_id] = replace(metadata, replicas=(*metadata.replicas, arn))
        return Key.of(key_id, arn)

    async def update_primary_region(self, key_id: str, region: str) -> None:
        await self._call("kms:UpdatePrimaryRegion", key_id, mutating=True)
        key_id = self._key("kms:UpdatePrimaryRegion", key_id)
        metadata = self.world.metadata[key_id]
        first = next(arn for arn in metadata.replicas if arn.split(":")[3] == region)
        others = tuple(arn for arn in metadata.replicas if arn != first)
        self.world.metadata[key_id] = replace(
            metadata, replicas=(first, *others), multi_region="REPLICA"
        )

    # Key material

    async def import_parameters(
        self, key_id: str, algorithm: str, wrapping_spec: str
    ) -> ImportParameters:
        await self._call("kms:GetParametersForImport", key_id)
        return ImportParameters(self.world.wrapping_key, b"token", NOW + timedelta(hours=24))

    async def import_material(self, key_id: str, wanted: MaterialImport) -> str:
        await self._call("kms:ImportKeyMaterial", key_id, mutating=True)
        self.imported.append(wanted)
        await self._change_material(key_id, "Enabled", self.world.imported)
        return self.world.imported[0].id if self.world.imported else ""

    async def delete_material(self, key_id: str, material_id: str = "") -> None:
        await self._call("kms:DeleteImportedKeyMaterial", key_id, mutating=True)
        held = self.world.rotations.get(key_id, Rotation(enabled=False)).materials
        named = [each for each in held if each.id == material_id and material_id]
        state = "Enabled" if named and named[0].is_pending else "PendingImport"
        kept = tuple(
            each if each not in named else replace(each, import_state="PENDING_IMPORT")
            for each in (held if named else ())
            if each not in named or not each.is_pending
        )
        await self._change_material(key_id, state, kept)

    async def _change_material(
        self, key_id: str, state: str, materials: tuple[KeyMaterial, ...]
    ) -> None:
        self.world.rotations[key_id] = Rotation(enabled=False, materials=materials)
        self.world.metadata[key_id] = replace(self.world.metadata[key_id], state=state)

    async def custom_key_stores(self) -> tuple[CustomKeyStore, ...]:
        await self._call("kms:DescribeCustomKeyStores")
        return self.world.custom_key_stores

    async def connect_key_store(self, store_id: str) -> None:
        await self._connect(store_id, "kms:ConnectCustomKeyStore", "CONNECTED")

    async def disconnect_key_store(self, store_id: str) -> None:
        await self._connect(store_id, "kms:DisconnectCustomKeyStore", "DISCONNECTED")

    async def _connect(self, store_id: str, operation: str, state: str) -> None:
        await self._call(operation, store_id, mutating=True)
        self.world.custom_key_stores = tuple(
            replace(each, state=state) if each.id == store_id else each
            for each in self.world.custom_key_stores
        )

    async def _change(self, operation: str, key_id: str, **changes: object) -> None:
        await self._call(operation, key_id, mutating=True)
        found = self._key(operation, key_id)
        self.world.metadata[found] = replace(self.world.metadata[found], **changes)  # type: ignore[arg-type]

    # Grants, events, identities, Access Analyzer

    async def list_grants(self, key_id: str, urgency: Urgency = Urgency.ASKED) -> tuple[Grant, ...]:
        await self._call("kms:ListGrants", key_id)
        return self.world.grants.get(key_id, ())

    async def create_grant(self, key_id: str, grant: Grant) -> str:
        await self._call("kms:CreateGrant", key_id, mutating=True)
        grants = self.world.grants.get(key_id, ())
        made = replace(grant, id=f"made-{len(grants)}", key_arn=self.world.arn(key_id))
        self.world.grants[key_id] = (*grants, made)
        return made.id

    async def revoke_grant(self, key_id: str, grant_id: str) -> None:
        await self._call("kms:RevokeGrant", key_id, mutating=True)
        kept = tuple(each for each in self.world.grants.get(key_id, ()) if each.id != grant_id)
        self.world.grants[key_id] = kept

    async def dry_run(self, request: DryRun) -> None:
        self.dry_runs.append(request)
        await self._call(f"kms:{request.operation}", request.key_arn)

    async def events(
        self, key_arn: str, token: str = "", name: str = ""
    ) -> tuple[tuple[KeyEvent, ...], str]:
        await self._call("cloudtrail:LookupEvents", key_arn)
        events = self.world.events.get(key_arn, ())
        start = int(token or "0")
        page = events[start : start + 50]
        more = str(start + 50) if start + 50 < len(events) else ""
        return tuple(each for each in page if not name or each.name == name), more

    async def policy_puts(
        self, since: datetime, until: datetime
    ) -> tuple[tuple[str, KeyEvent], ...]:
        await self._call("cloudtrail:LookupEvents")
        return tuple(
            (arn.rpartition("/")[2], each)
            for arn, events in self.world.events.items()
            for each in events
            if each.name == "PutKeyPolicy" and each.time and since <= each.time <= until
        )

    async def resource_pages(
        self, kind: ResourceKind
    ) -> AsyncIterator[Sequence[ConfiguredResource]]:
        await self._call("resources", kind.value)
        yield self.world.resources.get(kind, ())

    async def config_recording(self) -> ConfigRecording:
        await self._call("config:DescribeConfigurationRecorders")
        return self.world.config_recording

    async def config_query(self, expression: str) -> tuple[str, ...]:
        await self._call("config:SelectResourceConfig", expression)
        return self.world.config_results

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

    async def account_controls(self, account: str) -> AccountControls:
        await self._call("organizations:ListPoliciesForTarget", account)
        return self.world.controls.get(account, AccountControls(account))

    async def account_ids(self) -> tuple[str, ...]:
        await self._call("organizations:ListAccounts")
        return self.world.accounts

    async def enabled_regions(self) -> tuple[str, ...]:
        await self._call("account:ListRegions")
        return self.world.regions

    async def usable_regions(self) -> tuple[str, ...]:
        await self._call("ec2:DescribeRegions")
        return self.world.regions

    async def resource_indexes(self) -> ResourceIndexes:
        await self._call("resource-explorer-2:ListIndexes")
        return self.world.indexes

    async def indexed_key_regions(self, account: str) -> tuple[str, ...] | None:
        await self._call("resource-explorer-2:Search", account)
        return self.world.indexed

    async def recorded_key_places(self) -> KeyPlaces | None:
        await self._call("config:SelectAggregateResourceConfig")
        return self.world.recorded

    async def vpc_endpoints(self) -> tuple[VpcEndpoint, ...]:
        await self._call("ec2:DescribeVpcEndpoints")
        return self.world.vpc_endpoints

    async def addresses(self, host: str) -> tuple[str, ...]:
        return self.world.addresses.get(host, ())

    async def endpoint_policy(self, endpoint_id: str) -> ControlPolicy:
        await self._call("ec2:DescribeVpcEndpoints", endpoint_id)
        try:
            return self.world.endpoints[endpoint_id]
        except KeyError:
            raise NotFoundError(f"{endpoint_id} is no VPC endpoint of this account") from None

    async def validate_policy(self, text: str) -> tuple[AnalyzerFinding, ...]:
        await self._call("access-analyzer:ValidatePolicy")
        return ()

    async def check_no_public_access(self, text: str) -> AnalyzerFinding | None:
        await self._call("access-analyzer:CheckNoPublicAccess")
        return None

    async def check_no_new_access(self, existing: str, new: str) -> PolicyCheck:
        await self._call("access-analyzer:CheckNoNewAccess")
        self.sent_to_analyzer.append((existing, new))
        return self.no_new_access

    async def check_access_not_granted(self, text: str, actions: Sequence[str]) -> PolicyCheck:
        await self._call("access-analyzer:CheckAccessNotGranted")
        self.sent_to_analyzer.append((text, *actions))
        return self.access_not_granted

    def close(self) -> None:
        self.closed = True
        for gate in self._gates.values():
            gate.set()
