"""The keys of an ordinary account, as many more as asked for, and what happened to them before."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from kmstui.demo.access.context import Caller, CallerRegistry, Credentials, Network
from kmstui.demo.front.cloudtrail import LogEntry
from kmstui.demo.front.wire import AwsRequest
from kmstui.demo.kms.keys import DAY, EmbeddedKey
from kmstui.demo.kms.lifecycle import make_replica, set_regions
from kmstui.demo.kms.policies import default_policy
from kmstui.demo.kms.records import LastUse
from kmstui.demo.kms.store import AliasEntry, RegionStore
from kmstui.demo.world.building import ADMINISTER, USE, Builder, allow
from kmstui.demo.world.custom_key_stores import (
    CLUSTER_STORE,
    EXTERNAL_STORE,
    add_custom_key_stores,
)
from kmstui.demo.world.endpoints import IN_USE

_SECOND_REGIONS = ("eu-central-1", "eu-west-1")


def second_region(region: str) -> str:
    """The Region beside the instance's that has a few keys too."""
    return next(other for other in _SECOND_REGIONS if other != region)


def add_everyday_keys(build: Builder) -> dict[str, EmbeddedKey]:
    """Add them; returns those whose use CloudTrail will tell of."""
    _add_states(build)
    _add_kinds(build)
    _add_custom_stores(build)
    _add_multi_region(build)
    return _add_teams(build)


def _team_policy(build: Builder, role: str) -> str:
    """Administrators and users apart, as the console writes it."""
    user = {"AWS": build.arn(f"role/{role}")}
    return build.with_root(
        allow(
            "Allow access for Key Administrators",
            build.administrator,
            ADMINISTER,
        ),
        allow("Allow use of the key", user, USE),
        allow(
            "Allow attachment of persistent resources",
            user,
            ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
            {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
        id_="key-consolepolicy-3",
    )


def _add_teams(build: Builder) -> dict[str, EmbeddedKey]:
    made = {}
    for name, role, age, env, center in (
        ("orders/api", "orders-api", 820, "prod", "4200"),
        ("orders/api-staging", "orders-api", 640, "staging", "4200"),
        ("billing/invoices", "billing-worker", 1330, "prod", "4300"),
        ("billing/invoices-dev", "billing-worker", 300, "dev", "4300"),
        ("data-lake/curated", "data-lake-etl", 1180, "prod", "4711"),
        ("ci/artifacts", "github-actions-deploy", 415, "shared", "4100"),
    ):
        project = name.partition("/")[0]
        key = build.key(
            name,
            description=f"{project.capitalize()} data, {env}",
            age_days=age,
            policy=_team_policy(build, role),
            tags={
                "project": project,
                "env": env,
                "owner": f"team-{project}",
                "cost-center": center,
            },
        )
        if env == "prod":
            build.rotate(key)
        made[name] = key
    return made


def _add_states(build: Builder) -> None:
    build.key(
        "orders/legacy-2021",
        description="Old order exports. Disabled after the migration of May 2024.",
        age_days=1900,
        state="Disabled",
        tags={"project": "orders", "env": "prod", "owner": "team-orders", "retire": "2026-12"},
    )
    for name, days_left, window in (("sandbox/experiment-7", 5, 7), ("hr/survey-2022", 23, 30)):
        key = build.key(
            name,
            description="Scheduled for deletion",
            age_days=900,
            state="PendingDeletion",
            tags={"env": "dev"},
        )
        key.deletes_at = build.now + days_left * DAY
        key.deletion_window = window
    build.key(
        "workshop/pending-import",
        description="Waits for its key material to be imported",
        age_days=2,
        origin="EXTERNAL",
        tags={"project": "kmsworkshop"},
    )
    expiring = build.key(
        "partners/imported",
        description="Key material of a partner, on loan",
        age_days=210,
        origin="EXTERNAL",
        state="Enabled",
        tags={"project": "partners", "env": "prod"},
    )
    build.import_material(expiring, "On loan until the audit", expires=build.now + 9 * DAY)
    build.import_material(expiring, "For the next rotation")
    # A key that nothing names: no alias, no description, no tag.
    build.key("unnamed", aliases=[], age_days=1456)
    build.key(
        "billing/primary",
        aliases=["billing/primary", "billing/current", "invoices", "finance/invoices"],
        description="One key, four names",
        age_days=1010,
        tags={"project": "billing", "env": "prod"},
    )


def _add_kinds(build: Builder) -> None:
    for name, spec, usage, description, age in (
        ("code/signing", "RSA_4096", "SIGN_VERIFY", "Signs release archives", 690),
        ("tokens/es256", "ECC_NIST_P256", "SIGN_VERIFY", "JWT signing, ES256", 505),
        ("wallet/secp256k1", "ECC_SECG_P256K1", "SIGN_VERIFY", "Ledger transactions", 220),
        ("partners/inbox", "RSA_3072", "ENCRYPT_DECRYPT", "Partners encrypt to its public key",
         760),
        ("webhooks/hmac", "HMAC_256", "GENERATE_VERIFY_MAC", "Webhook signatures", 350),
        ("pqc/firmware", "ML_DSA_65", "SIGN_VERIFY", "Post-quantum firmware signatures", 64),
        ("pqc/firmware-next", "ML_DSA_87", "SIGN_VERIFY", "ML-DSA-87 trial", 12),
        ("mesh/ecdh", "ECC_NIST_P384", "KEY_AGREEMENT", "ECDH between regions", 140),
    ):  # fmt: skip
        build.key(
            name,
            spec=spec,
            usage=usage,
            description=description,
            age_days=age,
            tags={"project": name.partition("/")[0], "env": "prod", "algorithm": spec.lower()},
        )


def _add_custom_stores(build: Builder) -> None:
    tags = {"project": "vault", "env": "prod"}
    in_cluster = build.key(
        "vault/cloudhsm",
        description="Material in our own CloudHSM cluster",
        age_days=530,
        origin="AWS_CLOUDHSM",
        tags=tags,
    )
    in_cluster.custom_key_store = CLUSTER_STORE
    in_cluster.cloud_hsm_cluster = "cluster-7xk2m4q3hfa"
    outside = build.key(
        "vault/external",
        description="Material in our own data centre",
        age_days=95,
        origin="EXTERNAL_KEY_STORE",
        tags=tags,
    )
    outside.custom_key_store = EXTERNAL_STORE
    outside.external_key = "hsm7-payments-2026"
    add_custom_key_stores(build, [in_cluster, outside])


def _add_multi_region(build: Builder) -> None:
    primary = build.key(
        "global/sessions",
        description="Session data, replicated",
        age_days=580,
        multi_region=True,
        tags={"project": "platform", "env": "prod", "replicated": "yes"},
    )
    build.rotate(primary)
    second = second_region(build.region)
    away = Builder(build.stores, build.account, second, build.now)
    store = build.stores.of(build.account, second)
    replica = make_replica(primary, second)
    replica.creation_date = build.now - 575 * DAY
    replica.description = "Session data, replica"
    replica.tags = {"project": "platform", "env": "prod"}
    # Policies of related keys go their own ways: this one was not told of what came later.
    reads = allow("Reads sessions", {"AWS": build.arn("role/orders-api")}, ("kms:Decrypt",))
    replica.policy = away.with_root(reads)
    store.add([replica])
    store.put_alias("alias/global/sessions", replica.id, replica.creation_date)
    set_regions(build.stores, primary, build.region, (second,))
    # And a replica here whose primary is there.
    other = away.key(
        "global/config",
        description="Configuration, replicated",
        age_days=330,
        multi_region=True,
        tags={"project": "platform", "env": "prod"},
    )
    here = make_replica(other, build.region)
    here.creation_date = build.now - 329 * DAY
    here.description = "Configuration, replica"
    build.stores.of(build.account, build.region).add([here])
    build.stores.of(build.account, build.region).put_alias(
        "alias/global/config", here.id, here.creation_date
    )
    set_regions(build.stores, other, second, (build.region,))
    for name in ("frankfurt/backups", "frankfurt/audit"):
        away.key(
            name,
            description=f"{name.partition('/')[2].capitalize()} in Frankfurt",
            age_days=410,
            tags={"project": "platform", "env": "prod", "residency": "de"},
        )


_BATCH = 2000
_KINDS = (
    [("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")] * 16
    + [("RSA_2048", "SIGN_VERIFY"), ("ECC_NIST_P256", "SIGN_VERIFY")]
    + [("HMAC_256", "GENERATE_VERIFY_MAC"), ("RSA_4096", "ENCRYPT_DECRYPT")]
)
_STATES = ["Enabled"] * 17 + ["Disabled", "Disabled", "PendingDeletion"]
_PROJECTS = ("orders", "billing", "data-lake", "platform", "events", "reports", "search", "mobile")
_ENVIRONMENTS = ("prod", "staging", "dev", "test")


def fill_extra(store: RegionStore, count: int, seed: int) -> None:
    """Add ``count`` keys to ``store``: four in five with an alias, nine in ten with tags."""
    chance = random.Random(seed)  # noqa: S311 - made-up keys, no secrets
    policy = default_policy(store.account)
    now = time.time()
    # The tags of many keys are the same mapping: nothing changes a mapping in place.
    shared_tags = [
        {"project": project, "env": env, "owner": f"team-{project}", "cost-center": str(center)}
        for project in _PROJECTS
        for env in _ENVIRONMENTS
        for center in (4100, 4200)
    ]
    for start in range(0, count, _BATCH):
        keys, aliases = [], []
        for number in range(start, min(start + _BATCH, count)):
            key = _extra_key(store, chance, policy, now)
            keys.append(key)
            tags = chance.choice(shared_tags)
            if number % 10:
                key.tags = tags
            if number % 5:
                aliases.append(_alias(store, key, tags, number))
        store.add(keys, aliases)


def _extra_key(store: RegionStore, chance: random.Random, policy: str, now: float) -> EmbeddedKey:
    spec, usage = chance.choice(_KINDS)
    key = EmbeddedKey(
        id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        account_id=store.account,
        region=store.region,
        policy=policy,
        creation_date=now - chance.uniform(0, 2400) * DAY,
        key_spec=spec,
        key_usage=usage,
        description=f"Generated key for {chance.choice(_PROJECTS)}",
    )
    key.extra = True
    key.key_state = chance.choice(_STATES)
    if key.key_state == "PendingDeletion":
        key.deletes_at = now + chance.uniform(1, 29) * DAY
    return key


def _alias(store: RegionStore, key: EmbeddedKey, tags: dict[str, str], number: int) -> AliasEntry:
    name = f"alias/{tags['project']}/{tags['env']}/key-{number:06d}"
    return AliasEntry(name, key.id, key.creation_date, key.creation_date)


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
