"""Aliases: CreateAlias, UpdateAlias, DeleteAlias.

https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html
"""

from __future__ import annotations

import time

from kmstui.demo.access.authorization import require_by_identity, require_on_key
from kmstui.demo.access.context import Call, Result
from kmstui.demo.errors import AwsError, invalid_state
from kmstui.demo.kms import paging
from kmstui.demo.kms.keys import EmbeddedKey, require_customer_key, require_state
from kmstui.demo.kms.store import AliasEntry, RegionStore, Stores, behind_alias, find_key

MAXIMUM_ALIASES_PER_KEY = 50


def create_alias(call: Call, stores: Stores) -> Result:
    """CreateAlias."""
    store = stores.of(call.account, call.region)
    name = _checked_name(call)
    key = _target(call, stores)
    require_by_identity(call, f"kms:{call.operation}", store.alias_arn(name))
    require_on_key(call, key)
    require_state("CreateAlias", key)
    require_customer_key(call.operation, key)
    with store.lock:
        if name in store.aliases:
            raise AwsError(
                "AlreadyExistsException",
                f"An alias with the name {store.alias_arn(name)} already exists",
            )
        if len(key.alias_names) >= MAXIMUM_ALIASES_PER_KEY:
            raise AwsError(
                "LimitExceededException",
                f"The KMS key {key.arn} already has {MAXIMUM_ALIASES_PER_KEY} aliases.",
            )
        store.put_alias(name, key.id, time.time())
    return {}


def update_alias(call: Call, stores: Stores) -> Result:
    """UpdateAlias: moves an alias to another key of the same type and usage."""
    store = stores.of(call.account, call.region)
    name = _checked_name(call)
    key = _target(call, stores)
    old = behind_alias(store, name)
    require_by_identity(call, f"kms:{call.operation}", store.alias_arn(name))
    require_on_key(call, old)
    require_on_key(call, key)
    require_state("UpdateAlias", key)
    require_customer_key(call.operation, key)
    if key.symmetric != old.symmetric or key.key_usage != old.key_usage:
        raise invalid_state(
            f"Alias {name} cannot be changed from a key of usage {old.key_usage} to one of usage "
            f"{key.key_usage}: the current and the new key must be of the same type and usage."
        )
    store.put_alias(name, key.id, time.time())
    return {}


def delete_alias(call: Call, stores: Stores) -> Result:
    """DeleteAlias."""
    store = stores.of(call.account, call.region)
    name = _checked_name(call)
    key = behind_alias(store, name)
    require_by_identity(call, f"kms:{call.operation}", store.alias_arn(name))
    require_on_key(call, key)
    store.delete_alias(name)
    return {}


def _checked_name(call: Call) -> str:
    name = str(call.parameters["AliasName"])
    if not name.startswith("alias/"):
        raise AwsError(
            "ValidationException",
            'Alias must start with the prefix "alias/". Please see '
            "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
        )
    if name == "alias/":
        raise AwsError("ValidationException", "Alias name must not be empty.")
    if ":" in name:
        raise AwsError("ValidationException", f"{name} contains invalid characters for an alias")
    if name.startswith("alias/aws/"):
        raise AwsError(
            "InvalidAliasNameException",
            "The alias name is not valid: the prefix alias/aws/ is reserved for AWS managed keys.",
        )
    return name


def _target(call: Call, stores: Stores) -> EmbeddedKey:
    identifier = call.parameters.get("TargetKeyId")
    if isinstance(identifier, str) and "alias/" in identifier:
        raise AwsError("ValidationException", "Aliases must refer to keys. Not aliases")
    return find_key(stores, call.account, call.region, identifier, alias_allowed=False)


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
    listed = [_alias(store, entry) for entry in entries if entry is not None]
    return {"Aliases": listed, **end}


def _alias(store: RegionStore, entry: AliasEntry) -> Result:
    answer: Result = {"AliasName": entry.name, "AliasArn": store.alias_arn(entry.name)}
    if entry.target is not None:
        answer["TargetKeyId"] = entry.target
        answer["CreationDate"] = round(entry.created, 3)
        answer["LastUpdatedDate"] = round(entry.updated, 3)
    return answer
