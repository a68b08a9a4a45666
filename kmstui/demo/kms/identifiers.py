"""Key identifiers: key ID, key ARN, alias name, alias ARN, and which operation takes which.

https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
"""

from __future__ import annotations

import re

from kmstui.demo.errors import ServiceError, not_found, validation
from kmstui.demo.kms.keys import EmbeddedKey
from kmstui.demo.kms.store import RegionStore, Stores

_KEY_ID = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|mrk-[0-9a-fA-F]{32}"
)
_ALIAS_TAIL = re.compile(r"alias/[a-zA-Z0-9/_-]+")


def find_key(
    stores: Stores, account: str, region: str, identifier: object, *, alias_allowed: bool
) -> EmbeddedKey:
    """The key that ``identifier`` names to a caller of ``account`` in ``region``.

    Raises NotFoundException, InvalidArnException or ValidationException in KMS's words; an alias
    where KMS takes none is a NotFoundException.
    """
    text = _checked(identifier)
    if text.startswith("arn:"):
        owner, resource = _split_arn(text, region)
    else:
        owner, resource = account, text
    store = stores.of(owner, region)
    if resource.startswith("alias/"):
        if not alias_allowed:
            raise not_found(f"Invalid keyId '{text}'")
        return _behind_alias(store, resource)
    key_id = resource.removeprefix("key/")
    if not _KEY_ID.fullmatch(key_id):
        raise not_found(f"Invalid keyId '{text}'")
    key = store.keys.get(key_id)
    if key is None:
        raise not_found(f"Key 'arn:aws:kms:{region}:{owner}:key/{key_id}' does not exist")
    return key


def _checked(identifier: object) -> str:
    if identifier is None:
        raise validation("null", "keyId", "Member must not be null")
    if not isinstance(identifier, str):
        raise ServiceError("SerializationException", "KeyId must be a string.")
    if not 1 <= len(identifier) <= 2048:
        side = "greater than or equal to 1" if not identifier else "less than or equal to 2048"
        raise validation(identifier[:64], "keyId", f"Member must have length {side}")
    return identifier


def _split_arn(text: str, region: str) -> tuple[str, str]:
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[1] != "aws" or parts[2] != "kms":
        raise ServiceError("InvalidArnException", f"{text} is not a valid ARN")
    if not parts[5].startswith(("key/", "alias/")) or not re.fullmatch(r"\d{12}", parts[4]):
        raise ServiceError("InvalidArnException", f"{text} is not a valid ARN")
    if parts[3] != region:
        raise not_found(f"Invalid arn {parts[3]}")
    return parts[4], parts[5]


def _behind_alias(store: RegionStore, name: str) -> EmbeddedKey:
    alias = store.aliases.get(name) if _ALIAS_TAIL.fullmatch(name) else None
    key = store.keys.get(alias.target or "") if alias else None
    if key is None:
        raise not_found(f"Alias arn:aws:kms:{store.region}:{store.account}:{name} is not found.")
    return key
