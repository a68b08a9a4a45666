"""Which grants allow a request: to use the key by one, or to retire one.

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html,
https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html and
https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from kmstui.model import Arn, Grant
from kmstui.policy.iam import (
    Doubt,
    Lookup,
    Principal,
    PrincipalKind,
    Request,
    Truth,
    account_of,
    action_info,
    knowledge,
    session_name,
)

RETIRE = "kms:RetireGrant"
_CREATE, _DESCRIBE = "kms:CreateGrant", "kms:DescribeKey"
_CONTEXT, _CONTEXT_KEYS = "kms:EncryptionContext:", "kms:EncryptionContextKeys"
_SOURCE, _OPERATIONS, _TYPE = "aws:SourceArn", "kms:GrantOperations", "kms:GrantConstraintType"


@dataclass(frozen=True, slots=True)
class Granted:
    """A grant that allows a request, or may."""

    grant: Grant
    truth: Truth
    doubts: tuple[Doubt, ...] = ()
    """Why its truth is MAYBE."""
    missing: tuple[str, ...] = ()
    """The condition keys that would settle it."""
    sessions: tuple[str, ...] = ()
    """The only sessions of a role that it is for."""

    def and_(self, truth: Truth, doubt: Doubt, *missing: str) -> Granted:
        """The same under one more condition."""
        if truth is not Truth.MAYBE:
            return replace(self, truth=min(self.truth, truth))
        doubts = tuple(dict.fromkeys((*self.doubts, doubt)))
        least = min(self.truth, truth)
        return replace(self, truth=least, doubts=doubts, missing=(*self.missing, *missing))


def granted(
    grants: Iterable[Grant] | None, request: Request, lookup: Lookup, *, by_iam: Truth
) -> tuple[Granted, ...]:
    """The grants that allow a request, or may.

    Args:
        grants: All grants of the key; None where they were not read.
        request: What is asked.
        lookup: How condition keys resolve.
        by_iam: Whether the IAM policies of who asks allow it, as far as nothing caps them.
    """
    if not grants:
        return ()
    if request.action.lower() == RETIRE.lower():
        found = (may_retire(grant, request.principal, by_iam) for grant in grants)
    else:
        found = (_may_use(grant, request, lookup, by_iam) for grant in grants)
    return tuple(each for each in found if each.truth is not Truth.NO)


def may_retire(grant: Grant, principal: Principal, by_iam: Truth) -> Granted:
    """Whether somebody may retire a grant.

    May do so: the retiring principal; the grantee, if the grant includes RetireGrant; the account
    in which the grant was created, and whom an IAM policy of that account lets. If the retiring
    principal is an account, its IAM policies may pass that on too. Key policies have no say. Where
    an account other than the key's issued the grant, the documents do not tell whether that is
    "the account in which the grant was created".

    Source: KMS Developer Guide, "Retiring and revoking grants" (grant-delete.html).
    """
    if grant.unread:
        return Granted(grant, Truth.MAYBE, (Doubt.GRANT_UNREAD,))
    names = [grant.retiring, grant.retiring_service]
    if RETIRE.partition(":")[2] in grant.operations:
        names += [grant.grantee, grant.grantee_service]
    named = max((_named(grant, name, principal) for name in names), key=lambda each: each.truth)
    if named.truth is Truth.YES:
        return named
    accounts = {account_of(grant.key_arn), *map(_account, names)} - {""}
    through = Truth.YES if principal.kind is PrincipalKind.ROOT else by_iam
    if principal.account in accounts:
        delegated = Granted(grant, Truth.YES).and_(through, Doubt.IAM)
    elif principal.account and principal.account == _account(grant.issuing_account):
        open_issuer = Granted(grant, Truth.YES).and_(Truth.MAYBE, Doubt.ISSUER)
        delegated = open_issuer.and_(through, Doubt.IAM)
    else:
        delegated = Granted(grant, Truth.NO)
    return max(named, delegated, key=lambda each: each.truth)


def _may_use(grant: Grant, request: Request, lookup: Lookup, by_iam: Truth) -> Granted:
    """Whether a grant allows one of its operations."""
    operation = request.action.partition(":")[2].lower()
    principal = request.principal
    operations = grant.operations or (_grantable() if grant.unread else ())
    if all(operation != name.lower() for name in operations):
        return Granted(grant, Truth.NO)
    if grant.unread and not grant.holder:
        return Granted(grant, Truth.MAYBE, (Doubt.GRANT_UNREAD,))
    found = max(
        _named(grant, grant.grantee, principal),
        _named(grant, grant.grantee_service, principal),
        key=lambda each: each.truth,
    )
    if (
        found.truth is Truth.NO
        and principal.account
        and principal.account == _account(grant.holder)
    ):
        # The documents let an account be the grantee, and do not say who in it that is.
        found = Granted(grant, by_iam).and_(min(by_iam, Truth.MAYBE), Doubt.GRANTEE_ACCOUNT)
    if grant.unread:
        found = found.and_(Truth.MAYBE, Doubt.GRANT_UNREAD)
    if found.truth is not Truth.NO:
        for truth, doubt, *missing in _constraints(grant, request.action.lower(), lookup):
            found = found.and_(truth, doubt, *missing)
    return found


def _grantable() -> tuple[str, ...]:
    """The operations that a grant can allow."""
    known = knowledge().condition_key(_OPERATIONS)
    return known.values if known else ()


def _named(grant: Grant, name: str, principal: Principal) -> Granted:
    """Whether a principal in a grant is `principal`; an empty one is nobody."""
    listed = Principal.maybe(name)
    if listed is None or (not principal.account and name != principal.name):
        return Granted(grant, Truth.NO)
    if listed.kind is PrincipalKind.ROOT:
        same = principal.kind is PrincipalKind.ROOT and principal.account == listed.account
        return Granted(grant, Truth.YES if same else Truth.NO)
    if name in (principal.name, principal.parent):
        return Granted(grant, Truth.YES)
    if listed.role_key is None or listed.role_key != principal.role_key:
        return Granted(grant, Truth.NO)
    if listed.kind is PrincipalKind.ROLE:
        return Granted(grant, Truth.YES)
    if principal.kind is not PrincipalKind.ROLE:
        return Granted(grant, Truth.NO)
    return Granted(grant, Truth.MAYBE, (Doubt.SESSION,), sessions=(session_name(name),))


def _account(name: str) -> str:
    """The account that a grant names: by its root ARN or its number; else empty."""
    arn = Arn.maybe(name)
    if arn is None:
        return name if len(name) == 12 and name.isdigit() else ""
    return arn.account if arn.service == "iam" and arn.resource == "root" else ""


_Constraint = tuple[Truth, Doubt, str] | tuple[Truth, Doubt]


def _constraints(grant: Grant, action: str, lookup: Lookup) -> Iterator[_Constraint]:
    """What a grant asks of a request for `action` (lower case)."""
    if grant.constraint_unread:
        yield Truth.MAYBE, Doubt.GRANT_CONSTRAINT
    if grant.source_arn:
        yield _source_truth(grant, action, lookup), Doubt.CONTEXT, _SOURCE
    if action == _CREATE.lower():
        yield from _of_a_child(grant, lookup)
    info = action_info(action)
    # Operations that take no encryption context are not limited by one (API_GrantConstraints).
    if info is None or _CONTEXT.lower() in info.condition_keys:
        yield from _context(grant, lookup)


def _source_truth(grant: Grant, action: str, lookup: Lookup) -> Truth:
    """Whether the request is made on behalf of the grant's SourceArn.

    "Effectively the same as having the aws:SourceArn global condition key in the grant"; it "can
    also be applied to the DescribeKey operation when specified in the request", which leaves open
    what holds without it (API_CreateGrant.html).
    """
    given = lookup(_SOURCE.lower())
    if given is None or (not given and action == _DESCRIBE.lower()):
        return Truth.MAYBE
    return Truth.YES if grant.source_arn in given else Truth.NO


def _of_a_child(grant: Grant, lookup: Lookup) -> Iterator[_Constraint]:
    """By a grant one creates grants that allow no more than it and ask no less.

    Source: KMS Developer Guide, "Granting CreateGrant permission" (create-grant-overview.html).
    """
    operations = lookup(_OPERATIONS.lower())
    allowed = {name.lower() for name in grant.operations}
    if operations is None:
        yield Truth.MAYBE, Doubt.CONTEXT, _OPERATIONS
    elif not allowed.issuperset(name.lower() for name in operations):
        yield Truth.NO, Doubt.CONTEXT
    if grant.context_equals:
        kinds = lookup(_TYPE.lower())
        exact = kinds is not None and "EncryptionContextEquals" in kinds
        truth = Truth.MAYBE if kinds is None else Truth.YES if exact else Truth.NO
        yield truth, Doubt.CONTEXT, _TYPE


def _context(grant: Grant, lookup: Lookup) -> Iterator[_Constraint]:
    """Whether the encryption context is what the grant asks for.

    Names in it are compared without case here, values with it (API_GrantConstraints.html).
    """
    for name, wanted in (*grant.context_equals, *grant.context_subset):
        given = lookup(f"{_CONTEXT}{name}".lower())
        truth = Truth.MAYBE if given is None else Truth.YES if given == (wanted,) else Truth.NO
        yield truth, Doubt.CONTEXT, f"{_CONTEXT}{name}"
    if grant.context_equals:
        names = lookup(_CONTEXT_KEYS.lower())
        wanted_names = {name.lower() for name, _ in grant.context_equals}
        same = names is not None and {name.lower() for name in names} == wanted_names
        truth = Truth.MAYBE if names is None else Truth.YES if same else Truth.NO
        yield truth, Doubt.CONTEXT, _CONTEXT_KEYS


def granted_alike(grants: Sequence[Grant], action: str) -> object:
    """Equal for two actions where every grant treats them alike, whoever asks."""
    if not grants:
        return action == RETIRE
    info = action_info(action)
    of_its_own = action if action in (RETIRE, _CREATE, _DESCRIBE) else ""
    takes_context = info is None or _CONTEXT.lower() in info.condition_keys
    operation = action.partition(":")[2]
    covered = tuple(
        operation in (_grantable() if grant.unread else grant.operations) for grant in grants
    )
    return of_its_own, takes_context, covered
