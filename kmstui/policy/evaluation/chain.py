"""The policies that a request must pass and that grant nothing: control policies, VPC endpoints.

- Service control policies bind the principals of an organization's member accounts, root users
  too; not service-linked roles, AWS services, other organizations or the management account. Each
  level from the root down to the account must allow; the policies of one level unite.
  https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html and
  …/orgs_manage_policies_scps_evaluation.html
- Resource control policies bind whoever uses a key of a member account, other accounts and AWS
  services too; not service-linked roles, AWS managed keys, or kms:RetireGrant. RCPFullAWSAccess
  is attached to each level and cannot be detached, so only a Deny matters.
  https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html,
  …/orgs_manage_policies_rcps_evaluation.html and
  https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html
- The policy of a VPC endpoint binds the requests that go through it; by default it allows all.
  https://docs.aws.amazon.com/kms/latest/developerguide/vpce-connect.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from kmstui.model import AccountControls, ControlLevel, ControlPolicy
from kmstui.policy.evaluation.compiled import Applied, CompiledPolicy
from kmstui.policy.iam import (
    Lookup,
    Principal,
    PrincipalKind,
    Request,
    Truth,
    Values,
)
from kmstui.policy.syntax import parse, read_policy

SCP, RCP = "service control policies", "resource control policies"
ENDPOINT = "VPC endpoint policies"

FULL_ACCESS = ControlPolicy(
    "FullAWSAccess",
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
)
"""The policy of AWS's that is attached to each level until somebody takes it away."""

OF_SERVICES = ":role/aws-service-role/"
"""In the ARNs of service-linked roles."""
_NOT_BY_RCP = "kms:retiregrant"
_OF_NO_ACCOUNT = frozenset({PrincipalKind.SERVICE, PrincipalKind.ANONYMOUS})


@dataclass(frozen=True, slots=True)
class Gate:
    """The policies of which one must allow a request."""

    words: str
    """`service control policies of the root r-ab12`."""
    policies: tuple[CompiledPolicy, ...]
    allows: Truth
    """What it says where no statement speaks."""
    names_principals: bool

    @property
    def is_partial(self) -> bool:
        """Whether a policy that allows everything may be attached there as well."""
        return self.allows is Truth.MAYBE

    def applied(
        self, request: Request, resource: str, lookup: Lookup, bounded: bool
    ) -> list[Applied]:
        """The statements about a request, see `CompiledPolicy.applied`."""
        principal = request.principal if self.names_principals else None
        ruled_out = request.overrides_principal
        return [
            each
            for policy in self.policies
            for each in policy.applied(
                principal,
                request.action,
                resource,
                lookup,
                has_boundary=bounded,
                ruled_out=ruled_out,
            )
        ]


_Gates = tuple[Gate, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """Whether one request passes all of them."""

    truth: Truth = Truth.YES
    """Whether each allows it; a Deny is among the statements."""
    barrier: str = ""
    """The first that does not allow it: `service control policies of the root r-ab12`."""
    is_partial: bool = False
    """Whether it hangs on a level of which only policies that allow nothing are known."""
    statements: tuple[Applied, ...] = ()
    """What denies it, leaves it open, or would have to do with it if conditions held."""
    considered: tuple[str, ...] = ()
    not_considered: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chain:
    """What is known of these policies for the requests about one key."""

    scps: Mapping[str, _Gates] = field(default_factory=dict)
    """Service control policies by the account whose principals they bind."""
    rcps: _Gates | None = None
    """Resource control policies of the key's account; None where they are not known."""
    endpoint: Gate | None = None
    endpoint_id: str = ""
    """Which endpoint's policy it is; empty for that through which each request goes."""
    organizations: Mapping[str, AccountControls] = field(default_factory=dict)
    """Accounts of which it is known whether they are in an organization."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why something is not known, by `SCP`, `RCP` and `ENDPOINT`."""

    def with_scps(self, account: str, levels: Sequence[ControlLevel]) -> Chain:
        """The same with the service control policies that bind the principals of `account`."""
        gates = _gates(SCP, levels, identity=True)
        return replace(self, scps={**self.scps, account: gates})

    def with_rcps(self, levels: Sequence[ControlLevel]) -> Chain:
        """The same with the resource control policies that bind the key's account."""
        return replace(self, rcps=_gates(RCP, levels, identity=False))

    def with_account(self, controls: AccountControls, key_account: str) -> Chain:
        """The same with what the organization sets over an account; what is given stays."""
        found = self
        if controls.scps is not None and controls.account not in self.scps:
            found = found.with_scps(controls.account, controls.scps)
        if controls.rcps is not None and self.rcps is None and controls.account == key_account:
            found = found.with_rcps(controls.rcps)
        if controls.organization is not None:
            known = {**self.organizations, controls.account: controls}
            found = replace(found, organizations=known)
        if controls.problem:
            found = found.without(controls.problem, SCP)
        if controls.problem and controls.account == key_account:
            found = found.without(controls.problem, RCP)
        return found

    def with_endpoint(self, policy: ControlPolicy, endpoint_id: str = "") -> Chain:
        """The same with the policy of a VPC endpoint.

        Args:
            policy: The policy.
            endpoint_id: The endpoint, where only requests whose aws:SourceVpce is this one go
                through it; without, all requests do.
        """
        words = f"policy of the VPC endpoint{f' {endpoint_id}' if endpoint_id else ''}"
        compiled = _compiled(policy.text, f"VPC endpoint policy {policy.name}", False)
        gate = Gate(words, (compiled,), Truth.NO, names_principals=True)
        return replace(self, endpoint=gate, endpoint_id=endpoint_id)

    def without(self, reason: str, *what: str) -> Chain:
        """The same with the reason why something is not known."""
        return replace(self, reasons={**self.reasons, **dict.fromkeys(what, reason)})

    @property
    def unknown(self) -> tuple[str, ...]:
        """What no answer rests on, whoever asks."""
        known = {SCP: bool(self.scps), RCP: self.rcps is not None, ENDPOINT: bool(self.endpoint)}
        return self._left_out([what for what, is_known in known.items() if not is_known])

    @property
    def policies(self) -> tuple[CompiledPolicy, ...]:
        """All of them, for who wants to know which actions they treat alike."""
        gates = [gate for found in (*self.scps.values(), self.rcps or ()) for gate in found]
        if self.endpoint is not None:
            gates.append(self.endpoint)
        return tuple(policy for gate in gates for policy in gate.policies)

    @property
    def is_known(self) -> bool:
        """Whether some of them are."""
        return bool(self.scps or self.rcps or self.endpoint)

    @property
    def naming_principals(self) -> tuple[CompiledPolicy, ...]:
        """Those that tell principals apart by their element Principal."""
        return () if self.endpoint is None else self.endpoint.policies

    def known_of_organization(self, request: Request) -> Iterator[tuple[str, tuple[Gate, ...]]]:
        """The control policies that are known and bind a request about the key, by their kind."""
        if not _may_be_linked(request.principal):
            linked = OF_SERVICES in request.principal.role_arn
            for what, gates in self._of_organization(request, request.resource, linked):
                yield what, gates or ()

    @staticmethod
    def binds(action: str) -> bool:
        """Whether resource control policies bind an action."""
        return action.lower() != _NOT_BY_RCP

    def completing(self, lookup: Lookup, request: Request) -> Lookup:
        """`lookup` with the organizations of who asks and of the key, where they are known.

        Source: IAM User Guide, "AWS global condition context keys", aws:PrincipalOrgID,
        aws:PrincipalOrgPaths, aws:ResourceOrgID and aws:ResourceOrgPaths.
        """
        if not self.organizations:
            return lookup
        facts = {
            **_organization_facts("principal", self.organizations.get(request.principal.account)),
            **_organization_facts("resource", self.organizations.get(request.owner)),
        }

        def completed(key: str) -> Values | None:
            values = lookup(key)
            return facts.get(key) if values is None else values

        return completed

    def passage(
        self, request: Request, lookup: Lookup, resource: str, bounded: bool = False
    ) -> Passage:
        """What becomes of one request.

        Args:
            request: The request.
            lookup: How its condition keys resolve.
            resource: What it is asked of: the key, or `*` for an action that names none.
            bounded: Whether a permissions boundary is attached to who asks.
        """
        gates: list[Gate] = []
        considered: list[str] = []
        missing: list[str] = []
        for what, found in self._about(request, lookup, resource):
            if found is None:
                missing.append(what)
            else:
                gates += found
                considered.append(_count(what, found))
        left_out = self._left_out(missing)
        if not gates:
            return _nothing(tuple(considered), left_out)
        asked = [(gate, gate.applied(request, resource, lookup, bounded)) for gate in gates]
        return _passed(asked, tuple(considered), left_out)

    def _about(
        self, request: Request, lookup: Lookup, resource: str
    ) -> Iterator[tuple[str, _Gates | None]]:
        """Each kind of policies that may bind a request, with its gates; None: not known."""
        principal = request.principal
        linked = OF_SERVICES in principal.role_arn
        if _may_be_linked(principal):
            yield from ((SCP, None), (RCP, None))
        else:
            yield from self._of_organization(request, resource, linked)
        through = self._through(principal, lookup)
        if through is not Truth.NO:
            gate = self.endpoint if through is Truth.YES else None
            yield ENDPOINT, None if gate is None else (gate,)

    def _of_organization(
        self, request: Request, resource: str, linked: bool
    ) -> Iterator[tuple[str, _Gates | None]]:
        principal = request.principal
        if not linked and principal.kind not in _OF_NO_ACCOUNT:
            yield SCP, self.scps.get(principal.account)
        elif self.scps:
            yield SCP, ()
        if not linked and self.binds(request.action):
            # What names no resource falls under those of the account that asks.
            theirs = resource != "*" or principal.account == request.owner
            yield RCP, self.rcps if theirs else None
        elif self.rcps is not None:
            yield RCP, ()

    def _through(self, principal: Principal, lookup: Lookup) -> Truth:
        """Whether a request goes through the endpoint that is known; MAYBE: through another.

        What a service sends, on its own or for somebody, does not come through an endpoint of
        the account. Source: IAM User Guide, "AWS global condition context keys", aws:SourceVpce.
        """
        if principal.kind is PrincipalKind.SERVICE:
            return Truth.NO
        endpoints = lookup("aws:sourcevpce")
        if endpoints is None:
            forwarded = lookup("kms:viaservice") or lookup("aws:viaawsservice") == ("true",)
            if forwarded:
                return Truth.NO
            return Truth.MAYBE if self.endpoint is None or self.endpoint_id else Truth.YES
        if not endpoints:
            return Truth.NO
        known = self.endpoint is not None and self.endpoint_id in ("", *endpoints)
        return Truth.YES if known else Truth.MAYBE

    def _left_out(self, missing: Sequence[str]) -> tuple[str, ...]:
        """What is not known, each with the reason; one reason for both stands behind the second."""
        reasons = self.reasons
        if not reasons:
            return tuple(missing)
        both = SCP in missing and RCP in missing and reasons.get(SCP) == reasons.get(RCP)
        return tuple(
            f"{what} ({'both: ' if both and what == RCP else ''}{reasons[what].rstrip('.')})"
            if what in reasons and not (both and what == SCP)
            else what
            for what in missing
        )


def _may_be_linked(principal: Principal) -> bool:
    """Whether it is a session that may be a service-linked role's: it does not tell the path.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
    """
    if principal.path_known or "/AWSServiceRoleFor" not in principal.role_arn:
        return False
    return principal.role_arn.rpartition("/")[2].startswith("AWSServiceRoleFor")


def _organization_facts(whose: str, found: AccountControls | None) -> dict[str, Values]:
    """Condition keys that follow from an account's organization, as far as it is known."""
    if found is None or found.organization is None:
        return {}
    facts: dict[str, Values] = {f"aws:{whose}orgid": _given(found.organization)}
    if found.path or not found.organization:
        facts[f"aws:{whose}orgpaths"] = _given(found.path)
    return facts


def _given(value: str) -> Values:
    """The values of a condition key; none where the request does not carry it."""
    return (value,) if value else ()


@lru_cache(maxsize=64)
def _nothing(considered: tuple[str, ...], missing: tuple[str, ...]) -> Passage:
    """The passage of a request that no known policy binds: one for many thousands."""
    return Passage(considered=considered, not_considered=missing)


def _passed(
    asked: Iterable[tuple[Gate, list[Applied]]],
    considered: tuple[str, ...],
    missing: tuple[str, ...],
) -> Passage:
    truth, barrier, statements = Truth.YES, None, list[Applied]()
    for gate, found in asked:
        allowed = max([gate.allows, *(each.truth for each in found if not each.deny)])
        if allowed < truth and (allowed is Truth.NO or gate.is_partial):
            barrier = gate
        truth = min(truth, allowed)
        statements += [each for each in found if each.deny or each.truth is not Truth.YES]
    return Passage(
        truth,
        barrier.words if barrier else "",
        bool(barrier and barrier.is_partial),
        tuple(statements),
        considered,
        missing,
    )


def _gates(what: str, levels: Sequence[ControlLevel], *, identity: bool) -> _Gates:
    return tuple(_gate(what, level, identity) for level in levels)


def _gate(what: str, level: ControlLevel, identity: bool) -> Gate:
    one = what.replace("policies", "policy")
    compiled = tuple(
        _compiled(each.text, f"{one} {each.name}", identity) for each in level.policies
    )
    allows = Truth.YES
    if identity:
        partial = not level.complete and all(each.deny for p in compiled for each in p.statements)
        allows = Truth.MAYBE if partial else Truth.NO
    return Gate(f"{what} of {level.place}", compiled, allows, names_principals=not identity)


def _compiled(text: str, source: str, identity: bool) -> CompiledPolicy:
    return CompiledPolicy(read_policy(parse(text)), source, identity=identity)


def _count(what: str, gates: _Gates) -> str:
    if what == ENDPOINT:
        return f"the {gates[0].words}"
    if not gates:
        return f"{what} (none apply)"
    return f"{what} ({len(gates)} level{'s' if len(gates) > 1 else ''})"


NOTHING_READ = Chain()
"""Where nothing is known of them."""
