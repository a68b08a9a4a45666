"""Keys: ListKeys, DescribeKey, rotation and last use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime

from kmstui.aws.api.base import KMS, ApiBase, Listing
from kmstui.aws.calls import operations as op
from kmstui.aws.calls.answer import Answer
from kmstui.model.key import Key, KeyMetadata, LastUsage, Rotation
from kmstui.service.errors import CancelledByPersonError, ServiceError
from kmstui.service.ports import Urgency


class Keys(ApiBase):
    """Reads of keys."""

    def key_pages(self) -> AsyncIterator[Sequence[Key]]:
        """See `InventoryGateway`."""
        return Listing(
            op.LIST_KEYS,
            {"Limit": 1000},
            KMS,
            lambda answer: answer.each("Keys", _entry),
            later=Urgency.VISIBLE,
        ).pages(self._calls)

    async def describe(
        self, key_id: str, urgency: Urgency = Urgency.ASKED
    ) -> tuple[Key, KeyMetadata]:
        """See `InventoryGateway`."""
        return await self._calls.send(
            op.DESCRIBE_KEY, {"KeyId": key_id}, read_description, urgency=urgency
        )

    async def rotation(self, key_id: str) -> Rotation:
        """See `InventoryGateway`."""
        rotation = await self._calls.send(op.GET_KEY_ROTATION_STATUS, {"KeyId": key_id}, _status)
        try:
            past = await _rotations(key_id).everything(self._calls)
        except CancelledByPersonError:
            raise
        except ServiceError as error:
            return replace(rotation, past_problem=error.sentence)
        return replace(rotation, past=tuple(sorted(past, reverse=True)))

    async def last_usage(self, key_id: str) -> LastUsage:
        """See `InventoryGateway`."""
        return await self._calls.send(op.GET_KEY_LAST_USAGE, {"KeyId": key_id}, _last_usage)


def read_description(answer: Answer) -> tuple[Key, KeyMetadata]:
    """The KeyMetadata of DescribeKey and CreateKey."""
    return read_metadata(answer.structure("KeyMetadata"))


def read_metadata(answer: Answer) -> tuple[Key, KeyMetadata]:
    """One KeyMetadata structure."""
    configuration = answer.optional_structure("MultiRegionConfiguration")
    metadata = KeyMetadata(
        state=answer.word("KeyState"),
        spec=answer.optional_word("KeySpec") or answer.optional_word("CustomerMasterKeySpec"),
        usage=answer.optional_word("KeyUsage"),
        origin=answer.optional_word("Origin"),
        manager=answer.optional_word("KeyManager"),
        description=answer.optional_text("Description"),
        created=answer.time("CreationDate"),
        multi_region=configuration.optional_word("MultiRegionKeyType") if configuration else "",
        deletion=answer.optional_time("DeletionDate"),
        pending_window_days=answer.number("PendingDeletionWindowInDays"),
        valid_to=answer.optional_time("ValidTo"),
        expiration_model=answer.optional_text("ExpirationModel"),
        custom_key_store_id=answer.optional_text("CustomKeyStoreId"),
        replicas=_related(configuration) if configuration else (),
    )
    key = Key(answer.text("KeyId"), answer.text("Arn"), metadata)
    return key, metadata


def _related(configuration: Answer) -> tuple[str, ...]:
    primary = configuration.optional_structure("PrimaryKey")
    first = (primary.text("Arn"),) if primary else ()
    return first + configuration.optional_each("ReplicaKeys", lambda replica: replica.text("Arn"))


def _entry(answer: Answer) -> Key:
    return Key(answer.text("KeyId"), answer.text("KeyArn"))


def _status(answer: Answer) -> Rotation:
    return Rotation(
        answer.flag("KeyRotationEnabled"),
        answer.number("RotationPeriodInDays"),
        answer.optional_time("NextRotationDate"),
        answer.optional_time("OnDemandRotationStartDate"),
    )


def _rotations(key_id: str) -> Listing[tuple[tuple[datetime, str], ...]]:
    return Listing(
        op.LIST_KEY_ROTATIONS,
        {"KeyId": key_id, "Limit": 1000},
        KMS,
        lambda answer: answer.each("Rotations", _past),
    )


def _past(answer: Answer) -> tuple[datetime, str]:
    return answer.time("RotationDate"), answer.optional_text("RotationType")


def _last_usage(answer: Answer) -> LastUsage:
    usage = answer.optional_structure("KeyLastUsage")
    return LastUsage(
        usage.optional_time("Timestamp") if usage else None,
        usage.optional_text("Operation") if usage else "",
        answer.optional_time("TrackingStartDate"),
    )
