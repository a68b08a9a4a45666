"""Who is asking, over which connection, and the roles and users that may ask."""

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


def is_same_identity(one: Caller, other: Caller) -> bool:
    """Whether two callers are one user, or sessions of one role.

    The ID before the colon is the role's own (IAM User Guide, "Unique identifiers").
    """
    return (one.account, one.user_id.split(":")[0]) == (other.account, other.user_id.split(":")[0])


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
    region_from: str = ""
    """What decided on the Region: a flag, a variable, `profile`, `IMDS`, or `R`."""
    is_demo: bool = False
    """Whether the keys are those of the embedded KMS, which no account has."""

    @property
    def named_by_url(self) -> bool:
        """Whether nothing but this URL leads there: neither Region nor settings of AWS do."""
        return self.route is Route.CUSTOM or "//vpce-" in self.endpoint_url


@dataclass(frozen=True, slots=True)
class IdentityPolicy:
    """One policy document attached to a role or user."""

    name: str
    text: str
    """The document as JSON text."""
    inline: bool
    arn: str = ""
    """The managed policy's ARN; empty for an inline one."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A role or user with the policies that apply to it."""

    arn: str
    name: str
    kind: str
    """`role` or `user`."""
    policies: tuple[IdentityPolicy, ...] = ()
    boundary: IdentityPolicy | None = None
    """The permissions boundary, where one is set."""
    problem: str = ""
    """What of it could not be read, as a sentence; empty when all was."""
