"""The keys and aliases of one account in one Region, and the orders in which they are listed."""

from __future__ import annotations

import bisect
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from moto.kms.models import kms_backends

from kmstui.demo.kms.consistency import Consistency
from kmstui.demo.kms.keys import EmbeddedKey


@dataclass(frozen=True, slots=True)
class AliasEntry:
    """An alias; AWS-owned reserved ones may have no target yet."""

    name: str
    arn: str
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
        self._key_order: list[str] = []
        self._alias_order: list[str] = []

    @property
    def key_order(self) -> Sequence[str]:
        """Key IDs in the order of ListKeys."""
        return self._key_order

    @property
    def alias_order(self) -> Sequence[str]:
        """Alias names in the order of ListAliases."""
        return self._alias_order

    def add(self, keys: Iterable[EmbeddedKey], aliases: Iterable[AliasEntry] = ()) -> None:
        """Take in keys, and aliases that point to them."""
        with self.lock:
            added = {key.id: key for key in keys}
            self.keys.update(added)
            order = self._key_order + list(added)
            order.sort()
            self._key_order = order
            named = {alias.name: alias for alias in aliases}
            if named:
                self.aliases.update(named)
                names = self._alias_order + list(named)
                names.sort()
                self._alias_order = names
                for alias in named.values():
                    self._attach(alias)

    def clear_world(self) -> None:
        """Forget all but the extra keys, which no reset touches."""
        with self.lock:
            for key_id in [key.id for key in self.keys.values() if not key.extra]:
                del self.keys[key_id]
            self._key_order = sorted(self.keys)
            kept = {
                name: alias for name, alias in self.aliases.items() if alias.target in self.keys
            }
            self.aliases = kept
            self._alias_order = sorted(kept)

    def put_alias(self, name: str, target: str, now: float) -> None:
        """Create an alias, or move it to another key."""
        with self.lock:
            old = self.aliases.get(name)
            if old is None:
                arn = f"arn:aws:kms:{self.region}:{self.account}:{name}"
                self.add((), (AliasEntry(name, arn, target, now, now),))
                return
            self._detach(old)
            self.aliases[name] = replace(old, target=target, updated=now)
            self._attach(self.aliases[name])

    def delete_alias(self, name: str) -> None:
        """Forget an alias; its key stays."""
        with self.lock:
            self._detach(self.aliases[name])
            self._forget_alias(name)

    def _forget_alias(self, name: str) -> None:
        del self.aliases[name]
        at = bisect.bisect_left(self._alias_order, name)
        self._alias_order = self._alias_order[:at] + self._alias_order[at + 1 :]

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
        self.consistency = Consistency()
        self.rewrites_policies = False
        """Whether GetKeyPolicy answers another spelling than was put, as KMS may."""

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
