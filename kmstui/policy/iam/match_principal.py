"""Whether a statement's Principal or NotPrincipal is about somebody, and how directly.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html and
…/reference_policies_elements_notprincipal.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from kmstui.model import Arn, late_pattern
from kmstui.policy.iam.conditions import Doubt, Truth
from kmstui.policy.iam.principals import Principal, PrincipalKind, session_name
from kmstui.policy.syntax import PrincipalEntry, Statement

_ACCOUNT = late_pattern(r"\d{12}")
RoleKey = tuple[str, str, str]
"""Partition, account and name of a role: unique whatever its path."""


class NamedBy(IntEnum):
    """How directly a statement names somebody."""

    ACCOUNT = 1
    """By the account, which lets IAM policies of that account decide."""
    ROLE = 2
    """By the role's ARN (or the user's behind a federated user): permissions boundaries and
    session policies still cap it."""
    DIRECT = 3
    """By the principal's own ARN, or `*`."""


@dataclass(frozen=True, slots=True)
class PrincipalMatch:
    """That a statement is about somebody."""

    by: NamedBy
    truth: Truth
    doubt: Doubt | None = None
    why: str = ""
    """What of the principal decides, or leaves it open, where the statement alone does not tell."""


_DIRECT = PrincipalMatch(NamedBy.DIRECT, Truth.YES)
_ROLE = PrincipalMatch(NamedBy.ROLE, Truth.YES)
_THROUGH_ACCOUNT = PrincipalMatch(NamedBy.ACCOUNT, Truth.YES)
_OPEN_EXEMPTION = PrincipalMatch(NamedBy.DIRECT, Truth.MAYBE, Doubt.NOT_PRINCIPAL)
_BOUNDED = PrincipalMatch(
    NamedBy.DIRECT,
    Truth.YES,
    why="NotPrincipal with Deny always denies who has a permissions boundary",
)
_UNSUPPORTED = PrincipalMatch(NamedBy.DIRECT, Truth.MAYBE, Doubt.NOT_PRINCIPAL_ALLOW)


@dataclass(frozen=True, slots=True)
class PrincipalSet:
    """The principals that an element lists, for quick questions."""

    everybody: bool
    accounts: frozenset[str]
    """Their root ARNs; the number alone where that is what stands there."""
    arns: frozenset[str]
    """Users, federated users, sessions, services and providers, by name."""
    roles: frozenset[RoleKey]
    sessions: Mapping[RoleKey, tuple[str, ...]]
    """The names of the sessions that are listed, by their role."""
    all_services: bool
    providers: bool
    canonical_users: bool

    @classmethod
    def of(cls, entries: tuple[PrincipalEntry, ...]) -> PrincipalSet:
        """Sort the entries of a Principal or NotPrincipal element.

        What is not a principal (a group, a partial wildcard, the unique ID of a deleted one) is
        nobody.
        """
        accounts, arns = set[str](), set[str]()
        roles, sessions = set[RoleKey](), dict[RoleKey, tuple[str, ...]]()
        for entry in entries:
            value = entry.value.value
            if entry.type in ("Service", "Federated"):
                arns.add(value)
            elif entry.type == "AWS":
                arn = Arn.maybe(value)
                if _ACCOUNT.fullmatch(value):
                    accounts.add(value)
                elif arn is None:
                    continue
                elif arn.service == "iam" and arn.resource == "root":
                    accounts.add(value)
                elif arn.service == "iam" and arn.resource_type == "role":
                    roles.add((arn.partition, arn.account, arn.name.rsplit("/", 1)[-1]))
                else:
                    arns.add(value)
                    if arn.service == "sts" and arn.resource_type == "assumed-role":
                        role, _, session = arn.name.partition("/")
                        key = (arn.partition, arn.account, role)
                        sessions[key] = (*sessions.get(key, ()), session)
        stars = {entry.type for entry in entries if entry.value.value == "*"}
        return cls(
            everybody=bool(stars & {"*", "AWS"}),
            accounts=frozenset(accounts),
            arns=frozenset(arns),
            roles=frozenset(roles),
            sessions=sessions,
            all_services="Service" in stars,
            providers=any(entry.type == "Federated" for entry in entries),
            canonical_users=any(entry.type == "CanonicalUser" for entry in entries),
        )

    def names(self, principal: Principal) -> bool:
        """Whether it lists the principal's own name."""
        if principal.kind is PrincipalKind.SERVICE and self.all_services:
            return True
        return principal.name in self.arns

    def names_role(self, principal: Principal) -> bool:
        """Whether it lists the role of a session, or the user behind a federated user.

        Role names are unique in an account, so a path that is not known does not matter.
        """
        if principal.parent and principal.parent in self.arns:
            return True
        return principal.role_key in self.roles

    def names_account(self, principal: Principal) -> bool:
        """Whether it lists the principal's account."""
        names = {principal.account, principal.root_arn} - {""}
        return not names.isdisjoint(self.accounts)

    def matches(self, principal: Principal) -> tuple[PrincipalMatch, ...]:
        """All the ways in which it is about `principal`."""
        if self.everybody:
            return (_DIRECT,)
        found = []
        if self.names(principal):
            found.append(_DIRECT)
        elif self.names_role(principal):
            found.append(_ROLE)
        elif principal.kind is PrincipalKind.ROLE and self._sessions_of(principal):
            only = f"it names {self._sessions_of(principal)} alone"
            found.append(PrincipalMatch(NamedBy.DIRECT, Truth.MAYBE, Doubt.SESSION, only))
        elif self.providers and principal.kind in _MAYBE_FEDERATED:
            found.append(PrincipalMatch(NamedBy.DIRECT, Truth.MAYBE, Doubt.PROVIDER))
        if self.names_account(principal):
            found.append(_THROUGH_ACCOUNT)
        elif self.canonical_users and principal.account:
            found.append(PrincipalMatch(NamedBy.ACCOUNT, Truth.MAYBE, Doubt.CANONICAL_USER))
        return tuple(found)

    def _sessions_of(self, principal: Principal) -> str:
        """`the session i-0123` or `the sessions a and b`, which are listed; empty: none is."""
        names = () if principal.role_key is None else self.sessions.get(principal.role_key, ())
        if len(names) < 2:
            return f"the session {names[0]}" if names else ""
        return f"the sessions {', '.join(names[:-1])} and {names[-1]}"

    def exempts(self, principal: Principal, *, has_boundary: bool) -> PrincipalMatch | None:
        """How a Deny that lists these as NotPrincipal is about `principal`; None: it spares it.

        Who is not listed is denied, and so is whoever has a permissions boundary, whatever is
        listed. A session is listed by its own name: "you must list the role session name of every
        user and every instance ID that will be assuming the role"
        (https://aws.amazon.com/premiumsupport/knowledge-center/explicit-deny-principal-elements-s3/).
        A user needs its account in the list as well, a session its role and account; with only
        some of them the documents say that AWS "might" deny.
        """
        if has_boundary and principal.kind in WITH_BOUNDARIES:
            return _BOUNDED
        if self.everybody:
            return None
        if principal.kind is PrincipalKind.ROOT:
            return None if self.names_account(principal) else _DIRECT
        if principal.kind is PrincipalKind.ROLE:
            return self._exempts_role(principal)
        if not self.names(principal):
            return self._not_listed(principal)
        if principal.kind not in WITH_BOUNDARIES:
            return None
        role = self.names_role(principal) or not principal.role_arn
        return None if role and self.names_account(principal) else _OPEN_EXEMPTION

    def _exempts_role(self, role: Principal) -> PrincipalMatch:
        """Of a role, the sessions that are listed are spared."""
        listed = self._sessions_of(role)
        if not listed:
            return self._not_listed(role)
        if not (self.names_role(role) and self.names_account(role)):
            return _OPEN_EXEMPTION
        only = f"it spares {listed} alone"
        return PrincipalMatch(NamedBy.DIRECT, Truth.MAYBE, Doubt.SESSION, only)

    def _not_listed(self, principal: Principal) -> PrincipalMatch:
        """Denied; and why, where it could seem to be listed."""
        if not self.names_role(principal):
            return _DIRECT
        session = session_name(principal.name)
        missing = f"the session {session}" if session else "the very session"
        why = f"NotPrincipal must list {missing} too, and cannot say all sessions"
        return PrincipalMatch(NamedBy.DIRECT, Truth.YES, why=why)


_MAYBE_FEDERATED = frozenset({PrincipalKind.ROLE, PrincipalKind.SESSION})
WITH_BOUNDARIES = frozenset(
    {
        PrincipalKind.USER,
        PrincipalKind.ROLE,
        PrincipalKind.SESSION,
        PrincipalKind.FEDERATED_USER,
    }
)
"""Kinds that can have a permissions boundary."""


@dataclass(frozen=True, slots=True)
class PrincipalTest:
    """The Principal or NotPrincipal of one statement of a key policy."""

    listed: PrincipalSet
    negated: bool
    deny: bool

    @classmethod
    def of(cls, statement: Statement) -> PrincipalTest:
        """Of a statement; one without either element is about nobody."""
        negated = bool(statement.not_principals) and not statement.principals
        entries = statement.not_principals if negated else statement.principals
        return cls(PrincipalSet.of(entries), negated, statement.effect == "Deny")

    @property
    def handles(self) -> frozenset[object]:
        """Names, roles and accounts by which it can be about somebody; None: about anybody."""
        listed = self.listed
        broad = (
            self.negated
            or listed.everybody
            or listed.all_services
            or listed.providers
            or listed.canonical_users
        )
        if broad:
            return frozenset({None})
        return listed.accounts | listed.arns | listed.roles | listed.sessions.keys()

    def matches(self, principal: Principal, *, has_boundary: bool) -> tuple[PrincipalMatch, ...]:
        """All the ways in which the statement is about `principal`."""
        if not self.negated:
            return self.listed.matches(principal)
        if self.deny:
            match = self.listed.exempts(principal, has_boundary=has_boundary)
            return () if match is None else (match,)
        # "NotPrincipal must be used with Deny; using it with Allow is not supported".
        listed = self.listed.everybody or bool(self.listed.matches(principal))
        return () if listed else (_UNSUPPORTED,)
