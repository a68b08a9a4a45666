"""Many more keys, cheap ones, filled in while the world is already being served."""

from __future__ import annotations

import random
import time
import uuid

from kmstui.demo.kms.creating import default_policy
from kmstui.demo.kms.keys import DAY, EmbeddedKey
from kmstui.demo.kms.store import AliasEntry, RegionStore

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
        key_id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        account=store.account,
        region=store.region,
        policy=policy,
        created=now - chance.uniform(0, 2400) * DAY,
        spec=spec,
        usage=usage,
        description=f"Generated key for {chance.choice(_PROJECTS)}",
    )
    key.extra = True
    key.key_state = chance.choice(_STATES)
    if key.key_state == "PendingDeletion":
        key.deletes_at = now + chance.uniform(1, 29) * DAY
    return key


def _alias(store: RegionStore, key: EmbeddedKey, tags: dict[str, str], number: int) -> AliasEntry:
    name = f"alias/{tags['project']}/{tags['env']}/key-{number:06d}"
    arn = f"arn:aws:kms:{store.region}:{store.account}:{name}"
    return AliasEntry(name, arn, key.id, key.creation_date, key.creation_date)
