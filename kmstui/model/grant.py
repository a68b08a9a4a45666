"""Grants and CloudTrail events of a key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """One entry of ListGrants. Source: KMS API Reference, GrantListEntry."""

    id: str
    key_arn: str
    grantee: str
    """GranteePrincipal: an ARN or a service principal."""
    operations: tuple[str, ...]
    name: str = ""
    retiring: str = ""
    """RetiringPrincipal, or empty."""
    issuing_account: str = ""
    created: datetime | None = None
    context_equals: tuple[tuple[str, str], ...] = ()
    """EncryptionContextEquals, sorted by name."""
    context_subset: tuple[tuple[str, str], ...] = ()
    """EncryptionContextSubset, sorted by name."""


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """One CloudTrail event about a key, as LookupEvents returns it."""

    id: str
    time: datetime
    name: str
    """The operation, such as `Decrypt` or `PutKeyPolicy`."""
    principal: str
    """The caller's ARN, or the service that called."""
    source_ip: str = ""
    vpc_endpoint: str = ""
    user_agent: str = ""
    error_code: str = ""
    error_message: str = ""
    encryption_context: tuple[tuple[str, str], ...] = ()
    policy: str = ""
    """The policy text of a PutKeyPolicy event, or empty."""
    read_only: bool = True
