"""How connections to AWS are opened, and what is told of their calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from kmstui.service.ports.gateways import Gateway

ALL = "all"
"""Stands for all enabled Regions of an account, or for all accounts of an organization."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a person asked to connect to; empty fields mean: as boto3 decides.

    Profiles, Regions and accounts may be several, with commas between them, as people write them
    on a command line and in a file: then there is a connection for each of their combinations.
    """

    profile: str = ""
    region: str = ""
    """Or `ALL`."""
    endpoint_url: str = ""
    region_from: str = ""
    """What named the Region: `--region`, `KMSTUI_REGION`, `config.toml`, or `CHOSEN`."""
    role: str = ""
    """The ARN of a role to assume with the profile's credentials; `{account}` in it stands for
    each of `accounts`."""
    accounts: str = ""
    """Whose role; or `ALL`."""

    @property
    def is_several(self) -> bool:
        """Whether more than one connection may come of it."""
        return ALL in (self.region, self.accounts) or len(self.each) > 1

    @property
    def each(self) -> tuple[Target, ...]:
        """The connections one by one, in the order named; `ALL` stays as it is."""
        regions = names_in(self.region) or ("",)
        roles = [self.role.replace("{account}", each) for each in names_in(self.accounts)]
        return tuple(
            replace(
                self,
                profile=profile,
                region=region,
                role=role,
                accounts=self.accounts if self.accounts == ALL else "",
            )
            for profile in names_in(self.profile) or ("",)
            for role in (roles if roles and self.accounts != ALL else [self.role])
            for region in regions
        )


def names_in(text: str) -> tuple[str, ...]:
    """The names in a list with commas, each once."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, text.split(",")))))


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
