"""Brings keys back as a backup has them, over the connection of a session.

A key that exists is found by its ID; in another account or Region, or where it was deleted, by what
this journal knows that it was restored as, or by its aliases. Others are created. Each step is a
change like any other: written to the journal, sent, read back. A run that was interrupted is
simply begun again: the journal has which key each was restored as, and what a key has already is
not sent.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from kmstui.model import Grant, Key, KeyCreation, Tag
from kmstui.service.backups.differences import Differences, Kind, Step, differences
from kmstui.service.backups.record import KeyRecord, Renaming, read_record
from kmstui.service.changes import Shown, Sleep
from kmstui.service.errors import FailedError, unless_refused
from kmstui.service.keys import CREATE_KEY, Aliases, Grants, Lifecycle
from kmstui.service.ports import ChangeRecord, Scope
from kmstui.service.runs import RunOutcome
from kmstui.service.session import Session
from kmstui.service.tags import Tagging

_EVERY_RECORD = 10_000_000
_CLOCKS = timedelta(minutes=5)
"""So far AWS's clock and this one may be apart."""


class Found(StrEnum):
    """How the key was found that a key of the backup is restored to."""

    ID = "by its ID"
    JOURNAL = "by this journal, which had it restored before"
    ALIAS = "by its alias"
    NOT = "not there"


@dataclass(frozen=True, slots=True)
class Match:
    """A key of the backup, and the one that it is here."""

    record: KeyRecord
    found: Found = Found.NOT
    key: Key | None = None
    """None where it is to be created."""
    problem: str = ""
    """Why it can be neither created nor changed, as a sentence."""


class StepOutcome(StrEnum):
    """How a step ended."""

    DONE = "done"
    UNSURE = "unsure"
    """Accepted, and not read back as it was asked for; or nobody knows."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StepEnd:
    """How a step ended, and why."""

    step: Step
    outcome: StepOutcome
    sentence: str = ""
    """Empty where it was done."""


class Restorer:
    """Brings keys back in one account and Region."""

    def __init__(
        self, session: Session, accounts: Mapping[str, str], pause: Sleep = asyncio.sleep
    ) -> None:
        """`accounts` are new account IDs by the old ones."""
        self._session = session
        self._pause = pause
        self._accounts = accounts
        self._arns: dict[str, str] = {}

    @property
    def renaming(self) -> Renaming:
        """What policies and grants are called here, as far as keys were found or created."""
        return Renaming(self._accounts, self._arns)

    # Which key is which

    async def match(self, records: Sequence[KeyRecord]) -> tuple[Match, ...]:
        """Find the keys of a backup in the account and Region, all of which is read.

        Raises:
            ServiceError: keys, or the journal, cannot be read.
        """
        await self._session.refresh()
        restored = await self._restored_before(records)
        taken: set[str] = set()
        found: dict[str, Match] = {}
        for look in (self._by_id, self._by_journal(restored), self._by_alias):
            for record in records:
                key, how = look(record)
                if record.arn not in found and key is not None and key.id not in taken:
                    taken.add(key.id)
                    found[record.arn] = Match(record, how, key, _unlike(record, key, how))
        matches = [
            found.get(record.arn) or Match(record, problem=_not_creatable(record))
            for record in records
        ]
        for each in matches:
            if each.key is not None:
                self._arns[each.record.id] = each.key.arn
        return tuple(matches)

    def _by_id(self, record: KeyRecord) -> tuple[Key | None, Found]:
        key = self._session.store.keys.get(record.id)
        return (key if key is not None and key.arn == record.arn else None), Found.ID

    def _by_journal(
        self, restored: Mapping[str, str]
    ) -> Callable[[KeyRecord], tuple[Key | None, Found]]:
        def look(record: KeyRecord) -> tuple[Key | None, Found]:
            return self._session.store.keys.get(restored.get(record.arn, "")), Found.JOURNAL

        return look

    def _by_alias(self, record: KeyRecord) -> tuple[Key | None, Found]:
        store = self._session.store
        for name in record.aliases:
            alias = store.aliases.get(name)
            if alias is not None and (key := store.keys.get(alias.key_id)) is not None:
                return key, Found.ALIAS
        return None, Found.ALIAS

    async def _restored_before(self, records: Sequence[KeyRecord]) -> dict[str, str]:
        """IDs of keys that were created here before for keys of the backup, by those ARNs."""
        scope = self._session.change_scope().where
        found: dict[str, str] = {}
        open_: dict[str, ChangeRecord] = {}
        for change in reversed(await self._creations(scope)):
            arn = json.loads(change.after).get("restores")
            if arn and change.outcome == "done":
                found[arn] = change.detail
                open_.pop(arn, None)
            elif arn and change.outcome in ("pending", "unknown"):
                open_[arn] = change
        by_arn = {record.arn: record for record in records}
        for arn, change in open_.items():
            if arn in by_arn and (made := self._made_unseen(by_arn[arn], change, found.values())):
                found[arn] = made
        # A replica has its primary's ID, and that was created in the primary's Region.
        for record in records:
            if record.multi_region == "REPLICA" and record.regions and record.arn not in found:
                primary = _in_region(record.arn, record.regions[0])
                for change in await self._creations(Scope(scope.account, record.regions[0])):
                    values = json.loads(change.after)
                    if values.get("restores") == primary and change.outcome == "done":
                        found.setdefault(record.arn, change.detail)
        return found

    async def _creations(self, scope: Scope) -> tuple[ChangeRecord, ...]:
        return await self._session.journal.changes(
            scope, operations=(CREATE_KEY,), limit=_EVERY_RECORD
        )

    def _made_unseen(self, record: KeyRecord, change: ChangeRecord, known: Iterable[str]) -> str:
        """The ID of a key that was made without anybody hearing KMS's answer, or ""."""
        store = self._session.store
        for key in store.keys.values():
            metadata = key.metadata
            if metadata is None or metadata.created is None or key.id in known:
                continue
            if (
                metadata.created >= change.time - _CLOCKS
                and not store.aliases_of(key.id)
                and (metadata.spec, metadata.usage) == (record.spec, record.usage)
                and metadata.description == record.description
                and key.tags == _own_tags(record)
            ):
                return key.id
        return ""

    # One key

    async def plan(self, match: Match, *, prune: bool) -> Differences:
        """What is to be done for a key, by what is stored now.

        Raises:
            FailedError: it cannot be read.
        """
        wanted = self.renaming.record(match.record)
        held: tuple[Grant, ...] = ()
        if match.key is None:
            now = _as_created(wanted)
        else:
            now, _ = await read_record(self._session.gateway, match.key.id)
            if prune:
                gateway, key_id = self._session.gateway, match.key.id
                held = await unless_refused(lambda: gateway.list_grants(key_id), lambda _: ())
        return differences(wanted, now, held, self._aliases_taken, prune=prune)

    @property
    def _aliases_taken(self) -> frozenset[str]:
        return frozenset(name for name, each in self._session.store.aliases.items() if each.key_id)

    async def create(self, record: KeyRecord) -> Key:
        """Create a key of the backup, with its policy, description and tags.

        Raises:
            ServiceError: KMS refused it, or nobody knows whether it was created.
        """
        wanted = self.renaming.record(record)
        creation = KeyCreation(
            spec=wanted.spec,
            usage=wanted.usage,
            description=wanted.description,
            multi_region=bool(wanted.multi_region),
            origin=wanted.origin,
            policy=creation_policy(wanted),
            tags=_own_tags(wanted),
            custom_key_store_id=wanted.custom_key_store_id,
            external_key_id=wanted.external_key_id,
        )
        key, _ = await Lifecycle(self._session, self._pause).create(creation, restores=record.arn)
        self._arns[record.id] = key.arn
        return key

    async def run(self, key_id: str, step: Step) -> StepEnd:
        """Take one step, of any kind but POLICY; however it ends, that is told."""
        shown: list[Shown] = []
        try:
            if step.kind is Kind.TAGS:
                return await self._tag(key_id, step)
            await self._sending(key_id, step, shown.append)()
        except FailedError as error:
            # Its advice may be about keys of the screens.
            words = type(error)(error.reason, "", error.context).sentence
            return StepEnd(step, StepOutcome.FAILED, words)
        last = shown[-1] if shown else Shown.OURS
        if last is Shown.OURS:
            return StepEnd(step, StepOutcome.DONE)
        return StepEnd(step, StepOutcome.UNSURE, _UNSURE[last])

    def _sending(
        self, key_id: str, step: Step, seen: Callable[[Shown], None]
    ) -> Callable[[], Awaitable[str]]:
        life = Lifecycle(self._session, self._pause, seen)
        aliases = Aliases(self._session, self._pause, seen)
        grants = Grants(self._session, self._pause, seen)
        setting, grant = step.rotation, step.grant
        if setting is not None:
            days = (setting.period_days or 365) if setting.enabled else None
            return lambda: life.set_rotation(key_id, days)
        if grant is not None:
            if step.kind is Kind.GRANT:
                return lambda: grants.create(key_id, grant)
            return lambda: grants.revoke(key_id, grant)
        sends: Mapping[Kind, Callable[[], Awaitable[str]]] = {
            Kind.CANCEL_DELETION: lambda: life.cancel_deletion(key_id),
            Kind.ENABLE: lambda: life.enable(key_id),
            Kind.DISABLE: lambda: life.disable(key_id),
            Kind.DESCRIPTION: lambda: life.set_description(key_id, step.text),
            Kind.ALIAS: lambda: aliases.create(step.text, key_id),
            Kind.MOVE_ALIAS: lambda: aliases.move(step.text, key_id),
            Kind.DELETE_ALIAS: lambda: aliases.delete(step.text),
        }
        return sends[step.kind]

    async def _tag(self, key_id: str, step: Step) -> StepEnd:
        if step.tags is None:
            return StepEnd(step, StepOutcome.DONE)
        tagging = Tagging(self._session, self._pause)
        changes = await tagging.plan([key_id], step.tags)
        (result,) = await tagging.apply(changes, lambda *_: None)
        done = result.outcome in (RunOutcome.DONE, RunOutcome.UNCHANGED)
        outcome = StepOutcome.DONE if done else _TAG_ENDS.get(result.outcome, StepOutcome.FAILED)
        return StepEnd(step, outcome, "" if done else result.detail)


_TAG_ENDS = dict.fromkeys(
    (RunOutcome.PROPAGATING, RunOutcome.UNREAD, RunOutcome.UNKNOWN), StepOutcome.UNSURE
)

_UNSURE = {
    Shown.OLD: "KMS accepted it and does not show it yet, which can take some minutes.",
    Shown.OTHER: "KMS accepted it, and something else is there by now.",
    Shown.UNREADABLE: "KMS accepted it, and it could not be read back.",
}

EMPTY_POLICY = '{"Version": "2012-10-17", "Statement": []}'
"""What a key that does not exist allows."""


def creation_policy(record: KeyRecord) -> str | None:
    """The policy to create a key with: its own ARN, not known yet, is `*` there.

    None where the backup has none, so that KMS writes its default policy.
    """
    if "policy" in record.not_read:
        return None
    return re.sub(rf"arn:[\w-]+:kms:[\w-]*:\d*:key/{re.escape(record.id)}", "*", record.policy)


def _as_created(wanted: KeyRecord) -> KeyRecord:
    """A key of the backup as CreateKey makes it."""
    return replace(
        wanted,
        state="PendingImport" if wanted.origin == "EXTERNAL" else "Enabled",
        tags=_own_tags(wanted),
        aliases=(),
        grants=(),
        rotation=wanted.rotation and replace(wanted.rotation, enabled=False, period_days=None),
        not_read=(),
    )


def _own_tags(record: KeyRecord) -> tuple[Tag, ...]:
    return tuple(tag for tag in record.tags if not tag.key.lower().startswith("aws:"))


def _in_region(arn: str, region: str) -> str:
    parts = arn.split(":")
    return ":".join((*parts[:3], region, *parts[4:]))


def _unlike(record: KeyRecord, key: Key, how: Found) -> str:
    """Why a key that was found is not the one of the backup, as a sentence."""
    metadata = key.metadata
    if key.fixed:
        return f"The key {key.fixed}: there is nothing to restore."
    if metadata is None:
        return key.problem or "The key has not been described."
    kinds = (
        (record.spec, metadata.spec),
        (record.usage, metadata.usage),
        (record.origin, metadata.origin),
        (bool(record.multi_region), bool(metadata.multi_region)),
    )
    if all(one == other for one, other in kinds):
        return ""
    words = f"{metadata.spec}, {metadata.usage}, {metadata.origin}"
    several = " multi-Region" if metadata.multi_region else ""
    return (
        f"Found {how}, {key.bare_id} is another kind of key ({words}{several}), which nothing can"
        " change: delete or move its alias first, so that the key is created."
    )


def _not_creatable(record: KeyRecord) -> str:
    """Why CreateKey cannot make it, as a sentence."""
    if record.manager == "AWS":
        return "AWS makes and manages it: there is nothing to restore."
    if record.multi_region == "REPLICA":
        primary = record.regions[0] if record.regions else "its Region"
        return (
            f"It is a replica: restore its primary key in {primary}, replicate that into"
            f" {record.region}, and restore this again."
        )
    return ""


def creation_notes(record: KeyRecord) -> tuple[str, ...]:
    """What a new key in place of one of the backup does not have, in sentences."""
    notes = [
        f"The new key has another ID and other material than {record.id}: it decrypts nothing that"
        " was encrypted with that, nor verifies what was signed."
    ]
    if record.origin == "EXTERNAL":
        notes.append(
            "It waits for imported material. The same as before makes a symmetric key decrypt"
            " nothing old either: ciphertexts name the key that made them."
        )
    if others := record.regions[1:]:
        notes.append(f"It had replicas in {', '.join(others)}, which are not made.")
    return tuple(notes)
