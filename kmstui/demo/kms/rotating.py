"""Rotation: automatic with a period, and on demand.

https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from kmstui.demo.access.authorization import Call
from kmstui.demo.errors import ServiceError, unsupported, validation
from kmstui.demo.kms import paging
from kmstui.demo.kms.keys import DAY, EmbeddedKey, Rotation, material_id
from kmstui.demo.kms.store import Stores

MAXIMUM_ON_DEMAND = 25


def enable_key_rotation(call: Call, stores: Stores, key: EmbeddedKey) -> dict[str, Any]:
    """EnableKeyRotation: every 90 to 2,560 days, 365 when not said."""
    _require_rotatable(call, key)
    period = call.parameters.get("RotationPeriodInDays", 365)
    if not isinstance(period, int) or isinstance(period, bool) or not 90 <= period <= 2560:
        raise validation(
            period,
            "rotationPeriodInDays",
            "Member must have value between 90 and 2560",
        )
    if not key.rotation.enabled:
        key.rotation.since = time.time()
    key.rotation.enabled = True
    key.rotation.period_days = period
    return {}


def disable_key_rotation(call: Call, stores: Stores, key: EmbeddedKey) -> dict[str, Any]:
    """DisableKeyRotation."""
    _require_rotatable(call, key)
    key.rotation.enabled = False
    return {}


def get_key_rotation_status(call: Call, stores: Stores, key: EmbeddedKey) -> dict[str, Any]:
    """GetKeyRotationStatus: false for a key that cannot rotate by itself, true for AWS's own."""
    plan = key.rotation
    answer: dict[str, Any] = {"KeyId": key.arn}
    if key.key_manager == "AWS":
        plan.enabled = True
        plan.since = plan.since or key.creation_date
    answer["KeyRotationEnabled"] = plan.enabled
    if plan.enabled:
        period = plan.period_days * DAY
        passed = max(0.0, time.time() - plan.since)
        answer["RotationPeriodInDays"] = plan.period_days
        answer["NextRotationDate"] = round(plan.since + (passed // period + 1) * period, 3)
    return answer


def list_key_rotations(call: Call, stores: Stores, key: EmbeddedKey) -> dict[str, Any]:
    """ListKeyRotations; with IncludeKeyMaterial the first material too."""
    if not key.symmetric:
        raise unsupported(f"{call.operation} is valid for symmetric encryption keys only.")
    include = call.parameters.get("IncludeKeyMaterial", "ROTATIONS_ONLY")
    everything = include == "ALL_KEY_MATERIAL"
    chosen = [r for r in key.history if everything or r.rotated_at is not None]
    named = [(f"{position:06d}", rotation) for position, rotation in enumerate(chosen)]
    page, end = paging.cut(
        f"rotations/{key.id}",
        named,
        call.parameters,
        paging.LIST_KEY_ROTATIONS,
        lambda entry: entry[0],
    )
    return {"Rotations": _entries(key, page, with_state=everything), **end}


def _entries(
    key: EmbeddedKey, page: Sequence[tuple[str, Rotation]], *, with_state: bool
) -> list[dict[str, Any]]:
    entries = []
    for _, rotation in page:
        entry: dict[str, Any] = {"KeyId": key.arn, "KeyMaterialId": rotation.material_id}
        if rotation.rotated_at is not None:
            entry["RotationDate"] = round(rotation.rotated_at, 3)
            entry["RotationType"] = rotation.kind
        if with_state:
            current = rotation is key.history[-1]
            entry["KeyMaterialState"] = "CURRENT" if current else "NON_CURRENT"
        entries.append(entry)
    return entries


def rotate_key_on_demand(call: Call, stores: Stores, key: EmbeddedKey) -> dict[str, Any]:
    """RotateKeyOnDemand: at most 25 times in a key's life."""
    _require_rotatable(call, key)
    if sum(rotation.kind == "ON_DEMAND" for rotation in key.history) >= MAXIMUM_ON_DEMAND:
        raise ServiceError(
            "LimitExceededException",
            f"{key.arn} has been rotated on demand {MAXIMUM_ON_DEMAND} times, which is the most.",
        )
    new = material_id(f"{key.arn}/{len(key.history)}")
    key.history.append(Rotation(new, time.time(), "ON_DEMAND"))
    return {"KeyId": key.arn}


def _require_rotatable(call: Call, key: EmbeddedKey) -> None:
    if key.key_manager == "AWS":
        raise unsupported(f"{call.operation} is not valid for AWS managed key {key.arn}.")
    if key.origin == "EXTERNAL":
        raise unsupported(f"{key.arn} origin is EXTERNAL which is not valid for this operation.")
    if not key.symmetric:
        raise unsupported(f"{call.operation} is valid for symmetric encryption keys only.")
    if key.multi_region and key.region != key.primary_region:
        raise unsupported(f"{key.arn} is a replica: set rotation on the primary key.")
