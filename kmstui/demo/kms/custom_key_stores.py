"""Custom key stores: listed, connected, disconnected, and the keys that are in them.

https://docs.aws.amazon.com/kms/latest/developerguide/key-store-overview.html. Connecting takes
seconds here, where KMS takes up to half an hour.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from kmstui.demo.access.authorization import require_by_identity
from kmstui.demo.access.context import Call, Result
from kmstui.demo.errors import AwsError, validation
from kmstui.demo.kms import paging
from kmstui.demo.kms.keys import SYMMETRIC, EmbeddedKey
from kmstui.demo.kms.store import RegionStore, Stores

CLOUDHSM, EXTERNAL = "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"
SECONDS = 0.8
"""How long it takes to connect or disconnect one."""


@dataclass(slots=True)
class CustomKeyStore:
    """A custom key store as DescribeCustomKeyStores tells of it."""

    id: str
    name: str
    kind: str
    created: float
    backing: dict[str, Any] = field(default_factory=dict)
    """The members about its cluster or its proxy."""
    state: str = "CONNECTED"
    fault: str = ""
    """The ConnectionErrorCode that it meets whenever it is connected."""
    external_keys: tuple[str, ...] = ()
    """IDs of the keys that its external key manager has."""
    _ends: tuple[float, str] | None = None
    """When its state changes by itself, and into which."""

    def pass_time(self, now: float) -> None:
        """Be what it has become by now."""
        if self._ends is not None and self._ends[0] <= now:
            self.state, self._ends = self._ends[1], None

    def begin(self, state: str, then: str) -> None:
        """Take a state on the way to another."""
        self.state, self._ends = state, (time.time() + SECONDS, then)

    def entry(self) -> dict[str, Any]:
        """The CustomKeyStoresListEntry."""
        entry = {
            "CustomKeyStoreId": self.id,
            "CustomKeyStoreName": self.name,
            "CustomKeyStoreType": self.kind,
            "ConnectionState": self.state,
            "CreationDate": round(self.created, 3),
            **self.backing,
        }
        return {**entry, "ConnectionErrorCode": self.fault} if self.state == "FAILED" else entry


def describe_custom_key_stores(call: Call, stores: Stores) -> Result:
    """DescribeCustomKeyStores: all of them, or one by its ID or its name."""
    require_by_identity(call, "kms:DescribeCustomKeyStores")
    named, called = (call.parameters.get(f"CustomKeyStore{each}") for each in ("Id", "Name"))
    if named and called:
        raise validation(named, "customKeyStoreId", "Member must be null with a customKeyStoreName")
    region = stores.of(call.account, call.region)
    settle(region)
    held = sorted(region.custom_key_stores.items())
    found = [
        (id_, store) for id_, store in held if named in (None, id_) and called in (None, store.name)
    ]
    if (named or called) and not found:
        raise _unknown(str(named or called))
    page, end = paging.cut(
        "custom key stores", found, call.parameters, paging.LIST_CUSTOM_KEY_STORES, lambda it: it[0]
    )
    return {"CustomKeyStores": [store.entry() for _, store in page], **end}


def connect_custom_key_store(call: Call, stores: Stores) -> Result:
    """ConnectCustomKeyStore: begins to connect it, and does not wait."""
    store = _store_in(call, stores)
    if store.state in {"DISCONNECTING", "FAILED"}:
        raise _wrong_state(store)
    if store.state != "CONNECTED":
        store.begin("CONNECTING", "FAILED" if store.fault else "CONNECTED")
    return {}


def disconnect_custom_key_store(call: Call, stores: Stores) -> Result:
    """DisconnectCustomKeyStore."""
    store = _store_in(call, stores)
    if store.state in {"DISCONNECTING", "DISCONNECTED"}:
        raise _wrong_state(store)
    store.begin("DISCONNECTING", "DISCONNECTED")
    settle(stores.of(call.account, call.region))
    return {}


def settle(region: RegionStore) -> None:
    """Let time pass over the stores; a key is Unavailable while its store is not connected.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
    """
    now = time.time()
    for store in region.custom_key_stores.values():
        store.pass_time(now)
    for key in region.custom_keys:
        store = region.custom_key_stores[key.custom_key_store]
        if store.state != "CONNECTED" and key.key_state in {"Enabled", "Disabled"}:
            key.state_before, key.key_state = key.key_state, "Unavailable"
        elif store.state == "CONNECTED" and key.key_state == "Unavailable":
            key.key_state = key.state_before


def put_into_store(call: Call, stores: Stores, key: EmbeddedKey) -> None:
    """Make a key that is being created one of a custom key store, where its origin says so.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
    """
    parameters = call.parameters
    named, external = parameters.get("CustomKeyStoreId"), parameters.get("XksKeyId")
    if key.origin not in {CLOUDHSM, EXTERNAL}:
        if named or external:
            raise validation(
                named or external, "customKeyStoreId", f"Not valid for Origin {key.origin}"
            )
        return
    store = _store_in(call, stores, by_permission=False)
    if store.kind != key.origin:
        raise validation(key.origin, "origin", f"{store.id} is of type {store.kind}")
    if key.key_spec != SYMMETRIC or key.multi_region:
        raise AwsError(
            "UnsupportedOperationException",
            "Custom key stores have symmetric encryption keys of a single Region only.",
        )
    if store.state != "CONNECTED":
        raise _wrong_state(store)
    if (external is None) is (key.origin == EXTERNAL):
        raise validation(external, "xksKeyId", f"Not valid for Origin {key.origin}")
    if external is not None:
        _require_free(stores.of(call.account, call.region), store, str(external))
        key.external_key = str(external)
    key.custom_key_store = store.id
    key.cloud_hsm_cluster = str(store.backing.get("CloudHsmClusterId", ""))
    stores.of(call.account, call.region).custom_keys.append(key)


def _require_free(region: RegionStore, store: CustomKeyStore, external: str) -> None:
    if external not in store.external_keys:
        raise AwsError(
            "XksKeyNotFoundException",
            f"The external key store proxy of {store.id} cannot find the external key {external}.",
        )
    if any(
        key.external_key == external and key.custom_key_store == store.id
        for key in region.custom_keys
    ):
        raise AwsError(
            "XksKeyAlreadyInUseException",
            f"The external key {external} is associated with another KMS key in {store.id}.",
        )


def _store_in(call: Call, stores: Stores, *, by_permission: bool = True) -> CustomKeyStore:
    if by_permission:
        require_by_identity(call, f"kms:{call.operation}")
    region = stores.of(call.account, call.region)
    settle(region)
    named = call.parameters.get("CustomKeyStoreId")
    if named is None:
        raise validation("null", "customKeyStoreId", "Member must not be null")
    if named not in region.custom_key_stores:
        raise _unknown(str(named))
    found: CustomKeyStore = region.custom_key_stores[named]
    return found


def _unknown(named: str) -> AwsError:
    return AwsError("CustomKeyStoreNotFoundException", f"Custom key store {named} is not found.")


def _wrong_state(store: CustomKeyStore) -> AwsError:
    return AwsError(
        "CustomKeyStoreInvalidStateException",
        f"Custom key store {store.id} is {store.state}, in which this cannot be done.",
    )
