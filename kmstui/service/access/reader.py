"""What bears on access to a key besides its policy: grants, and the IAM policies of identities.

It is read on demand, a few identities at a time, and kept until a refresh. Each part may be
refused by itself; what could not be read is said in words, and never hides the rest.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from kmstui.model import Arn, Caller, Grant, Identity, Key
from kmstui.policy.evaluation import NOTHING_READ, Chain, as_policy
from kmstui.policy.iam import Principal, PrincipalKind, accounts, named
from kmstui.policy.syntax import Policy
from kmstui.service.access.account_facts import caller_principal
from kmstui.service.access.chain_reader import ChainReader
from kmstui.service.errors import (
    FailedError,
    NotFoundError,
    ServiceError,
    unless_refused,
)
from kmstui.service.inventory import Topic
from kmstui.service.ports import Gateway
from kmstui.service.session import Session

AT_ONCE = 6
"""Identities read at the same time; each takes about five calls, and IAM throttles early."""

DELEGATED_AT_FIRST = 40
"""So many of the roles and users that a key policy delegates to are read without being asked for
more: in a large account all of them would take minutes."""

REFUSALS_ENOUGH = 3
"""After so many identities of which nothing may be read, the others are not tried."""

_IDENTITIES = (PrincipalKind.ROLE, PrincipalKind.SESSION, PrincipalKind.USER)
_OF_SERVICES = ":role/aws-service-role/"
"""Service-linked roles come last: their policies are AWS's, and none of them is a person."""

Tell = Callable[[int, int], None]
"""Told how many of how many identities are read."""


@dataclass(frozen=True, slots=True)
class AccessReading:
    """What was read for one key, and what could not be."""

    grants: tuple[Grant, ...] | None = None
    """None where they could not be read."""
    identities: tuple[Identity, ...] = ()
    problems: tuple[str, ...] = ()
    """What could not be read, as sentences."""
    left: int = 0
    """Roles and users of the account that were not looked at; they can be read on request."""
    chain: Chain = NOTHING_READ
    """Control policies, as far as they could be read."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Whom to read for one key."""

    named: tuple[str, ...]
    """ARNs that the policy or a grant names, and who asks."""
    delegated: tuple[str, ...]
    """The account's other roles and users, where the policy delegates to the account."""
    problem: str = ""


def role_of(principal: Principal) -> str:
    """The ARN of the role or user that carries the principal's IAM policies; "" for none."""
    if principal.kind not in _IDENTITIES:
        return ""
    return principal.role_arn or principal.name


def delegates(policy: Policy, account: str) -> bool:
    """Whether an Allow names the account, so that its IAM policies decide.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    return any(
        _is_account(entry.value.value, account)
        for statement in policy.statements
        if statement.effect == "Allow"
        for entry in statement.principals
    )


def _is_account(name: str, account: str) -> bool:
    # A deleted principal shows as its unique ID, which nobody can be asked about.
    principal = Principal.maybe(name)
    return principal is not None and (principal.kind, principal.account) == (
        PrincipalKind.ROOT,
        account,
    )


class AccessReader:
    """Reads for one session, and keeps what was read until a refresh or a switch."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._gateway: Gateway | None = None
        self._identities: dict[tuple[str, str], Identity] = {}
        self._missing: dict[tuple[str, str], str] = {}
        self._names: tuple[tuple[str, ...], str] | None = None
        self._grants: dict[str, tuple[tuple[Grant, ...] | None, str]] = {}
        session.store.subscribe(Topic.POLICIES, self._policies_changed)
        session.store.subscribe(Topic.GRANTS, self._grants_changed)
        session.store.subscribe(Topic.IDENTITIES, self._identities_changed)

    def _policies_changed(self, key_ids: frozenset[str]) -> None:
        if not key_ids:
            self.forget()
        self._grants_changed(key_ids)

    def _grants_changed(self, key_ids: frozenset[str]) -> None:
        for key_id in key_ids:
            self._grants.pop(key_id, None)

    def forget(self) -> None:
        """Read everything again when it is next needed."""
        self._identities.clear()
        self._missing.clear()
        self._grants.clear()
        self._names = None

    def _identities_changed(self, arns: frozenset[str]) -> None:
        for arn in arns:
            self._identities.pop(_key(arn), None)

    def _connected(self) -> Gateway:
        """The connection in use; what another one told is forgotten."""
        gateway = self._session.gateway
        if gateway is not self._gateway:
            self.forget()
            self._gateway = gateway
        return gateway

    async def identity(self, arn: str) -> Identity:
        """A role or user with its IAM policies.

        Raises:
            NotFoundError: there is none.
            ServiceError: IAM cannot be asked.
        """
        gateway = self._connected()
        known = self._identities.get(_key(arn))
        if known is None:
            known = await gateway.identity(arn)
            if gateway is self._gateway:
                self._identities[_key(arn)] = known
        return known

    def known_identity(self, arn: str) -> Identity | None:
        """The identity, if it was read."""
        return self._identities.get(_key(arn)) if arn else None

    @property
    def known_identities(self) -> tuple[Identity, ...]:
        """Every role and user that was read over the connection in use."""
        if self._session.gateway is not self._gateway:
            return ()
        return tuple(self._identities.values())

    async def grants(self, key_id: str) -> tuple[tuple[Grant, ...] | None, str]:
        """The key's grants, or None and the reason as a sentence."""
        gateway = self._connected()
        known = self._grants.get(key_id)
        if known is None:
            try:
                known = (await gateway.list_grants(key_id), "")
            except FailedError as error:
                known = (None, f"The grants were not read: {error.sentence}")
            if gateway is self._gateway:
                self._grants[key_id] = known
        return known

    async def read(
        self,
        key: Key,
        policy: str,
        *,
        most: int = DELEGATED_AT_FIRST,
        tell: Tell = lambda done, of: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> AccessReading:
        """Everything about one key that may be read.

        Args:
            key: The key.
            policy: Its policy's text.
            most: How many of the identities that it delegates to are read at most.
            tell: Told how far it is.
            stop: Asked before each identity whether the person wants no more of them.

        Raises:
            CancelledByPersonError: the connection is gone.
        """
        # Organizations answers from far away, or not at all from a network without a way out.
        reading, chain = await asyncio.gather(
            self._read(key, policy, most, tell, stop),
            self._session.shared(ChainReader).chain(key, accounts(as_policy(policy))),
        )
        return replace(reading, chain=chain)

    async def _read(
        self, key: Key, policy: str, most: int, tell: Tell, stop: Callable[[], bool]
    ) -> AccessReading:
        grants, no_grants = await self.grants(key.id)
        wanted = await self._wanted(key, as_policy(policy), grants or ())
        chosen = (*wanted.named, *wanted.delegated[:most])
        refused = await self._read_all(chosen, tell, stop)
        read = tuple(
            identity for arn in chosen if (identity := self.known_identity(arn)) is not None
        )
        problems = (no_grants, wanted.problem, refused, *self._about_missing(wanted.named))
        return AccessReading(
            grants,
            read,
            (*filter(None, problems), *_about_parts(read)),
            sum(not self._is_settled(arn) for arn in (*wanted.named, *wanted.delegated)),
        )

    async def _wanted(self, key: Key, policy: Policy, grants: Sequence[Grant]) -> _Wanted:
        caller = self._session.caller
        own = caller.account if caller else _account_of(key.arn)
        names = [caller_principal(caller), *(each.name for each in named(policy))]
        names += [name for grant in grants for name in (grant.grantee, grant.retiring)]
        found: dict[tuple[str, str], str] = {}
        for name in names:
            principal = Principal.maybe(name)
            arn = role_of(principal) if principal is not None else ""
            # IAM tells of the caller's own account alone.
            if principal is not None and arn and principal.account == own:
                found.setdefault(_key(arn), arn)
        listed: tuple[str, ...] = ()
        problem = ""
        if own == _account_of(key.arn) and delegates(policy, own):
            listed, problem = await self._account_names()
        others = {_key(arn): arn for arn in listed}
        # A session does not tell its role's path; the listing does.
        direct = tuple(others.get(name, arn) for name, arn in found.items())
        rest = [arn for name, arn in others.items() if name not in found]
        rest.sort(key=lambda arn: _OF_SERVICES in arn)
        return _Wanted(direct, tuple(rest), problem)

    async def _account_names(self) -> tuple[tuple[str, ...], str]:
        """The account's roles and users, and why there may be more."""
        if self._names is not None:
            return self._names
        gateway = self._connected()
        problems: list[str] = []

        async def listed(
            what: str, read: Callable[[], Awaitable[tuple[str, ...]]]
        ) -> tuple[str, ...]:
            def refused(error: ServiceError) -> tuple[str, ...]:
                problems.append(f"The account's {what} were not listed: {error.sentence}")
                return ()

            return await unless_refused(read, refused)

        roles, users = await asyncio.gather(
            listed("roles", gateway.role_names), listed("users", gateway.user_names)
        )
        names = ((*roles, *users), " ".join(problems))
        if gateway is self._gateway:
            self._names = names
        return names

    def _is_settled(self, arn: str) -> bool:
        return _key(arn) in self._identities or _key(arn) in self._missing

    async def _read_all(self, arns: Iterable[str], tell: Tell, stop: Callable[[], bool]) -> str:
        """Read those that are not known yet, a few at a time; returns what refused them."""
        wanted = [arn for arn in arns if not self._is_settled(arn)]
        todo = iter(wanted)
        done = 0
        refusals: list[str] = []
        failures: list[str] = []
        useful = any(not _is_refused(each) for each in self._identities.values())

        async def work() -> None:
            nonlocal done, useful
            for arn in todo:
                if stop() or (not useful and len(refusals) >= REFUSALS_ENOUGH):
                    return
                try:
                    identity = await self.identity(arn)
                except NotFoundError:
                    self._missing[_key(arn)] = arn
                except FailedError as error:
                    refusals.append(error.sentence)
                    failures.append(f"{_short(arn)} were not read: {error.sentence}")
                else:
                    if _is_refused(identity):
                        refusals.append(identity.problem)
                    else:
                        useful = True
                done += 1
                tell(done, len(wanted))

        tell(0, len(wanted))
        await asyncio.gather(*(work() for _ in range(min(AT_ONCE, len(wanted)))))
        if done < len(wanted) and not useful and refusals:
            return (
                f"IAM refuses to tell the policies of roles and users, so {len(wanted) - done} of"
                f" them were not tried: {refusals[0]}"
            )
        more = f" Nor were those of {len(failures) - 1} others." if len(failures) > 1 else ""
        return f"The IAM policies of {failures[0]}{more}" if failures else ""

    def _about_missing(self, arns: Iterable[str]) -> Iterable[str]:
        gone = [_short(arn) for arn in arns if _key(arn) in self._missing]
        if gone:
            verb = "does not exist" if len(gone) == 1 else "do not exist"
            yield f"{_some(gone)} {verb} in this account."


def without_problem(identity: Identity) -> Identity:
    """The identity as a table takes it whose problems are told once for all rows."""
    return replace(identity, problem="some of them" if identity.problem else "")


def is_caller(arn: str, caller: Caller | None) -> bool:
    """Whether this is the role or user of who asks."""
    return caller is not None and _key(caller_principal(caller)) == _key(arn)


def _key(arn: str) -> tuple[str, str]:
    """Account, and kind with name: unique whatever the path (IAM User Guide, "IAM identifiers")."""
    parsed = Arn.maybe(arn)
    if parsed is None:
        return "", arn
    name = parsed.name.split("/")[0 if parsed.resource_type == "assumed-role" else -1]
    kind = "role" if parsed.resource_type == "assumed-role" else parsed.resource_type
    return parsed.account, f"{kind}/{name}"


def _account_of(arn: str) -> str:
    parsed = Arn.maybe(arn)
    return parsed.account if parsed else ""


def _short(arn: str) -> str:
    parsed = Arn.maybe(arn)
    return parsed.resource if parsed else arn


def _is_refused(identity: Identity) -> bool:
    """Whether nothing of it could be read."""
    return bool(identity.problem) and not identity.policies and identity.boundary is None


def _some(names: Sequence[str], most: int = 3) -> str:
    """`a, b and c`, or the first ones and how many more."""
    shown = list(names[:most])
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _about_parts(identities: Iterable[Identity]) -> Iterable[str]:
    """What of the identities could not be read: each reason once, with whom it concerns."""
    reasons = Counter(each.problem for each in identities if each.problem)
    incomplete = [_short(each.arn) for each in identities if each.problem]
    if incomplete:
        first = next(iter(reasons))
        more = "" if len(reasons) == 1 else f" (and {len(reasons) - 1} other reasons)"
        yield f"The IAM policies of {_some(incomplete)} were not read completely: {first}{more}"
