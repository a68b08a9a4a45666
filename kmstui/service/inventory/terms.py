"""Words of a filter about times, amounts and what is missing.

A word may need a fact that was not read of a key: then nobody can say whether it is meant, and
`unknown` says so. Neither the word nor its exclusion shows such a key; whoever filters counts it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kmstui.model import Fact, GrantsRead, Key, LastUsage, Rotation
from kmstui.service.inventory.key_facts import rotation_word
from kmstui.service.inventory.prices import monthly_cost


class FilterError(ValueError):
    """The filter cannot be read; the message is a sentence for the person."""


class Term:
    """One word of a filter."""

    __slots__ = ()

    def matches(self, key: Key, aliases: Sequence[str]) -> bool:
        """Whether the key, with its alias names, is meant, as far as `unknown` does not say."""
        raise NotImplementedError

    def unknown(self, key: Key, aliases: Sequence[str]) -> bool:
        """Whether nobody can say yet, since it was not read."""
        return False

    def implies(self, other: Term) -> bool:
        """Whether whatever this term matches, `other` matches too."""
        return self == other

    @property
    def fact(self) -> Fact | None:
        """What has to be read of each key for it."""
        return None


_DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0, "m": 30.0, "y": 365.0}
_SPAN = re.compile(r"(?P<op>[<>]?)(?P<number>\d{1,5})(?P<unit>[hdwmy]?)")
_AMOUNT = re.compile(r"(?P<op>[<>]?)=?(?P<number>\d{1,9}(?:\.\d{0,2})?)")


class Unread:
    """Stands for a value that nobody has read."""


UNREAD = Unread()
_Moment = Callable[[Key], datetime | Unread | None]
_Number = Callable[[Key], float | None]


def _metadata_moment(name: str) -> _Moment:
    def read(key: Key) -> datetime | Unread | None:
        if key.metadata is None:
            return UNREAD
        moment: datetime | None = getattr(key.metadata, name)
        return moment

    return read


def _next_rotation(key: Key) -> datetime | Unread | None:
    if not rotation_word(key):
        return UNREAD
    rotation = key.facts.rotation
    return rotation.next_rotation if isinstance(rotation, Rotation) else None


@dataclass(frozen=True, slots=True)
class Moments:
    """A date of a key that can be filtered by."""

    read: _Moment
    future: bool
    """Whether it is to come: "within" is meant then, and "longer ago than" otherwise."""
    fact: Fact | None = None


MOMENTS: Mapping[str, Moments] = {
    "age": Moments(_metadata_moment("created"), future=False),
    "expires": Moments(_metadata_moment("valid_to"), future=True),
    "deletes": Moments(_metadata_moment("deletion"), future=True),
    "rotates": Moments(_next_rotation, future=True, fact=Fact.ROTATION),
}


@dataclass(frozen=True, slots=True)
class Within(Term):
    """A date nearer to now than a span, or further away; without a limit, any date."""

    name: str
    limit: datetime | None = None
    before: bool = True
    """Whether dates before the limit are meant, or those after it."""

    def matches(self, key: Key, aliases: Sequence[str]) -> bool:
        """Whether the key has such a date."""
        moment = MOMENTS[self.name].read(key)
        if not isinstance(moment, datetime):
            return False
        return self.limit is None or (moment <= self.limit) is self.before

    def unknown(self, key: Key, aliases: Sequence[str]) -> bool:
        """Whether the date was not read."""
        return MOMENTS[self.name].read(key) is UNREAD

    @property
    def fact(self) -> Fact | None:
        """The next rotation is read for it."""
        return MOMENTS[self.name].fact


@dataclass(frozen=True, slots=True)
class LastUse(Term):
    """Used since a moment, or not; without one, ever since KMS tracks it.

    GetKeyLastUsage tells the last successful cryptographic operation since a date from which KMS
    tracks the key. Where that is after the moment and after the key's creation, no record says
    nothing about the time before (KMS API Reference, GetKeyLastUsage).
    """

    used: bool
    since: datetime | None = None

    def _was_used(self, key: Key) -> bool | None:
        usage, since = key.facts.last_use, self.since
        if key.sharer or not isinstance(usage, LastUsage):
            return None
        if usage.at is not None:
            return since is None or usage.at >= since
        tracked, created = usage.tracking_since, key.metadata.created if key.metadata else None
        if since is None or (tracked is not None and tracked <= since):
            return False
        # Tracked all its life: what is younger than the span was not unused for that long.
        young = created is not None and tracked is not None and created >= tracked
        return (not self.used) if young else None

    def matches(self, key: Key, aliases: Sequence[str]) -> bool:
        """Whether it was used, or was not."""
        return self._was_used(key) is self.used

    def unknown(self, key: Key, aliases: Sequence[str]) -> bool:
        """Whether the last use was not read, or is tracked for too short a time."""
        return self._was_used(key) is None

    @property
    def fact(self) -> Fact | None:
        """The last use is read for it."""
        return Fact.LAST_USE


def _grants(key: Key) -> float | None:
    return key.facts.grants.count if isinstance(key.facts.grants, GrantsRead) else None


def _replicas(key: Key) -> float | None:
    return None if key.metadata is None else max(0, len(key.metadata.replicas) - 1)


AMOUNTS: Mapping[str, tuple[_Number, Fact | None]] = {
    "grants": (_grants, Fact.GRANTS),
    "cost": (monthly_cost, Fact.ROTATIONS),
    "replicas": (_replicas, None),
}


@dataclass(frozen=True, slots=True)
class Amount(Term):
    """A number equal to another, or above or below it."""

    name: str
    op: str
    number: float

    def matches(self, key: Key, aliases: Sequence[str]) -> bool:
        """Whether the key has such a number."""
        value = AMOUNTS[self.name][0](key)
        if value is None:
            return False
        if not self.op:
            return value == self.number
        return value > self.number if self.op == ">" else value < self.number

    def unknown(self, key: Key, aliases: Sequence[str]) -> bool:
        """Whether the number was not read."""
        return AMOUNTS[self.name][0](key) is None

    @property
    def fact(self) -> Fact | None:
        """What the number is made of."""
        return AMOUNTS[self.name][1]


_MISSING = ("alias", "description", "grants", "rotation", "tag", "use")


@dataclass(frozen=True, slots=True)
class Missing(Term):
    """What a key does not have: one of `_MISSING`, or the tag with a key."""

    what: str
    tag: str = ""

    def _has(self, key: Key, aliases: Sequence[str]) -> bool | None:
        if self.what == "alias":
            return bool(aliases)
        if self.what == "description":
            return None if key.metadata is None else bool(key.metadata.description)
        if self.what == "rotation":
            word = rotation_word(key)
            return None if not word else word != "off"
        if self.what == "grants":
            count = _grants(key)
            return None if count is None else count > 0
        if key.tags is None:
            return None
        return any(not self.tag or each.key.casefold() == self.tag for each in key.tags)

    def matches(self, key: Key, aliases: Sequence[str]) -> bool:
        """Whether it is missing."""
        return self._has(key, aliases) is False

    def unknown(self, key: Key, aliases: Sequence[str]) -> bool:
        """Whether it was not read."""
        return self._has(key, aliases) is None

    @property
    def fact(self) -> Fact | None:
        """What is read for it."""
        return {"rotation": Fact.ROTATION, "grants": Fact.GRANTS}.get(self.what)


FILTER_WORDS = (
    ("unused:90d  used:7d", "not used for 90 days; used within 7. KMS tells each key's last use at"
     " four a second"),
    ("no:use", "no use seen since KMS tracks it"),
    ("rotation:off  no:rotation", "could rotate by itself and does not; also on, never, stopped"),
    ("rotates:30d  expires:30d", "KMS rotates it, its imported material expires, within 30 days"),
    ("deletes:7d  deletes:", "is deleted within 7 days; is to be deleted at all"),
    ("age:>1y  age:<30d", "older than a year, younger than 30 days; also h, w, m (30 days)"),
    ("no:tag:owner  no:tag", "without that tag; without any. Also no:description, no:grants"),
    ("grants:>0  replicas:1  cost:>1", "more than, exactly; US dollars a month by the list price"),
)  # fmt: skip
"""Examples of these words, and what each shows: for the help of screens and commands. Of what is
not read yet the title says how much, and what nobody can say is counted there."""


def is_special(name: str) -> bool:
    """Whether `name:` begins one of these words."""
    return name in MOMENTS or name in AMOUNTS or name in ("no", "used", "unused")


def special_term(name: str, value: str, now: datetime) -> Term | None:
    """The word `name:value`; None while there is too little of it to mean anything.

    Raises:
        FilterError: the value is none that it takes.
    """
    if name == "no":
        return _missing(value)
    if name in AMOUNTS:
        return _amount(name, value)
    if not value and name in ("used", "unused"):
        return LastUse(used=name == "used")
    if value in ("", "<", ">"):
        return Within(name) if not value and name != "age" else None
    match = _SPAN.fullmatch(value)
    if match is None:
        raise FilterError(
            f"{name}:{value} names no time: {name}:90d is one, and 12w, 6m and 1y are others."
            " Nothing is filtered until it is."
        )
    span = timedelta(days=int(match["number"]) * _DAYS[match["unit"] or "d"])
    op = match["op"]
    if name in ("used", "unused"):
        if op and (op == ">") is (name == "used"):
            # Used longer ago than that is what `unused` says, and the other way round.
            name = "unused" if name == "used" else "used"
        return LastUse(used=name == "used", since=now - span)
    moments = MOMENTS[name]
    if moments.future:
        return Within(name, now + span, before=op != ">")
    return Within(name, now - span, before=op != "<")


def _amount(name: str, value: str) -> Term | None:
    if value in ("", "<", ">"):
        return None
    match = _AMOUNT.fullmatch(value)
    if match is None:
        raise FilterError(
            f"{name}:{value} names no number: {name}:2 is one, and {name}:>2 is more than that."
            " Nothing is filtered until it is."
        )
    return Amount(name, match["op"], float(match["number"]))


def _missing(value: str) -> Term | None:
    what, colon, tag = value.partition(":")
    if colon and what == "tag":
        return Missing("tag", tag)
    found = [each for each in _MISSING if value and each.startswith(value)]
    if value and not found:
        raise FilterError(
            f"no:{value} is not known: what can be missing is {', '.join(_MISSING)} or tag:KEY."
            " Nothing is filtered until it is one of these."
        )
    if not found:
        return None
    return LastUse(used=False) if found[0] == "use" else Missing(found[0])
