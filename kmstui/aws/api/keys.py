"""Keys: ListKeys, DescribeKey, rotation and last use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from kmstui.aws.api.base import KMS, ApiBase, Listing, resource_of
from kmstui.aws.calls import Response
from kmstui.aws.calls import operations as op
from kmstui.model import Key, KeyMaterial, KeyMetadata, LastUsage, Rotation
from kmstui.service.errors import FailedError, unless_refused
from kmstui.service.ports import Urgency


class KeyApi(ApiBase):
    """Reads of keys."""

    def key_pages(self) -> AsyncIterator[Sequence[Key]]:
        return Listing(
            op.LIST_KEYS,
            {"Limit": 1000},
            KMS,
            lambda response: response.readable("Keys", _entry),
            later=Urgency.VISIBLE,
        ).pages(self._calls)

    def shared_key_pages(self) -> AsyncIterator[Sequence[Key]]:
        return Listing(
            op.LIST_KEYS,
            {"Limit": 1000, "ResourceOwners": ["OTHER_ACCOUNTS_VIA_RAM"]},
            KMS,
            lambda response: response.readable("Keys", _shared_entry),
            urgency=Urgency.VISIBLE,
        ).pages(self._calls)

    async def describe(
        self, key_id: str, urgency: Urgency = Urgency.ASKED
    ) -> tuple[Key, KeyMetadata]:
        return await self._calls.send(
            op.DESCRIBE_KEY, {"KeyId": key_id}, read_description, urgency=urgency
        )

    async def rotation(self, key_id: str) -> Rotation:
        rotation = await self.rotation_status(key_id)
        try:
            listed = await _materials(key_id).everything(self._calls)
        except FailedError as error:
            current = await unless_refused(lambda: self._current(key_id), lambda _: ())
            return replace(rotation, materials=current, materials_problem=error.sentence)
        return replace(rotation, materials=tuple(sorted(listed, key=_newest_first)))

    async def _current(self, key_id: str) -> tuple[KeyMaterial, ...]:
        """The current material as DescribeKey tells it, which more people may ask."""
        return await self._calls.send(op.DESCRIBE_KEY, {"KeyId": key_id}, _current)

    async def rotation_status(self, key_id: str, urgency: Urgency = Urgency.ASKED) -> Rotation:
        return await self._calls.send(
            op.GET_KEY_ROTATION_STATUS, {"KeyId": key_id}, _status, urgency=urgency
        )

    async def rotations(self, key_id: str, urgency: Urgency = Urgency.ASKED) -> int:
        listed = await Listing(
            op.LIST_KEY_ROTATIONS,
            {"KeyId": key_id, "Limit": 1000},
            KMS,
            lambda response: response.readable("Rotations", _material),
            urgency=urgency,
        ).everything(self._calls)
        return len(listed)

    async def last_usage(self, key_id: str, urgency: Urgency = Urgency.ASKED) -> LastUsage:
        return await self._calls.send(
            op.GET_KEY_LAST_USAGE, {"KeyId": key_id}, _last_usage, urgency=urgency
        )


def read_description(response: Response) -> tuple[Key, KeyMetadata]:
    """The KeyMetadata of DescribeKey and CreateKey."""
    return read_metadata(response.structure("KeyMetadata"))


def read_metadata(response: Response) -> tuple[Key, KeyMetadata]:
    """One KeyMetadata structure."""
    configuration = response.optional_structure("MultiRegionConfiguration")
    external = response.optional_structure("XksKeyConfiguration")
    metadata = KeyMetadata(
        state=response.optional_word("KeyState"),
        spec=response.optional_word("KeySpec") or response.optional_word("CustomerMasterKeySpec"),
        usage=response.optional_word("KeyUsage"),
        origin=response.optional_word("Origin"),
        manager=response.optional_word("KeyManager"),
        description=response.optional_text("Description"),
        created=response.optional_time("CreationDate"),
        multi_region=configuration.optional_word("MultiRegionKeyType") if configuration else "",
        deletion=response.optional_time("DeletionDate"),
        pending_window_days=response.number("PendingDeletionWindowInDays"),
        valid_to=response.optional_time("ValidTo"),
        expiration_model=response.optional_text("ExpirationModel"),
        custom_key_store_id=response.optional_text("CustomKeyStoreId"),
        cloud_hsm_cluster_id=response.optional_text("CloudHsmClusterId"),
        external_key_id=external.optional_text("Id") if external else "",
        replicas=_related(configuration) if configuration else (),
    )
    return _key(response, "Arn", metadata), metadata


def _related(configuration: Response) -> tuple[str, ...]:
    primary = configuration.optional_structure("PrimaryKey")
    first = (primary.optional_text("Arn"),) if primary else ()
    others = configuration.optional_each(
        "ReplicaKeys", lambda replica: replica.optional_text("Arn")
    )
    return tuple(filter(None, first + others))


def _entry(response: Response) -> Key:
    return _key(response, "KeyArn")


def _shared_entry(response: Response) -> Key:
    arn = response.text("KeyArn")
    return Key.of(arn, arn, shared=True)


def _key(response: Response, arn_member: str, metadata: KeyMetadata | None = None) -> Key:
    """The key of an entry that has one of ID and ARN at least."""
    arn = response.optional_text(arn_member)
    key_id = response.optional_text("KeyId") or resource_of(arn).removeprefix("key/")
    return Key.of(key_id or response.name("KeyId"), arn, metadata)


def _status(response: Response) -> Rotation:
    return Rotation(
        response.flag("KeyRotationEnabled"),
        response.number("RotationPeriodInDays"),
        response.optional_time("NextRotationDate"),
        response.optional_time("OnDemandRotationStartDate"),
    )


def _materials(key_id: str) -> Listing[tuple[KeyMaterial, ...]]:
    return Listing(
        op.LIST_KEY_ROTATIONS,
        {"KeyId": key_id, "Limit": 1000, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"},
        KMS,
        lambda response: response.readable("Rotations", _material),
    )


def _material(response: Response) -> KeyMaterial:
    return KeyMaterial(
        id=response.optional_text("KeyMaterialId"),
        state=response.optional_text("KeyMaterialState"),
        rotated=response.optional_time("RotationDate"),
        kind=response.optional_text("RotationType"),
        import_state=response.optional_text("ImportState"),
        expiration_model=response.optional_text("ExpirationModel"),
        valid_to=response.optional_time("ValidTo"),
        description=response.optional_text("KeyMaterialDescription"),
    )


def _newest_first(material: KeyMaterial) -> tuple[bool, float]:
    """What waits for its rotation first, the first material of all last."""
    rotated = material.rotated
    return not material.is_pending, -rotated.timestamp() if rotated else 0.0


def _current(response: Response) -> tuple[KeyMaterial, ...]:
    current = response.structure("KeyMetadata").optional_text("CurrentKeyMaterialId")
    return (KeyMaterial(current, "CURRENT"),) if current else ()


def _last_usage(response: Response) -> LastUsage:
    usage = response.optional_structure("KeyLastUsage")
    return LastUsage(
        usage.optional_time("Timestamp") if usage else None,
        usage.optional_text("Operation") if usage else "",
        response.optional_time("TrackingStartDate"),
        usage.optional_text("CloudTrailEventId") if usage else "",
        usage.optional_text("KmsRequestId") if usage else "",
    )
