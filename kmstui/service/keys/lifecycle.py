"""The life of a key: create, describe, enable, disable, rotate, replicate, delete."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime

from kmstui.model.key import Key, KeyCreation, KeyMetadata, Rotation
from kmstui.service.changes.confirm import Look, confirmed
from kmstui.service.changes.journaling import journaled
from kmstui.service.changes.read_until import Pause
from kmstui.service.errors import ErrorContext, InvalidInputError, ServiceError
from kmstui.service.keys.aliases import Aliases, full_name
from kmstui.service.keys.allowed import (
    ROTATION_DAYS,
    WINDOW_DAYS,
    KeyAction,
    off_reason,
    pending_deletion,
)
from kmstui.service.keys.creation import creation_problem, description_problem
from kmstui.service.ports import Gateway
from kmstui.service.session import Session

Send = Callable[[], Awaitable[str | None]]
Shows = Callable[[KeyMetadata], bool]


class Lifecycle:
    """Changes of keys, journaled and read back; each answers what KMS now holds."""

    def __init__(self, session: Session, pause: Pause = asyncio.sleep) -> None:
        self._session = session
        self._store = session.store
        self._pause = pause

    async def create(self, creation: KeyCreation, alias: str = "") -> tuple[Key, str]:
        """Create a key and, where asked for, its alias.

        Raises:
            InvalidInputError: a value is refused before anything is sent.
            ServiceError: KMS refused it. When only the alias was refused, the key exists and
                the sentence of the result says so instead.
        """
        if problem := creation_problem(self._store, creation, alias):
            raise InvalidInputError(problem, "Nothing was sent.", ErrorContext("kms:CreateKey"))
        session, gateway = self._session, self._session.gateway
        created: list[Key] = []

        async def send() -> str:
            key, metadata = await gateway.create_key(creation)
            tags = tuple(sorted(creation.tags))
            created.append(replace(key, metadata=metadata, tags=tags))
            return key.id

        await journaled(
            session,
            "kms:CreateKey",
            full_name(alias) if alias else "new key",
            {},
            {
                "spec": creation.spec,
                "usage": creation.usage,
                "description": creation.description,
                "multi_region": creation.multi_region,
                "origin": creation.origin,
                "policy": creation.policy,
                "tags": {tag.key: tag.value for tag in creation.tags},
            },
            send,
        )
        key = created[0]
        if session.is_connected_by(gateway):
            self._store.add_keys((key,))
        sentence = f"Key {key.id} was created: {creation.spec}, {creation.usage}."
        if alias:
            try:
                sentence += " " + await Aliases(session, self._pause).create(alias, key.id)
            except ServiceError as error:
                sentence += f" Its alias was not; A tries again. {error.sentence}"
        return key, sentence

    async def set_description(self, key_id: str, description: str) -> str:
        """Change the description.

        Raises:
            InvalidInputError, ServiceError
        """
        if problem := description_problem(description):
            raise self._refusal("kms:UpdateKeyDescription", key_id, problem)
        metadata = self._described("kms:UpdateKeyDescription", key_id, KeyAction.DESCRIPTION)
        gateway = self._session.gateway
        return await self._change(
            "kms:UpdateKeyDescription",
            key_id,
            {"description": metadata.description},
            {"description": description},
            lambda: gateway.update_description(key_id, description),
            lambda now: now.description == description,
            lambda now: (
                f"The description of {self._name(key_id)} is changed."
                if now.description
                else f"{self._name(key_id)} has no description any more."
            ),
        )

    async def enable(self, key_id: str) -> str:
        """Enable the key.

        Raises:
            InvalidInputError, ServiceError
        """
        return await self._set_state("kms:EnableKey", key_id, KeyAction.ENABLE, "Enabled")

    async def disable(self, key_id: str) -> str:
        """Disable the key: nothing can be encrypted or decrypted with it until it is enabled.

        Raises:
            InvalidInputError, ServiceError
        """
        return await self._set_state("kms:DisableKey", key_id, KeyAction.DISABLE, "Disabled")

    async def set_rotation(self, key_id: str, period_days: int | None) -> str:
        """Turn automatic rotation on with a period in days, or off with None.

        Raises:
            InvalidInputError, ServiceError
        """
        on = period_days is not None
        operation = "kms:EnableKeyRotation" if on else "kms:DisableKeyRotation"
        if period_days is not None and period_days not in ROTATION_DAYS:
            raise self._refusal(
                operation,
                key_id,
                f"a rotation period is {ROTATION_DAYS[0]} to {ROTATION_DAYS[-1]} days, "
                f"not {period_days}",
            )
        self._described(operation, key_id, KeyAction.ROTATION_ON if on else KeyAction.ROTATION_OFF)
        gateway = self._session.gateway
        before = self._store.keys[key_id].rotation

        def shows(rotation: Rotation) -> bool:
            return rotation.enabled is on and (not on or rotation.period_days == period_days)

        def keep(rotation: Rotation) -> None:
            key = self._store.keys.get(key_id)
            if key is not None and self._session.is_connected_by(gateway):
                self._store.put_key(replace(key, rotation=rotation.enabled))

        def told(rotation: Rotation) -> str:
            if not on:
                return f"{self._name(key_id)} does not rotate by itself any more."
            following = rotation.next_rotation
            when = f", next on {following:%Y-%m-%d}" if following else ""
            return f"{self._name(key_id)} rotates every {period_days} days{when}."

        return await confirmed(
            self._session,
            (
                operation,
                key_id,
                {"rotation": before},
                {"rotation": on, "period_days": period_days},
            ),
            lambda: (
                gateway.enable_rotation(key_id, period_days)
                if on
                else gateway.disable_rotation(key_id)
            ),
            Look(lambda: gateway.rotation(key_id), shows, keep, told),
            self._pause,
        )

    async def rotate_now(self, key_id: str) -> str:
        """Rotate the key material now; at most 25 times in a key's life.

        Raises:
            InvalidInputError, ServiceError
        """
        self._described("kms:RotateKeyOnDemand", key_id, KeyAction.ROTATE_NOW)
        gateway = self._session.gateway
        before = await _rotation_before(gateway, key_id)

        def told(rotation: Rotation) -> str:
            if rotation.on_demand_started:
                return f"KMS rotates {self._name(key_id)} now; Details shows when it is done."
            at = max(_on_demand(rotation))
            return f"{self._name(key_id)} was last rotated on demand at {at:%H:%M} UTC."

        return await confirmed(
            self._session,
            ("kms:RotateKeyOnDemand", key_id, {}, {"rotation": "on demand"}),
            lambda: gateway.rotate_now(key_id),
            Look(
                lambda: gateway.rotation(key_id),
                lambda rotation: _rotated_since(before, rotation),
                lambda rotation: None,
                told,
            ),
            self._pause,
        )

    async def schedule_deletion(self, key_id: str, window_days: int) -> str:
        """Schedule the deletion; until its date it can be cancelled.

        Raises:
            InvalidInputError, ServiceError
        """
        operation = "kms:ScheduleKeyDeletion"
        if window_days not in WINDOW_DAYS:
            raise self._refusal(
                operation,
                key_id,
                f"the waiting period is {WINDOW_DAYS[0]} to {WINDOW_DAYS[-1]} days, "
                f"not {window_days}",
            )
        metadata = self._described(operation, key_id, KeyAction.SCHEDULE_DELETION)
        gateway = self._session.gateway

        async def send() -> str:
            when = await gateway.schedule_deletion(key_id, window_days)
            return f"DeletionDate {when.isoformat()}" if when else ""

        def told(now: KeyMetadata) -> str:
            name = self._name(key_id)
            if now.deletion is None:
                return f"{name} is {now.state}: it waits for its replicas. x cancels that."
            when = f"{now.deletion:%Y-%m-%d %H:%M} UTC"
            return f"{name} is {now.state} and will be deleted on {when}. Until then x cancels it."

        return await self._change(
            operation,
            key_id,
            {"state": metadata.state},
            {"state": "PendingDeletion", "window_days": window_days},
            send,
            pending_deletion,
            told,
        )

    async def cancel_deletion(self, key_id: str) -> str:
        """Cancel the deletion; the key is Disabled afterwards (KMS API, CancelKeyDeletion).

        Raises:
            InvalidInputError, ServiceError
        """
        operation = "kms:CancelKeyDeletion"
        metadata = self._described(operation, key_id, KeyAction.CANCEL_DELETION)
        gateway = self._session.gateway
        return await self._change(
            operation,
            key_id,
            {"state": metadata.state},
            {"state": "Disabled"},
            lambda: gateway.cancel_deletion(key_id),
            lambda now: not pending_deletion(now),
            lambda now: (
                f"The deletion of {self._name(key_id)} is cancelled. It is {now.state}"
                + ("; x enables it." if now.state == "Disabled" else ".")
            ),
        )

    async def replicate(self, key_id: str, region: str) -> str:
        """Replicate a multi-Region primary key into another Region.

        The replica has KMS's default policy, no aliases and no tags: none of these are shared
        (KMS Developer Guide, "Multi-Region keys in AWS KMS").

        Raises:
            InvalidInputError, ServiceError
        """
        operation = "kms:ReplicateKey"
        metadata = self._described(operation, key_id, KeyAction.REPLICATE)
        if region in replica_regions(metadata):
            problem = f"there is a key of this set in {region} already"
            raise self._refusal(operation, key_id, problem)
        gateway = self._session.gateway

        async def send() -> str:
            return (await gateway.replicate(key_id, region, metadata.description)).arn

        return await self._change(
            operation,
            key_id,
            {"regions": list(replica_regions(metadata))},
            {"regions": [*replica_regions(metadata), region]},
            send,
            lambda now: region in replica_regions(now),
            lambda now: f"{self._name(key_id)} has a replica in {region}; R switches to it.",
        )

    # Common to all

    def _name(self, key_id: str) -> str:
        return self._store.name_of(key_id)

    def _refusal(self, operation: str, key_id: str, problem: str) -> InvalidInputError:
        context = ErrorContext(operation, self._name(key_id))
        return InvalidInputError(problem, "Nothing was sent.", context)

    def _described(self, operation: str, key_id: str, action: KeyAction) -> KeyMetadata:
        key = self._store.keys.get(key_id)
        if key is None:
            raise self._refusal(operation, key_id, "the key is not among those listed")
        reason = off_reason(key, action)
        if reason or key.metadata is None:
            raise self._refusal(operation, key_id, reason)
        return key.metadata

    async def _set_state(self, operation: str, key_id: str, action: KeyAction, state: str) -> str:
        metadata = self._described(operation, key_id, action)
        gateway = self._session.gateway
        send = gateway.enable if action is KeyAction.ENABLE else gateway.disable
        return await self._change(
            operation,
            key_id,
            {"state": metadata.state},
            {"state": state},
            lambda: send(key_id),
            lambda now: now.state == state,
            lambda now: f"{self._name(key_id)} is {now.state}.",
        )

    async def _change(
        self,
        operation: str,
        key_id: str,
        before: Mapping[str, object],
        after: Mapping[str, object],
        send: Send,
        shows: Shows,
        told: Callable[[KeyMetadata], str],
    ) -> str:
        gateway: Gateway = self._session.gateway

        async def read() -> KeyMetadata:
            return (await gateway.describe(key_id))[1]

        def keep(now: KeyMetadata) -> None:
            key = self._store.keys.get(key_id)
            if key is not None and self._session.is_connected_by(gateway):
                self._store.put_key(replace(key, metadata=now, problem=""))

        return await confirmed(
            self._session,
            (operation, key_id, before, after),
            send,
            Look(read, shows, keep, told),
            self._pause,
        )


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
    return not before.past_problem and len(_on_demand(now)) > len(_on_demand(before))


def _on_demand(rotation: Rotation) -> tuple[datetime, ...]:
    """The times of completed rotations on demand."""
    return tuple(time for time, kind in rotation.past if kind == "ON_DEMAND")


def replica_regions(metadata: KeyMetadata) -> tuple[str, ...]:
    """The Regions of a multi-Region key and its replicas, the primary's first."""
    return tuple(arn.split(":")[3] for arn in metadata.replicas if arn.count(":") >= 5)
