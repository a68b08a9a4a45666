"""The part of CBOR (RFC 8949) that AWS's rpc-v2-cbor protocol uses for the tagging API.

Definite and indefinite lengths are read; definite ones are written.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

_BREAK = object()


def decode(data: bytes) -> Any:
    """The first item of ``data``; raises ``ValueError`` when it is not CBOR."""
    try:
        return _Reader(data).item()
    except RecursionError as error:
        raise ValueError("CBOR nested too deep") from error


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def _take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._data):
            raise ValueError("truncated CBOR")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def _length(self, info: int) -> int | None:
        if info < 24:
            return info
        if info == 31:
            return None
        width = {24: 1, 25: 2, 26: 4, 27: 8}.get(info)
        if width is None:
            raise ValueError(f"CBOR additional information {info}")
        return int.from_bytes(self._take(width), "big")

    def item(self) -> Any:
        head = self._take(1)[0]
        major, info = head >> 5, head & 31
        if major == 7:
            return self._simple(info)
        length = self._length(info)
        if major in {0, 1}:
            if length is None:
                raise ValueError("CBOR integer without a value")
            return length if major == 0 else -1 - length
        if major in {2, 3}:
            raw = self._bytes(length)
            return raw if major == 2 else raw.decode("utf-8")
        if major == 4:
            return list(self._items(length))
        if major == 5:
            return self._map(length)
        return self.item()

    def _simple(self, info: int) -> Any:
        if info == 31:
            return _BREAK
        if info in {26, 27}:
            width, form = (4, ">f") if info == 26 else (8, ">d")
            return struct.unpack(form, self._take(width))[0]
        return {20: False, 21: True}.get(info)

    def _bytes(self, length: int | None) -> bytes:
        if length is not None:
            return self._take(length)
        parts: list[bytes] = []
        while True:
            part = self.item()
            if part is _BREAK:
                return b"".join(parts)
            parts.append(part if isinstance(part, bytes) else str(part).encode())

    def _items(self, length: int | None) -> list[Any]:
        if length is not None:
            return [self.item() for _ in range(length)]
        items: list[Any] = []
        while True:
            item = self.item()
            if item is _BREAK:
                return items
            items.append(item)

    def _map(self, length: int | None) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        while length is None or len(result) < length:
            key = self.item()
            if key is _BREAK:
                break
            if not isinstance(key, str):
                raise ValueError("the names in a map are text")  # noqa: TRY004 - see decode
            result[key] = self.item()
        return result


def encode(value: object) -> bytes:
    """``value`` as CBOR; raises ``TypeError`` on what AWS's protocol does not carry."""
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, str):
        raw = value.encode("utf-8")
        return _head(3, len(raw)) + raw
    if isinstance(value, Mapping):
        return _head(5, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())
    if isinstance(value, Sequence):
        return _head(4, len(value)) + b"".join(encode(item) for item in value)
    raise TypeError(f"{type(value).__name__} has no place in this protocol")


def _head(major: int, value: int) -> bytes:
    if value < 24:
        return bytes([major << 5 | value])
    for info, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << (8 * width):
            return bytes([major << 5 | info]) + value.to_bytes(width, "big")
    raise TypeError("integer too large for CBOR")
