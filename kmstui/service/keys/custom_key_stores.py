"""Custom key stores: what their states mean, and connecting and disconnecting them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial

from kmstui.model import CustomKeyStore
from kmstui.service.changes import Change, Check, Shown, ours_if
from kmstui.service.errors import UNCERTAIN, FailedError, NotFoundError
from kmstui.service.keys.key_changes import KeyChanges, OutcomeText
from kmstui.service.ports import Gateway

CONNECT, DISCONNECT = "kms:ConnectCustomKeyStore", "kms:DisconnectCustomKeyStore"
STORE_OPERATIONS = (CONNECT, DISCONNECT)
ON_THE_WAY = ("CONNECTING", "DISCONNECTING")
"""States that change by themselves."""

KINDS: Mapping[str, str] = {
    "AWS_CLOUDHSM": "AWS CloudHSM key store",
    "EXTERNAL_KEY_STORE": "external key store",
}

_RENEW = "update the key store's password in KMS (update-custom-key-store)"
_ERRORS: Mapping[str, str] = {
    "INTERNAL_ERROR": "KMS met an error of its own. Disconnect the store and connect it again.",
    "NETWORK_ERRORS": "The network keeps KMS from reaching what stands behind the store.",
    "CLUSTER_NOT_FOUND": "KMS cannot find the CloudHSM cluster with this ID.",
    "INSUFFICIENT_CLOUDHSM_HSMS": "The CloudHSM cluster has no active HSM, and it needs one to be "
    "connected: add one to the cluster.",
    "INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET": "A private subnet of the CloudHSM cluster has no free "
    "IP address, and the connection needs one in each: free one.",
    "SUBNET_NOT_FOUND": "A subnet of the CloudHSM cluster was deleted. Create a cluster from a "
    "recent backup, and give the key store that one.",
    "USER_LOCKED_OUT": "The crypto user kmsuser is locked out of the cluster after too many wrong "
    f"passwords. Change its password in the cluster, and {_RENEW}.",
    "USER_LOGGED_IN": "The crypto user kmsuser is logged into the cluster, which keeps KMS from "
    f"logging in. Log it out; if you changed its password for that, {_RENEW}.",
    "USER_NOT_FOUND": f"The cluster has no crypto user kmsuser. Create it there, and {_RENEW}.",
    "XKS_PROXY_ACCESS_DENIED": "The external key store proxy refuses the requests of KMS: check "
    "its rules of authorization.",
    "XKS_PROXY_INVALID_CONFIGURATION": "The store's configuration keeps it from the proxy: check "
    "the path of the proxy's URI.",
    "XKS_PROXY_INVALID_RESPONSE": "KMS cannot read what the proxy answers. Where that happens "
    "again, tell the vendor of the proxy.",
    "XKS_PROXY_INVALID_TLS_CONFIGURATION": "The proxy's TLS is not as KMS needs it: TLS 1.2 or "
    "1.3, and a certificate that is not expired, fits the host name, and is of a trusted "
    "authority.",
    "XKS_PROXY_NOT_REACHABLE": "KMS cannot reach the external key store proxy: check its URI, "
    "whether the proxy runs, and whether the key managers behind it do.",
    "XKS_PROXY_TIMED_OUT": "The proxy does not answer KMS in time. Where that happens again, tell "
    "the vendor of the proxy.",
    "XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND": "KMS cannot find the VPC endpoint service of the proxy: "
    "check its name, and that the service principal of KMS may use it.",
    "XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION": "The VPC endpoint service is not as KMS "
    "needs it: a load balancer in two zones, the KMS service principal allowed, no acceptance "
    "asked for, and a verified private DNS name that the certificate names.",
}
_CREDENTIALS: Mapping[str, str] = {
    "AWS_CLOUDHSM": "The password that KMS has of the crypto user kmsuser is not its password in "
    f"the cluster. Change it there, and {_RENEW}.",
    "EXTERNAL_KEY_STORE": "The proxy does not take the credentials that KMS has for it: give the "
    "key store those of the proxy (update-custom-key-store).",
}
"""INVALID_CREDENTIALS, by type of store."""


def error_words(store: CustomKeyStore) -> str:
    """What its ConnectionErrorCode means and asks for, as sentences; "" where it has none.

    Source: KMS API Reference, CustomKeyStoresListEntry: ConnectionErrorCode.
    """
    if not store.error:
        return ""
    if store.error == "INVALID_CREDENTIALS":
        known = _CREDENTIALS.get(store.kind, "")
    else:
        known = _ERRORS.get(store.error, "")
    words = known or "kmstui does not know this code: the KMS Developer Guide may."
    return f"{store.error}: {words}"


def connect_off(store: CustomKeyStore) -> str:
    """Why KMS would not connect it, as a sentence; "" where it may.

    Source: KMS API Reference, CustomKeyStoreInvalidStateException.
    """
    return {
        "CONNECTED": "It is connected already.",
        "CONNECTING": "It is being connected.",
        "DISCONNECTING": "It is being disconnected: wait until it is DISCONNECTED.",
        "FAILED": "It FAILED: KMS asks that it is disconnected first.",
    }.get(store.state, "")


def disconnect_off(store: CustomKeyStore) -> str:
    """Why KMS would not disconnect it, as a sentence; "" where it may."""
    if store.state in ("DISCONNECTED", "DISCONNECTING"):
        return f"It is {store.state} already."
    return ""


_SHOWS_SENT = {
    CONNECT: ("CONNECTING", "CONNECTED", "FAILED"),
    DISCONNECT: ("DISCONNECTING", "DISCONNECTED"),
}
"""By operation, the states of a store that KMS was asked for it. A connection that failed was
tried."""


def store_check(
    gateway: Gateway, operation: str, store_id: str, *, at_its_end: bool = False
) -> Check[CustomKeyStore]:
    """How to see whether a store was told to connect or disconnect; of STORE_OPERATIONS.

    `at_its_end` it shows only once the store is where it was to go, which can take 20 minutes.
    """
    ends = [each for each in _SHOWS_SENT[operation] if not (at_its_end and each in ON_THE_WAY)]
    read = partial(read_store, gateway, store_id)
    return Check(read, lambda now: ours_if(now.state in ends))


async def read_store(gateway: Gateway, store_id: str) -> CustomKeyStore:
    """One store as it is now.

    Raises:
        NotFoundError: there is none of this ID.
        ServiceError: they may not be described.
    """
    for store in await gateway.custom_key_stores():
        if store.id == store_id:
            return store
    raise NotFoundError(f"there is no custom key store {store_id} any more")


class CustomKeyStores(KeyChanges):
    """Changes of their connections, journaled and read back; each returns what KMS then says."""

    async def connect(self, store: CustomKeyStore) -> str:
        """Connect it, which may take minutes: KMS goes on where the reading back ends."""
        return await self._set(store, CONNECT)

    async def disconnect(self, store: CustomKeyStore) -> str:
        """Disconnect it: its keys cannot be used until it is connected again."""
        return await self._set(store, DISCONNECT)

    async def _set(self, store: CustomKeyStore, operation: str) -> str:
        connecting = operation == CONNECT
        if problem := (connect_off if connecting else disconnect_off)(store):
            raise self._refusal(operation, store.id, problem)
        gateway = self._session.gateway
        send = gateway.connect_key_store if connecting else gateway.disconnect_key_store
        wanted = "CONNECTED" if connecting else "DISCONNECTED"

        def state(now: CustomKeyStore) -> str:
            more = f" {error_words(now)}" if now.error else ""
            return f"key store {now.name or now.id} is {now.state}.{more}"

        change = Change(
            operation,
            store.id,
            {"state": store.state},
            {"state": wanted},
            partial(send, store.id),
            store_check(gateway, operation, store.id, at_its_end=True),
            lambda now: now.state == store.state,
        )
        later = "It is under way, which can take 20 minutes: the list of key stores tells."
        try:
            return await self._run(
                change, OutcomeText(lambda now: f"The {state(now)}", later=later)
            )
        except UNCERTAIN:
            sent = store_check(gateway, operation, store.id)
            with suppress(FailedError):
                now = await sent.read()
                if sent.judge(now) is Shown.OURS:
                    return f"No clear answer came, and the {state(now)} {later}"
            raise
