"""What was asked of the front, newest last. Tests read it; CloudTrail is answered from it."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kmstui.demo.access.callers import Caller


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and how it ended."""

    number: int
    time: float
    service: str
    operation: str
    region: str
    caller: Caller | None
    access_key: str
    key_arn: str
    parameters: Mapping[str, Any]
    source_ip: str
    vpc_endpoint: str | None
    user_agent: str
    request_id: str
    status: int
    """HTTP status; 0 when the connection was closed without an answer."""
    error: str
    message: str

    def as_json(self) -> dict[str, Any]:
        """The entry as the control API tells it."""
        return {
            "number": self.number,
            "time": self.time,
            "service": self.service,
            "operation": self.operation,
            "key": self.key_arn,
            "region": self.region,
            "caller": self.caller.arn if self.caller else "",
            "status": self.status,
            "error": self.error,
            "message": self.message,
            "user_agent": self.user_agent,
            "parameters": dict(self.parameters),
        }


class RequestLog:
    """The last 200,000 requests. Safe for threads."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=200_000)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def next_number(self) -> int:
        """A number for the next entry."""
        return next(self._numbers)

    def add(self, entry: Entry) -> None:
        """Note one request."""
        with self._lock:
            self._entries.append(entry)

    def entries(self) -> list[Entry]:
        """All that is noted, oldest first."""
        with self._lock:
            return list(self._entries)

    def clear(self) -> None:
        """Forget everything so far."""
        with self._lock:
            self._entries.clear()
