"""What was done with the keys before the demo was started, as CloudTrail and KMS tell it."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from kmstui.demo.access.context import Caller, CallerRegistry, Credentials, Network
from kmstui.demo.front.cloudtrail import LogEntry
from kmstui.demo.front.wire import AwsRequest
from kmstui.demo.kms.keys import DAY, EmbeddedKey
from kmstui.demo.kms.records import LastUse
from kmstui.demo.world.building import Builder
from kmstui.demo.world.endpoints import IN_USE

KEPT_DAYS = 90
"""How far back LookupEvents goes."""


def history(
    build: Builder,
    callers: CallerRegistry,
    credentials: Mapping[str, Credentials],
    used: Mapping[str, EmbeddedKey],
    imported: EmbeddedKey,
) -> Iterator[LogEntry]:
    """The events of the last 80 days, for the keys in ``used``, and notes their last use.

    The workshop prints one for ``imported``, the key that it is about: an upload to S3.
    """
    chance = random.Random(20_251_103)  # noqa: S311 - a believable past, not a secret
    admin = _played(callers, credentials, "admin")
    instance = _played(callers, credentials, "instance")
    for name, key in used.items():
        context = _context(build, name)
        for _ in range(24):
            at = build.now - chance.uniform(0.05, 80) * DAY
            operation = chance.choice(["Decrypt", "GenerateDataKey", "Decrypt", "Encrypt"])
            parameters: dict[str, Any] = {"encryptionContext": context, "keyId": key.arn}
            if operation == "GenerateDataKey":
                parameters["keySpec"] = "AES_256"
            else:
                parameters["encryptionAlgorithm"] = "SYMMETRIC_DEFAULT"
            event = _event(build, instance, operation, at, key, parameters,
                           endpoint=IN_USE if chance.random() < 0.5 else None)  # fmt: skip
            yield _noted(key, event, operation, at)
        yield _event(
            build, admin, "PutKeyPolicy", build.now - 40 * DAY, key,
            {"keyId": key.id, "policyName": "default", "policy": key.policy,
             "bypassPolicyLockoutSafetyCheck": False},
        )  # fmt: skip
        yield _event(
            build, admin, "TagResource", build.now - 39 * DAY, key,
            {"keyId": key.id, "tags": [{"tagKey": k, "tagValue": v} for k, v in key.tags.items()]},
        )  # fmt: skip

    parameters = {"encryptionContext": _UPLOAD, "keyId": imported.arn, "keySpec": "AES_256"}
    for days in (0.4, 6.5, 13.2):
        at = build.now - days * DAY
        event = _event(build, instance, "GenerateDataKey", at, imported, parameters)
        yield _noted(imported, event, "GenerateDataKey", at)
    yield from _last_uses(build, instance)


def _last_uses(build: Builder, who: tuple[Caller, str]) -> Iterator[LogEntry]:
    """The last use of keys that are seldom used."""
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
        if key is None:
            continue
        at = build.now - ago * DAY
        event = _event(build, who, operation, at, key, {"keyId": key.arn})
        _noted(key, event, operation, at)
        if ago < KEPT_DAYS:
            yield event


def _noted(key: EmbeddedKey, event: LogEntry, operation: str, at: float) -> LogEntry:
    """The event of a use, which KMS keeps where none was later."""
    if key.last_use is None or key.last_use.at < at:
        event_id = event.request.request_id
        key.last_use = LastUse(operation, at, event_id, event_id)
    return event


_UPLOAD = {"aws:s3:arn": "arn:aws:s3:::kms-workshop/SampleFile-KMS.txt"}


def _context(build: Builder, name: str) -> dict[str, str]:
    account, region = build.account, build.region
    return {
        "s3": {"aws:s3:arn": "arn:aws:s3:::data-lake-raw/2025/orders.parquet"},
        "trail": {"aws:cloudtrail:arn": f"arn:aws:cloudtrail:{region}:{account}:trail/main"},
        "logs": {"aws:logs:arn": f"arn:aws:logs:{region}:{account}:log-group:/platform/web"},
    }.get(name, {"application": name.partition("/")[0], "tenant": "1042"})


def _played(
    callers: CallerRegistry, credentials: Mapping[str, Credentials], who: str
) -> tuple[Caller, str]:
    access_key = credentials[who].access_key_id
    caller = callers.find(access_key)
    if caller is None:
        raise LookupError(f"nobody is called {who}")
    return caller, access_key


def _event(
    build: Builder,
    who: tuple[Caller, str],
    name: str,
    at: float,
    key: EmbeddedKey,
    parameters: Mapping[str, Any],
    *,
    endpoint: str | None = None,
) -> LogEntry:
    caller, access_key = who
    event_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{key.arn}/{name}/{at}"))
    request = AwsRequest(
        service="kms",
        operation=name,
        region=build.region,
        access_key=access_key,
        protocol="json",
        parameters=parameters,
        body=b"",
        user_agent="aws-cli/2.31.8 md/awscrt#0.28.1",
        request_id=event_id,
    )
    network = Network("10.20.4.117" if endpoint else "54.217.83.140", endpoint)
    return LogEntry(at, request, caller, network, key.arn, 200)
