"""Custom key stores: those of CloudHSM clusters and of external key managers."""

from __future__ import annotations

from kmstui.aws.api.base import KMS, ApiBase, Listing
from kmstui.aws.calls import Response
from kmstui.aws.calls import operations as op
from kmstui.model import CustomKeyStore


class CustomKeyStoreApi(ApiBase):
    """Reads of the stores, and their connections."""

    async def custom_key_stores(self) -> tuple[CustomKeyStore, ...]:
        listing = Listing(
            op.DESCRIBE_CUSTOM_KEY_STORES,
            {"Limit": 1000},
            KMS,
            lambda response: response.readable("CustomKeyStores", _store),
        )
        return await listing.everything(self._calls)

    async def connect_key_store(self, store_id: str) -> None:
        await self._change(op.CONNECT_CUSTOM_KEY_STORE, about=store_id, CustomKeyStoreId=store_id)

    async def disconnect_key_store(self, store_id: str) -> None:
        await self._change(
            op.DISCONNECT_CUSTOM_KEY_STORE, about=store_id, CustomKeyStoreId=store_id
        )


def _store(response: Response) -> CustomKeyStore:
    proxy = response.optional_structure("XksProxyConfiguration")
    return CustomKeyStore(
        id=response.text("CustomKeyStoreId"),
        name=response.optional_text("CustomKeyStoreName"),
        kind=response.optional_text("CustomKeyStoreType"),
        state=response.optional_text("ConnectionState"),
        error=response.optional_text("ConnectionErrorCode"),
        created=response.optional_time("CreationDate"),
        cluster_id=response.optional_text("CloudHsmClusterId"),
        connectivity=proxy.optional_text("Connectivity") if proxy else "",
        proxy=proxy.optional_text("UriEndpoint") + proxy.optional_text("UriPath") if proxy else "",
        endpoint_service=proxy.optional_text("VpcEndpointServiceName") if proxy else "",
    )
