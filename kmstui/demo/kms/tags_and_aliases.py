"""Tags and aliases: the operations on them, and GetResources of the tagging API.

https://docs.aws.amazon.com/kms/latest/APIReference/API_TagResource.html, API_Tag.html,
https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html and
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

import bisect
import time
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from kmstui.demo.access.authorization import require_by_identity, require_on_key
from kmstui.demo.access.context import Call, Result
from kmstui.demo.errors import AwsError, invalid_state
from kmstui.demo.kms import paging
from kmstui.demo.kms.keys import EmbeddedKey, require_customer_key, tag_list
from kmstui.demo.kms.paging import decode_marker, encode_marker
from kmstui.demo.kms.states import require_state
from kmstui.demo.kms.store import AliasEntry, RegionStore, Stores, behind_alias, find_key

MAXIMUM_TAGS = 50
_PUNCTUATION = frozenset("_.:/=+-@")


def tag_resource(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """TagResource: adds tags and overwrites values."""
    given = checked_tags(call.parameters["Tags"])
    tags = {**key.tags, **given}
    if len(tags) > MAXIMUM_TAGS:
        raise tag_error("Too many tags")
    key.tags = tags
    return {}


def untag_resource(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """UntagResource: silent on tag keys that are not there."""
    names = call.parameters["TagKeys"]
    for name in names:
        _check_key(name)
    key.tags = {name: value for name, value in key.tags.items() if name not in names}
    return {}


def checked_tags(tags: list[dict[str, str]]) -> dict[str, str]:
    """Tags of a request as a mapping; raises TagException."""
    checked: dict[str, str] = {}
    for tag in tags:
        name, value = tag["TagKey"], tag["TagValue"]
        _check_key(name)
        if not _permitted(value):
            raise tag_error("Tag value contains invalid characters")
        if name in checked:
            raise tag_error("Duplicate tag keys")
        checked[name] = value
    if len(checked) > MAXIMUM_TAGS:
        raise tag_error("Too many tags")
    return checked


def _check_key(name: str) -> None:
    if name.lower().startswith("aws:"):
        raise tag_error("Tags beginning with aws: are reserved")
    if not _permitted(name):
        raise tag_error("Tag key contains invalid characters")


def _permitted(text: str) -> bool:
    """Letters, separators and numbers of any script, and ``_ . : / = + - @``."""
    return all(c in _PUNCTUATION or unicodedata.category(c)[0] in "LZN" for c in text)


def tag_error(message: str) -> AwsError:
    """KMS's TagException."""
    return AwsError("TagException", message)


def list_resource_tags(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    tags = sorted(key.tags.items())
    page, end = paging.cut(
        f"tags/{key.id}", tags, call.parameters, paging.LIST_RESOURCE_TAGS, lambda tag: tag[0]
    )
    return {"Tags": tag_list(page), **end}


PAGE = 100
_SCAN = 5000


def get_resources(call: Call, stores: Stores) -> Result:
    """GetResources, from the tags that KMS holds."""
    if call.operation != "GetResources":
        raise AwsError("InvalidParameterException", f"{call.operation} is not served here.")
    parameters = call.parameters
    size = parameters.get("ResourcesPerPage") or PAGE
    if not isinstance(size, int) or not 1 <= size <= PAGE:
        raise AwsError("InvalidParameterException", f"ResourcesPerPage must be from 1 to {PAGE}")
    store = stores.of(call.account, call.region)
    types = parameters.get("ResourceTypeFilters") or ["kms:key"]
    if not {"kms", "kms:key"}.intersection(types):
        return {"ResourceTagMappingList": [], "PaginationToken": ""}
    order = store.key_order
    start = _start(parameters.get("PaginationToken"), order)
    filters = _filters(parameters)
    found: list[dict[str, Any]] = []
    position = start
    while position < len(order) and len(found) < size and position - start < _SCAN:
        key = store.keys.get(order[position])
        position += 1
        if key is None:
            continue
        # Resources that never had a tag are not listed; nor are AWS managed keys.
        if key.tags and key.key_manager == "CUSTOMER" and _matches(key.tags, filters):
            listed = [{"Key": k, "Value": v} for k, v in sorted(key.tags.items())]
            found.append({"ResourceARN": key.arn, "Tags": listed})
    token = encode_marker("resources", order[position - 1]) if position < len(order) else ""
    return {"ResourceTagMappingList": found, "PaginationToken": token}


def _start(token: object, order: Sequence[str]) -> int:
    if not token:
        return 0
    problem = "PaginationTokenExpiredException", "The pagination token is not valid."
    return bisect.bisect_right(order, decode_marker("resources", str(token), *problem))


def _filters(parameters: Mapping[str, Any]) -> dict[str, set[str]]:
    return {
        str(entry.get("Key")): set(entry.get("Values") or ())
        for entry in parameters.get("TagFilters") or ()
    }


def _matches(tags: Mapping[str, str], filters: Mapping[str, set[str]]) -> bool:
    return all(
        name in tags and (not values or tags[name] in values) for name, values in filters.items()
    )


MAXIMUM_ALIASES_PER_KEY = 50


def create_alias(call: Call, stores: Stores) -> Result:
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
