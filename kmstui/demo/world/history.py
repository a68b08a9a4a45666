"""CloudTrail's memory: what happened to the keys before the embedded AWS was started."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from kmstui.demo.access.context import Caller, CallerRegistry, Credentials, Network
from kmstui.demo.front.cloudtrail import LogEntry
from kmstui.demo.front.wire import AwsRequest
from kmstui.demo.kms.keys import DAY, EmbeddedKey, LastUse
from kmstui.demo.world.building import Builder

_ENDPOINT = "vpce-0f4d2b7a91c6e8350"


def history(
    build: Builder,
    callers: CallerRegistry,
    credentials: Mapping[str, Credentials],
    used: Mapping[str, EmbeddedKey],
) -> Iterator[LogEntry]:
    """The events of the last 80 days, for the keys in ``used``, and notes their last use."""
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
                           endpoint=_ENDPOINT if chance.random() < 0.5 else None)  # fmt: skip
            if key.last_use is None or key.last_use.at < at:
                event_id = event.request.request_id
                key.last_use = LastUse(operation, at, event_id, event_id)
            yield event
        yield _event(
            build, admin, "PutKeyPolicy", build.now - 40 * DAY, key,
            {"keyId": key.id, "policyName": "default", "policy": key.policy,
             "bypassPolicyLockoutSafetyCheck": False},
        )  # fmt: skip
        yield _event(
            build, admin, "TagResource", build.now - 39 * DAY, key,
            {"keyId": key.id, "tags": [{"tagKey": k, "tagValue": v} for k, v in key.tags.items()]},
        )  # fmt: skip


def _context(build: Builder, name: str) -> dict[str, str]:
    account, region = build.account, build.region
    return {
        "s3": {"aws:s3:arn": "arn:aws:s3:::kms-workshop/SampleFile-KMS.txt"},
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
    return LogEntry(0, at, request, caller, network, key.arn, 200)
