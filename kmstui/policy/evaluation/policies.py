"""The policies and grants that an answer rests on, and words for those that it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from kmstui.model import Grant, Identity
from kmstui.policy.evaluation.chain import NOTHING_READ, Chain
from kmstui.policy.evaluation.compiled import CompiledPolicy
from kmstui.policy.iam import WITH_BOUNDARIES, Principal, PrincipalKind, Truth
from kmstui.policy.syntax import Document, Policy, parse, read_policy

PolicyLike = str | Document | Policy
"""A policy as text, parsed, or taken apart."""

_NEVER_CONSIDERED = ("the state of the key",)
_NO_IAM = frozenset({PrincipalKind.SERVICE, PrincipalKind.ANONYMOUS, PrincipalKind.ROOT})
_SESSIONS = frozenset({PrincipalKind.ROLE, PrincipalKind.SESSION, PrincipalKind.FEDERATED_USER})


def as_policy(policy: PolicyLike) -> Policy:
    """The statements of a policy in whatever form it is at hand."""
    if isinstance(policy, str):
        policy = parse(policy)
    return read_policy(policy) if isinstance(policy, Document) else policy


def compile_key_policy(policy: PolicyLike) -> CompiledPolicy:
    """A key policy, ready for questions."""
    return CompiledPolicy(as_policy(policy))


def compile_identity_policy(policy: PolicyLike, name: str) -> CompiledPolicy:
    """An IAM policy called `name`, ready for questions."""
    return CompiledPolicy(as_policy(policy), name, identity=True)


@dataclass(frozen=True)
class Policies:
    """What is known to bear on a request."""

    key: CompiledPolicy
    identity: tuple[CompiledPolicy, ...] | None = None
    """The identity policies of who asks; None where they were not read."""
    identity_incomplete: str = ""
    """Why there may be more identity policies than these; empty when these are all."""
    boundary: CompiledPolicy | None = None
    boundary_known: bool = False
    """Whether a `boundary` of None says that there is none."""
    session: tuple[CompiledPolicy, ...] | None = None
    """The session policies; None where nothing is known of them."""
    grants: tuple[Grant, ...] | None = None
    """The key's grants; None where they were not read."""
    chain: Chain = NOTHING_READ
    """Control policies and the policy of a VPC endpoint, which grant nothing and can refuse."""
    _words: dict[tuple[bool, bool, bool], tuple[str, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def of_key(cls, policy: PolicyLike, grants: Sequence[Grant] | None = None) -> Policies:
        """Only the key policy, and the grants where they were read."""
        return cls(compile_key_policy(policy), grants=None if grants is None else tuple(grants))

    def with_identity(self, identity: Identity) -> Policies:
        """The same with the policies of a role or user as IAM tells them."""
        boundary = identity.boundary
        return replace(
            self,
            identity=tuple(
                compile_identity_policy(each.text, f"{identity.kind} policy {each.name}")
                for each in identity.policies
            ),
            identity_incomplete=identity.problem,
            boundary=None
            if boundary is None
            else compile_identity_policy(boundary.text, f"permissions boundary {boundary.name}"),
            boundary_known=not identity.problem,
        )

    @property
    def boundary_policies(self) -> tuple[CompiledPolicy, ...]:
        """The permissions boundary, as none or one policy."""
        return () if self.boundary is None else (self.boundary,)

    @property
    def of_iam(self) -> tuple[CompiledPolicy, ...]:
        """All of them but the key policy."""
        own = (*(self.identity or ()), *self.boundary_policies, *(self.session or ()))
        return (*own, *self.chain.policies)

    @property
    def condition_keys(self) -> frozenset[str]:
        """The condition keys (lower case) that any of them asks about."""
        return frozenset(
            condition.key
            for policy in (self.key, *self.of_iam)
            for statement in policy.statements
            for condition in statement.conditions
        )

    def without_session_policy(self, principal: Principal) -> Truth:
        """Whether the lack of session policies leaves a principal what others give it.

        Of GetFederationToken: "if you do not pass a policy, then the resulting federated user
        session has no permissions" (STS API Reference); MAYBE where they were not read.
        """
        if self.session or principal.kind is not PrincipalKind.FEDERATED_USER:
            return Truth.YES
        return Truth.MAYBE if self.session is None else Truth.NO

    @property
    def considered(self) -> tuple[str, ...]:
        """What the answer rests on."""
        found = ["the key policy"]
        if self.grants is not None:
            found.append("grants")
        if self.identity is not None:
            found.append("identity policies")
        if self.boundary is not None:
            found.append("the permissions boundary")
        if self.session is not None:
            found.append("session policies")
        return tuple(found)

    @property
    def not_considered_by_anybody(self) -> tuple[str, ...]:
        """What no answer rests on, whoever asks; never empty."""
        return (*self.chain.unknown, *self._never_considered)

    @property
    def _never_considered(self) -> tuple[str, ...]:
        return (*_NEVER_CONSIDERED, *(("grants",) if self.grants is None else ()))

    def not_considered(self, principal: Principal) -> tuple[str, ...]:
        """What answers about `principal` do not rest on, besides `chain`; never empty."""
        iam = principal.kind not in _NO_IAM
        session = principal.kind in _SESSIONS
        key = (iam, session, principal.path_known)
        words = self._words.get(key)
        if words is None:
            words = self._words[key] = tuple(self._left_out(iam, session, principal.path_known))
        return words

    def denied_with_boundary(self, principal: Principal, action: str) -> tuple[str, ...]:
        """What a permissions boundary would call up: a Deny with NotPrincipal, where it is open.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
        """
        if self.boundary or self.boundary_known or principal.kind not in WITH_BOUNDARIES:
            return ()
        return tuple(
            f"a permissions boundary, with which {each.words} would deny it (NotPrincipal)"
            for each in self.key.only_with_boundary(principal, action)
        )

    def _left_out(self, iam: bool, session: bool, path_known: bool) -> list[str]:
        found = list(self._never_considered)
        if iam and self.identity is None:
            found.append("identity policies (IAM)")
        elif iam and self.identity_incomplete:
            found.append(f"identity policies that could not be read: {self.identity_incomplete}")
        if iam and self.boundary is None and not self.boundary_known:
            found.append("permissions boundaries")
        if session and self.session is None:
            found.append("session policies")
        if not path_known:
            found.append("the role's path, which a session does not tell (taken as /)")
        return found
