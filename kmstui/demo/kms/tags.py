"""Tags: TagResource, UntagResource, ListResourceTags, and GetResources of the tagging API.

https://docs.aws.amazon.com/kms/latest/APIReference/API_TagResource.html, API_Tag.html and
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

import bisect
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from kmstui.demo.access.context import Call, Result
from kmstui.demo.errors import AwsError
from kmstui.demo.kms import paging
from kmstui.demo.kms.keys import EmbeddedKey, tag_list
from kmstui.demo.kms.paging import decode_marker, encode_marker
from kmstui.demo.kms.store import Stores

MAXIMUM_TAGS = 50
_PUNCTUATION = frozenset("_.:/=+-@")


def tag_resource(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """TagResource: adds tags and overwrites values."""
    given = checked_tags(call.parameters["Tags"])
    tags = {**key.tags, **given}
    if len(tags) > MAXIMUM_TAGS:
        raise tag_error("Too many tags")
    stores.consistency.changing(key.arn, "tags", key.tags)
    key.tags = tags
    return {}


def untag_resource(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """UntagResource: silent on tag keys that are not there."""
    names = call.parameters["TagKeys"]
    for name in names:
        _check_key(name)
    stores.consistency.changing(key.arn, "tags", key.tags)
    key.tags = {name: value for name, value in key.tags.items() if name not in names}
    return {}


def checked_tags(tags: list[dict[str, str]]) -> dict[str, str]:
    """Tags of a request as a mapping; raises TagException."""
    checked: dict[str, str] = {}
    for tag in tags:
        name, value = tag["TagKey"], tag["TagValue"]
        _check_key(name)
        if not _permitted(value):
            raise tag_error("Tag value contains invalid characters")
        if name in checked:
            raise tag_error("Duplicate tag keys")
        checked[name] = value
    if len(checked) > MAXIMUM_TAGS:
        raise tag_error("Too many tags")
    return checked


def _check_key(name: str) -> None:
    if name.lower().startswith("aws:"):
        raise tag_error("Tags beginning with aws: are reserved")
    if not _permitted(name):
        raise tag_error("Tag key contains invalid characters")


def _permitted(text: str) -> bool:
    """Letters, separators and numbers of any script, and ``_ . : / = + - @``."""
    return all(c in _PUNCTUATION or unicodedata.category(c)[0] in "LZN" for c in text)


def tag_error(message: str) -> AwsError:
    """KMS's TagException."""
    return AwsError("TagException", message)


def list_resource_tags(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """ListResourceTags."""
    tags = sorted(stores.consistency.seen(key.arn, "tags", key.tags).items())
    page, end = paging.cut(
        f"tags/{key.id}", tags, call.parameters, paging.LIST_RESOURCE_TAGS, lambda tag: tag[0]
    )
    return {"Tags": tag_list(page), **end}


PAGE = 100
_SCAN = 5000


def get_resources(call: Call, stores: Stores) -> Result:
    """GetResources, from the tags that KMS holds."""
    if call.operation != "GetResources":
        raise AwsError("InvalidParameterException", f"{call.operation} is not served here.")
    parameters = call.parameters
    size = parameters.get("ResourcesPerPage") or PAGE
    if not isinstance(size, int) or not 1 <= size <= PAGE:
        raise AwsError("InvalidParameterException", f"ResourcesPerPage must be from 1 to {PAGE}")
    store = stores.of(call.account, call.region)
    types = parameters.get("ResourceTypeFilters") or ["kms:key"]
    if not {"kms", "kms:key"}.intersection(types):
        return {"ResourceTagMappingList": [], "PaginationToken": ""}
    order = store.key_order
    start = _start(parameters.get("PaginationToken"), order)
    filters = _filters(parameters)
    found: list[dict[str, Any]] = []
    position = start
    while position < len(order) and len(found) < size and position - start < _SCAN:
        key = store.keys.get(order[position])
        position += 1
        if key is None:
            continue
        tags = stores.consistency.seen(key.arn, "tags", key.tags)
        # Resources that never had a tag are not listed; nor are AWS managed keys.
        if tags and key.key_manager == "CUSTOMER" and _matches(tags, filters):
            listed = [{"Key": k, "Value": v} for k, v in sorted(tags.items())]
            found.append({"ResourceARN": key.arn, "Tags": listed})
    token = encode_marker("resources", order[position - 1]) if position < len(order) else ""
    return {"ResourceTagMappingList": found, "PaginationToken": token}


def _start(token: object, order: Sequence[str]) -> int:
    if not token:
        return 0
    try:
        return bisect.bisect_right(order, decode_marker("resources", str(token)))
    except AwsError as error:
        raise AwsError(
            "PaginationTokenExpiredException", "The pagination token is not valid."
        ) from error


def _filters(parameters: Mapping[str, Any]) -> dict[str, set[str]]:
    return {
        str(entry.get("Key")): set(entry.get("Values") or ())
        for entry in parameters.get("TagFilters") or ()
    }


def _matches(tags: Mapping[str, str], filters: Mapping[str, set[str]]) -> bool:
    return all(
        name in tags and (not values or tags[name] in values) for name, values in filters.items()
    )
