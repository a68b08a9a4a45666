"""TagResource and UntagResource with their limits.

https://docs.aws.amazon.com/kms/latest/APIReference/API_TagResource.html and API_Tag.html
"""

from __future__ import annotations

import unicodedata
from typing import Any

from kmstui.demo.access.authorization import Call
from kmstui.demo.errors import ServiceError, validation
from kmstui.demo.kms.keys import EmbeddedKey
from kmstui.demo.kms.store import Stores

MAXIMUM_TAGS = 50
_PUNCTUATION = frozenset("_.:/=+-@")


def tag_resource(call: Call, stores: Stores, key: EmbeddedKey) -> dict[str, Any]:
    """TagResource: adds tags and overwrites values."""
    given = checked_tags(call.parameters.get("Tags"))
    tags = {**key.tags, **given}
    if len(tags) > MAXIMUM_TAGS:
        raise tag_error("Too many tags")
    stores.consistency.changing(key.arn, "tags", key.tags)
    key.tags = tags
    return {}


def untag_resource(call: Call, stores: Stores, key: EmbeddedKey) -> dict[str, Any]:
    """UntagResource: silent on tag keys that are not there."""
    names = call.parameters.get("TagKeys")
    if not isinstance(names, list):
        raise validation("null", "tagKeys", "Member must not be null")
    for position, name in enumerate(names, 1):
        _require_key(position, name, member="tagKeys")
    stores.consistency.changing(key.arn, "tags", key.tags)
    key.tags = {name: value for name, value in key.tags.items() if name not in names}
    return {}


def checked_tags(tags: object) -> dict[str, str]:
    """Tags of a request as a mapping; raises TagException or ValidationException."""
    if not isinstance(tags, list):
        raise validation("null", "tags", "Member must not be null")
    checked: dict[str, str] = {}
    for position, tag in enumerate(tags, 1):
        name, value = tag.get("TagKey"), tag.get("TagValue")
        _require_key(position, name, member="tags")
        if not isinstance(value, str):
            raise validation("null", f"tags.{position}.member.tagValue", "Member must not be null")
        if len(value) > 256:
            raise validation(
                value,
                f"tags.{position}.member.tagValue",
                "Member must have length less than or equal to 256",
            )
        if not _permitted(value):
            raise tag_error("Tag value contains invalid characters")
        if name in checked:
            raise tag_error("Duplicate tag keys")
        checked[name] = value
    if len(checked) > MAXIMUM_TAGS:
        raise tag_error("Too many tags")
    return checked


def _require_key(position: int, name: object, *, member: str) -> None:
    where = f"{member}.{position}.member" + (".tagKey" if member == "tags" else "")
    if not isinstance(name, str):
        raise validation("null", where, "Member must not be null")
    if not name:
        raise validation(name, where, "Member must have length greater than or equal to 1")
    if len(name) > 128:
        raise validation(name, where, "Member must have length less than or equal to 128")
    if name.lower().startswith("aws:"):
        raise tag_error("Tags beginning with aws: are reserved")
    if not _permitted(name):
        raise tag_error("Tag key contains invalid characters")


def _permitted(text: str) -> bool:
    """Letters, separators and numbers of any script, and ``_ . : / = + - @``."""
    return all(c in _PUNCTUATION or unicodedata.category(c)[0] in "LZN" for c in text)


def tag_error(message: str) -> ServiceError:
    """KMS's TagException."""
    return ServiceError("TagException", message)
