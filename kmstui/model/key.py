"""A KMS key as kmstui knows it, and what is read of it: tags, aliases, grants, events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kmstui.model.arn import Arn
from kmstui.model.key_facts import NO_FACTS, KeyFacts, Rotation


@dataclass(frozen=True, slots=True, order=True)
class Tag:
    """One tag: a case-sensitive tag key and its value, which may be empty."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class TagDelta:
    """A change of tags as a person wants it, before it is compared with any key's tags."""

    put: tuple[Tag, ...] = ()
    """Tags to add, or to change where the tag key exists."""
    remove: tuple[str, ...] = ()
    """Tag keys to remove."""
    rename: tuple[str, str] | None = None
    """A tag key and the one that shall have its value instead, which each key has its own of."""


@dataclass(frozen=True, slots=True)
class Alias:
    """One entry of ListAliases. Source: KMS API Reference, AliasListEntry."""

    name: str
    """With its `alias/` prefix. Where keys go by their ARNs, its own ARN: names of two accounts or
    Regions may be the same."""
    key_id: str = ""
    """TargetKeyId; empty for a predefined alias of a service not used in this account yet."""
    created: datetime | None = None
    updated: datetime | None = None
    arn_prefix: str = ""
    """The ARN up to its name, which many aliases have in common; empty where it was not told."""

    @property
    def bare_name(self) -> str:
        """The name with its `alias/` prefix, also of an alias that goes by its ARN."""
        return bare_name(self.name)

    @property
    def is_aws(self) -> bool:
        """Whether the alias is AWS's own (`alias/aws/…`), which nobody else may change."""
        return self.bare_name.startswith("alias/aws/")


def bare_name(name: str) -> str:
    """A key ID or alias name without the ARN around it; the name of an alias may hold colons."""
    return name.split(":", 5)[-1].removeprefix("key/") if name.startswith("arn:") else name


def plain_name(subject: str) -> str:
    """A key ID or alias name without the ARN around it; of what is not KMS's the ARN as it is."""
    arn = Arn.maybe(subject)
    return bare_name(subject) if arn is not None and arn.service == "kms" else subject


def words_for(key_id: str, alias: str = "") -> str:
    """A key as a sentence names it: its ID and, in brackets, its alias.

    Of a key that goes by its ARN account and Region too, since others may have that ID and alias.
    """
    more = ", ".join(filter(None, (alias, place_in(key_id))))
    return f"{bare_name(key_id)} ({more})" if more else bare_name(key_id)


def place_in(key_id: str) -> str:
    """Account and Region of a key that goes by its ARN; empty where one place alone is open."""
    arn = Arn.maybe(key_id)
    return f"{arn.account} {arn.region}".strip() if arn else ""


def beside(known: str, name: str) -> str:
    """What a key ID or alias name goes by in the account and Region of a key or alias.

    That is the name itself where `known` does not go by its ARN.
    """
    if not known.startswith("arn:") or name.startswith("arn:"):
        return name
    place = ":".join(known.split(":", 5)[:5])
    return f"{place}:{name}" if name.startswith("alias/") else f"{place}:key/{name}"


@dataclass(frozen=True, slots=True)
class KeyMetadata:
    """What DescribeKey returns, in the service's own words.

    Strings of an enumeration are kept as the service sent them, so that a value newer than
    this program is shown rather than refused. Source: KMS API Reference, KeyMetadata.
    """

    state: str
    """KeyState: `Enabled`, `Disabled`, `PendingDeletion`, `PendingImport` …"""
    spec: str
    """KeySpec: `SYMMETRIC_DEFAULT`, `RSA_2048` …"""
    usage: str
    """KeyUsage: `ENCRYPT_DECRYPT`, `SIGN_VERIFY` …"""
    origin: str
    """`AWS_KMS`, `EXTERNAL`, `AWS_CLOUDHSM`, `EXTERNAL_KEY_STORE`."""
    manager: str
    """KeyManager: `CUSTOMER` or `AWS`."""
    description: str
    created: datetime | None
    """CreationDate, with its time zone; None where the service did not tell, as words are empty
    there: of KeyMetadata only KeyId is required."""
    multi_region: str = ""
    """MultiRegionKeyType: `PRIMARY`, `REPLICA`, or empty for a single-Region key."""
    deletion: datetime | None = None
    """DeletionDate, while deletion is scheduled."""
    pending_window_days: int | None = None
    """PendingDeletionWindowInDays of a primary that waits for its replicas."""
    valid_to: datetime | None = None
    """When imported key material expires."""
    expiration_model: str = ""
    custom_key_store_id: str = ""
    cloud_hsm_cluster_id: str = ""
    external_key_id: str = ""
    """XksKeyConfiguration: the key's ID in an external key manager."""
    replicas: tuple[str, ...] = ()
    """ARNs of the related multi-Region keys, the primary first."""


@dataclass(frozen=True, slots=True)
class Key:
    """One row of the inventory; grows as its parts are read.

    Keys of several accounts or Regions in one list go by their ARNs, since a multi-Region key has
    one ID in all of its Regions; the ID that people see is `bare_id`.

    A new instance replaces the old one with each change. An account may have 100,000: what many
    keys have in common is best the same object in each.
    """

    id: str
    arn_prefix: str
    """The ARN up to the ID: partition, Region and account, which many keys have in common."""
    metadata: KeyMetadata | None = None
    """None until DescribeKey has returned it; it stays None where that was refused."""
    problem: str = ""
    """Why the key could not be described, as a sentence; empty when it could or is still to be."""
    tags: tuple[Tag, ...] | None = None
    """None until they were read."""
    tags_problem: str = ""
    """Why the tags could not be read, as a sentence."""
    facts: KeyFacts = NO_FACTS
    """What KMS tells of one key at a time, as far as somebody wanted it."""
    shared: bool = False
    """Whether another account shares it through Resource Access Manager."""

    @classmethod
    def of(cls, key_id: str, arn: str, metadata: KeyMetadata | None = None, **known: Any) -> Key:
        """The key with this ID and ARN."""
        if key_id == arn:
            # What goes by its ARN tells it by that alone: a prefix of its own would be twice the
            # memory.
            return cls(arn, "", metadata, **known)
        prefix = arn.removesuffix(key_id) if arn.endswith(f"/{key_id}") else arn
        return cls(key_id, prefix, metadata, **known)

    @property
    def arn(self) -> str:
        """The ARN; an odd one does not end with the ID."""
        if self.id.startswith("arn:"):
            return self.id
        return self.arn_prefix + self.id if self.arn_prefix.endswith("/") else self.arn_prefix

    @property
    def account(self) -> str:
        """The account that owns it; empty where its ARN is not known."""
        arn = Arn.maybe(self.arn)
        return "" if arn is None else arn.account

    @property
    def region(self) -> str:
        """Its Region; empty where its ARN is not known."""
        arn = Arn.maybe(self.arn)
        return "" if arn is None else arn.region

    @property
    def rotation(self) -> bool | None:
        """Whether automatic rotation is on; None until KMS told."""
        rotation = self.facts.rotation
        return rotation.enabled if isinstance(rotation, Rotation) else None

    @property
    def is_aws_managed(self) -> bool:
        """Whether AWS manages the key, which forbids every edit of it."""
        return self.metadata is not None and self.metadata.manager == "AWS"

    @property
    def bare_id(self) -> str:
        """The ID without account and Region, also of a key that goes by its ARN."""
        return self.id.rpartition("/")[2]

    @property
    def sharer(self) -> str:
        """The account that shares it through Resource Access Manager; empty for one's own.

        Such a key goes by its ARN: KMS finds keys of other accounts by nothing else.
        """
        return self.account if self.shared else ""

    @property
    def fixed(self) -> str:
        """Why nobody here can change it, as in "the key …"; empty where somebody may."""
        if self.sharer:
            return f"belongs to account {self.sharer}, which shares it"
        return "is managed by AWS" if self.is_aws_managed else ""


@dataclass(frozen=True, slots=True)
class KeyCreation:
    """What a person asks of CreateKey."""

    spec: str = "SYMMETRIC_DEFAULT"
    usage: str = "ENCRYPT_DECRYPT"
    description: str = ""
    multi_region: bool = False
    origin: str = "AWS_KMS"
    policy: str | None = None
    """The key policy's text; None for KMS's default policy."""
    tags: tuple[Tag, ...] = ()
    custom_key_store_id: str = ""
    """The custom key store in which it is made, or empty."""
    external_key_id: str = ""
    """XksKeyId: the key in the external key manager that is its material, or empty."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One entry of ListGrants. Source: KMS API Reference, GrantListEntry."""

    id: str
    key_arn: str
    grantee: str
    """GranteePrincipal: an ARN or a service principal; empty where a service is named instead."""
    operations: tuple[str, ...]
    """Empty where they could not be read: every grant allows some."""
    name: str = ""
    retiring: str = ""
    """RetiringPrincipal, or empty."""
    issuing_account: str = ""
    created: datetime | None = None
    context_equals: tuple[tuple[str, str], ...] = ()
    """EncryptionContextEquals, sorted by name."""
    context_subset: tuple[tuple[str, str], ...] = ()
    """EncryptionContextSubset, sorted by name."""
    grantee_service: str = ""
    """GranteeServicePrincipal, or empty."""
    retiring_service: str = ""
    """RetiringServicePrincipal, or empty."""
    source_arn: str = ""
    """SourceArn: the resource on behalf of which requests must be made, or empty."""
    constraint_unread: bool = False
    """Whether it has constraints and none that could be read, so that nobody can say when it
    holds: botocore leaves out members that are newer than itself."""
    unread: str = ""
    """Why it could not be read, so that nobody can say who may do what by it; else empty."""

    @property
    def holder(self) -> str:
        """Who gets its permissions; empty where it names nobody."""
        return self.grantee or self.grantee_service

    @property
    def retirer(self) -> str:
        """Who may retire it besides the account, whatever its operations; empty: nobody."""
        return self.retiring or self.retiring_service


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """One CloudTrail event about a key, as LookupEvents returns it."""

    id: str
    time: datetime | None
    """None where it was not told."""
    name: str
    """The operation, such as `Decrypt` or `PutKeyPolicy`."""
    principal: str
    """The caller's ARN, or the service that called."""
    source_ip: str = ""
    vpc_endpoint: str = ""
    user_agent: str = ""
    tls: tuple[str, ...] = ()
    """Version, cipher suite and key exchange of its TLS connection, as far as they were told.
    Source: CloudTrail User Guide, "CloudTrail record contents", tlsDetails."""
    error_code: str = ""
    error_message: str = ""
    encryption_context: tuple[tuple[str, str], ...] = ()
    policy: str = ""
    """The policy text of a PutKeyPolicy event, or empty."""
    read_only: bool = True
