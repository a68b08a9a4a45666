"""Tags, of one key from KMS and of many from the tagging API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import lru_cache

from kmstui.aws.api.base import KMS, TAGGING, ApiBase, Listing
from kmstui.aws.calls import Response, short_key_name
from kmstui.aws.calls import operations as op
from kmstui.model import Tag
from kmstui.service.ports import Urgency


class TagApi(ApiBase):
    """Reads and changes of tags."""

    def tag_pages(self) -> AsyncIterator[Mapping[str, tuple[Tag, ...]]]:
        return Listing(
            op.GET_RESOURCES,
            {"ResourceTypeFilters": ["kms:key"], "ResourcesPerPage": 100},
            TAGGING,
            _tags_by_key,
            urgency=Urgency.VISIBLE,
        ).pages(self._calls)

    async def list_tags(self, key_id: str, urgency: Urgency = Urgency.ASKED) -> tuple[Tag, ...]:
        listing = Listing(
            op.LIST_RESOURCE_TAGS,
            {"KeyId": key_id, "Limit": 50},
            KMS,
            lambda response: response.readable("Tags", _kms_tag),
            urgency=urgency,
        )
        return tuple(sorted(set(await listing.everything(self._calls))))

    async def tag(self, key_id: str, tags: Sequence[Tag]) -> None:
        await self._change(op.TAG_RESOURCE, KeyId=key_id, Tags=kms_tags(tags))

    async def untag(self, key_id: str, tag_keys: Sequence[str]) -> None:
        await self._change(op.UNTAG_RESOURCE, KeyId=key_id, TagKeys=list(tag_keys))


def kms_tags(tags: Sequence[Tag]) -> list[dict[str, str]]:
    """Tags as KMS spells them; other services say Key and Value."""
    return [{"TagKey": tag.key, "TagValue": tag.value} for tag in tags]


def _kms_tag(response: Response) -> Tag:
    return _tag(response.text("TagKey"), response.optional_text("TagValue"))


def _tags_by_key(response: Response) -> dict[str, tuple[Tag, ...]]:
    return dict(response.readable("ResourceTagMappingList", _tags_of_key))


def _tags_of_key(response: Response) -> tuple[str, tuple[Tag, ...]]:
    tags = response.optional_each(
        "Tags", lambda tag: _tag(tag.text("Key"), tag.optional_text("Value"))
    )
    return short_key_name(response.text("ResourceARN")), tuple(sorted(set(tags)))


@lru_cache(maxsize=512)
def _tag(key: str, value: str) -> Tag:
    """One value for all keys that carry the tag: accounts have few tags on many keys."""
    return Tag(key, value)
