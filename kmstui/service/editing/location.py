"""Where a policy is stored: the key policy of a key, or an inline policy of a role."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from kmstui.model import Arn, bare_name, words_for
from kmstui.service.errors import InvalidInputError, NotFoundError, ServiceError, unless_refused
from kmstui.service.ports import Gateway, IdentityGateway, PolicyGateway

PUT_KEY_POLICY = "kms:PutKeyPolicy"
PUT_ROLE_POLICY = "iam:PutRolePolicy"
ALIAS_PREFIX = "alias/"


ABSENT = ""
"""Stands for the text of a policy that does not exist; no stored policy is empty."""

_NO_ROLE = "role with name"
"""IAM's words where the role itself is missing: `The role with name app cannot be found`, while
of a policy it says `The role policy with name …`. The error code is NoSuchEntity for both."""


MOST_SECONDS = 10.0
"""For which lists of roles and users are waited for; thousands take longer than they are worth."""


@dataclass(frozen=True, slots=True)
class KnownIdentities:
    """The roles and users of an account by their ARNs; None where IAM did not list them."""

    roles: tuple[str, ...] | None = None
    users: tuple[str, ...] | None = None

    @property
    def account(self) -> str:
        """Whose they are; empty where nobody is listed."""
        arn = next((Arn.maybe(each) for each in (*(self.roles or ()), *(self.users or ()))), None)
        return "" if arn is None else arn.account


class PolicyLocation(Protocol):
    """One stored policy that can be read and replaced."""

    subject: str
    """How the journal names it: a key ID, or `role/NAME/POLICY`."""
    label: str
    """How a sentence names it."""
    operation: str
    """The permission that replacing it needs."""

    async def read(self) -> str:
        """The text as the service holds it now; ABSENT where none is there and one can be put."""
        ...

    async def put(self, text: str, *, bypass_lockout_check: bool = False) -> None:
        """Replace the text."""
        ...

    async def identities(self) -> KnownIdentities:
        """Whom a principal of the policy can be, as far as IAM may be asked."""
        ...

    def check_bypass(self, typed: str) -> None:
        """Whether `typed` allows the lock-out check to be turned off.

        Raises:
            InvalidInputError: it is not the alias of the key, or there is no such check.
        """
        ...


async def _listed(read: Callable[[], Awaitable[tuple[str, ...]]]) -> tuple[str, ...] | None:
    def nothing(_: ServiceError) -> None:
        return None

    with suppress(TimeoutError):
        async with asyncio.timeout(MOST_SECONDS):
            return await unless_refused(read, nothing)
    return None


class KeyPolicyLocation:
    """The `default` policy of a key."""

    operation = PUT_KEY_POLICY

    def __init__(
        self,
        gateway: PolicyGateway,
        key_id: str,
        aliases: Sequence[str] = (),
        iam: IdentityGateway | None = None,
    ) -> None:
        """Take `aliases` with their prefix, the first one being how a person knows the key.

        `iam` tells who exists: KMS refuses a policy that names anybody else.
        """
        self._gateway = gateway
        self._iam = iam
        self._aliases = tuple(aliases)
        self.subject = key_id
        self.label = f"key {words_for(key_id, aliases[0] if aliases else '')}"

    async def read(self) -> str:
        """GetKeyPolicy."""
        return await self._gateway.get_policy(self.subject)

    async def put(self, text: str, *, bypass_lockout_check: bool = False) -> None:
        """PutKeyPolicy."""
        await self._gateway.put_policy(
            self.subject, text, bypass_lockout_check=bypass_lockout_check
        )

    async def identities(self) -> KnownIdentities:
        """iam:ListRoles and iam:ListUsers; a put works in the key's own account alone."""
        if self._iam is None:
            return KnownIdentities()
        roles, users = await asyncio.gather(
            _listed(self._iam.role_names), _listed(self._iam.user_names)
        )
        return KnownIdentities(roles, users)

    def check_bypass(self, typed: str) -> None:
        """Accept any alias, with or without its prefix; the key ID of a key without one."""
        names = self._aliases or (bare_name(self.subject),)
        if typed.strip().removeprefix(ALIAS_PREFIX) not in {
            name.removeprefix(ALIAS_PREFIX) for name in names
        }:
            raise InvalidInputError(
                f"the lock-out check of {self.label} stays on: {typed!r} is not its name",
                f"Type {names[0]} to turn it off for this one save; nothing was sent.",
            )


class RolePolicyLocation:
    """An inline policy of a role."""

    operation = PUT_ROLE_POLICY

    def __init__(self, gateway: IdentityGateway, role: str, policy: str) -> None:
        self._gateway = gateway
        self._role = role
        self._policy = policy
        self.subject = role_subject(role, policy)
        self.label = f"inline policy {policy} of role {role}"

    async def read(self) -> str:
        """The text that iam:GetRolePolicy returns; ABSENT where the role has no such policy.

        Raises:
            NotFoundError: there is no such role.
        """
        try:
            return (await self._gateway.get_role_policy(self._role, self._policy)).text
        except NotFoundError as error:
            if _NO_ROLE in error.context.service_message:
                raise
            return ABSENT

    async def put(self, text: str, *, bypass_lockout_check: bool = False) -> None:
        """iam:PutRolePolicy, which has no lock-out check."""
        await self._gateway.put_role_policy(self._role, self._policy, text)

    async def identities(self) -> KnownIdentities:
        """Nobody: an IAM policy names no principals."""
        return KnownIdentities()

    def check_bypass(self, typed: str) -> None:
        """Refuse: there is nothing to bypass."""
        raise InvalidInputError(
            f"IAM has no lock-out check that could be turned off for {self.label}",
            "Save without it; nothing was sent.",
        )


def policy_of(record_json: str) -> str:
    """The policy text of a change record; empty where it holds none."""
    try:
        value = json.loads(record_json)
    except ValueError:
        return ""
    text = value.get("policy") if isinstance(value, dict) else None
    return text if isinstance(text, str) else ""


def role_subject(role: str, policy: str) -> str:
    """How the journal names an inline policy of a role."""
    return f"role/{role}/{policy}"


def location_of(gateway: Gateway, subject: str, aliases: Sequence[str] = ()) -> PolicyLocation:
    """The location that the journal calls `subject`."""
    parts = subject.split("/")
    # Neither role names nor policy names hold a slash (IAM API Reference, PutRolePolicy).
    if len(parts) == 3 and parts[0] == "role":
        return RolePolicyLocation(gateway, parts[1], parts[2])
    return KeyPolicyLocation(gateway, subject, aliases)
