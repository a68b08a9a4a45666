"""The life of a key: description, enabling, deletion.

https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
"""

from __future__ import annotations

import time
from typing import Any

from kmstui.demo.access.authorization import Call
from kmstui.demo.errors import unsupported, validation
from kmstui.demo.kms.keys import DAY, EmbeddedKey
from kmstui.demo.kms.store import Stores


def enable_key(call: Call, stores: Stores, key: EmbeddedKey) -> dict[str, Any]:
    """EnableKey."""
    _require_customer_key(call, key)
    key.key_state = "Enabled"
    return {}


def disable_key(call: Call, stores: Stores, key: EmbeddedKey) -> dict[str, Any]:
    """DisableKey."""
    _require_customer_key(call, key)
    key.key_state = "Disabled"
    return {}


def update_key_description(call: Call, stores: Stores, key: EmbeddedKey) -> dict[str, Any]:
    """UpdateKeyDescription."""
    _require_customer_key(call, key)
    description = checked_description(call.parameters.get("Description"))
    stores.consistency.changing(key.arn, "description", key.description)
    key.description = description
    return {}


def checked_description(text: object) -> str:
    """A description of at most 8,192 characters; raises ValidationException."""
    if not isinstance(text, str):
        raise validation("null", "description", "Member must not be null")
    if len(text) > 8192:
        raise validation(
            text[:64], "description", "Member must have length less than or equal to 8192"
        )
    return text


def schedule_key_deletion(call: Call, stores: Stores, key: EmbeddedKey) -> dict[str, Any]:
    """ScheduleKeyDeletion: 7 to 30 days; a primary with replicas waits for them first."""
    _require_customer_key(call, key)
    days = call.parameters.get("PendingWindowInDays", 30)
    if not isinstance(days, int) or isinstance(days, bool) or not 7 <= days <= 30:
        side = (
            "greater than or equal to 7"
            if isinstance(days, int) and days < 7
            else ("less than or equal to 30")
        )
        raise validation(days, "pendingWindowInDays", f"Member must have value {side}")
    answer: dict[str, Any] = {"KeyId": key.arn, "PendingWindowInDays": days}
    key.deletion_window = days
    if key.multi_region and key.region == key.primary_region and key.replica_regions:
        key.key_state = "PendingReplicaDeletion"
    else:
        key.key_state = "PendingDeletion"
        key.deletes_at = time.time() + days * DAY
        answer["DeletionDate"] = round(key.deletes_at, 3)
    answer["KeyState"] = key.key_state
    return answer


def cancel_key_deletion(call: Call, stores: Stores, key: EmbeddedKey) -> dict[str, Any]:
    """CancelKeyDeletion: the key comes back disabled (or pending import again)."""
    waiting = key.origin == "EXTERNAL" and not key.imported.present
    key.key_state = "PendingImport" if waiting else "Disabled"
    key.deletes_at = None
    key.deletion_window = None
    return {"KeyId": key.arn}


def _require_customer_key(call: Call, key: EmbeddedKey) -> None:
    if key.key_manager == "AWS":
        raise unsupported(f"{call.operation} is not valid for AWS managed key {key.arn}.")
