"""The keys and aliases of one account in one Region: kept, listed in order, found by identifier.

https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, cast

from moto.kms.models import kms_backends

from kmstui.demo.errors import AwsError, not_found, validation
from kmstui.demo.kms.keys import EmbeddedKey


@dataclass(frozen=True, slots=True)
class AliasEntry:
    """An alias; AWS-owned reserved ones may have no target yet."""

    name: str
    target: str | None
    created: float
    updated: float


class RegionStore:
    """Keys by ID and aliases by name.

    Readers take no lock: every order is a list that is replaced as a whole, so that a page is
    cut from one state even while another thread adds keys.
    """

    def __init__(self, account: str, region: str) -> None:
        self.account = account
        self.region = region
        self.backend = kms_backends[account][region]
        self.keys: dict[str, EmbeddedKey] = {}
        # moto encrypts and decrypts with the keys it finds here.
        self.backend.keys = cast("Any", self.keys)
        self.aliases: dict[str, AliasEntry] = {}
        self.lock = threading.RLock()
        self.key_order: list[str] = []
        """Key IDs in the order of ListKeys."""
        self.alias_order: list[str] = []
        """Alias names in the order of ListAliases."""
        self.custom_key_stores: dict[str, Any] = {}
        """By ID; `custom_key_stores` knows what they are."""
        self.custom_keys: list[EmbeddedKey] = []
        """The keys that are in one of them."""

    def alias_arn(self, name: str) -> str:
        """The ARN of an alias in this Region."""
        return f"arn:aws:kms:{self.region}:{self.account}:{name}"

    def add(self, keys: Iterable[EmbeddedKey], aliases: Iterable[AliasEntry] = ()) -> None:
        """Take in keys, and aliases that point to them."""
        with self.lock:
            added = {key.id: key for key in keys}
            self.keys.update(added)
            self.key_order = sorted([*self.key_order, *added])
            named = {alias.name: alias for alias in aliases}
            if named:
                self.aliases.update(named)
                self.alias_order = sorted([*self.alias_order, *named])
                for alias in named.values():
                    self._attach(alias)

    def clear_world(self) -> None:
        """Forget all but the extra keys, which no reset touches."""
        with self.lock:
            for key_id in [key.id for key in self.keys.values() if not key.extra]:
                del self.keys[key_id]
            self.key_order = sorted(self.keys)
            self.aliases = {n: each for n, each in self.aliases.items() if each.target in self.keys}
            self.alias_order = sorted(self.aliases)
            self.custom_key_stores.clear()
            self.custom_keys.clear()

    def put_alias(self, name: str, target: str, now: float) -> None:
        """Create an alias, or move it to another key."""
        with self.lock:
            old = self.aliases.get(name)
            if old is None:
                self.add((), (AliasEntry(name, target, now, now),))
                return
            self._detach(old)
            self.aliases[name] = replace(old, target=target, updated=now)
            self._attach(self.aliases[name])

    def delete_alias(self, name: str) -> None:
        """Forget an alias; its key stays."""
        with self.lock:
            self._detach(self.aliases[name])
            del self.aliases[name]
            self.alias_order = [each for each in self.alias_order if each != name]

    def _attach(self, alias: AliasEntry) -> None:
        key = self.keys.get(alias.target or "")
        if key is not None:
            key.alias_names = tuple(sorted({*key.alias_names, alias.name}))

    def _detach(self, alias: AliasEntry) -> None:
        key = self.keys.get(alias.target or "")
        if key is not None:
            key.alias_names = tuple(name for name in key.alias_names if name != alias.name)


class Stores:
    """Every account's and Region's store, made on first use."""

    def __init__(self) -> None:
        self._stores: dict[tuple[str, str], RegionStore] = {}
        self._lock = threading.Lock()

    def of(self, account: str, region: str) -> RegionStore:
        """The store of an account in a Region."""
        store = self._stores.get((account, region))
        if store is None:
            with self._lock:
                store = self._stores.setdefault((account, region), RegionStore(account, region))
        return store

    def all(self) -> list[RegionStore]:
        """The stores there are so far."""
        return list(self._stores.values())


_KEY_ID = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|mrk-[0-9a-fA-F]{32}"
)


def find_key(
    stores: Stores, account: str, region: str, identifier: object, *, alias_allowed: bool
) -> EmbeddedKey:
    """The key that ``identifier`` names to a caller of ``account`` in ``region``.

    Raises NotFoundException, InvalidArnException or ValidationException in KMS's words; an alias
    where KMS takes none is a NotFoundException.
    """
    if identifier is None:
        raise validation("null", "keyId", "Member must not be null")
    text = str(identifier)
    if text.startswith("arn:"):
        owner, resource = _split_arn(text, region)
    else:
        owner, resource = account, text
    store = stores.of(owner, region)
    if resource.startswith("alias/"):
        if not alias_allowed:
            raise not_found(f"Invalid keyId '{text}'")
        return behind_alias(store, resource)
    key_id = resource.removeprefix("key/")
    if not _KEY_ID.fullmatch(key_id):
        raise not_found(f"Invalid keyId '{text}'")
    key = store.keys.get(key_id)
    if key is None:
        raise not_found(f"Key 'arn:aws:kms:{region}:{owner}:key/{key_id}' does not exist")
    return key


def _split_arn(text: str, region: str) -> tuple[str, str]:
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[1] != "aws" or parts[2] != "kms":
        raise AwsError("InvalidArnException", f"{text} is not a valid ARN")
    if not parts[5].startswith(("key/", "alias/")) or not re.fullmatch(r"\d{12}", parts[4]):
        raise AwsError("InvalidArnException", f"{text} is not a valid ARN")
    if parts[3] != region:
        raise not_found(f"Invalid arn {parts[3]}")
    return parts[4], parts[5]


def behind_alias(store: RegionStore, name: str) -> EmbeddedKey:
    """The key that an alias points to; raises NotFoundException."""
    alias = store.aliases.get(name)
    key = store.keys.get(alias.target or "") if alias else None
    if key is None:
        raise not_found(f"Alias {store.alias_arn(name)} is not found.")
    return key
