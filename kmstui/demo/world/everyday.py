"""The keys of an ordinary account, as many more as asked for, and what happened to them before."""

from __future__ import annotations

import random
import time
import uuid

from kmstui.demo.kms.keys import DAY, EmbeddedKey
from kmstui.demo.kms.lifecycle import make_replica, set_regions
from kmstui.demo.kms.policies import default_policy
from kmstui.demo.kms.store import AliasEntry, RegionStore
from kmstui.demo.world.building import ADMINISTER, USE, Builder, allow
from kmstui.demo.world.custom_key_stores import (
    CLUSTER_STORE,
    EXTERNAL_STORE,
    add_custom_key_stores,
)

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
