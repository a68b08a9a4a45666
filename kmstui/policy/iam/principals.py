"""Who asks, and what follows from who they are.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from kmstui.model import Arn, late_pattern

_ACCOUNT = late_pattern(r"\d{12}")
DNS_SUFFIXES = {
    "aws": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-us-gov": "amazonaws.com",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-eusc": "amazonaws.eu",
}
"""What names of services end in, by partition. Source: botocore's `partitions.json`."""
_DOMAINS = "|".join(map(re.escape, sorted({*DNS_SUFFIXES.values()}, reverse=True)))
_SERVICE = late_pattern(rf"[a-z0-9][a-z0-9.-]*\.(?:{_DOMAINS}|amazon\.com|aws\.internal)")
_WEB_IDENTITY_PROVIDERS = frozenset(
    {
        "accounts.google.com",
        "graph.facebook.com",
        "www.amazon.com",
        "cognito-identity.amazonaws.com",
    }
)


class PrincipalKind(StrEnum):
    """What kind of principal it is."""

    USER = "user"
    ROLE = "role"
    """Some session of a role, no matter which."""
    SESSION = "role session"
    ROOT = "root user"
    FEDERATED_USER = "federated user"
    """A session of GetFederationToken."""
    PROVIDER = "identity provider"
    """Some session that came through a SAML or web identity provider."""
    SERVICE = "AWS service"
    ANONYMOUS = "anonymous"


_PRINCIPAL_TYPES = {
    PrincipalKind.USER: "User",
    PrincipalKind.ROLE: "AssumedRole",
    PrincipalKind.SESSION: "AssumedRole",
    PrincipalKind.ROOT: "Account",
    PrincipalKind.FEDERATED_USER: "FederatedUser",
    PrincipalKind.ANONYMOUS: "Anonymous",
}
"""Values of aws:PrincipalType."""


@dataclass(frozen=True, slots=True)
class Principal:
    """One principal that sends requests."""

    kind: PrincipalKind
    name: str
    """As policies name it: an ARN, a service principal, a provider, or `*`."""
    account: str = ""
    role_arn: str = ""
    """The role of a session, and of a ROLE itself."""
    path_known: bool = True
    """False where `role_arn` was made from a session's ARN, which leaves the path out."""
    parent: str = ""
    """The user that called GetFederationToken, where it is known."""
    label: str = ""
    """What to call it where it stands for others: "any other principal of the account"."""

    @classmethod
    def parse(
        cls, text: str, *, role_arn: str = "", parent: str = "", partition: str = "aws"
    ) -> Principal:
        """Read a principal as people write it: an ARN, an account, a service, or `*`.

        Args:
            text: What names the principal.
            role_arn: The role's ARN with its path, for a session whose role was looked up.
            parent: The user's ARN behind a federated user.
            partition: Where an account is that is named by its number alone.

        Raises:
            ValueError: it is not a principal; the message says what would be.
        """
        text = text.strip()
        if text in ("*", "anonymous"):
            return cls(PrincipalKind.ANONYMOUS, "*")
        if _ACCOUNT.fullmatch(text):
            return cls(PrincipalKind.ROOT, f"arn:{partition}:iam::{text}:root", text)
        if text in _WEB_IDENTITY_PROVIDERS:
            return cls(PrincipalKind.PROVIDER, text)
        if _SERVICE.fullmatch(text):
            return cls(PrincipalKind.SERVICE, text)
        return cls._from_arn(text, role_arn, parent)

    @classmethod
    def maybe(cls, text: str, partition: str = "aws") -> Principal | None:
        """The principal that `text` names, or None, as for the unique ID of a deleted one."""
        try:
            return cls.parse(text, partition=partition)
        except ValueError:
            return None

    @classmethod
    def _from_arn(cls, text: str, role_arn: str, parent: str) -> Principal:
        arn = Arn.maybe(text)
        if arn is None or not _ACCOUNT.fullmatch(arn.account):
            raise ValueError(
                f"{text!r} is not a principal: give the ARN of a user, role, role session or"
                " account, a service such as logs.amazonaws.com, or *"
            )
        kind = (arn.service, arn.resource_type)
        if kind == ("iam", "user") and arn.name:
            return cls(PrincipalKind.USER, text, arn.account)
        if kind == ("iam", "role") and arn.name:
            return cls(PrincipalKind.ROLE, text, arn.account, role_arn=text)
        if kind == ("sts", "assumed-role") and arn.name.partition("/")[2]:
            assumed = f"arn:{arn.partition}:iam::{arn.account}:role/{arn.name.partition('/')[0]}"
            return cls(
                PrincipalKind.SESSION,
                text,
                arn.account,
                role_arn=role_arn or assumed,
                path_known=bool(role_arn),
            )
        if kind == ("sts", "federated-user") and arn.name:
            return cls(PrincipalKind.FEDERATED_USER, text, arn.account, parent=parent)
        if arn.service == "iam" and arn.resource == "root":
            return cls(PrincipalKind.ROOT, text, arn.account)
        if kind in (("iam", "saml-provider"), ("iam", "oidc-provider")):
            return cls(PrincipalKind.PROVIDER, text, arn.account)
        raise ValueError(
            f"{text!r} is not a principal that sends requests: give the ARN of a user, role, role"
            " session or account"
        )

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` …; empty for services and others that have no ARN."""
        return self.name.split(":", 2)[1] if self.name.startswith("arn:") else ""

    @property
    def root_arn(self) -> str:
        """The ARN that stands for its account; empty where it has none."""
        return f"arn:{self.partition}:iam::{self.account}:root" if self.account else ""

    @property
    def role_key(self) -> tuple[str, str, str] | None:
        """Partition, account and role name: together unique whatever the role's path."""
        if not self.role_arn:
            return None
        return self.partition, self.account, self.role_arn.rsplit("/", 1)[-1]

    @property
    def short(self) -> str:
        """A few words for a table: `role/app`, `user/anna`, `root of 111122223333`."""
        if self.label:
            return self.label
        if self.kind is PrincipalKind.ANONYMOUS:
            return "anybody without credentials"
        if self.kind is PrincipalKind.ROOT:
            return f"root of {self.account}"
        arn = Arn.maybe(self.name)
        return self.name if arn is None else arn.resource

    @property
    def facts(self) -> Mapping[str, tuple[str, ...]]:
        """Condition keys that follow from who asks, by lower-case key; empty: absent."""
        return _facts(self)

    def with_role(self, role_arn: str) -> Principal:
        """The same session with its role's ARN as it was looked up."""
        return Principal(self.kind, self.name, self.account, role_arn, True, self.parent)


def session_name(arn: str) -> str:
    """What a role session was called when the role was assumed; empty where it is no session."""
    parsed = Arn.maybe(arn)
    if parsed is None or (parsed.service, parsed.resource_type) != ("sts", "assumed-role"):
        return ""
    return parsed.name.partition("/")[2]


OF_SERVICES_ONLY = (
    "aws:principalservicename",
    "aws:principalservicenameslist",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
)
"""Condition keys (lower case) that come with direct requests of service principals alone."""


_OF_IDENTITIES = (
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:federatedprovider",
    "aws:username",
)
PRINCIPAL_TAG = "aws:principaltag/"
WITHOUT_TAGS = frozenset({PrincipalKind.SERVICE, PrincipalKind.ANONYMOUS, PrincipalKind.ROOT})
"""Users, roles and sessions alone have tags (IAM User Guide, "aws:PrincipalTag")."""


@lru_cache(maxsize=4096)
def _facts(principal: Principal) -> Mapping[str, tuple[str, ...]]:
    """Source: IAM User Guide, "AWS global condition context keys", properties of the principal."""
    kind = principal.kind
    facts: dict[str, tuple[str, ...]] = {}
    if kind in _PRINCIPAL_TYPES:
        facts["aws:principaltype"] = (_PRINCIPAL_TYPES[kind],)
    if kind is PrincipalKind.SERVICE:
        facts["aws:principalisawsservice"] = ("true",)
        facts["aws:principalservicename"] = (principal.name,)
        # A service that calls for itself has neither an account nor a service in between (KMS
        # Developer Guide, "kms:CallerAccount", "kms:ViaService"), nor a type and an ID of an
        # identity (IAM User Guide, "IAM policy elements: Variables and tags", principal key values,
        # which lists no service).
        absent = (*_OF_IDENTITIES, "kms:calleraccount", "kms:viaservice")
        return facts | dict.fromkeys((*absent, "aws:userid", "aws:principaltype"), ())
    facts |= dict.fromkeys(OF_SERVICES_ONLY, ())
    if kind is PrincipalKind.ANONYMOUS:
        unsigned = ("kms:calleraccount", "aws:userid", "aws:principalisawsservice")
        facts |= dict.fromkeys((*_OF_IDENTITIES, *unsigned), ())
        return facts | {"aws:principalaccount": ("anonymous",)}
    facts["aws:principalisawsservice"] = ("false",)
    if principal.account:
        facts["aws:principalaccount"] = facts["kms:calleraccount"] = (principal.account,)
    if kind is not PrincipalKind.PROVIDER:
        facts["aws:principalarn"] = (principal.role_arn or principal.name,)
    if kind is PrincipalKind.USER:
        facts["aws:federatedprovider"] = ()
        facts["aws:username"] = (principal.name.rsplit("/", 1)[-1],)
    else:
        facts["aws:username"] = ()
    if kind is PrincipalKind.ROOT:
        facts["aws:federatedprovider"] = ()
    return facts
