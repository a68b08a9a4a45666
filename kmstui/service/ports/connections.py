"""How connections to AWS are opened, and what is told of their calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kmstui.service.ports.gateways import Gateway


@dataclass(frozen=True, slots=True)
class Target:
    """What a person asked to connect to; empty fields mean: as boto3 decides."""

    profile: str = ""
    region: str = ""
    endpoint_url: str = ""
    region_from: str = ""
    """What named the Region: `--region`, `KMSTUI_REGION`, `config.toml`, or `CHOSEN`."""


CHOSEN = "R"
"""A Region that a person has chosen, on the screens, for one profile."""


class MfaPrompt(Protocol):
    """Asks the person for an MFA code; called on a worker thread, returns "" when cancelled."""

    def __call__(self, serial: str) -> str:
        """The code for the device `serial`."""
        ...


class Connector(Protocol):
    """Opens connections; the only door to AWS."""

    async def connect(self, target: Target) -> Gateway:
        """Resolve profile, credentials and Region, and build the clients.

        Raises:
            ProfileError, CredentialsMissingError, RegionMissingError, EndpointError, MfaError
        """
        ...

    async def profiles(self) -> tuple[str, ...]:
        """Profiles of the AWS config files; empty when they cannot be read."""
        ...

    async def regions(self, partition: str = "aws") -> tuple[str, ...]:
        """Regions where KMS is offered, from botocore's endpoint data."""
        ...

    async def sign_in_command(self, target: Target) -> tuple[str, ...]:
        """The command that signs the person in to the target's profile, with its arguments.

        Empty where none does, or the AWS config files cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One finished call, for the messages view. Never holds credentials or bodies."""

    time: datetime
    service: str
    operation: str
    key: str
    seconds: float
    retries: int
    error: str = ""
    """The error code or cause; empty on success."""
    mutating: bool = False


CallObserver = Callable[[CallRecord], None]
"""Told of every finished call, on the event loop."""
