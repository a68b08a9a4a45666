"""Request quotas, and faults that a test sets: the front then behaves as broken services do.

https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html. KMS sends
ThrottlingException with HTTP 400.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from kmstui.demo.errors import AwsError
from kmstui.demo.front.wire import AwsRequest, Response

_PER_SECOND = {
    2000: ("DescribeKey", "ListResourceTags", "GetPublicKey"),
    1000: ("GetKeyPolicy", "GetKeyRotationStatus"),
    500: ("ListKeys", "ListAliases", "GenerateRandom"),
    100: ("ListGrants", "ListKeyPolicies", "ListKeyRotations", "ListRetirableGrants"),
    50: ("CreateGrant", "RevokeGrant", "RetireGrant"),
    15: (
        "PutKeyPolicy",
        "DeleteAlias",
        "ScheduleKeyDeletion",
        "EnableKeyRotation",
        "ImportKeyMaterial",
        "GetParametersForImport",
    ),
    10: ("TagResource",),
    5: (
        "UntagResource",
        "CreateAlias",
        "UpdateAlias",
        "EnableKey",
        "DisableKey",
        "DisableKeyRotation",
        "UpdateKeyDescription",
        "CreateKey",
        "CancelKeyDeletion",
        "GetKeyLastUsage",
        "RotateKeyOnDemand",
        "ReplicateKey",
        "DeleteImportedKeyMaterial",
        "UpdatePrimaryRegion",
    ),
}
QUOTAS: dict[str, int] = {
    operation: rate for rate, operations in _PER_SECOND.items() for operation in operations
}
"""Requests per second by KMS operation; what is not here is not limited."""

MESSAGE = (
    "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."
)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class Quotas:
    """The buckets. A bucket holds one second's worth of requests."""

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, account: str, region: str, operation: str) -> None:
        """Count one request; raises ThrottlingException when the second's share is used up."""
        rate = QUOTAS.get(operation)
        if not self.enabled or rate is None:
            return
        now = time.monotonic()
        with self._lock:
            bucket = self._buckets.setdefault((account, region, operation), _Bucket(rate, now))
            refilled = bucket.tokens + (now - bucket.filled_at) * rate
            bucket.tokens, bucket.filled_at = min(float(rate), refilled), now
            if bucket.tokens < 1:
                raise throttled()
            bucket.tokens -= 1


def throttled() -> AwsError:
    """KMS's ThrottlingException."""
    return AwsError("ThrottlingException", MESSAGE)


KINDS = frozenset(
    {"deny", "throttle", "html", "garbage", "truncated", "error500", "hang", "close", "status",
     "error"}
)  # fmt: skip


@dataclass(slots=True)
class Fault:
    """One fault: what it does, to which calls, how often."""

    kind: str
    operation: str = "*"
    """``service:Operation``, ``Operation``, or ``*``."""
    key: str = ""
    """Only for calls that name this key ID (by ID or ARN)."""
    times: int | None = None
    """How many calls it meets; None means until it is cleared."""
    code: str = ""
    message: str = ""
    status: int = 400
    after: bool = False
    """Whether the call is carried out first: the response is lost, the change is not."""
    met: int = field(default=0)
    cleared: threading.Event = field(default_factory=threading.Event)
    """Set when the fault is cleared, even before the call that found it begins to hang."""

    def meets(self, request: AwsRequest) -> bool:
        """Whether this fault is about ``request``."""
        names = {"*", request.operation, f"{request.service}:{request.operation}",
                 f"{request.service}:*"}  # fmt: skip
        if self.operation not in names:
            return False
        if not self.key:
            return True
        named = str(request.parameters.get("KeyId") or request.parameters.get("TargetKeyId") or "")
        return named.rpartition("/")[2] == self.key or named == self.key


class CloseConnection(Exception):  # noqa: N818 - not an error but an order to the server
    """The connection is to be closed without an answer."""


class Faults:
    """The faults that are set. Safe for threads."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self.hanging = 0
        """Calls that hang at the moment."""

    def add(self, fault: Fault) -> None:
        """Set one more fault; raises ``ValueError`` for an unknown kind."""
        if fault.kind not in KINDS:
            raise ValueError(f"unknown fault {fault.kind!r}: one of {', '.join(sorted(KINDS))}")
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Remove all faults and let go of calls that hang."""
        with self._lock:
            for fault in self._faults:
                fault.cleared.set()
            self._faults.clear()

    def find(self, request: AwsRequest) -> Fault | None:
        """The first fault about ``request``, counted as met."""
        if not self._faults:
            return None
        with self._lock:
            for fault in self._faults:
                if fault.meets(request) and (fault.times is None or fault.met < fault.times):
                    fault.met += 1
                    return fault
        return None

    def _hang(self, fault: Fault) -> None:
        """Wait until the fault is cleared, ten minutes at most."""
        with self._lock:
            self.hanging += 1
        fault.cleared.wait(600)
        with self._lock:
            self.hanging -= 1

    def apply(self, fault: Fault, request: AwsRequest, caller_arn: str) -> Response:
        """Do what the fault says: respond, raise ``AwsError`` or ``CloseConnection``."""
        if fault.kind == "deny":
            raise _denial(fault, request, caller_arn)
        if fault.kind == "throttle":
            raise throttled()
        if fault.kind == "error":
            raise AwsError(fault.code, fault.message, fault.status)
        if fault.kind == "hang":
            self._hang(fault)
            raise CloseConnection
        if fault.kind == "close":
            raise CloseConnection
        return _BROKEN_ANSWERS[fault.kind]


def _denial(fault: Fault, request: AwsRequest, caller_arn: str) -> AwsError:
    service = {"tagging": "tag"}.get(request.service, request.service)
    resource = request.parameters.get("KeyId") or request.parameters.get("RoleName") or "*"
    message = fault.message or (
        f"User: {caller_arn} is not authorized to perform: {service}:{request.operation} on "
        f"resource: {resource} because no identity-based policy allows the "
        f"{service}:{request.operation} action"
    )
    return AwsError("AccessDeniedException", message)


_HTML = b"<html><head><title>Sign in</title></head><body>Captive portal</body></html>"
_BROKEN_ANSWERS = {
    "html": Response(200, "text/html", _HTML),
    "garbage": Response(200, "application/x-amz-json-1.1", b'{"Keys": [{"KeyId": \xff\xfe, nope'),
    "truncated": Response(
        200, "application/x-amz-json-1.1", b'{"KeyMetadata": {"KeyId": "', content_length=4096
    ),
    "error500": Response(
        500,
        "application/x-amz-json-1.1",
        b'{"__type":"KMSInternalException","message":"An internal error occurred."}',
    ),
    "status": Response(503, "text/plain", b"Service Unavailable"),
}


@dataclass(slots=True)
class Latency:
    """Seconds that every AWS call takes at least."""

    seconds: float = 0.0
    by_operation: dict[str, float] = field(default_factory=dict)

    def wait(self, operation: str) -> None:
        """Sleep as long as a call of ``operation`` takes."""
        seconds = self.by_operation.get(operation, self.seconds)
        if seconds > 0:
            time.sleep(seconds)
