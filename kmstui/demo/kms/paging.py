"""Pages and their opaque markers.

A marker holds the last item served, not an offset, so that keys may come and go between pages.
"""

from __future__ import annotations

import base64
import binascii
import bisect
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from kmstui.demo.errors import AwsError, validation

_Item = TypeVar("_Item")
_SALT = b"kmstui embedded marker"


@dataclass(frozen=True, slots=True)
class PageSize:
    """The documented default and greatest size of a list's pages."""

    default: int
    maximum: int


LIST_KEYS = PageSize(100, 1000)
LIST_ALIASES = PageSize(50, 100)
LIST_RESOURCE_TAGS = PageSize(50, 50)
LIST_GRANTS = PageSize(50, 100)
LIST_KEY_POLICIES = PageSize(100, 1000)
LIST_KEY_ROTATIONS = PageSize(100, 1000)
LIST_CUSTOM_KEY_STORES = PageSize(100, 1000)


def limit_of(parameters: Mapping[str, Any], size: PageSize) -> int:
    """The page size asked for; raises ValidationException outside 1 … maximum."""
    limit = parameters.get("Limit")
    if limit is None:
        return size.default
    # The model says 1000 of every list.
    if limit > size.maximum:
        raise validation(
            limit, "limit", f"Member must have value less than or equal to {size.maximum}"
        )
    return int(limit)


def encode_marker(listing: str, last: str) -> str:
    """An opaque marker for "after ``last``" in ``listing``."""
    body = json.dumps([listing, last]).encode()
    check = hashlib.blake2b(body, key=_SALT, digest_size=8).digest()
    return base64.urlsafe_b64encode(check + body).decode()


def decode_marker(
    listing: str,
    marker: str,
    code: str = "InvalidMarkerException",
    message: str = "Could not deserialize marker.",
) -> str:
    """The item after which to go on; raises ``code`` for anything not ours."""
    try:
        raw = base64.urlsafe_b64decode(marker.encode("ascii"))
        check, body = raw[:8], raw[8:]
        genuine = hashlib.blake2b(body, key=_SALT, digest_size=8).digest() == check
        kind, last = json.loads(body) if genuine else ("", "")
    except (ValueError, binascii.Error):
        genuine, kind, last = False, "", ""
    if not genuine or kind != listing:
        raise AwsError(code, message)
    return str(last)


def cut(
    listing: str,
    items: Sequence[_Item],
    parameters: Mapping[str, Any],
    size: PageSize,
    name: Callable[[_Item], str],
) -> tuple[Sequence[_Item], dict[str, Any]]:
    """One page of ``items`` (sorted by ``name``) and the members that end the answer."""
    limit = limit_of(parameters, size)
    marker = parameters.get("Marker")
    start = 0
    if marker is not None:
        start = bisect.bisect_right(items, decode_marker(listing, str(marker)), key=name)
    page = items[start : start + limit]
    if start + limit < len(items):
        return page, {"NextMarker": encode_marker(listing, name(page[-1])), "Truncated": True}
    return page, {"Truncated": False}


def is_within(listing: str, parameters: Mapping[str, Any]) -> bool:
    """Whether a request goes on in ``listing``."""
    try:
        decode_marker(listing, str(parameters.get("Marker", "")))
    except AwsError:
        return False
    return True
