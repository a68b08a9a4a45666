"""Operations that only look: ListKeys, DescribeKey, ListKeyPolicies, GetKeyPolicy and so on."""

from __future__ import annotations

import time
from typing import Any

from kmstui.demo.access.authorization import Call, require_by_identity
from kmstui.demo.errors import not_found, validation
from kmstui.demo.kms import paging
from kmstui.demo.kms.identifiers import find_key
from kmstui.demo.kms.keys import EmbeddedKey, tag_list
from kmstui.demo.kms.policy_text import rewritten
from kmstui.demo.kms.store import AliasEntry, Stores

Result = dict[str, Any]


def list_keys(call: Call, stores: Stores) -> Result:
    """ListKeys."""
    require_by_identity(call, "kms:ListKeys")
    store = stores.of(call.account, call.region)
    page, end = paging.cut("keys", store.key_order, call.parameters, paging.LIST_KEYS, str)
    prefix = f"arn:aws:kms:{call.region}:{call.account}:key/"
    return {"Keys": [{"KeyId": key, "KeyArn": prefix + key} for key in page], **end}


def list_aliases(call: Call, stores: Stores) -> Result:
    """ListAliases, of the whole Region or of one key."""
    require_by_identity(call, "kms:ListAliases")
    store = stores.of(call.account, call.region)
    names = store.alias_order
    identifier = call.parameters.get("KeyId")
    if identifier is not None:
        key = find_key(stores, call.account, call.region, identifier, alias_allowed=False)
        names = list(key.alias_names)
    page, end = paging.cut("aliases", names, call.parameters, paging.LIST_ALIASES, str)
    entries = [store.aliases.get(name) for name in page]
    return {"Aliases": [_alias(entry) for entry in entries if entry is not None], **end}


def _alias(entry: AliasEntry) -> Result:
    answer: Result = {"AliasName": entry.name, "AliasArn": entry.arn}
    if entry.target is not None:
        answer["TargetKeyId"] = entry.target
        answer["CreationDate"] = round(entry.created, 3)
        answer["LastUpdatedDate"] = round(entry.updated, 3)
    return answer


def describe_key(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """DescribeKey."""
    metadata = key.metadata()
    metadata["Description"] = stores.consistency.seen(key.arn, "description", key.description)
    return {"KeyMetadata": metadata}


def list_resource_tags(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """ListResourceTags."""
    tags = sorted(stores.consistency.seen(key.arn, "tags", key.tags).items())
    page, end = paging.cut(
        f"tags/{key.id}", tags, call.parameters, paging.LIST_RESOURCE_TAGS, lambda tag: tag[0]
    )
    return {"Tags": tag_list(page), **end}


def list_key_policies(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """ListKeyPolicies: ``default``, and ``AWS_RAM`` where Resource Access Manager shares."""
    names = ["AWS_RAM", "default"] if key.shared_policy else ["default"]
    page, end = paging.cut(
        f"policies/{key.id}", names, call.parameters, paging.LIST_KEY_POLICIES, str
    )
    return {"PolicyNames": list(page), **end}


def get_key_policy(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """GetKeyPolicy."""
    name = call.parameters.get("PolicyName", "default")
    if not isinstance(name, str) or not 1 <= len(name) <= 128:
        raise validation(name, "policyName", "Member must have length between 1 and 128")
    if name == "AWS_RAM" and key.shared_policy:
        return {"Policy": key.shared_policy, "PolicyName": "AWS_RAM"}
    if name != "default":
        raise not_found("No such policy exists")
    policy = stores.consistency.seen(key.arn, "policy", key.policy)
    text = rewritten(policy) if stores.rewrites_policies else policy
    return {"Policy": text, "PolicyName": "default"}


def get_key_last_usage(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """GetKeyLastUsage; ``KeyLastUsage`` is empty when the key was not used since tracking began."""
    use = key.last_use
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


def tracking_start() -> float:
    """When KMS began to record last use in this world: 200 days ago."""
    return time.time() - 200 * 86_400.0
