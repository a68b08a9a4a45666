"""Callers: from an access key to a principal with what it carries into a request."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal as it signs requests."""

    arn: str
    """Session ARN of a role, ARN of a user, or ``…:root``."""
    principal_arn: str
    """``aws:PrincipalArn``: the role's ARN for a session, else ``arn``."""
    account: str
    user_id: str
    kind: str
    """AssumedRole, User or Account (``aws:PrincipalType``)."""
    session_policies: tuple[str, ...] = ()
    mfa_at: float | None = None
    """When this session passed MFA (seconds since the epoch); None when it never did."""
    expires: float | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The role's or user's own name, without its path."""
        return self.principal_arn.rsplit("/", 1)[-1]

    @property
    def is_root(self) -> bool:
        """Whether this is the account's root user, to whom IAM policies do not apply."""
        return self.arn.endswith(":root")

    @property
    def identities(self) -> tuple[str, ...]:
        """Every ARN by which a policy can name this caller directly."""
        return (self.arn,) if self.arn == self.principal_arn else (self.arn, self.principal_arn)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client needs to sign as a caller."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""
    expiration: float | None = None


class CallerRegistry:
    """Access keys and the callers behind them. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callers: dict[str, Caller] = {}

    def register(self, access_key_id: str, caller: Caller) -> None:
        """Let ``access_key_id`` sign as ``caller``."""
        with self._lock:
            self._callers[access_key_id] = caller

    def find(self, access_key_id: str) -> Caller | None:
        """The caller behind an access key, or None when nobody has it."""
        return self._callers.get(access_key_id)

    def expired(self, caller: Caller) -> bool:
        """Whether the caller's session has ended."""
        return caller.expires is not None and caller.expires < time.time()

    def expire(self, name: str) -> int:
        """End the sessions of a role, as a stolen-credentials drill does; how many there were."""
        from dataclasses import replace

        with self._lock:
            ended = [key for key, c in self._callers.items() if c.name == name]
            for key in ended:
                self._callers[key] = replace(self._callers[key], expires=0.0)
        return len(ended)

    def renew(self) -> None:
        """Undo every :meth:`expire`."""
        from dataclasses import replace

        with self._lock:
            for key, caller in self._callers.items():
                if caller.expires == 0.0:
                    self._callers[key] = replace(caller, expires=None)


def session_caller(
    account: str,
    role_arn: str,
    role_id: str,
    session: str,
    **extra: Any,
) -> Caller:
    """The caller of a role session, with the ARN that STS gives it (the role's path left out)."""
    role_name = role_arn.rsplit("/", 1)[-1]
    return Caller(
        arn=f"arn:aws:sts::{account}:assumed-role/{role_name}/{session}",
        principal_arn=role_arn,
        account=account,
        user_id=f"{role_id}:{session}",
        kind="AssumedRole",
        **extra,
    )
