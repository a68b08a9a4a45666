"""What the services ask of AWS about key material that is not KMS's own."""

from __future__ import annotations

from typing import Protocol

from kmstui.model import CustomKeyStore, ImportParameters, MaterialImport
from kmstui.service.ports.changing import changes


class MaterialGateway(Protocol):
    """Imported key material. All of a key's materials: `InventoryGateway.rotation`."""

    async def import_parameters(
        self, key_id: str, algorithm: str, wrapping_spec: str
    ) -> ImportParameters:
        """GetParametersForImport: a wrapping key and an import token, good for 24 hours."""
        ...

    @changes
    async def import_material(self, key_id: str, wanted: MaterialImport) -> str:
        """ImportKeyMaterial; returns the KeyMaterialId, or "" where KMS names none."""
        ...

    @changes
    async def delete_material(self, key_id: str, material_id: str = "") -> None:
        """DeleteImportedKeyMaterial: of the current material where none is named."""
        ...


class CustomKeyStoreGateway(Protocol):
    """Custom key stores."""

    async def custom_key_stores(self) -> tuple[CustomKeyStore, ...]:
        """DescribeCustomKeyStores, all pages."""
        ...

    @changes
    async def connect_key_store(self, store_id: str) -> None:
        """ConnectCustomKeyStore, which only begins it."""
        ...

    @changes
    async def disconnect_key_store(self, store_id: str) -> None:
        """DisconnectCustomKeyStore."""
        ...
