"""What control policies and VPC endpoints do to a change of access that a key policy makes.

They stay as they are while the key policy changes, so all that they can do is refuse what it
gives or takes. Each of their statements becomes a term that denies; what a comparison still finds
with those terms on both sides passes them, and the rest is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kmstui.policy.access.terms import Access, Atoms, Term, doubt_of, held, held_by
from kmstui.policy.evaluation import (
    ENDPOINT,
    OF_SERVICES,
    RCP,
    SCP,
    Chain,
    Gate,
    as_policy,
    compile_identity_policy,
)
from kmstui.policy.iam import (
    Condition,
    Lookup,
    Principal,
    PrincipalKind,
    Request,
    Truth,
    Values,
    absent_keys,
    lookup_for,
)
from kmstui.policy.syntax import VARIABLES_SINCE
from kmstui.policy.witnesses import bits_of, joined

_OF_ONE = frozenset({"aws:principalarn", "aws:username", "aws:principalservicename"})
_OF_ACCOUNT = frozenset(
    {"aws:principalaccount", "kms:calleraccount", "aws:principalorgid", "aws:principalorgpaths"}
)
"""What a principal that stands for others does not share with them; with those of other
accounts, the second too."""
_SHARED = " control policies"
_LINKED = f"arn:*:iam::*{OF_SERVICES}*"
_LINKED_WORDS = f"aws:PrincipalArn is like {_LINKED}"
_MOST_WAYS = 64
_PATHS = (PrincipalKind.ROLE, PrincipalKind.SESSION)


@dataclass(frozen=True, slots=True)
class Barred:
    """What binds the requests of one principal for one action."""

    terms: frozenset[Term] = frozenset()
    """Where something denies them."""
    kinds: tuple[str, ...] = ()
    """Which kinds of policies do."""
    unsure: int = 0
    """The atoms of which it cannot be worked out when they hold."""

    def words(self, left: str | None) -> str:
        """That they refuse it, as a clause.

        Args:
            left: When the change is left all the same, in words; None where never.
        """
        if left is None:
            return f"{self._who} refuse it today"
        left = left.replace(_LINKED_WORDS, "the role is service-linked")
        return f"{self._who} refuse it today, except when {left}"

    @property
    def perhaps(self) -> str:
        """That they may refuse it, as a clause."""
        return f"{self._who} may refuse it today: when could not be worked out"

    @property
    def _who(self) -> str:
        """The kinds of policies, with the words that two of them share said once."""
        kinds = [each for each in self.kinds if each not in (SCP, RCP)]
        of_organization = [each for each in (SCP, RCP) if each in self.kinds]
        together = " and ".join(of_organization).replace(_SHARED, "", len(of_organization) - 1)
        return joined([*([together] if together else []), *kinds], "and")


def barred(chain: Chain, request: Request, atoms: Atoms) -> Barred:
    """What the chain denies of a principal's requests for an action.

    A principal with a label stands for all others of its kind: what is its own is left open.
    """
    lookup = _lookup(chain, request)
    terms: set[Term] = set()
    kinds: dict[str, None] = {}
    unsure = 0
    for what, gates, binding in _binding(chain, request):
        bound = held(binding, lookup, atoms)
        if bound is None:
            continue
        for gate in gates:
            denied, allowed = _said(gate, request, lookup, atoms)
            if gate.allows is Truth.NO and not allowed:
                denied.append(0)
            elif gate.allows is Truth.NO and 0 not in allowed:
                unmet = _none_of(allowed, lookup, atoms)
                if unmet is None:
                    unmet = [atoms.of_doubt(f"the {gate.words} do not allow it", gate)]
                    unsure |= unmet[0]
                denied += unmet
            terms |= {Term(Access.DENIED, bound | each) for each in denied}
            kinds |= dict.fromkeys([what] if denied else ())
    return Barred(frozenset(terms), tuple(kinds), unsure)


def _none_of(allowed: Sequence[int], lookup: Lookup, atoms: Atoms) -> list[int] | None:
    """When none of some terms holds: of each, one atom does not; None where that is not known."""
    found = [0]
    for term in allowed:
        opposites = [atoms.opposite(bit, lookup) for bit in bits_of(term)]
        known = [each for each in opposites if each is not None]
        found = list(dict.fromkeys(unmet | each for unmet in found for each in known))
        if len(known) < len(opposites) or len(found) > _MOST_WAYS:
            return None
    return found


def treated_alike(chain: Chain, principal: Principal) -> object:
    """What two principals share whose requests the chain cannot tell apart by who asks."""
    if not chain.is_known:
        return None
    facts = principal.facts
    conditions = [
        each for policy in chain.policies for of in policy.statements for each in of.conditions
    ]
    if any(each.has_variables for each in conditions):
        return principal
    naming = (each for policy in chain.naming_principals for each in policy.statements)
    return (
        principal.account,
        OF_SERVICES in principal.role_arn,
        tuple(each.truth(facts.get) for each in conditions),
        tuple(each.matches(principal, has_boundary=False) for each in naming),
    )


def _binding(
    chain: Chain, request: Request
) -> Iterator[tuple[str, tuple[Gate, ...], tuple[Condition, ...]]]:
    """Each kind of policies with the conditions under which it binds a request."""
    principal = request.principal
    of_any_path = bool(principal.label) and principal.kind in _PATHS
    for what, gates in chain.known_of_organization(request):
        yield what, gates, _not_linked() if of_any_path else ()
    if chain.endpoint is not None and principal.kind is not PrincipalKind.SERVICE:
        yield ENDPOINT, (chain.endpoint,), _through(chain.endpoint_id)


@lru_cache(maxsize=1)
def _not_linked() -> tuple[Condition, ...]:
    return _conditions({"ArnNotLike": {"aws:PrincipalArn": _LINKED}})


@lru_cache(maxsize=16)
def _through(endpoint_id: str) -> tuple[Condition, ...]:
    """A request through an endpoint; what a service sends for somebody comes through none.

    Source: IAM User Guide, "AWS global condition context keys", aws:SourceVpce.
    """
    named = {"aws:SourceVpce": endpoint_id}
    return _conditions(
        {
            "BoolIfExists": {"aws:ViaAWSService": "false"},
            "Null": {"kms:ViaService": "true"}
            | ({} if endpoint_id else {"aws:SourceVpce": "false"}),
            **({"StringEquals": named} if endpoint_id else {}),
        }
    )


def _conditions(element: object) -> tuple[Condition, ...]:
    statement = {"Effect": "Deny", "Action": "kms:*", "Resource": "*", "Condition": element}
    text = json.dumps({"Version": VARIABLES_SINCE, "Statement": [statement]})
    return compile_identity_policy(as_policy(text), "").statements[0].conditions


def _said(
    gate: Gate, request: Request, lookup: Lookup, atoms: Atoms
) -> tuple[list[int], list[int]]:
    """On which atoms each Deny and each Allow of a gate hangs."""
    denied: list[int] = []
    allowed: list[int] = []
    principal = request.principal if gate.names_principals else None
    for policy in gate.policies:
        candidates = policy.candidates(
            principal, request.action, ruled_out=bool(request.principal.label)
        )
        for compiled, matches in candidates:
            on = held_by(compiled, request.resource, lookup, atoms)
            if on is not None:
                for match in matches:
                    (denied if compiled.deny else allowed).append(
                        on | doubt_of(compiled, match, atoms)
                    )
    return denied, allowed


def _lookup(chain: Chain, request: Request) -> Lookup:
    """What is known of the condition keys of all requests that `request` stands for."""
    principal = request.principal
    known = chain.completing(lookup_for(request, absent_keys(request.action)), request)
    if not principal.label:
        return known
    hidden = _OF_ONE if principal.account == request.owner else _OF_ONE | _OF_ACCOUNT

    def lookup(key: str) -> Values | None:
        values = known(key)
        # What a kind of principal never has is the same for all of it.
        return None if key in hidden and values else values

    return lookup
