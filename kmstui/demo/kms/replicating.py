"""Multi-Region keys: ReplicateKey and UpdatePrimaryRegion.

https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
"""

from __future__ import annotations

import time
from typing import Any

from kmstui.demo.access.authorization import Call, require_by_identity
from kmstui.demo.errors import ServiceError, not_found, unsupported, validation
from kmstui.demo.kms.creating import default_policy
from kmstui.demo.kms.keys import EmbeddedKey, tag_list
from kmstui.demo.kms.lifecycle import checked_description
from kmstui.demo.kms.policy_putting import accepted_policy
from kmstui.demo.kms.store import Stores
from kmstui.demo.kms.tagging import checked_tags


def replicate_key(call: Call, stores: Stores, key: EmbeddedKey) -> dict[str, Any]:
    """ReplicateKey: the replica has its own policy, tags, description and aliases."""
    _require_primary(key)
    region = call.parameters.get("ReplicaRegion")
    if not isinstance(region, str):
        raise validation("null", "replicaRegion", "Member must not be null")
    if region == key.region:
        raise validation(region, "replicaRegion", "Member must differ from the primary's Region")
    target = stores.of(key.account_id, region)
    if key.id in target.keys:
        raise ServiceError(
            "AlreadyExistsException", f"{key.arn} already has a replica in {region}."
        )
    # CreateKey is needed in the replica's Region besides ReplicateKey on the primary.
    require_by_identity(call, "kms:CreateKey")
    replica = make_replica(key, region)
    if call.parameters.get("Description") is not None:
        replica.description = checked_description(call.parameters["Description"])
    if call.parameters.get("Tags"):
        replica.tags = checked_tags(call.parameters["Tags"])
    if call.parameters.get("Policy") is not None:
        replica.policy = str(accepted_policy(call, replica, call.parameters["Policy"]))
    target.add([replica])
    set_regions(stores, key, key.primary_region, (*key.replica_regions, region))
    return {
        "ReplicaKeyMetadata": replica.metadata(),
        "ReplicaPolicy": replica.policy,
        "ReplicaTags": tag_list(sorted(replica.tags.items())),
    }


def make_replica(key: EmbeddedKey, region: str) -> EmbeddedKey:
    """A replica of ``key`` for ``region``, of the same material, not yet in any store."""
    replica = EmbeddedKey(
        key_id=key.id,
        account=key.account_id,
        region=region,
        policy=default_policy(key.account_id),
        created=time.time(),
        spec=key.key_spec,
        usage=key.key_usage,
        origin=key.origin,
        multi_region=True,
    )
    replica.key_state = "Enabled"
    replica.share_material_of(key)
    replica.primary_region = key.primary_region
    return replica


def set_regions(stores: Stores, key: EmbeddedKey, primary: str, replicas: tuple[str, ...]) -> None:
    """Tell every related key where its primary and its replicas are."""
    for region in (primary, *replicas):
        related = stores.of(key.account_id, region).keys.get(key.id)
        if related is not None:
            related.primary_region = primary
            related.replica_regions = replicas


def update_primary_region(call: Call, stores: Stores, key: EmbeddedKey) -> dict[str, Any]:
    """UpdatePrimaryRegion: a replica becomes the primary, the primary a replica."""
    _require_primary(key)
    region = str(call.parameters.get("PrimaryRegion"))
    if region not in key.replica_regions:
        raise not_found(f"{key.arn} has no replica in {region}.")
    replicas = tuple(r for r in key.replica_regions if r != region)
    set_regions(stores, key, region, (*replicas, key.region))
    return {}


def _require_primary(key: EmbeddedKey) -> None:
    if not key.multi_region:
        raise unsupported(f"{key.arn} is not a multi-Region key.")
    if key.region != key.primary_region:
        raise unsupported(f"{key.arn} is not a multi-Region primary key.")
