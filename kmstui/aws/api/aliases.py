"""Aliases."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence

from kmstui.aws.api.base import KMS, ApiBase, Listing, resource_of
from kmstui.aws.calls import Response
from kmstui.aws.calls import operations as op
from kmstui.model import Alias
from kmstui.service.ports import Urgency


class AliasApi(ApiBase):
    """Reads and changes of aliases."""

    def alias_pages(self, key_id: str | None = None) -> AsyncIterator[Sequence[Alias]]:
        return Listing(
            op.LIST_ALIASES,
            {"Limit": 100, "KeyId": key_id},
            KMS,
            lambda response: response.readable("Aliases", _alias),
            later=Urgency.VISIBLE,
        ).pages(self._calls)

    async def create_alias(self, name: str, key_id: str) -> None:
        await self._change(op.CREATE_ALIAS, about=key_id, AliasName=name, TargetKeyId=key_id)

    async def update_alias(self, name: str, key_id: str) -> None:
        await self._change(op.UPDATE_ALIAS, about=key_id, AliasName=name, TargetKeyId=key_id)

    async def delete_alias(self, name: str) -> None:
        await self._change(op.DELETE_ALIAS, about=name, AliasName=name)


def _alias(response: Response) -> Alias:
    created, updated = (
        response.optional_time("CreationDate"),
        response.optional_time("LastUpdatedDate"),
    )
    # The resource of an alias' ARN is its name.
    arn = response.optional_text("AliasArn")
    name = response.optional_text("AliasName") or resource_of(arn) or response.text("AliasName")
    return Alias(
        name,
        response.optional_text("TargetKeyId"),
        created,
        created if updated == created else updated,
        sys.intern(arn.removesuffix(name)) if arn.endswith(f":{name}") else "",
    )
