"""Where the use of a key may show, and what each of these places can and cannot see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kmstui.model import ResourceKind


@dataclass(frozen=True, slots=True)
class UseSource:
    """One place to look."""

    title: str
    sees: str
    """What it tells, as a sentence."""
    misses: str
    """What it cannot tell, as a sentence."""
    kind: ResourceKind | None = None
    """Of a service's own list, which is read when a person asks for it: it may be long."""


LAST_USE = UseSource(
    "Last use",
    "KMS tells the last cryptographic operation that went well, and since when it has kept that"
    " (GetKeyLastUsage).",
    "Uses before the last one or before that date, those of replicas, and what is done outside KMS:"
    " with a public key, or with a data key that a program keeps. AWS advises against deleting a"
    " key on its word alone.",
)
EVENTS = UseSource(
    "CloudTrail",
    "The event history of 90 days in this account and Region: who asked for what, through which"
    " service, and the resource where the encryption context names one.",
    "Older events, those of other accounts that use the key, and the last five minutes. A resource"
    " that is used once a year does not show, and a service may keep a data key for long without"
    " asking KMS.",
)
GRANTS = UseSource(
    "Grants",
    "Who holds a grant on the key, and the resource that its encryption context or source ARN"
    " names, such as an EBS volume or a database.",
    "Services that need no grant, as S3, and whoever may use it by a policy.",
)
ALIASES = UseSource(
    "Aliases",
    "The names under which programs and settings may know the key.",
    "Who asks for them: no service lists that.",
)
POLICIES = UseSource(
    "Policies",
    "Whom the key policy names, and the roles and users read for Access whose IAM policies name"
    " this very key.",
    "Roles and users that were not read, policies that say `*` for every key, and other accounts'"
    " policies. To be allowed is not to use.",
)
REPLICAS = UseSource(
    "Replicas",
    "The keys of the same multi-Region set, which decrypt what this one has encrypted.",
    "What uses them: each is a key of its own, in its own Region.",
)
CONFIG = UseSource(
    "AWS Config",
    "Resources of this account and Region whose recorded configuration names the key, of every"
    " type that is recorded (an advanced query).",
    "Types that are not recorded or whose configuration does not tell the key, snapshots among"
    " them, and what changed since it was recorded.",
)

_LISTS = {
    ResourceKind.EBS_VOLUMES: "Volumes that are shared with other accounts.",
    ResourceKind.EBS_SNAPSHOTS: "Snapshots in the Recycle Bin, those of other accounts, and AMIs"
    " whose snapshots these are.",
    ResourceKind.RDS_INSTANCES: "Snapshots, automated backups and exports of databases, which need"
    " the key too.",
    ResourceKind.RDS_CLUSTERS: "Snapshots, automated backups and exports of clusters, which need"
    " the key too.",
    ResourceKind.S3_BUCKETS: "Objects: each has the key that it was written with, whatever its"
    " bucket's default is now. S3 Inventory lists those.",
    ResourceKind.SECRETS: "Versions of secrets that were encrypted under another key before.",
    ResourceKind.FUNCTIONS: "Published versions, and what functions do with the key themselves.",
    ResourceKind.TOPICS: "Messages under way.",
    ResourceKind.QUEUES: "Messages that wait under an earlier key.",
    ResourceKind.LOG_GROUPS: "Log data from before its group was given another key, which still"
    " needs this one.",
    ResourceKind.TABLES: "Backups and exports of tables, and tables under an earlier key.",
    ResourceKind.FILE_SYSTEMS: "Backups of file systems.",
}

ON_OPENING = (LAST_USE, GRANTS, ALIASES, REPLICAS, POLICIES, CONFIG, EVENTS)
"""What is read when the view is opened: a few calls each."""
LISTS = tuple(
    UseSource(
        kind.value,
        f"What {kind.value} of this account and Region are configured with, as their service lists"
        " them.",
        misses,
        kind,
    )
    for kind, misses in _LISTS.items()
)
"""What is read when a person asks for it."""
SOURCES = (*ON_OPENING, *LISTS)

NOBODY_SEES = (
    "Nobody can tell what was encrypted under a key: KMS keeps no list of ciphertexts or of data"
    " keys. Files, backups and copies in other accounts may need it for ever."
)
"""Source: KMS Developer Guide, "Deleting AWS KMS keys"; there is no API for it."""


class UseState(StrEnum):
    """How far the reading of a source is."""

    NOT_LOOKED = "not looked at"
    READING = "reading"
    READ = "read"
    PARTLY = "read in part"
    DENIED = "denied"
    FAILED = "not read"

    @property
    def ended(self) -> bool:
        """Whether nothing more comes by itself."""
        return self is not UseState.READING

    @property
    def is_known(self) -> bool:
        """Whether the source has told anything, be it that there is nothing."""
        return self in {UseState.READ, UseState.PARTLY}


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that uses the key, or may."""

    what: str
    """The resource, caller, alias or key."""
    how: str = ""
    """What it does with the key, or as what it is known."""
    at: datetime | None = None
    """When that was seen last, or began."""


@dataclass(frozen=True, slots=True)
class SourceReading:
    """What one source has told of one key."""

    state: UseState
    claim: str = ""
    """What follows from it, in one sentence; never that the key is not used."""
    uses: tuple[Use, ...] = ()
    problem: str = ""
    """Why it is denied, not read, or read in part, as a sentence."""
    read_at: datetime | None = None
    more: str = ""
    """Where to read on, in the source's own terms; empty where that was all."""


NOT_LOOKED = SourceReading(UseState.NOT_LOOKED, "Not looked at.")


@dataclass(slots=True)
class KeyUses:
    """What is known of the use of one key."""

    readings: dict[str, SourceReading] = field(default_factory=dict)
    """By the source's title."""

    def of(self, source: UseSource) -> SourceReading:
        """What a source has told."""
        return self.readings.get(source.title, NOT_LOOKED)

    def sources_in(self, *states: UseState) -> tuple[UseSource, ...]:
        """The sources that are in one of these states."""
        return tuple(each for each in SOURCES if self.of(each).state in states)

    @property
    def found(self) -> tuple[tuple[UseSource, SourceReading], ...]:
        """The sources that told of something."""
        return tuple((each, self.of(each)) for each in SOURCES if self.of(each).uses)

    @property
    def is_reading(self) -> bool:
        """Whether any source is still being read."""
        return bool(self.sources_in(UseState.READING))


def titles(sources: Iterable[UseSource]) -> str:
    """Their titles in a sentence."""
    return ", ".join(each.title for each in sources)


def counted(count: int, noun: str) -> str:
    """`1 grant`, `2 grants`, `1 alias`, `2 aliases`, `no use`."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{count or 'no'} {noun if count == 1 else plural}"
