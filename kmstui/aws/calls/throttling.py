"""Requests a second, per operation, below the quota that the whole account shares.

`dispatcher` asks when a request may go, and `clients` tells what was throttled.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from kmstui.aws.calls.operations import Operation

_FLOOR = 0.05
"""The part of the pace that is left after any number of throttled requests."""

_BURST_SECONDS = 0.1
_ONE_STORM_SECONDS = 0.5
_RECOVERY_SECONDS = 30.0

THROTTLES = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "SlowDown",
        "PriorRequestNotComplete",
    }
)
"""As botocore's standard retries count them (botocore.retries.standard)."""


def is_throttled(code: str, status: int) -> bool:
    """Whether a service refused a request for its rate, by its error code and HTTP status."""
    return code in THROTTLES or status == 429


@dataclass(slots=True, eq=False)
class Bucket:
    """A token bucket that halves its pace when the service throttles, and recovers slowly.

    Times are `time.monotonic` seconds and are passed in, so that tests need no clock.
    """

    full: float
    """Requests a second when nobody complains."""
    _pace: float = field(init=False)
    _tokens: float = field(init=False)
    _filled: float = field(init=False, default=0.0)
    _throttled: float = field(init=False, default=float("-inf"))
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._pace = self.full
        self._tokens = self._burst

    @property
    def _burst(self) -> float:
        return max(1.0, self.full * _BURST_SECONDS)

    def wait(self, now: float) -> float:
        """Seconds until one request may go; 0 when it may go now."""
        with self._lock:
            self._fill(now)
            return 0.0 if self._tokens >= 1 else (1 - self._tokens) / self._pace

    def take(self, now: float) -> None:
        """Account for one request."""
        with self._lock:
            self._fill(now)
            self._tokens -= 1

    def throttled(self, now: float) -> None:
        """The service refused a request for its rate.

        Requests that were on their way together are refused together: they count once.
        """
        with self._lock:
            self._fill(now)
            if now - self._throttled >= _ONE_STORM_SECONDS:
                self._pace = max(self.full * _FLOOR, self._pace / 2)
            self._throttled = now
            self._tokens = min(self._tokens, 0.0)

    def _fill(self, now: float) -> None:
        elapsed = max(0.0, now - self._filled)
        self._filled = now
        if now - self._throttled >= _ONE_STORM_SECONDS:
            self._pace = min(self.full, self._pace + self.full * elapsed / _RECOVERY_SECONDS)
        self._tokens = min(self._burst, self._tokens + elapsed * self._pace)


class Pacing:
    """The buckets of one connection, one for each operation."""

    def __init__(self) -> None:
        self._buckets: dict[Operation, Bucket] = {}
        self._lock = threading.Lock()

    def bucket(self, operation: Operation) -> Bucket:
        """The bucket of an operation."""
        with self._lock:
            found = self._buckets.get(operation)
            if found is None:
                found = self._buckets[operation] = Bucket(operation.pace)
            return found
