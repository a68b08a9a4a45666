"""Who is asking, and how KMS is reached."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kmstui.model.arn import Arn


@dataclass(frozen=True, slots=True)
class Caller:
    """What STS GetCallerIdentity returns."""

    account: str
    arn: str
    user_id: str

    @property
    def role_name(self) -> str:
        """The role's name (without path, which a session ARN does not tell), or empty."""
        arn = Arn.maybe(self.arn)
        if arn is None or arn.resource_type != "assumed-role":
            return ""
        return arn.name.split("/", 1)[0]

    @property
    def short(self) -> str:
        """`role/session`, `user`, or `root`, for one line on a screen."""
        arn = Arn.maybe(self.arn)
        return self.arn if arn is None else (arn.name or arn.resource)


class Route(StrEnum):
    """How the connection in use reaches KMS."""

    PUBLIC = "public endpoint"
    VPC_ENDPOINT = "VPC endpoint"
    FIPS = "FIPS endpoint"
    CUSTOM = "custom URL"


@dataclass(frozen=True, slots=True)
class ConnectionInfo:
    """What the connection in use really is, never what was asked for."""

    region: str
    endpoint_url: str
    route: Route
    profile: str = ""
    """The profile in use; empty when credentials come from elsewhere."""
    credential_source: str = ""
    """botocore's name of where the credentials come from (`iam-role`, `env`, `sso` …)."""
    partition: str = "aws"
