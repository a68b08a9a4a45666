"""Whether somebody may do something with a key, and which statements decide it.

The algorithm is that of
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html,
…/reference_policies_evaluation-logic-cross-account.html and
https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html.
It claims no certainty: every decision says what was not considered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from kmstui.model import Grant
from kmstui.policy.evaluation.compiled import Applied, CompiledPolicy
from kmstui.policy.evaluation.grants import RETIRE, Granted, granted
from kmstui.policy.evaluation.outcome import Outcome, Reason
from kmstui.policy.evaluation.policies import Policies
from kmstui.policy.iam import (
    Doubt,
    Lookup,
    NamedBy,
    PrincipalKind,
    Request,
    Truth,
    absent_keys,
    action_info,
    lookup_for,
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one request."""

    request: Request
    outcome: Outcome
    reason: Reason
    deciding: tuple[Applied, ...]
    """The statements that decided; where it is not predictable, those that may."""
    policies: Policies
    """What was asked."""
    granted: tuple[Granted, ...]
    """The grants that allowed it, or may."""
    doubts: tuple[Doubt, ...]
    """What leaves it open; empty where the answer is certain as far as it was considered."""
    considered: tuple[str, ...]
    not_considered: tuple[str, ...]
    """Never empty."""
    barrier: str = ""
    """Which policies bar what is allowed otherwise, such as `policy of the VPC endpoint vpce-1`."""

    @property
    def allowed(self) -> bool:
        """Whether the answer is yes."""
        return self.outcome is Outcome.ALLOWED

    @property
    def grants(self) -> tuple[Grant, ...]:
        """The grants that allowed it, or may."""
        return tuple(each.grant for each in self.granted)

    @property
    def hangs_on_iam_alone(self) -> bool:
        """Whether identity policies that were not read are all that leaves it open."""
        return set(self.doubts) == {Doubt.IAM}

    @property
    def near(self) -> tuple[Applied, ...]:
        """Statements about the request whose conditions do not hold; worked out when asked for."""
        return _Evaluation(self.request, self.policies, ruled_out=True).near()

    @property
    def missing_keys(self) -> tuple[str, ...]:
        """The condition keys whose values would settle it, as the policy spells them."""
        keys = (
            result.entry.key.value
            for applied in self.deciding
            for result in applied.conditions
            if result.doubt is Doubt.CONTEXT
        )
        of_grants = (key for each in self.granted for key in each.missing)
        return tuple(dict.fromkeys((*keys, *of_grants)))


class _Tally(NamedTuple):
    """The strongest Allow of one kind of policy, for each `NamedBy`."""

    account: Truth
    role: Truth
    direct: Truth


def _tally(applied: Iterable[Applied]) -> _Tally:
    strongest = [Truth.NO, Truth.NO, Truth.NO]
    for each in applied:
        if not each.deny:
            level = each.match.by - NamedBy.ACCOUNT
            strongest[level] = max(strongest[level], each.truth)
    return _Tally(*strongest)


def _about(
    policies: Iterable[CompiledPolicy], action: str, resource: str, lookup: Lookup
) -> list[Applied]:
    return [
        applied for policy in policies for applied in policy.applied(None, action, resource, lookup)
    ]


def evaluate(request: Request, policies: Policies) -> Decision:
    """Decide about one request by the policies given."""
    return _Evaluation(request, policies).decide()


_WITHOUT_IAM = frozenset(
    {PrincipalKind.SERVICE, PrincipalKind.ANONYMOUS, PrincipalKind.ROOT, PrincipalKind.PROVIDER}
)
"""Principals that no identity policy is attached to."""


class _Evaluation:
    """One run of the algorithm, with its intermediate results by name."""

    def __init__(self, request: Request, policies: Policies, *, ruled_out: bool = False) -> None:
        self.request = request
        self.policies = policies
        self.principal = request.principal
        self.info = action_info(request.action)
        keyless = self.info is not None and self.info.iam_only
        self.iam_only = keyless or request.of_alias
        self.retires = request.action.lower() == RETIRE.lower()
        """Of a grant its grant says who may retire it; a key policy has no say in that."""
        given = lookup_for(request, absent_keys(request.action))
        self.lookup = lookup = policies.chain.completing(given, request)
        self.key = (
            []
            if self.iam_only or self.retires
            else list(
                policies.key.applied(
                    request.principal,
                    request.action,
                    request.resource,
                    lookup,
                    has_boundary=policies.boundary is not None,
                    # What the question says of the principal goes before what follows from it.
                    ruled_out=ruled_out or request.overrides_principal,
                )
            )
        )
        self.iam_applies = request.principal.kind not in _WITHOUT_IAM
        self.outside = self.iam_applies and request.principal.account != request.owner
        self.identity: list[Applied] = []
        self.boundary: list[Applied] = []
        self.session: list[Applied] = []
        # An action that names no key is asked for on "*" (Service Authorization Reference).
        on = "*" if keyless else request.resource
        if self.iam_applies:
            action = request.action
            self.identity = _about(policies.identity or (), action, on, lookup)
            self.boundary = _about(policies.boundary_policies, action, on, lookup)
            self.session = _about(policies.session or (), action, on, lookup)
        self.said = _tally(self.key)
        self.iam = self._allowed_by_iam()
        self.cap = self._left_by_caps()
        by_iam = min(self.iam, self.cap)
        self.granted = granted(policies.grants, request, lookup, by_iam=by_iam)
        self.grant = max((each.truth for each in self.granted), default=Truth.NO)
        self.passage = policies.chain.passage(request, lookup, on, bool(policies.boundary))
        of_iam = (*self.identity, *self.boundary, *self.session)
        self.everything = (*self.key, *of_iam, *self.passage.statements)

    def decide(self) -> Decision:
        """Deny first, then whatever allows."""
        if not self.request.may_come_from(self.principal.partition):
            return self._decision(Outcome.IMPLICITLY_DENIED, Reason.OTHER_PARTITION, ())
        deny = max((each.truth for each in self.everything if each.deny), default=Truth.NO)
        if deny is Truth.YES:
            denying = [each for each in self.everything if each.deny and each.truth is Truth.YES]
            return self._decision(Outcome.EXPLICITLY_DENIED, Reason.DENY, denying)
        if self._refused_from_outside():
            return self._decision(Outcome.IMPLICITLY_DENIED, Reason.NOT_ACROSS_ACCOUNTS, ())
        if self.iam_only:
            allow = self._by_iam_alone()
        elif self.retires:
            allow = self._to_retire()
        elif self.outside:
            allow = min(max(*self.said, self.grant), self.iam, self.cap)
        else:
            allow = self._same_account()
        if allow is Truth.NO:
            return self._implicitly_denied()
        allow = min(allow, self.passage.truth)
        if min(allow, ~deny) is Truth.YES:
            return self._allowed()
        if allow is Truth.NO:
            return self._decision(Outcome.IMPLICITLY_DENIED, Reason.BARRED, ())
        return self._open(deny, allow)

    def near(self) -> tuple[Applied, ...]:
        """The statements about the request that do not apply."""
        return tuple(each for each in self.everything if each.truth is Truth.NO)

    def _an_allow_is_near(self) -> bool:
        """Whether an Allow of the key policy is about the request, whatever its conditions."""
        if self.iam_only:
            return False
        candidates = self.policies.key.candidates(
            self.principal,
            self.request.action,
            has_boundary=self.policies.boundary is not None,
            ruled_out=True,
        )
        return any(
            not compiled.deny
            and compiled.covers_resource(self.request.resource, self.lookup) is not Truth.NO
            for compiled, _ in candidates
        )

    def _refused_from_outside(self) -> bool:
        request = self.request
        return (
            self.info is not None
            and not self.info.cross_account
            and (request.of_alias or not self.iam_only)
            and bool(self.principal.account)
            and self.principal.account != self.request.owner
        )

    def _allowed_by_iam(self) -> Truth:
        """What identity policies allow, before anything caps it."""
        if not self.iam_applies:
            return Truth.NO
        if self.policies.identity is None:
            return Truth.MAYBE
        found = _tally(self.identity).direct
        return max(found, Truth.MAYBE) if self.policies.identity_incomplete else found

    def _left_by_caps(self) -> Truth:
        """What the permissions boundary and the session policies leave."""
        truth = Truth.YES
        if self.policies.boundary is not None:
            truth = min(truth, _tally(self.boundary).direct)
        if self.policies.session:
            truth = min(truth, _tally(self.session).direct)
        truth = min(truth, self.policies.without_session_policy(self.principal))
        return truth if self.iam_applies else Truth.YES

    def _by_iam_alone(self) -> Truth:
        if self.principal.kind is PrincipalKind.ROOT:
            return Truth.YES
        return min(self.iam, self.cap)

    def _to_retire(self) -> Truth:
        """What lets somebody retire grants of the key, see `may_retire`."""
        unread = Truth.MAYBE if self.policies.grants is None else Truth.NO
        if self.principal.account and self.principal.account == self.request.owner:
            return max(self.grant, unread, self._by_iam_alone())
        return max(self.grant, unread)

    def _same_account(self) -> Truth:
        said = self.said
        if self.principal.kind is PrincipalKind.ROOT:
            return max(said.account, said.direct, self.grant)
        if not self.iam_applies:
            return max(said.direct, self.grant)
        delegated = min(said.account, self.iam, self.cap)
        return max(said.direct, self.grant, min(said.role, self.cap), delegated)

    def _allowed(self) -> Decision:
        by_level = {
            by: self._allowing(self.key, by)
            for by in (NamedBy.DIRECT, NamedBy.ROLE, NamedBy.ACCOUNT)
        }
        direct = by_level[NamedBy.DIRECT] or (
            by_level[NamedBy.ROLE] if self.cap is Truth.YES else []
        )
        iam = self._allowing(self.identity)
        if self.retires:
            reason = Reason.GRANT if self.grant is Truth.YES else Reason.ACCOUNT_RETIRES
            deciding = iam if self.iam is Truth.YES else []
        elif self.iam_only and self.principal.kind is PrincipalKind.ROOT:
            reason, deciding = Reason.ROOT_USER, []
        elif self.iam_only:
            reason, deciding = Reason.IAM, iam
        elif self.outside:
            deciding = [*(direct or by_level[NamedBy.ACCOUNT]), *iam]
            reason = Reason.BOTH_ACCOUNTS
        elif direct:
            reason, deciding = Reason.KEY_POLICY, direct
        elif by_level[NamedBy.ACCOUNT] and self.principal.kind is PrincipalKind.ROOT:
            reason, deciding = Reason.ROOT_USER, by_level[NamedBy.ACCOUNT]
        elif by_level[NamedBy.ACCOUNT] and iam and self.cap is Truth.YES:
            reason, deciding = Reason.IAM, [*by_level[NamedBy.ACCOUNT], *iam]
        else:
            reason, deciding = Reason.GRANT, []
        grants = [each for each in self.granted if each.truth is Truth.YES]
        shown = grants if reason in (Reason.GRANT, Reason.BOTH_ACCOUNTS) else []
        return self._decision(Outcome.ALLOWED, reason, deciding, grants=shown)

    def _implicitly_denied(self) -> Decision:
        said = self.said
        opened = max(*said, self.grant)
        opening = [each for each in self.key if not each.deny and each.truth is not Truth.NO]
        by_iam = opened or self.iam_only or (self.retires and not self.outside)
        if self.iam is not Truth.NO and self.cap is Truth.NO and by_iam:
            reason, deciding = Reason.CAPPED, [*opening, *self._allowing(self.identity)]
        elif self.retires:
            reason, deciding = Reason.NO_GRANT, []
        elif said.role and self.cap is Truth.NO:
            reason, deciding = Reason.CAPPED, opening
        elif self.outside and opened:
            reason, deciding = Reason.OTHER_ACCOUNT_SILENT, opening
        elif (said.account or self.iam_only) and self.iam_applies:
            reason, deciding = Reason.IAM_SILENT, opening
        elif self._an_allow_is_near():
            reason, deciding = Reason.CONDITIONS, []
        elif self.identity and self.iam is Truth.YES and not self.outside:
            reason, deciding = Reason.NOT_DELEGATED, self._allowing(self.identity)
        else:
            reason, deciding = Reason.NOTHING_ALLOWS, []
        return self._decision(Outcome.IMPLICITLY_DENIED, reason, deciding)

    def _open(self, deny: Truth, allow: Truth) -> Decision:
        relevant = [
            each
            for each in self.everything
            if (each.truth is Truth.MAYBE and (each.deny or allow is Truth.MAYBE))
            or (not each.deny and each.truth is Truth.YES)
        ]
        doubts = [doubt for each in relevant if each.truth is Truth.MAYBE for doubt in each.doubts]
        if self.passage.is_partial:
            doubts.append(Doubt.LEVEL)
        if allow is Truth.MAYBE and self._hangs_on_iam():
            doubts.append(Doubt.IAM)
        if allow is self.policies.without_session_policy(self.principal) is Truth.MAYBE:
            doubts.append(Doubt.SESSION_POLICIES)
        doubts += [doubt for each in self.granted for doubt in each.doubts]
        if self.retires and self.policies.grants is None and allow is Truth.MAYBE:
            doubts.append(Doubt.GRANTS)
        return self._decision(
            Outcome.NOT_PREDICTABLE, Reason.DEPENDS, relevant, doubts=doubts, grants=self.granted
        )

    def _hangs_on_iam(self) -> bool:
        """Whether identity policies that were not read could settle it."""
        unread = self.policies.identity is None or bool(self.policies.identity_incomplete)
        outside = self.principal.account != self.request.owner
        keyless = self.iam_only or (self.retires and not outside)
        asked = (outside and not self.retires) or keyless or self.said.account is not Truth.NO
        return unread and asked and self.iam is Truth.MAYBE

    @staticmethod
    def _allowing(applied: Iterable[Applied], by: NamedBy | None = None) -> list[Applied]:
        return [
            each
            for each in applied
            if not each.deny and each.truth is Truth.YES and (by is None or each.match.by is by)
        ]

    def _decision(
        self,
        outcome: Outcome,
        reason: Reason,
        deciding: Iterable[Applied],
        *,
        doubts: Iterable[Doubt] = (),
        grants: Iterable[Granted] = (),
    ) -> Decision:
        policies, principal = self.policies, self.principal
        left_out = self.passage.not_considered + policies.not_considered(principal)
        left_out += policies.denied_with_boundary(principal, self.request.action)
        return Decision(
            request=self.request,
            outcome=outcome,
            reason=reason,
            deciding=tuple(deciding),
            policies=self.policies,
            granted=tuple(grants),
            doubts=tuple(dict.fromkeys(doubts)),
            considered=self.policies.considered + self.passage.considered,
            not_considered=left_out,
            barrier=self.passage.barrier,
        )
