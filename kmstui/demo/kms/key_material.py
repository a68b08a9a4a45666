"""Key material and its rotation, automatic or on demand; `importing` has what people import.

https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
"""

from __future__ import annotations

import time
from typing import Any

from kmstui.demo.access.context import Call, Result
from kmstui.demo.errors import AwsError, invalid_state, unsupported
from kmstui.demo.kms import paging
from kmstui.demo.kms.importing import is_everywhere, related_keys
from kmstui.demo.kms.keys import DAY, EmbeddedKey, expiration, require_customer_key
from kmstui.demo.kms.records import Material, material_id
from kmstui.demo.kms.store import Stores

MAXIMUM_ON_DEMAND = 25


def enable_key_rotation(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """EnableKeyRotation: every 90 to 2,560 days, 365 when not said."""
    _require_rotatable(call, key)
    period = call.parameters.get("RotationPeriodInDays", 365)
    if not key.rotation.enabled:
        key.rotation.since = time.time()
    key.rotation.enabled = True
    key.rotation.period_days = period
    return {}


def disable_key_rotation(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    _require_rotatable(call, key)
    key.rotation.enabled = False
    return {}


def get_key_rotation_status(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """GetKeyRotationStatus: false for a key that cannot rotate by itself, true for AWS's own.

    Of a multi-Region set, that of its primary key, which all share.
    """
    plan = next(related_keys(stores, key), key).rotation
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


def list_key_rotations(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """ListKeyRotations; with ALL_KEY_MATERIAL the first material too, and one that is pending."""
    if not key.symmetric:
        raise unsupported(f"{call.operation} is valid for symmetric encryption keys only.")
    everything = call.parameters.get("IncludeKeyMaterial") == "ALL_KEY_MATERIAL"
    chosen = [each for each in key.history if everything or each.rotated_at is not None]
    named = [(f"{position:06d}", material) for position, material in enumerate(chosen)]
    page, end = paging.cut(
        f"rotations/{key.id}",
        named,
        call.parameters,
        paging.LIST_KEY_ROTATIONS,
        lambda entry: entry[0],
    )
    return {"Rotations": [_entry(stores, key, material) for _, material in page], **end}


def _entry(stores: Stores, key: EmbeddedKey, material: Material) -> dict[str, Any]:
    state = "CURRENT" if material is key.materials[-1] else "NON_CURRENT"
    if material.pending:
        state = "PENDING_ROTATION"
        if not is_everywhere(stores, key, material):
            state = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
    entry: dict[str, Any] = {
        "KeyId": key.arn,
        "KeyMaterialId": material.id,
        "KeyMaterialState": state,
    }
    if material.rotated_at is not None:
        entry["RotationDate"] = round(material.rotated_at, 3)
        entry["RotationType"] = material.kind
    if material.imported is not None:
        entry["ImportState"] = "IMPORTED" if material.imported else "PENDING_IMPORT"
    if material.imported:
        entry.update(expiration(material.expires))
    if material.description:
        entry["KeyMaterialDescription"] = material.description
    return entry


def rotate_key_on_demand(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """RotateKeyOnDemand: at most 25 times in a key's life; imported material must be there."""
    _require_rotatable(call, key)
    if sum(material.kind == "ON_DEMAND" for material in key.history) >= MAXIMUM_ON_DEMAND:
        raise AwsError(
            "LimitExceededException",
            f"{key.arn} has been rotated on demand {MAXIMUM_ON_DEMAND} times, which is the most.",
        )
    if key.origin != "EXTERNAL":
        key.history.append(Material(material_id(f"{key.arn}/{len(key.history)}"), None))
    elif not key.history[-1:] or not key.history[-1].pending:
        raise invalid_state(f"{key.arn} has no key material that is pending rotation.")
    elif not is_everywhere(stores, key, key.history[-1]):
        raise invalid_state(f"{key.arn} has key material that is not in every replica key yet.")
    made = key.history[-1].id
    for new in (new for each in related_keys(stores, key) for new in each.history):
        if new.id == made:
            new.pending, new.rotated_at, new.kind = False, time.time(), "ON_DEMAND"
    return {"KeyId": key.arn}


def _require_rotatable(call: Call, key: EmbeddedKey) -> None:
    require_customer_key(call.operation, key)
    on_demand = call.operation == "RotateKeyOnDemand"
    if key.origin != "AWS_KMS" and not (on_demand and key.origin == "EXTERNAL"):
        raise unsupported(
            f"{key.arn} origin is {key.origin} which is not valid for this operation."
        )
    if not key.symmetric:
        raise unsupported(f"{call.operation} is valid for symmetric encryption keys only.")
    if key.multi_region and key.region != key.primary_region:
        raise unsupported(f"{key.arn} is a replica: set rotation on the primary key.")
