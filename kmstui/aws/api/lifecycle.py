"""The life of a key: created, described, enabled, rotated, replicated, deleted."""

from __future__ import annotations

from datetime import datetime

from kmstui.aws.api.base import ApiBase
from kmstui.aws.api.keys import read_description, read_metadata
from kmstui.aws.api.tags import kms_tags
from kmstui.aws.calls import Response
from kmstui.aws.calls import operations as op
from kmstui.model import Key, KeyCreation, KeyMetadata


class LifecycleApi(ApiBase):
    """Changes of a key itself."""

    async def create_key(self, creation: KeyCreation) -> tuple[Key, KeyMetadata]:
        params = {
            "KeySpec": creation.spec,
            "KeyUsage": creation.usage,
            "Description": creation.description or None,
            "MultiRegion": creation.multi_region or None,
            "Origin": creation.origin,
            "Policy": creation.policy,
            "Tags": kms_tags(creation.tags) or None,
            "CustomKeyStoreId": creation.custom_key_store_id or None,
            "XksKeyId": creation.external_key_id or None,
        }
        return await self._calls.send(op.CREATE_KEY, params, read_description)

    async def update_description(self, key_id: str, description: str) -> None:
        await self._change(op.UPDATE_KEY_DESCRIPTION, KeyId=key_id, Description=description)

    async def enable(self, key_id: str) -> None:
        await self._change(op.ENABLE_KEY, KeyId=key_id)

    async def disable(self, key_id: str) -> None:
        await self._change(op.DISABLE_KEY, KeyId=key_id)

    async def enable_rotation(self, key_id: str, period_days: int | None = None) -> None:
        await self._change(op.ENABLE_KEY_ROTATION, KeyId=key_id, RotationPeriodInDays=period_days)

    async def disable_rotation(self, key_id: str) -> None:
        await self._change(op.DISABLE_KEY_ROTATION, KeyId=key_id)

    async def rotate_now(self, key_id: str) -> None:
        await self._change(op.ROTATE_KEY_ON_DEMAND, KeyId=key_id)

    async def schedule_deletion(self, key_id: str, window_days: int) -> datetime | None:
        params = {"KeyId": key_id, "PendingWindowInDays": window_days}
        return await self._calls.send(
            op.SCHEDULE_KEY_DELETION,
            params,
            lambda response: response.optional_time("DeletionDate"),
        )

    async def cancel_deletion(self, key_id: str) -> None:
        await self._change(op.CANCEL_KEY_DELETION, KeyId=key_id)

    async def replicate(self, key_id: str, region: str, description: str = "") -> Key:
        params = {
            "KeyId": key_id,
            "ReplicaRegion": region,
            "Description": description or None,
        }
        return await self._calls.send(op.REPLICATE_KEY, params, _replica)

    async def update_primary_region(self, key_id: str, region: str) -> None:
        await self._change(op.UPDATE_PRIMARY_REGION, KeyId=key_id, PrimaryRegion=region)


def _replica(response: Response) -> Key:
    key, _ = read_metadata(response.structure("ReplicaKeyMetadata"))
    return key
