"""The life of a key: created, described, replicated, disabled, deleted.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html,
https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html and
https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from kmstui.demo.access.authorization import require_by_identity, require_on_key
from kmstui.demo.access.context import Call, Result
from kmstui.demo.errors import AwsError, invalid_state, not_found, unsupported, validation
from kmstui.demo.kms import paging
from kmstui.demo.kms.custom_key_stores import put_into_store
from kmstui.demo.kms.keys import (
    DAY,
    SPECS,
    SYMMETRIC,
    EmbeddedKey,
    allowed_usages,
    new_key_id,
    require_customer_key,
    tag_list,
)
from kmstui.demo.kms.policies import default_policy
from kmstui.demo.kms.policy_validation import accepted_policy
from kmstui.demo.kms.records import LastUse
from kmstui.demo.kms.states import require_state
from kmstui.demo.kms.store import Stores
from kmstui.demo.kms.tags_and_aliases import checked_tags

UPDATING_SECONDS = 0.8
"""How long two keys are on the way from replica to primary and back; KMS takes some seconds."""


def create_key(call: Call, stores: Stores) -> Result:
    require_by_identity(call, "kms:CreateKey")
    parameters = call.parameters
    if parameters.get("Tags"):
        require_by_identity(call, "kms:TagResource")
    key = EmbeddedKey(
        id=new_key_id(multi_region=bool(parameters.get("MultiRegion"))),
        account_id=call.account,
        region=call.region,
        policy=default_policy(call.account),
        creation_date=time.time(),
        key_spec=_spec(call),
        key_usage=_usage(call),
        description=str(parameters.get("Description") or ""),
        origin=str(parameters.get("Origin", "AWS_KMS")),
        multi_region=bool(parameters.get("MultiRegion")),
    )
    if key.multi_region:
        key.primary_region = call.region
    if parameters.get("Tags"):
        key.tags = checked_tags(parameters["Tags"])
    if parameters.get("Policy") is not None:
        key.policy = str(accepted_policy(call, key, parameters["Policy"]))
    put_into_store(call, stores, key)
    stores.of(call.account, call.region).add([key])
    return {"KeyMetadata": key.metadata()}


def _spec(call: Call) -> str:
    spec = call.parameters.get("KeySpec") or call.parameters.get("CustomerMasterKeySpec")
    spec = spec or SYMMETRIC
    if spec == "SM2" or spec not in SPECS:
        raise unsupported(f"KeySpec {spec} is available in China Regions only.")
    return str(spec)


def _usage(call: Call) -> str:
    spec = _spec(call)
    allowed = allowed_usages(spec)
    usage = call.parameters.get("KeyUsage")
    if usage is None:
        if spec == SYMMETRIC:
            return "ENCRYPT_DECRYPT"
        raise validation("null", "keyUsage", f"Member must not be null for KeySpec {spec}")
    if usage not in allowed:
        raise validation(
            usage, "keyUsage", f"KeyUsage {usage} is not compatible with KeySpec {spec}"
        )
    return str(usage)


def enable_key(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """EnableKey and DisableKey."""
    require_customer_key(call.operation, key)
    key.key_state = "Enabled" if call.operation == "EnableKey" else "Disabled"
    return {}


disable_key = enable_key


def update_key_description(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    require_customer_key(call.operation, key)
    key.description = str(call.parameters["Description"])
    return {}


def schedule_key_deletion(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """ScheduleKeyDeletion: 7 to 30 days; a primary with replicas waits for them first."""
    require_customer_key(call.operation, key)
    days = call.parameters.get("PendingWindowInDays", 30)
    # The model allows up to 365 days; the API reference says 7 to 30.
    if not 7 <= days <= 30:
        side = "greater than or equal to 7" if days < 7 else "less than or equal to 30"
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


def cancel_key_deletion(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """CancelKeyDeletion: the key comes back disabled (or pending import again)."""
    key.key_state = "PendingImport" if key.waits_for_import else "Disabled"
    key.deletes_at = None
    key.deletion_window = None
    return {"KeyId": key.arn}


def list_keys(call: Call, stores: Stores) -> Result:
    """ListKeys: the account's own, and with ResourceOwners those that others share with it."""
    require_by_identity(call, "kms:ListKeys")
    store = stores.of(call.account, call.region)
    prefix = f"arn:aws:kms:{call.region}:{call.account}:key/"
    owners = sorted(set(call.parameters.get("ResourceOwners") or ["SELF"]))
    own, others = (f"{whose} keys {owners}" for whose in ("own", "shared"))
    shared = _shared(call, stores) if _VIA_RAM in owners else []
    if owners != [_VIA_RAM] and not paging.is_within(others, call.parameters):
        page, end = paging.cut(own, store.key_order, call.parameters, paging.LIST_KEYS, str)
        if shared and not end["Truncated"]:
            # No answer has both kinds.
            end = {"NextMarker": paging.encode_marker(others, ""), "Truncated": True}
        arns: Sequence[str] = [prefix + key for key in page]
    else:
        arns, end = paging.cut(others, shared, call.parameters, paging.LIST_KEYS, str)
    return {"Keys": [{"KeyId": arn.rpartition("/")[2], "KeyArn": arn} for arn in arns], **end}


_VIA_RAM = "OTHER_ACCOUNTS_VIA_RAM"


def _shared(call: Call, stores: Stores) -> Sequence[str]:
    """ARNs of the keys that others share with the caller's account, sorted."""
    return sorted(
        key.arn
        for store in stores.all()
        if store.region == call.region and store.account != call.account
        for key in list(store.keys.values())
        if call.account in key.shared_with
    )


def describe_key(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    return {"KeyMetadata": key.metadata()}


def get_key_last_usage(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """GetKeyLastUsage; ``KeyLastUsage`` is empty when the key was not used since tracking began."""
    use = key.last_use or (_made_up_use(key) if key.extra else None)
    usage: Result = {}
    if use is not None:
        usage = {
            "Operation": use.operation,
            "Timestamp": round(use.at, 3),
            "CloudTrailEventId": use.event_id,
            "KmsRequestId": use.request_id,
        }
    return {
        "KeyId": key.id,
        "KeyLastUsage": usage,
        "TrackingStartDate": round(max(key.creation_date, tracking_start()), 3),
        "KeyCreationDate": round(key.creation_date, 3),
    }


def _made_up_use(key: EmbeddedKey) -> LastUse | None:
    """Of one of the keys filled in behind: two in three were used, the same at each start."""
    seed = int(key.id[:8], 16)
    if seed % 3 == 0 or key.key_usage != "ENCRYPT_DECRYPT":
        return None
    at = time.time() - min(seed % 190, (time.time() - key.creation_date) / DAY) * DAY
    return LastUse("Decrypt", at, key.id, key.id)


def tracking_start() -> float:
    """When KMS began to record last use in this world: 200 days ago."""
    return time.time() - 200 * 86_400.0


def replicate_key(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """ReplicateKey: the replica has its own policy, tags, description and aliases."""
    _require_primary(key)
    region = call.parameters["ReplicaRegion"]
    if region == key.region:
        raise validation(region, "replicaRegion", "Member must differ from the primary's Region")
    target = stores.of(key.account_id, region)
    if key.id in target.keys:
        raise AwsError("AlreadyExistsException", f"{key.arn} already has a replica in {region}.")
    # CreateKey is needed in the replica's Region besides ReplicateKey on the primary.
    require_by_identity(call, "kms:CreateKey")
    replica = make_replica(key, region)
    if call.parameters.get("Description") is not None:
        replica.description = call.parameters["Description"]
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
        id=key.id,
        account_id=key.account_id,
        region=region,
        policy=default_policy(key.account_id),
        creation_date=time.time(),
        key_spec=key.key_spec,
        key_usage=key.key_usage,
        origin=key.origin,
        multi_region=True,
    )
    replica.primary_region = key.primary_region
    replica.share_material_of(key)
    return replica


def set_regions(stores: Stores, key: EmbeddedKey, primary: str, replicas: tuple[str, ...]) -> None:
    """Tell every related key where its primary and its replicas are."""
    for region in (primary, *replicas):
        related = stores.of(key.account_id, region).keys.get(key.id)
        if related is not None:
            related.primary_region = primary
            related.replica_regions = replicas


def update_primary_region(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """UpdatePrimaryRegion: a replica becomes the primary, the primary a replica.

    Both must be Enabled and allow it, and both are Updating for a moment afterwards.
    https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-update.html
    """
    _require_primary(key)
    region = str(call.parameters.get("PrimaryRegion"))
    replica = stores.of(key.account_id, region).keys.get(key.id)
    if region not in key.replica_regions or replica is None:
        raise not_found(f"{key.arn} has no replica in {region}.")
    require_on_key(call, replica)
    require_state(call.operation, replica)
    if not replica.enabled:
        raise invalid_state(f"{replica.arn} is {replica.key_state}.")
    replica.rotation = key.rotation
    replicas = tuple(r for r in key.replica_regions if r != region)
    set_regions(stores, key, region, (*replicas, key.region))
    for each in (key, replica):
        each.key_state, each.updating_until = "Updating", time.time() + UPDATING_SECONDS
    return {}


def _require_primary(key: EmbeddedKey) -> None:
    if not key.multi_region:
        raise unsupported(f"{key.arn} is not a multi-Region key.")
    if key.region != key.primary_region:
        raise unsupported(f"{key.arn} is not a multi-Region primary key.")
