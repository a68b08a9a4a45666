"""What is told of a key by columns: a value each, its text, and what it is sorted by.

The keys table and `kmstui keys` show the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from kmstui.model import Fact, GrantsRead, Key, LastUsage, Rotation
from kmstui.service.inventory.key_facts import is_unread, rotation_word
from kmstui.service.inventory.prices import monthly_cost

Value = str | int | float | datetime | tuple[str, ...] | None
"""None: there is none, or it was not read, which `KeyValue.is_unread` tells apart."""

_Text = Callable[[Key, Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class KeyValue:
    """One thing that is told of a key, with the names of its aliases."""

    id: str
    title: str
    read: Callable[[Key, Sequence[str]], Value]
    """The value as a program wants it: dates with their time, numbers as numbers."""
    means: str
    """What it is, for people: words that end without a full stop."""
    fact: Fact | None = None
    """What has to be read of each key for it; None: nothing beyond DescribeKey."""
    words: _Text | None = None
    """The text where it is not simply the value's."""
    order: _Text | None = None
    """What it is sorted by where that is not simply the value."""
    described: bool = True
    """Whether there is a value of keys that were described alone."""

    def is_unread(self, key: Key) -> bool:
        """Whether the value is still to be read, or could not be."""
        if self.described and key.metadata is None:
            return True
        if self.fact is None:
            return False
        return is_unread(key, self.fact) or bool(key.facts.problem(self.fact))

    def problem(self, key: Key) -> str:
        """Why the value could not be read, as a sentence; empty where it was or may be."""
        if self.fact is not None and (problem := key.facts.problem(self.fact)):
            return problem
        return key.problem if self.described and key.metadata is None else ""

    def text(self, key: Key, aliases: Sequence[str]) -> str:
        """The value as a person reads it; empty where there is none."""
        if self.words is not None:
            return self.words(key, aliases)
        return value_text(self.read(key, aliases))

    def sort_text(self, key: Key, aliases: Sequence[str]) -> str:
        """Text in whose order the values are; empty where there is none."""
        if self.order is not None:
            return self.order(key, aliases)
        value = self.read(key, aliases)
        if isinstance(value, datetime):
            return _moment_order(value)
        if isinstance(value, int | float):
            return f"{value:014.2f}"
        return " ".join(value) if isinstance(value, tuple) else value or ""


def value_text(value: Value) -> str:
    """A value as a person reads it; dates are days in UTC, as the AWS console shows them."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _moment_order(moment: datetime) -> str:
    return f"{moment.timestamp():020.3f}"


def _described(name: str, title: str, attribute: str, means: str) -> KeyValue:
    """A word or a date that DescribeKey tells."""

    def read(key: Key, aliases: Sequence[str]) -> Value:
        value: Value = None if key.metadata is None else getattr(key.metadata, attribute)
        return value

    return KeyValue(name, title, read, means)


def alias_text(aliases: Sequence[str]) -> str:
    """The first alias without its prefix, and how many more there are."""
    if not aliases:
        return ""
    more = f" +{len(aliases) - 1}" if len(aliases) > 1 else ""
    return aliases[0].removeprefix("alias/") + more


def _tags(key: Key, aliases: Sequence[str]) -> tuple[str, ...] | None:
    if key.tags is None:
        return None
    return tuple(f"{tag.key}={tag.value}" if tag.value else tag.key for tag in key.tags)


def _last_use(key: Key) -> LastUsage | None:
    return key.facts.last_use if isinstance(key.facts.last_use, LastUsage) else None


def _used_at(key: Key, aliases: Sequence[str]) -> datetime | None:
    usage = _last_use(key)
    return usage.at if usage else None


def last_use_text(key: Key, aliases: Sequence[str] = ()) -> str:
    """The day of the last use, or since when none was seen."""
    usage = _last_use(key)
    if usage is None:
        return ""
    if usage.at is not None:
        return f"{usage.at:%Y-%m-%d}"
    return f"none since {usage.tracking_since:%Y-%m-%d}" if usage.tracking_since else "none seen"


def _last_use_order(key: Key, aliases: Sequence[str]) -> str:
    """Never used comes before the longest unused."""
    usage = _last_use(key)
    if usage is None:
        return ""
    if usage.at is not None:
        return _moment_order(usage.at)
    since = usage.tracking_since
    return f" {since.timestamp():020.3f}" if since else " "


def _next_rotation(key: Key, aliases: Sequence[str]) -> datetime | None:
    rotation = key.facts.rotation
    return rotation.next_rotation if isinstance(rotation, Rotation) else None


def _grants(key: Key, aliases: Sequence[str]) -> int | None:
    return key.facts.grants.count if isinstance(key.facts.grants, GrantsRead) else None


def _replicas(key: Key, aliases: Sequence[str]) -> tuple[str, ...] | None:
    """The other Regions of a multi-Region key."""
    if key.metadata is None:
        return None
    regions = (arn.split(":")[3] for arn in key.metadata.replicas if arn.count(":") >= 5)
    return tuple(each for each in regions if each != key.region)


def _replicas_order(key: Key, aliases: Sequence[str]) -> str:
    regions = _replicas(key, ())
    return f"{len(regions):03d} {' '.join(regions)}" if regions else ""


def cost_text(key: Key, aliases: Sequence[str] = ()) -> str:
    """US dollars a month, by the list price."""
    cost = monthly_cost(key)
    return "" if cost is None else f"${cost:.0f}" if cost else "free"


VALUES = (
    KeyValue(
        "alias", "ALIAS", lambda key, aliases: tuple(aliases), "its aliases",
        words=lambda key, aliases: alias_text(aliases),
        order=lambda key, aliases: aliases[0] if aliases else "", described=False,
    ),
    KeyValue("id", "KEY ID", lambda key, aliases: key.bare_id, "its ID", described=False),
    _described("state", "STATE", "state", "whether it can be used"),
    _described("spec", "SPEC", "spec", "what kind of key it is"),
    _described("usage", "USAGE", "usage", "what it is for"),
    _described("origin", "ORIGIN", "origin", "where its key material comes from"),
    _described("manager", "MANAGER", "manager", "who manages it"),
    _described("multi", "MULTI-REGION", "multi_region", "primary or replica"),
    _described("created", "CREATED", "created", "when it was created"),
    _described("deletion", "DELETION", "deletion", "when it will be deleted"),
    KeyValue(
        "rotation", "ROTATION", lambda key, aliases: rotation_word(key),
        "whether KMS rotates it by itself: on, off, never (this kind cannot), stopped",
        fact=Fact.ROTATION,
    ),
    KeyValue(
        "tags", "TAGS", _tags, "its tags", described=False,
    ),
    _described("description", "DESCRIPTION", "description", "its description"),
    KeyValue(
        "last_use", "LAST USE", _used_at,
        "when it last encrypted, decrypted, signed …, or since when KMS has seen nothing of it",
        fact=Fact.LAST_USE, words=last_use_text, order=_last_use_order, described=False,
    ),
    KeyValue(
        "next_rotation", "NEXT ROTATION", _next_rotation, "when KMS rotates it next",
        fact=Fact.ROTATION,
    ),
    _described("expires", "EXPIRES", "valid_to", "when its imported key material expires"),
    KeyValue(
        "grants", "GRANTS", _grants, "how many grants it has", fact=Fact.GRANTS, described=False,
    ),
    KeyValue(
        "replicas", "REPLICAS", _replicas, "the other Regions of a multi-Region key",
        order=_replicas_order,
    ),
    KeyValue(
        "cost", "$/MONTH", lambda key, aliases: monthly_cost(key),
        "what it costs a month by AWS's list price, requests not included",
        fact=Fact.ROTATIONS, words=cost_text,
    ),
    KeyValue(
        "account", "ACCOUNT", lambda key, aliases: key.account, "whose it is", described=False
    ),
    KeyValue("region", "REGION", lambda key, aliases: key.region, "where it is", described=False),
)  # fmt: skip
"""All of them, in the usual order of columns."""

KEY_VALUES = {each.id: each for each in VALUES}
"""By id."""
