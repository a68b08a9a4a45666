"""The life of a key: create, describe, enable, disable, rotate, replicate, delete."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from enum import StrEnum

from kmstui.model.key import Key, KeyCreation, KeyMetadata
from kmstui.service.aliases import Aliases
from kmstui.service.changes import journaled
from kmstui.service.errors import InvalidInputError, ServiceError
from kmstui.service.session import Session

DESCRIPTION_CHARACTERS = 8192
"""Source: KMS API Reference, UpdateKeyDescription."""
WINDOW_DAYS = range(7, 31)
"""Source: KMS API Reference, ScheduleKeyDeletion: 7 to 30 days."""
ROTATION_DAYS = range(90, 2561)
"""Source: KMS API Reference, EnableKeyRotation: RotationPeriodInDays."""


class KeyAction(StrEnum):
    """What can be done to a key."""

    DESCRIPTION = "Change the description"
    ENABLE = "Enable"
    DISABLE = "Disable"
    ROTATION_ON = "Turn automatic rotation on, or change its period"
    ROTATION_OFF = "Turn automatic rotation off"
    ROTATE_NOW = "Rotate now"
    REPLICATE = "Replicate into another Region"
    SCHEDULE_DELETION = "Schedule deletion"
    CANCEL_DELETION = "Cancel the deletion"


_ROTATIONS = (KeyAction.ROTATION_ON, KeyAction.ROTATION_OFF, KeyAction.ROTATE_NOW)


def off_reason(key: Key, action: KeyAction) -> str:
    """Why the action cannot be done, as a sentence; empty when it can.

    Sources: KMS Developer Guide, "Key states of AWS KMS keys", "Rotating AWS KMS keys".
    """
    metadata = key.metadata
    if key.is_aws_managed:
        return "AWS manages this key: it cannot be changed."
    if metadata is None:
        return key.problem or "The key has not been described yet."
    if action in _ROTATIONS and (reason := _rotation_reason(metadata, action)):
        return reason
    return _state_reason(metadata, action)


def _state_reason(metadata: KeyMetadata, action: KeyAction) -> str:
    state = metadata.state
    pending = state in ("PendingDeletion", "PendingReplicaDeletion")
    if action is KeyAction.CANCEL_DELETION:
        return "" if pending else "No deletion is scheduled."
    if pending:
        return "The key is pending deletion: cancel the deletion first."
    if action is KeyAction.ENABLE and state == "Enabled":
        return "The key is enabled."
    if action is KeyAction.DISABLE and state == "Disabled":
        return "The key is disabled already."
    if action in (KeyAction.ENABLE, KeyAction.DISABLE) and state == "PendingImport":
        return "The key waits for its key material: import it first."
    if action in (*_ROTATIONS, KeyAction.REPLICATE) and state != "Enabled":
        return f"The key is {state}: enable it first."
    if action is KeyAction.REPLICATE and metadata.multi_region != "PRIMARY":
        return "Only a multi-Region primary key can be replicated."
    return ""


def _rotation_reason(metadata: KeyMetadata, action: KeyAction) -> str:
    if metadata.spec != "SYMMETRIC_DEFAULT":
        return f"Only symmetric encryption keys rotate, and this one is {metadata.spec}."
    if metadata.custom_key_store_id:
        return "Keys of a custom key store do not rotate."
    if metadata.origin != "AWS_KMS" and action is not KeyAction.ROTATE_NOW:
        return "Imported key material does not rotate by itself."
    if metadata.multi_region == "REPLICA":
        return "Rotation of a multi-Region key is set on its primary key."
    return ""


class Lifecycle:
    """Changes of keys, journaled and read back; each answers what KMS now holds."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def create(self, creation: KeyCreation, alias: str = "") -> tuple[Key, str]:
        """Create a key and, where asked for, its alias.

        Raises:
            InvalidInputError: a value is refused before anything is sent.
            ServiceError: KMS refused it. When only the alias was refused, the key exists and
                the sentence of the result says so instead.
        """
        _check_description(creation.description)
        session = self._session
        created: list[Key] = []

        async def send() -> None:
            key, metadata = await session.gateway.create_key(creation)
            created.append(replace(key, metadata=metadata, tags=creation.tags))

        await journaled(
            session,
            "kms:CreateKey",
            alias or creation.description or "new key",
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
        session.store.add_keys((key,))
        sentence = f"Key {key.id} was created."
        if alias:
            try:
                sentence += " " + await Aliases(session).create(alias, key.id)
            except ServiceError as error:
                sentence += f" Its alias was not: {error.sentence}"
        return key, sentence

    async def set_description(self, key_id: str, description: str) -> str:
        """Change the description.

        Raises:
            InvalidInputError, ServiceError
        """
        _check_description(description)
        metadata = self._described(key_id, KeyAction.DESCRIPTION)
        gateway = self._session.gateway
        now = await self._change(
            "kms:UpdateKeyDescription",
            key_id,
            {"description": metadata.description},
            {"description": description},
            lambda: gateway.update_description(key_id, description),
        )
        return self._told(now, now.description == description, "The description is changed.")

    async def enable(self, key_id: str) -> str:
        """Enable the key.

        Raises:
            InvalidInputError, ServiceError
        """
        metadata = self._described(key_id, KeyAction.ENABLE)
        gateway = self._session.gateway
        now = await self._change(
            "kms:EnableKey",
            key_id,
            {"state": metadata.state},
            {"state": "Enabled"},
            lambda: gateway.enable(key_id),
        )
        return self._told(now, now.state == "Enabled", "The key is Enabled.")

    async def disable(self, key_id: str) -> str:
        """Disable the key: nothing can be encrypted or decrypted with it until it is enabled.

        Raises:
            InvalidInputError, ServiceError
        """
        metadata = self._described(key_id, KeyAction.DISABLE)
        gateway = self._session.gateway
        now = await self._change(
            "kms:DisableKey",
            key_id,
            {"state": metadata.state},
            {"state": "Disabled"},
            lambda: gateway.disable(key_id),
        )
        return self._told(now, now.state == "Disabled", "The key is Disabled.")

    async def set_rotation(self, key_id: str, period_days: int | None) -> str:
        """Turn automatic rotation on with a period in days, or off with None.

        Raises:
            InvalidInputError, ServiceError
        """
        on = period_days is not None
        if period_days is not None and period_days not in ROTATION_DAYS:
            raise InvalidInputError(
                f"A rotation period is {ROTATION_DAYS[0]} to {ROTATION_DAYS[-1]} days, "
                f"not {period_days}."
            )
        self._described(key_id, KeyAction.ROTATION_ON if on else KeyAction.ROTATION_OFF)
        gateway = self._session.gateway
        before = self._session.store.keys[key_id].rotation
        await self._change(
            "kms:EnableKeyRotation" if on else "kms:DisableKeyRotation",
            key_id,
            {"rotation": before},
            {"rotation": on, "period_days": period_days},
            lambda: (
                gateway.enable_rotation(key_id, period_days)
                if on
                else gateway.disable_rotation(key_id)
            ),
        )
        try:
            rotation = await gateway.rotation(key_id)
        except ServiceError as error:
            return f"Accepted, but it could not be read back. {error.sentence}"
        store = self._session.store
        store.put_key(replace(store.keys[key_id], rotation=rotation.enabled))
        if rotation.enabled is not on:
            return "Accepted; KMS does not show it yet, which can take some minutes."
        if not on:
            return "Automatic rotation is off."
        return f"Automatic rotation is on, every {rotation.period_days or period_days} days."

    async def rotate_now(self, key_id: str) -> str:
        """Rotate the key material now; at most 25 times in a key's life.

        Raises:
            InvalidInputError, ServiceError
        """
        self._described(key_id, KeyAction.ROTATE_NOW)
        gateway = self._session.gateway
        await self._change(
            "kms:RotateKeyOnDemand", key_id, {}, {}, lambda: gateway.rotate_now(key_id)
        )
        return "The rotation has begun; Details shows when it is done."

    async def schedule_deletion(self, key_id: str, window_days: int) -> str:
        """Schedule the deletion; until its date it can be cancelled.

        Raises:
            InvalidInputError, ServiceError
        """
        if window_days not in WINDOW_DAYS:
            raise InvalidInputError(
                f"The waiting period is {WINDOW_DAYS[0]} to {WINDOW_DAYS[-1]} days, "
                f"not {window_days}."
            )
        metadata = self._described(key_id, KeyAction.SCHEDULE_DELETION)
        gateway = self._session.gateway

        async def send() -> None:
            await gateway.schedule_deletion(key_id, window_days)

        now = await self._change(
            "kms:ScheduleKeyDeletion",
            key_id,
            {"state": metadata.state},
            {"state": "PendingDeletion", "window_days": window_days},
            send,
        )
        when = f" on {now.deletion:%Y-%m-%d %H:%M %Z}" if now.deletion else ""
        return self._told(
            now,
            now.state.startswith("Pending"),
            f"The key is {now.state} and will be deleted{when}; x cancels that until then.",
        )

    async def cancel_deletion(self, key_id: str) -> str:
        """Cancel the deletion; the key is Disabled afterwards (KMS API, CancelKeyDeletion).

        Raises:
            InvalidInputError, ServiceError
        """
        metadata = self._described(key_id, KeyAction.CANCEL_DELETION)
        gateway = self._session.gateway
        now = await self._change(
            "kms:CancelKeyDeletion",
            key_id,
            {"state": metadata.state},
            {"state": "Disabled"},
            lambda: gateway.cancel_deletion(key_id),
        )
        return self._told(
            now,
            not now.state.startswith("PendingD"),
            f"The deletion is cancelled; the key is {now.state}. Enable it with x to use it.",
        )

    async def replicate(self, key_id: str, region: str) -> str:
        """Replicate a multi-Region primary key into another Region.

        Raises:
            InvalidInputError, ServiceError
        """
        metadata = self._described(key_id, KeyAction.REPLICATE)
        gateway = self._session.gateway

        async def send() -> None:
            await gateway.replicate(key_id, region, metadata.description)

        await self._change("kms:ReplicateKey", key_id, {}, {"region": region}, send)
        return f"A replica in {region} is being made; R switches to it."

    # Common to all

    def _described(self, key_id: str, action: KeyAction) -> KeyMetadata:
        key = self._session.store.keys[key_id]
        reason = off_reason(key, action)
        if reason or key.metadata is None:
            raise InvalidInputError(reason)
        return key.metadata

    async def _change(
        self,
        operation: str,
        key_id: str,
        before: Mapping[str, object],
        after: Mapping[str, object],
        send: Callable[[], Awaitable[None]],
    ) -> KeyMetadata:
        await journaled(self._session, operation, key_id, before, after, send)
        store = self._session.store
        try:
            _, metadata = await self._session.gateway.describe(key_id)
        except ServiceError as error:
            self._session.notify(f"Accepted, but it could not be read back. {error.sentence}")
            known = store.keys[key_id].metadata
            if known is None:
                raise
            return known
        store.put_key(replace(store.keys[key_id], metadata=metadata))
        return metadata

    def _told(self, now: KeyMetadata, shown: bool, sentence: str) -> str:
        if shown:
            return sentence
        return f"Accepted; KMS still shows {now.state}, which can last some minutes."


def _check_description(description: str) -> None:
    if len(description) > DESCRIPTION_CHARACTERS:
        raise InvalidInputError(
            f"The description has {len(description)} characters, {DESCRIPTION_CHARACTERS} at most."
        )
