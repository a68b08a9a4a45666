"""What grants allow.

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html and
https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html
"""

from __future__ import annotations

from collections.abc import Iterable

from kmstui.model import Arn, Grant
from kmstui.policy.iam import Lookup, Principal, PrincipalKind, Request, Truth

_UNCONSTRAINED = frozenset({"kms:describekey", "kms:retiregrant", "kms:getpublickey"})
"""Operations without an encryption context, which grant constraints do not limit."""


def _names(grantee: str, principal: Principal) -> bool:
    if grantee in (principal.name, principal.role_arn, principal.parent):
        return True
    arn = Arn.maybe(grantee)
    if arn is None:
        return False
    if arn.service == "iam" and arn.resource == "root":
        return principal.kind is PrincipalKind.ROOT and arn.account == principal.account
    if arn.service == "iam" and arn.resource_type == "role":
        return (arn.account, arn.name.rsplit("/", 1)[-1]) == principal.role_key
    return False


def _context_truth(grant: Grant, lookup: Lookup) -> Truth:
    """Whether the encryption context meets the grant's constraints."""
    truth = Truth.YES
    for name, wanted in (*grant.context_equals, *grant.context_subset):
        given = lookup(f"kms:encryptioncontext:{name.lower()}")
        if given is None:
            truth = min(truth, Truth.MAYBE)
        elif given != (wanted,):
            return Truth.NO
    if grant.context_equals:
        names = lookup("kms:encryptioncontextkeys")
        if names is None:
            return min(truth, Truth.MAYBE)
        if set(names) != {name for name, _ in grant.context_equals}:
            return Truth.NO
    return truth


def grant_truths(
    grants: Iterable[Grant], request: Request, lookup: Lookup
) -> tuple[tuple[Grant, Truth], ...]:
    """The grants that allow the request, or may.

    A retiring principal may retire its grant.
    """
    action = request.action.lower()
    operation = action.removeprefix("kms:")
    found = []
    for grant in grants:
        if operation == "retiregrant" and _names(grant.retiring, request.principal):
            found.append((grant, Truth.YES))
        elif _names(grant.grantee, request.principal) and any(
            operation == name.lower() for name in grant.operations
        ):
            truth = Truth.YES if action in _UNCONSTRAINED else _context_truth(grant, lookup)
            if truth is not Truth.NO:
                found.append((grant, truth))
    return tuple(found)
