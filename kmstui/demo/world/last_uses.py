"""When keys were last used of which CloudTrail's history tells nothing."""

from __future__ import annotations

import uuid

from kmstui.demo.kms.keys import DAY
from kmstui.demo.kms.records import LastUse
from kmstui.demo.world.building import Builder


def add_last_uses(build: Builder) -> None:
    """Keys that were used before the time of which CloudTrail tells, or yesterday."""
    store = build.stores.of(build.account, build.region)
    days = {
        "code/signing": ("Sign", 2.2), "tokens/es256": ("Sign", 0.1),
        "webhooks/hmac": ("GenerateMac", 0.01), "partners/inbox": ("Decrypt", 33),
        "orders/legacy-2021": ("Decrypt", 190), "hr/payroll": ("GenerateDataKey", 118),
        "global/sessions": ("Decrypt", 0.3), "platform/ebs": ("GenerateDataKeyWithoutPlaintext", 4),
        "wallet/secp256k1": ("Sign", 97), "partners/analytics": ("Decrypt", 61),
        "sandbox/experiment-7": ("Encrypt", 151), "legacy/reports": ("Decrypt", 171),
        "aws/ebs": ("GenerateDataKeyWithoutPlaintext", 1.5),
    }  # fmt: skip
    for name, (operation, ago) in days.items():
        alias = store.aliases.get(f"alias/{name}")
        key = store.keys.get(alias.target or "") if alias else None
        if key is not None and key.last_use is None:
            event = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{key.arn}/{operation}/{ago}"))
            key.last_use = LastUse(operation, build.now - ago * DAY, event, event)
