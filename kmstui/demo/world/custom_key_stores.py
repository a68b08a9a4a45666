"""The custom key stores of the world: one of each kind in use, one that failed, one at rest."""

from __future__ import annotations

from collections.abc import Sequence

from kmstui.demo.kms.custom_key_stores import CLOUDHSM, EXTERNAL, CustomKeyStore
from kmstui.demo.kms.keys import DAY, EmbeddedKey
from kmstui.demo.world.building import Builder

CLUSTER_STORE = "cks-1f3a9b2c4d5e6f708"
EXTERNAL_STORE = "cks-8e7d6c5b4a3f2e1d0"


def add_custom_key_stores(build: Builder, keys: Sequence[EmbeddedKey]) -> None:
    """Add them, with the keys that are in the first two."""
    region = build.stores.of(build.account, build.region)
    for store in (
        CustomKeyStore(
            CLUSTER_STORE,
            "vault-cluster",
            CLOUDHSM,
            build.now - 540 * DAY,
            {"CloudHsmClusterId": "cluster-7xk2m4q3hfa"},
        ),
        CustomKeyStore(
            EXTERNAL_STORE,
            "own-data-centre",
            EXTERNAL,
            build.now - 100 * DAY,
            _proxy("https://xks.example.com"),
            external_keys=("hsm7-payments-2026", "hsm7-payments-2027", "hsm7-ledger"),
        ),
        CustomKeyStore(
            "cks-3c2b1a09f8e7d6c5b",
            "old-data-centre",
            EXTERNAL,
            build.now - 410 * DAY,
            _proxy("https://xks-old.example.com"),
            state="FAILED",
            fault="XKS_PROXY_NOT_REACHABLE",
        ),
        CustomKeyStore(
            "cks-9a8b7c6d5e4f30211",
            "trial-cluster",
            CLOUDHSM,
            build.now - 12 * DAY,
            {"CloudHsmClusterId": "cluster-2bcdefghij3"},
            state="DISCONNECTED",
            fault="USER_LOGGED_IN",
        ),
    ):
        region.custom_key_stores[store.id] = store
    region.custom_keys.extend(keys)


def _proxy(url: str) -> dict[str, object]:
    return {
        "XksProxyConfiguration": {
            "Connectivity": "PUBLIC_ENDPOINT",
            "AccessKeyId": "ABCDEFGHIJKLMNOP2345",
            "UriEndpoint": url,
            "UriPath": "/payments/kms/xks/v1",
        }
    }
