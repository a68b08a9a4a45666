"""Aliases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from kmstui.aws.api.base import Noun, nothing
from kmstui.aws.api.paging import KMS, Listing
from kmstui.aws.calls.answer import Answer
from kmstui.aws.calls.operations import CREATE_ALIAS, DELETE_ALIAS, LIST_ALIASES, UPDATE_ALIAS
from kmstui.model.alias import Alias
from kmstui.service.ports import Urgency


class Aliases(Noun):
    """Reads and changes of aliases."""

    def alias_pages(self, key_id: str | None = None) -> AsyncIterator[Sequence[Alias]]:
        """See `InventoryGateway`."""
        return Listing(
            LIST_ALIASES,
            {"Limit": 100, "KeyId": key_id},
            KMS,
            lambda answer: answer.each("Aliases", _alias),
            key=key_id or "",
            later=Urgency.VISIBLE,
        ).pages(self._calls)

    async def create_alias(self, name: str, key_id: str) -> None:
        """See `AliasGateway`."""
        params = {"AliasName": name, "TargetKeyId": key_id}
        await self._calls.send(CREATE_ALIAS, params, nothing, key=key_id)

    async def update_alias(self, name: str, key_id: str) -> None:
        """See `AliasGateway`."""
        params = {"AliasName": name, "TargetKeyId": key_id}
        await self._calls.send(UPDATE_ALIAS, params, nothing, key=key_id)

    async def delete_alias(self, name: str) -> None:
        """See `AliasGateway`."""
        await self._calls.send(DELETE_ALIAS, {"AliasName": name}, nothing, key=name)


def _alias(answer: Answer) -> Alias:
    created, updated = answer.optional_time("CreationDate"), answer.optional_time("LastUpdatedDate")
    return Alias(
        answer.text("AliasName"),
        answer.optional_text("TargetKeyId"),
        created,
        created if updated == created else updated,
    )
