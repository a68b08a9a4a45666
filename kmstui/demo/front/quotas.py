"""Request quotas of KMS.

https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html. KMS sends
ThrottlingException with HTTP 400.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from kmstui.demo.errors import AwsError

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
        "DeleteImportedKeyMaterial",
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
        "UpdatePrimaryRegion",
        "DescribeCustomKeyStores",
        "ConnectCustomKeyStore",
        "DisconnectCustomKeyStore",
    ),
    1: ("GetParametersForImport",),
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
