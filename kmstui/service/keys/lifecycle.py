"""The life of a key: create, describe, enable, disable, rotate, replicate, delete."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from kmstui.model import Key, KeyCreation, KeyMetadata, Rotation
from kmstui.service.changes import ONCE, Change, Check, Shown, Waiting, ours_if, run_change
from kmstui.service.errors import UNCERTAIN, ErrorContext, InvalidInputError, ServiceError
from kmstui.service.inventory import slim_rotation
from kmstui.service.keys.aliases import Aliases, full_name
from kmstui.service.keys.allowed import (
    ROTATION_DAYS,
    WINDOW_DAYS,
    KeyAction,
    description_problem,
    off_reason,
    pending_deletion,
)
from kmstui.service.keys.creation import key_creation_problem
from kmstui.service.keys.key_changes import KeyChanges, OutcomeText
from kmstui.service.ports import Gateway

Send = Callable[[], Awaitable[str | None]]
Values = Mapping[str, Any]
"""What a change asks for, as the journal has it."""

PRIMARY = "kms:UpdatePrimaryRegion"

OPERATIONS: Mapping[KeyAction, str] = {
    KeyAction.DESCRIPTION: "kms:UpdateKeyDescription",
    KeyAction.ENABLE: "kms:EnableKey",
    KeyAction.DISABLE: "kms:DisableKey",
    KeyAction.ROTATION_ON: "kms:EnableKeyRotation",
    KeyAction.ROTATION_OFF: "kms:DisableKeyRotation",
    KeyAction.ROTATE_NOW: "kms:RotateKeyOnDemand",
    KeyAction.REPLICATE: "kms:ReplicateKey",
    KeyAction.SCHEDULE_DELETION: "kms:ScheduleKeyDeletion",
    KeyAction.CANCEL_DELETION: "kms:CancelKeyDeletion",
}

_VALUES: Mapping[str, Callable[[KeyMetadata], object]] = {
    "description": lambda metadata: metadata.description,
    "state": lambda metadata: metadata.state,
    "regions": lambda metadata: list(replica_regions(metadata)),
}
"""What of a key can be asked for: how it was before."""

_SHOWN: Mapping[str, Callable[[KeyMetadata, Values], bool]] = {
    "kms:UpdateKeyDescription": lambda now, after: now.description == after["description"],
    "kms:EnableKey": lambda now, after: now.state == after["state"],
    "kms:DisableKey": lambda now, after: now.state == after["state"],
    "kms:ScheduleKeyDeletion": lambda now, _: pending_deletion(now),
    "kms:CancelKeyDeletion": lambda now, _: not pending_deletion(now),
    PRIMARY: lambda now, after: replica_regions(now)[:1] == (after["primary"],),
    "kms:ReplicateKey": lambda now, after: set(after["regions"]) <= set(replica_regions(now)),
}
"""By operation, whether a described key shows what was asked for."""

CREATE_KEY = "kms:CreateKey"
KEY_OPERATIONS = tuple(_SHOWN)
ROTATION_OPERATIONS = (OPERATIONS[KeyAction.ROTATION_ON], OPERATIONS[KeyAction.ROTATION_OFF])


def key_shown(operation: str, before: Values, after: Values, now: KeyMetadata) -> Shown:
    """What a described key shows of a change; of KEY_OPERATIONS."""
    # Another replica than the one asked for says nothing of it.
    compared = [name for name in ("description", "state") if name in before]
    as_before = all(_VALUES[name](now) == before[name] for name in compared)
    return ours_if(_SHOWN[operation](now, after), as_before=as_before)


def rotation_shown(before: Values, after: Values, now: Rotation) -> Shown:
    """What a rotation shows of a change; of ROTATION_OPERATIONS."""
    on = after["rotation"]
    shows = now.enabled is on and (not on or now.period_days == after["period_days"])
    return ours_if(shows, as_before=before.get("rotation") in (None, now.enabled))


def key_check(
    gateway: Gateway, operation: str, key_id: str, before: Values, after: Values
) -> Check[KeyMetadata]:
    """How to see whether a key was changed; of KEY_OPERATIONS."""

    async def read() -> KeyMetadata:
        return (await gateway.describe(key_id))[1]

    return Check(read, partial(key_shown, operation, before, after))


def rotation_check(gateway: Gateway, key_id: str, before: Values, after: Values) -> Check[Rotation]:
    """How to see whether automatic rotation was turned on or off; of ROTATION_OPERATIONS."""
    return Check(partial(gateway.rotation, key_id), partial(rotation_shown, before, after))


class Lifecycle(KeyChanges):
    """Changes of keys, journaled and read back; each returns what KMS now holds.

    Each raises InvalidInputError for what is refused before anything is sent, and ServiceError
    where KMS refused it or nobody knows whether it happened.
    """

    async def create(
        self, creation: KeyCreation, alias: str = "", *, restores: str = ""
    ) -> tuple[Key, str]:
        """Create a key and, where asked for, its alias.

        When only the alias was refused, the key exists and the sentence says so instead. The
        journal has the ARN of the key that it `restores`, so that no second one is made.
        """
        if problem := key_creation_problem(self._session, creation, alias):
            raise InvalidInputError(problem, "Nothing was sent.", ErrorContext(CREATE_KEY))
        session, gateway = self._session, self._session.gateway
        created: list[Key] = []

        async def send() -> str:
            key, metadata = await gateway.create_key(creation)
            tags = tuple(sorted(creation.tags))
            created.append(replace(key, metadata=metadata, tags=tags))
            return key.id

        subject = full_name(alias) if alias else "new key"
        wishes = {**_wishes(creation), **({"restores": restores} if restores else {})}
        change: Change[object] = Change(CREATE_KEY, subject, {}, wishes, send, settled_later=False)
        result = await run_change(session.change_scope(), change, Waiting(ONCE))
        if result.journal_problem:
            session.notify(result.journal_problem, "warning")
        if result.error is not None:
            raise result.error
        key = created[0]
        if session.is_connected_by(gateway):
            self._store.add_keys((key,))
        sentence = f"Key {key.bare_id} was created: {creation.spec}, {creation.usage}."
        if alias:
            try:
                sentence += " " + await Aliases(session, self._pause).create(alias, key.id)
            except UNCERTAIN as error:
                sentence += f" Whether its alias was is not known. {error.sentence}"
            except ServiceError as error:
                sentence += f" Its alias was not; A tries again. {error.sentence}"
        return key, sentence

    async def set_description(self, key_id: str, description: str) -> str:
        """Change the description."""
        if problem := description_problem(description):
            raise self._refused(KeyAction.DESCRIPTION, key_id, problem)

        def done(now: KeyMetadata) -> str:
            name = self._name(key_id)
            if not now.description:
                return f"{name} has no description any more."
            return f"The description of {name} is changed."

        return await self._change(
            key_id,
            KeyAction.DESCRIPTION,
            {"description": description},
            partial(self._session.gateway.update_description, key_id, description),
            done,
        )

    async def enable(self, key_id: str) -> str:
        """Enable the key."""
        send = partial(self._session.gateway.enable, key_id)
        return await self._set_state(key_id, KeyAction.ENABLE, "Enabled", send)

    async def disable(self, key_id: str) -> str:
        """Disable the key: nothing can be encrypted or decrypted with it until it is enabled."""
        send = partial(self._session.gateway.disable, key_id)
        return await self._set_state(key_id, KeyAction.DISABLE, "Disabled", send)

    async def _set_state(self, key_id: str, action: KeyAction, state: str, send: Send) -> str:
        def done(now: KeyMetadata) -> str:
            return f"{self._name(key_id)} is {now.state}."

        return await self._change(key_id, action, {"state": state}, send, done)

    async def schedule_deletion(self, key_id: str, window_days: int) -> str:
        """Schedule the deletion; until its date it can be cancelled."""
        if window_days not in WINDOW_DAYS:
            allowed = f"{WINDOW_DAYS[0]} to {WINDOW_DAYS[-1]} days"
            problem = f"the waiting period is {allowed}, not {window_days}"
            raise self._refused(KeyAction.SCHEDULE_DELETION, key_id, problem)
        gateway = self._session.gateway

        async def send() -> str:
            when = await gateway.schedule_deletion(key_id, window_days)
            return f"DeletionDate {when.isoformat()}" if when else ""

        def done(now: KeyMetadata) -> str:
            name = self._name(key_id)
            if now.deletion is None:
                return f"{name} is {now.state}: it waits for its replicas. x cancels that."
            when = f"{now.deletion:%Y-%m-%d %H:%M} UTC"
            return f"{name} is {now.state} and will be deleted on {when}. Until then x cancels it."

        return await self._change(
            key_id,
            KeyAction.SCHEDULE_DELETION,
            {"state": "PendingDeletion", "window_days": window_days},
            send,
            done,
        )

    async def cancel_deletion(self, key_id: str) -> str:
        """Cancel the deletion; the key is Disabled afterwards (KMS API, CancelKeyDeletion)."""

        def done(now: KeyMetadata) -> str:
            end = "; x enables it." if now.state == "Disabled" else "."
            return f"The deletion of {self._name(key_id)} is cancelled. It is {now.state}{end}"

        return await self._change(
            key_id,
            KeyAction.CANCEL_DELETION,
            {"state": "Disabled"},
            partial(self._session.gateway.cancel_deletion, key_id),
            done,
        )

    async def replicate(self, key_id: str, region: str) -> str:
        """Replicate a multi-Region primary key into another Region.

        The replica has KMS's default policy, no aliases and no tags: none of these are shared
        (KMS Developer Guide, "Multi-Region keys in AWS KMS").
        """
        metadata = self._described(key_id, KeyAction.REPLICATE)
        if region in replica_regions(metadata):
            problem = f"there is a key of this set in {region} already"
            raise self._refused(KeyAction.REPLICATE, key_id, problem)
        gateway = self._session.gateway

        async def send() -> str:
            return (await gateway.replicate(key_id, region, metadata.description)).arn

        return await self._change(
            key_id,
            KeyAction.REPLICATE,
            {"regions": [*replica_regions(metadata), region]},
            send,
            lambda now: f"{self._name(key_id)} has a replica in {region}; R switches to it.",
        )

    async def set_rotation(self, key_id: str, period_days: int | None) -> str:
        """Turn automatic rotation on with a period in days, or off with None."""
        on = period_days is not None
        action = KeyAction.ROTATION_ON if on else KeyAction.ROTATION_OFF
        if period_days is not None and period_days not in ROTATION_DAYS:
            allowed = f"{ROTATION_DAYS[0]} to {ROTATION_DAYS[-1]} days"
            problem = f"a rotation period is {allowed}, not {period_days}"
            raise self._refused(action, key_id, problem)
        self._described(key_id, action)
        gateway = self._session.gateway

        def keep(rotation: Rotation) -> None:
            if self._session.is_connected_by(gateway):
                self._store.know(key_id, rotation=slim_rotation(rotation))

        def done(rotation: Rotation) -> str:
            if not on:
                return f"{self._name(key_id)} does not rotate by itself any more."
            following = rotation.next_rotation
            when = f", next on {following:%Y-%m-%d}" if following else ""
            return f"{self._name(key_id)} rotates every {period_days} days{when}."

        before = {"rotation": self._store.keys[key_id].rotation}
        after = {"rotation": on, "period_days": period_days}
        send: Send = (
            partial(gateway.disable_rotation, key_id)
            if period_days is None
            else partial(gateway.enable_rotation, key_id, period_days)
        )

        def stands(rotation: Rotation) -> bool:
            return before["rotation"] in (None, rotation.enabled)

        check = rotation_check(gateway, key_id, before, after)
        change = Change(OPERATIONS[action], key_id, before, after, send, check, stands)
        return await self._run(change, OutcomeText(done, keep))

    async def rotate_now(self, key_id: str) -> str:
        """Rotate the key material now; at most 25 times in a key's life."""
        self._described(key_id, KeyAction.ROTATE_NOW)
        gateway = self._session.gateway
        before = await _rotation_before(gateway, key_id)

        def done(rotation: Rotation) -> str:
            if rotation.on_demand_started:
                return f"KMS rotates {self._name(key_id)} now; Details shows when it is done."
            at = max(filter(None, rotation.on_demand), default=None)
            when = f" at {at:%H:%M} UTC" if at else ", KMS does not tell when"
            return f"{self._name(key_id)} was last rotated on demand{when}."

        check = Check(
            partial(gateway.rotation, key_id),
            lambda rotation: ours_if(_rotated_since(before, rotation)),
        )
        send = partial(gateway.rotate_now, key_id)
        operation, after = OPERATIONS[KeyAction.ROTATE_NOW], {"rotation": "on demand"}
        change = Change(operation, key_id, {}, after, send, check, settled_later=False)
        return await self._run(change, OutcomeText(done))

    # Common to all

    def _refused(self, action: KeyAction, key_id: str, problem: str) -> InvalidInputError:
        return self._refusal(OPERATIONS[action], key_id, problem)

    def _described(self, key_id: str, action: KeyAction) -> KeyMetadata:
        key = self._store.keys.get(key_id)
        if key is None:
            raise self._refused(action, key_id, "the key is not among those listed")
        reason = off_reason(key, action)
        if reason or key.metadata is None:
            raise self._refused(action, key_id, reason)
        return key.metadata

    async def _change(
        self,
        key_id: str,
        action: KeyAction,
        after: Values,
        send: Send,
        done: Callable[[KeyMetadata], str],
    ) -> str:
        """Make a change that the description of a key shows."""
        metadata, operation = self._described(key_id, action), OPERATIONS[action]
        gateway = self._session.gateway
        before = {name: _VALUES[name](metadata) for name in after if name in _VALUES}

        def stands(now: KeyMetadata) -> bool:
            return all(_VALUES[name](now) == value for name, value in before.items())

        def keep(now: KeyMetadata) -> None:
            key = self._store.keys.get(key_id)
            if key is not None and self._session.is_connected_by(gateway):
                self._store.put_key(replace(key, metadata=now, problem=""))

        check = key_check(gateway, operation, key_id, before, after)
        return await self._run(
            Change(operation, key_id, before, after, send, check, stands), OutcomeText(done, keep)
        )


def _wishes(creation: KeyCreation) -> Values:
    """What is asked for of a new key, as the journal has it."""
    return {
        "spec": creation.spec,
        "usage": creation.usage,
        "description": creation.description,
        "multi_region": creation.multi_region,
        "origin": creation.origin,
        "custom_key_store": creation.custom_key_store_id,
        "external_key": creation.external_key_id,
        "policy": creation.policy,
        "tags": {tag.key: tag.value for tag in creation.tags},
    }


async def _rotation_before(gateway: Gateway, key_id: str) -> Rotation | None:
    """How a key rotates before a change of that; None where it cannot be read."""
    try:
        return await gateway.rotation(key_id)
    except ServiceError:
        # Whoever may not read it may rotate all the same, and is told that nothing was read back.
        return None


def _rotated_since(before: Rotation | None, now: Rotation) -> bool:
    """Whether a rotation on demand was surely begun in between."""
    if before is None or before.on_demand_started:
        # When the one that runs is done, it is listed with another time.
        return False
    if now.on_demand_started:
        return True
    return not before.materials_problem and len(now.on_demand) > len(before.on_demand)


def replica_regions(metadata: KeyMetadata) -> tuple[str, ...]:
    """The Regions of a multi-Region key and its replicas, the primary's first."""
    return tuple(arn.split(":")[3] for arn in metadata.replicas if arn.count(":") >= 5)
