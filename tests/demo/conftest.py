"""The embedded AWS for its own tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.control import ControlledKms
from tests.embedded import aws_environment, client, embedded, embedded_server

__all__ = ["aws_environment", "embedded", "embedded_server"]


@pytest.fixture
def kms(embedded: ControlledKms) -> Any:
    """KMS as the workshop's instance asks it."""
    return client(embedded, "kms")


@pytest.fixture
def admin(embedded: ControlledKms) -> Any:
    """KMS as a key administrator asks it."""
    return client(embedded, "kms", "admin")


@pytest.fixture
def key_id(kms: Any) -> Callable[[str], str]:
    """The key ID behind an alias of the world."""
    return lambda alias: str(kms.describe_key(KeyId=f"alias/{alias}")["KeyMetadata"]["KeyId"])


@pytest.fixture
def refused() -> Callable[..., tuple[str, str]]:
    """Call something that must be refused; its error code and message."""

    def ask(call: Callable[..., object], **parameters: object) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            call(**parameters)
        error = caught.value.response["Error"]
        return str(error["Code"]), str(error["Message"])

    return ask
