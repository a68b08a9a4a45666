"""Several keys beside each other: what differs in what they are, and what their policies allow.

Two keys of one's choice, or the keys of a multi-Region set, which share material, ID, spec, usage
and rotation, and neither policy, grants, aliases, tags nor description (KMS Developer Guide,
"Multi-Region keys in AWS KMS").
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from kmstui.model import Alias, Grant, Key, KeyMetadata, Rotation, Tag, TagDelta, bare_name
from kmstui.policy.iam import same_meaning
from kmstui.service.editing import AccessLine, compare_key_access
from kmstui.service.errors import FailedError
from kmstui.service.inventory import never_rotates
from kmstui.service.keys.lifecycle import replica_regions
from kmstui.service.keys.related import RelatedKeys
from kmstui.service.ports import Gateway
from kmstui.service.session import Session

T = TypeVar("T")

ABSENT = "-"
UNREAD = "not read: "


@dataclass(frozen=True, slots=True)
class KeyPicture:
    """All that is compared of one key."""

    name: str
    """What to call it beside the others: an alias, or a Region."""
    key_id: str
    """What it goes by over its session."""
    arn: str = ""
    session: Session | None = field(default=None, repr=False, compare=False)
    """Over which it was read, and is changed; None where there is no connection to it."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Values by what they are, in the order in which they are shown."""
    policy: str | None = None
    """None where it could not be read."""
    tags: tuple[Tag, ...] | None = None
    """None where they could not be read."""
    problem: str = ""
    """Why nothing of it could be read, or not its policy, as a sentence."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that each key has, or has not."""

    label: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether the keys are surely not alike in it."""
        return len(set(self.values)) > 1


@dataclass(frozen=True, slots=True)
class PolicyDifference:
    """What the policy of one key allows that the first one's does not, and the other way round."""

    first: KeyPicture
    other: KeyPicture
    same_meaning: bool
    access: tuple[AccessLine, ...] = ()


async def read_picture(session: Session, key_id: str, name: str) -> KeyPicture:
    """Read a key and what belongs to it; what may not be read is a value that says so."""
    session = session.of(key_id)
    gateway = session.gateway
    try:
        key, metadata = await gateway.describe(key_id)
    except FailedError as error:
        return KeyPicture(name, key_id, session=session, problem=error.sentence)
    policy, aliases, tags, grants, rotation = await asyncio.gather(
        _or_why(lambda: gateway.get_policy(key_id)),
        _or_why(lambda: _aliases(gateway, key_id)),
        _or_why(lambda: gateway.list_tags(key_id)),
        _or_why(lambda: gateway.list_grants(key_id)),
        _or_why(lambda: _rotation(gateway, key_id, metadata)),
    )
    known_tags = None if isinstance(tags, str) else tags
    if session.is_connected_by(gateway):
        _keep(session, replace(key, metadata=metadata), aliases, known_tags)
    facts = dict(_facts(metadata))
    facts["Rotation"] = rotation if isinstance(rotation, str) else _rotation_words(rotation)
    if isinstance(aliases, str):
        facts["Aliases"] = aliases
    else:
        facts["Aliases"] = ", ".join(sorted(bare_name(each.name) for each in aliases)) or ABSENT
    if isinstance(tags, str):
        facts["Tags"] = tags
    else:
        facts.update({f"Tag {tag.key}": tag.value or '""' for tag in tags})
    if isinstance(grants, str):
        facts["Grants"] = grants
    else:
        facts["Grants"] = str(len(grants))
        facts.update(_grant_facts(grants))
    unread = policy.startswith(UNREAD)
    return KeyPicture(
        name,
        key_id,
        key.arn,
        session,
        facts,
        None if unread else policy,
        known_tags,
        policy.removeprefix(UNREAD) if unread else "",
    )


def _keep(
    session: Session, key: Key, aliases: Sequence[Alias] | str, tags: tuple[Tag, ...] | None
) -> None:
    """What is changed from here on is decided on what was read now."""
    store = session.store
    store.add_keys((key,))
    store.put_key(replace(store.keys[key.id], metadata=key.metadata, problem=""))
    if not isinstance(aliases, str):
        store.add_aliases(aliases)
    if tags is not None:
        store.set_tags({key.id: tags})


async def read_pictures(session: Session, names: Mapping[str, str]) -> tuple[KeyPicture, ...]:
    """Read several keys, by their IDs with what to call each."""
    reads = (read_picture(session, each, name) for each, name in names.items())
    return tuple(await asyncio.gather(*reads))


async def read_set(session: Session, key_id: str) -> tuple[KeyPicture, ...]:
    """The keys of a multi-Region set, the primary first, each over a connection to its Region.

    A Region that is out of reach is a picture that says why.

    Raises:
        ServiceError: the key itself may not be described.
    """
    own = session.of(key_id)
    metadata = (await own.gateway.describe(key_id))[1]
    related = own.shared(RelatedKeys)

    async def read(region: str) -> KeyPicture:
        try:
            there = await related.session_in(region)
        except FailedError as error:
            return KeyPicture(region, key_id, problem=error.sentence)
        return await read_picture(there, there.handle(bare_name(key_id)), region)

    return tuple(await asyncio.gather(*map(read, replica_regions(metadata))))


def compared(pictures: Sequence[KeyPicture]) -> tuple[Fact, ...]:
    """Every fact of the keys that could be read, those that differ first."""
    read = [each for each in pictures if each.facts]
    labels = dict.fromkeys(label for each in read for label in each.facts)
    facts = [Fact(label, tuple(each.facts.get(label, ABSENT) for each in read)) for label in labels]
    return tuple(sorted(facts, key=lambda fact: not fact.differs))


def compare_policies(pictures: Sequence[KeyPicture]) -> tuple[PolicyDifference, ...]:
    """The policy of each key beside the first one's; takes a while, so call it in a thread."""
    read = [each for each in pictures if each.policy is not None]
    return tuple(_policy_difference(read[0], each) for each in read[1:])


def policy_like(model: KeyPicture, other: KeyPicture) -> str:
    """The policy of one key as another one's: what names the one by its ARN names the other."""
    text = model.policy or ""
    return text.replace(model.arn, other.arn) if model.arn and other.arn else text


def tags_like(model: KeyPicture, other: KeyPicture) -> TagDelta:
    """What makes the tags of one key those of another; empty where either's are not known."""
    if model.tags is None or other.tags is None:
        return TagDelta()
    wanted = {tag.key for tag in model.tags}
    return TagDelta(
        put=tuple(tag for tag in model.tags if tag not in other.tags),
        remove=tuple(tag.key for tag in other.tags if tag.key not in wanted),
    )


def _policy_difference(first: KeyPicture, other: KeyPicture) -> PolicyDifference:
    # Each policy names its own key by "*", or by its ARN, which is another one's in the other.
    old, new = first.policy or "", policy_like(other, first)
    if same_meaning(old, new):
        return PolicyDifference(first, other, same_meaning=True)
    lines = compare_key_access(old, new, first.arn).lines
    return PolicyDifference(first, other, same_meaning=False, access=lines)


def _facts(metadata: KeyMetadata) -> Mapping[str, str]:
    created = f"{metadata.created:%Y-%m-%d}" if metadata.created else ""
    expires = f"{metadata.valid_to:%Y-%m-%d %H:%M} UTC" if metadata.valid_to else ""
    values = {
        "State": metadata.state,
        "Spec": metadata.spec,
        "Usage": metadata.usage,
        "Origin": metadata.origin,
        "Manager": metadata.manager,
        "Multi-Region": metadata.multi_region,
        "Description": metadata.description,
        "Created": created,
        "Deletion": f"{metadata.deletion:%Y-%m-%d}" if metadata.deletion else "",
        "Material expires": expires or metadata.expiration_model,
        "Key store": metadata.custom_key_store_id,
    }
    return {label: value or ABSENT for label, value in values.items()}


async def _rotation(gateway: Gateway, key_id: str, metadata: KeyMetadata) -> Rotation | None:
    return None if never_rotates(metadata) else await gateway.rotation(key_id)


def _rotation_words(rotation: Rotation | None) -> str:
    if rotation is None:
        return "never: its kind does not rotate"
    if not rotation.enabled:
        return "off"
    return f"every {rotation.period_days} days" if rotation.period_days else "on"


async def _aliases(gateway: Gateway, key_id: str) -> list[Alias]:
    return [alias async for page in gateway.alias_pages(key_id) for alias in page]


def _grant_facts(grants: Sequence[Grant]) -> Mapping[str, str]:
    """What each holder may by grants, however many there are."""
    held: dict[str, set[str]] = {}
    for grant in grants:
        held.setdefault(f"Grant to {grant.holder or 'unknown'}", set()).update(grant.operations)
    return {holder: " ".join(sorted(operations)) for holder, operations in held.items()}


async def _or_why(read: Callable[[], Awaitable[T]]) -> T | str:
    try:
        return await read()
    except FailedError as error:
        return f"{UNREAD}{error.sentence}"
