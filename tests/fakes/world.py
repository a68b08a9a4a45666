"""The account that the fakes show: its keys, aliases, tags, policies and people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from kmstui.model import (
    AccountControls,
    Caller,
    ConfigRecording,
    ConfiguredResource,
    ControlPolicy,
    CustomKeyStore,
    Grant,
    Identity,
    KeyEvent,
    KeyMaterial,
    KeyMetadata,
    KeyPlaces,
    LastUsage,
    ResourceIndexes,
    ResourceKind,
    Rotation,
    Tag,
    VpcEndpoint,
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
    shared: list[str] = field(default_factory=list)
    """ARNs of keys that other accounts share; what is known of each is in `metadata`."""
    aliases: dict[str, str] = field(default_factory=dict)
    """Alias name with prefix → key ID ("" for an AWS alias without a key)."""
    tags: dict[str, tuple[Tag, ...]] = field(default_factory=dict)
    policies: dict[str, dict[str, str]] = field(default_factory=dict)
    grants: dict[str, tuple[Grant, ...]] = field(default_factory=dict)
    events: dict[str, tuple[KeyEvent, ...]] = field(default_factory=dict)
    """By key ARN."""
    resources: dict[ResourceKind, tuple[ConfiguredResource, ...]] = field(default_factory=dict)
    config_recording: ConfigRecording = field(default_factory=ConfigRecording)
    config_results: tuple[str, ...] = ()
    rotations: dict[str, Rotation] = field(default_factory=dict)
    wrapping_key: bytes = b""
    """DER of the public key that wraps key material."""
    imported: tuple[KeyMaterial, ...] = ()
    """What a key's materials are once key material was imported."""
    custom_key_stores: tuple[CustomKeyStore, ...] = ()
    usages: dict[str, LastUsage] = field(default_factory=dict)
    identities: dict[str, Identity] = field(default_factory=dict)
    controls: dict[str, AccountControls] = field(default_factory=dict)
    """By account; of others nothing is known."""
    endpoints: dict[str, ControlPolicy] = field(default_factory=dict)
    """Policies of VPC endpoints by the endpoint's ID."""
    vpc_endpoints: tuple[VpcEndpoint, ...] = ()
    """Of KMS, in this account and Region."""
    addresses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By host name."""
    caller: Caller = CALLER
    account: str = ACCOUNT
    region: str = REGION
    accounts: tuple[str, ...] = ()
    """Of the organization."""
    indexes: ResourceIndexes = field(default_factory=ResourceIndexes)
    indexed: tuple[str, ...] | None = None
    """Where Resource Explorer knows keys."""
    recorded: KeyPlaces | None = None
    """What a Config aggregator knows."""
    regions: tuple[str, ...] = (REGION,)
    """Those that are enabled."""

    def add(
        self,
        key_id: str,
        *aliases: str,
        tags: Mapping[str, str] | None = None,
        policy: str | None = None,
        **metadata: object,
    ) -> str:
        """Add one key; returns its ID."""
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
