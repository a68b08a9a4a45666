"""Resource Groups Tagging API: GetResources for KMS keys.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from typing import Any

from kmstui.demo.access.callers import Caller
from kmstui.demo.errors import ServiceError
from kmstui.demo.front.wire import AwsRequest
from kmstui.demo.kms.paging import decode_marker, encode_marker
from kmstui.demo.kms.store import Stores

PAGE = 100
_SCAN = 5000


class TaggingService:
    """GetResources, from the tags that KMS holds."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def answer(self, request: AwsRequest, caller: Caller) -> dict[str, Any]:
        """Serve one call; raises ``ServiceError``."""
        if request.operation != "GetResources":
            raise ServiceError(
                "InvalidParameterException", f"{request.operation} is not served here."
            )
        parameters = request.parameters
        size = parameters.get("ResourcesPerPage") or PAGE
        if not isinstance(size, int) or not 1 <= size <= PAGE:
            raise ServiceError(
                "InvalidParameterException", f"ResourcesPerPage must be from 1 to {PAGE}"
            )
        store = self._stores.of(caller.account, request.region)
        types = parameters.get("ResourceTypeFilters") or ["kms:key"]
        if not {"kms", "kms:key"}.intersection(types):
            return {"ResourceTagMappingList": [], "PaginationToken": ""}
        order = store.key_order
        start = self._start(parameters, order)
        filters = _filters(parameters)
        found: list[dict[str, Any]] = []
        position = start
        while position < len(order) and len(found) < size and position - start < _SCAN:
            key = store.keys.get(order[position])
            position += 1
            if key is None:
                continue
            tags = self._stores.consistency.seen(key.arn, "tags", key.tags)
            # Resources that never had a tag are not listed; nor are AWS managed keys.
            if tags and key.key_manager == "CUSTOMER" and _matches(tags, filters):
                listed = [{"Key": k, "Value": v} for k, v in sorted(tags.items())]
                found.append({"ResourceARN": key.arn, "Tags": listed})
        token = encode_marker("resources", order[position - 1]) if position < len(order) else ""
        return {"ResourceTagMappingList": found, "PaginationToken": token}

    @staticmethod
    def _start(parameters: Mapping[str, Any], order: Any) -> int:
        token = parameters.get("PaginationToken")
        if not token:
            return 0
        try:
            last = decode_marker("resources", str(token))
        except ServiceError as error:
            raise ServiceError(
                "PaginationTokenExpiredException", "The pagination token is not valid."
            ) from error
        return bisect.bisect_right(order, last)


def _filters(parameters: Mapping[str, Any]) -> dict[str, set[str]]:
    return {
        str(entry.get("Key")): set(entry.get("Values") or ())
        for entry in parameters.get("TagFilters") or ()
    }


def _matches(tags: Mapping[str, str], filters: Mapping[str, set[str]]) -> bool:
    return all(
        name in tags and (not values or tags[name] in values) for name, values in filters.items()
    )
