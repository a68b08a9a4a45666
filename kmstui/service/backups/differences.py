"""What has to be done so that a key is as its backup has it; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kmstui.model import Grant, TagDelta
from kmstui.policy.iam import same_meaning
from kmstui.service.backups.record import PENDING_DELETION, KeyRecord, RotationSetting
from kmstui.service.keys import grant_content

_DORMANT = ("Disabled", "PendingImport", "Unavailable", *PENDING_DELETION)
"""States in which KMS makes no grant and changes no rotation.

Source: KMS Developer Guide, "Key states of AWS KMS keys".
"""


class Kind(StrEnum):
    """One kind of step, in the order in which they are taken."""

    CANCEL_DELETION = "cancel deletion"
    ENABLE = "enable"
    POLICY = "policy"
    DESCRIPTION = "description"
    TAGS = "tags"
    ALIAS = "alias"
    MOVE_ALIAS = "move alias"
    DELETE_ALIAS = "delete alias"
    GRANT = "grant"
    REVOKE_GRANT = "revoke grant"
    ROTATION = "rotation"
    DISABLE = "disable"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do to a key."""

    kind: Kind
    words: str
    """What it changes, such as `+project=x`."""
    text: str = ""
    """The policy, the description, or the name of the alias."""
    tags: TagDelta | None = None
    grant: Grant | None = None
    rotation: RotationSetting | None = None


@dataclass(frozen=True, slots=True)
class Differences:
    """What is to be done, and what of the backup is not brought back."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...]


def differences(
    wanted: KeyRecord, now: KeyRecord, held: Sequence[Grant], taken: Collection[str], *, prune: bool
) -> Differences:
    """What turns a key as it is `now` into the one that is `wanted`.

    Args:
        wanted: The key of the backup, with the names of where it is restored.
        now: The key as it is stored.
        held: Its grants with their IDs.
        taken: Aliases that exist in the account.
        prune: Whether what the backup does not have is taken away, too.
    """
    notes: list[str] = []
    steps = [
        *_state_before(wanted, now),
        *_policy(wanted, now),
        *_description(wanted, now),
        *_tags(wanted, now, notes, prune=prune),
        *_aliases(wanted, now, taken, notes, prune=prune),
        *_grants(wanted, now, held, notes, prune=prune),
        *_rotation(wanted, now, notes),
        *_state_after(wanted, now, notes),
    ]
    notes += [f"The backup has no {part}: it could not be read then." for part in wanted.not_read]
    notes += [f"Its {part} cannot be read now, so that stays." for part in now.not_read]
    return Differences(tuple(steps), tuple(notes))


def _state_before(wanted: KeyRecord, now: KeyRecord) -> Iterator[Step]:
    if wanted.state in PENDING_DELETION:
        return
    state = now.state
    if state in PENDING_DELETION:
        yield Step(Kind.CANCEL_DELETION, "its deletion is cancelled")
        state = "Disabled"
    if wanted.state == "Enabled" and state == "Disabled":
        yield Step(Kind.ENABLE, "Disabled → Enabled")


def _state_after(wanted: KeyRecord, now: KeyRecord, notes: list[str]) -> Iterator[Step]:
    if wanted.state == "Disabled" and now.state == "Enabled":
        yield Step(Kind.DISABLE, "Enabled → Disabled")
    if wanted.state in PENDING_DELETION and now.state not in PENDING_DELETION:
        notes.append("It was pending deletion; that is not scheduled again.")


def _read(part: str, *records: KeyRecord) -> bool:
    return not any(part in each.not_read for each in records)


def _policy(wanted: KeyRecord, now: KeyRecord) -> Iterator[Step]:
    if _read("policy", wanted, now) and not same_meaning(wanted.policy, now.policy):
        yield Step(Kind.POLICY, "another policy is stored", wanted.policy)


def _description(wanted: KeyRecord, now: KeyRecord) -> Iterator[Step]:
    if wanted.description != now.description:
        yield Step(Kind.DESCRIPTION, wanted.description or "no description", wanted.description)


def _tags(wanted: KeyRecord, now: KeyRecord, notes: list[str], *, prune: bool) -> Iterator[Step]:
    if not _read("tags", wanted, now):
        return
    of_aws = [tag.key for tag in wanted.tags if tag.key.lower().startswith("aws:")]
    if set(of_aws) - {tag.key for tag in now.tags}:
        notes.append(f"Only AWS can set tags such as {of_aws[0]}.")
    put = tuple(tag for tag in wanted.tags if tag not in now.tags and tag.key not in of_aws)
    names = {tag.key for tag in wanted.tags}
    extra = tuple(
        tag.key for tag in now.tags if tag.key not in names and not tag.key.startswith("aws:")
    )
    words = [f"+{tag.key}={tag.value}" for tag in put]
    if prune:
        words += [f"-{name}" for name in extra]
    else:
        _staying("tag", extra, notes)
    if words:
        yield Step(Kind.TAGS, " ".join(words), tags=TagDelta(put, extra if prune else ()))


def _aliases(
    wanted: KeyRecord, now: KeyRecord, taken: Collection[str], notes: list[str], *, prune: bool
) -> Iterator[Step]:
    if not _read("aliases", wanted, now):
        return
    for name in wanted.aliases:
        if name in now.aliases:
            continue
        if name in taken:
            yield Step(Kind.MOVE_ALIAS, f"{name}, which names another key now", name)
        else:
            yield Step(Kind.ALIAS, f"+{name}", name)
    extra = [name for name in now.aliases if name not in wanted.aliases]
    if prune:
        yield from (Step(Kind.DELETE_ALIAS, f"-{name}", name) for name in extra)
    else:
        _staying("alias", extra, notes)


def _grants(
    wanted: KeyRecord, now: KeyRecord, held: Sequence[Grant], notes: list[str], *, prune: bool
) -> Iterator[Step]:
    if not _read("grants", wanted, now):
        return
    missing = Counter(wanted.grants) - Counter(now.grants)
    dormant = _dormant(wanted, now)
    of_services = [each for each in missing.elements() if each.grantee_service]
    for grant in missing.elements():
        if not dormant and not grant.grantee_service:
            yield Step(Kind.GRANT, f"+{_grant_words(grant)}", grant=grant)
    left = len(of_services)
    if left:
        notes.append(
            f"{left} of its grants {'is' if left == 1 else 'are'} an AWS service's, which makes"
            " them itself when it needs them."
        )
    if dormant and len(of_services) < missing.total():
        notes.append(
            f"KMS makes no grants while the key is {dormant}:"
            f" {missing.total() - len(of_services)} of them wait for another restore."
        )
    extra = Counter(now.grants) - Counter(wanted.grants)
    if prune:
        for each, grant in _with_ids(extra, held):
            yield Step(Kind.REVOKE_GRANT, f"-{_grant_words(each)}", grant=grant)
    else:
        _staying("grant", [_grant_words(each) for each in extra.elements()], notes)


def _dormant(wanted: KeyRecord, now: KeyRecord) -> str:
    """The state that keeps KMS from making grants, also after the steps before; or ""."""
    enabled = wanted.state == "Enabled" and now.state in ("Disabled", *PENDING_DELETION)
    return now.state if now.state in _DORMANT and not enabled else ""


def _with_ids(extra: Counter[Grant], held: Sequence[Grant]) -> Iterator[tuple[Grant, Grant]]:
    left = Counter(extra)
    for grant in held:
        content = grant_content(grant)
        if left[content] > 0:
            left[content] -= 1
            yield content, grant


def _grant_words(grant: Grant) -> str:
    limits = grant.context_equals or grant.context_subset or grant.source_arn
    return f"{grant.holder}: {' '.join(grant.operations)}{' under constraints' * bool(limits)}"


def _rotation(wanted: KeyRecord, now: KeyRecord, notes: list[str]) -> Iterator[Step]:
    setting = wanted.rotation
    if setting is None or not _read("rotation", wanted, now):
        return
    if now.state in PENDING_DELETION and wanted.state not in PENDING_DELETION:
        notes.append("Its rotation is looked at once its deletion is cancelled: restore again.")
        return
    if now.rotation is None or now.rotation == setting:
        return
    if now.rotation.enabled and setting.enabled and setting.period_days is None:
        return
    words = f"every {setting.period_days or 365} days" if setting.enabled else "off"
    if _dormant(wanted, now):
        notes.append(f"KMS changes no rotation while the key is {now.state}: {words} is left.")
        return
    yield Step(Kind.ROTATION, words, rotation=setting)


def _staying(what: str, extra: Iterable[str], notes: list[str]) -> None:
    names = list(extra)
    if names:
        plural = {"alias": "aliases"}.get(what, f"{what}s")
        if len(names) == 1:
            notes.append(f"The {what} {names[0]} came later and stays; --prune takes it away.")
        else:
            notes.append(f"{len(names)} {plural} came later and stay; --prune takes them away.")
