"""Key material that people import, and the custom key stores that hold it elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ImportParameters:
    """What GetParametersForImport returns. Source: KMS API Reference, GetParametersForImport."""

    public_key: bytes
    """PublicKey, the wrapping key: DER, SubjectPublicKeyInfo."""
    token: bytes = field(repr=False)
    """ImportToken, which belongs to this wrapping key alone."""
    valid_to: datetime | None = None
    """ParametersValidTo: 24 hours after they were asked for."""


@dataclass(frozen=True, slots=True)
class MaterialImport:
    """What a person asks of ImportKeyMaterial."""

    token: bytes = field(repr=False)
    wrapped: bytes = field(repr=False)
    """EncryptedKeyMaterial; what it wraps is never in any value of the model."""
    valid_to: datetime | None = None
    """When it expires; None for KEY_MATERIAL_DOES_NOT_EXPIRE."""
    type: str = ""
    """ImportType: `NEW_KEY_MATERIAL` or `EXISTING_KEY_MATERIAL`; empty leaves it to KMS, which
    takes it of symmetric encryption keys alone."""
    description: str | None = None
    """KeyMaterialDescription; None keeps the one that the material has."""


@dataclass(frozen=True, slots=True)
class CustomKeyStore:
    """One entry of DescribeCustomKeyStores, in the service's own words.

    Source: KMS API Reference, CustomKeyStoresListEntry.
    """

    id: str
    name: str = ""
    kind: str = ""
    """CustomKeyStoreType: `AWS_CLOUDHSM` or `EXTERNAL_KEY_STORE`."""
    state: str = ""
    """ConnectionState: `CONNECTED`, `CONNECTING`, `FAILED`, `DISCONNECTED`, `DISCONNECTING`."""
    error: str = ""
    """ConnectionErrorCode, where the state is `FAILED`."""
    created: datetime | None = None
    cluster_id: str = ""
    """CloudHsmClusterId."""
    connectivity: str = ""
    """Of an external key store's proxy: `PUBLIC_ENDPOINT` or `VPC_ENDPOINT_SERVICE`."""
    proxy: str = ""
    """Where that proxy is: UriEndpoint and UriPath."""
    endpoint_service: str = ""
    """VpcEndpointServiceName."""
