"""The evaluator: is this caller allowed this action on this key?

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html and
https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html

It shares no code with ``kmstui.policy`` on purpose: the tests hold one against the other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import Any

from kmstui.demo.access.conditions import (
    Context,
    as_list,
    conditions_hold,
    resolve_variables,
    wildcard_match,
)
from kmstui.demo.access.context import Caller


class AccessDecision(Enum):
    """What came out, and which kind of policy it is due to (AWS names it in its message)."""

    ALLOWED = "allowed"
    DENIED_BY_RESOURCE = "with an explicit deny in a resource-based policy"
    DENIED_BY_IDENTITY = "with an explicit deny in an identity-based policy"
    DENIED_BY_BOUNDARY = "with an explicit deny in a permissions boundary"
    DENIED_BY_SESSION = "with an explicit deny in a session policy"
    NO_RESOURCE_ALLOW = "because no resource-based policy allows the {action} action"
    NO_IDENTITY_ALLOW = "because no identity-based policy allows the {action} action"
    NO_BOUNDARY_ALLOW = "because no permissions boundary allows the {action} action"
    NO_SESSION_ALLOW = "because no session policy allows the {action} action"

    @property
    def explicit(self) -> bool:
        """Whether a Deny decided, which nothing overrides."""
        return self.value.startswith("with an explicit deny")


@dataclass(frozen=True, slots=True)
class IdentityPolicies:
    """The IAM policies that come with a caller, as JSON texts."""

    policies: tuple[str, ...] = ()
    boundary: str | None = None
    session: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One thing to be decided."""

    action: str
    resource: str
    owner: str
    """The account that owns the resource."""
    caller: Caller
    context: Context


class _Match(Enum):
    NONE = 0
    ACCOUNT = 1
    DIRECT = 2


@lru_cache(maxsize=4096)
def parsed(text: str) -> tuple[str, tuple[Mapping[str, Any], ...]]:
    """A policy's version and statements; raises ``ValueError`` on what is not a policy."""
    document = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError("a policy is an object")  # noqa: TRY004 - callers expect ValueError
    version = document.get("Version", "2008-10-17")
    return version, tuple(as_list(document.get("Statement", [])))


def decide(question: AccessRequest, key_policy: str, identity: IdentityPolicies) -> AccessDecision:
    """Whether the caller may; grants are the caller's business (see ``authorization``)."""
    key_deny, key_allow = _key_policy_effects(
        _as_key_policies_see(question), key_policy, bounded=identity.boundary is not None
    )
    if key_deny:
        return AccessDecision.DENIED_BY_RESOURCE
    caller = question.caller
    if caller.is_root:
        return (
            AccessDecision.ALLOWED
            if key_allow is not _Match.NONE
            else AccessDecision.NO_RESOURCE_ALLOW
        )
    identity_verdict = _identity_verdict(question, identity)
    if identity_verdict.explicit:
        return identity_verdict
    same_account = caller.account == question.owner
    if key_allow is _Match.DIRECT and same_account:
        return _capped(question, key_policy, identity)
    if key_allow is _Match.NONE:
        return AccessDecision.NO_RESOURCE_ALLOW
    return identity_verdict


def decide_by_identity(question: AccessRequest, identity: IdentityPolicies) -> AccessDecision:
    """The same for actions that no key policy governs (ListKeys, CreateKey, an alias …)."""
    if question.caller.is_root:
        return AccessDecision.ALLOWED
    return _identity_verdict(question, identity)


def _as_key_policies_see(question: AccessRequest) -> AccessRequest:
    """The key's tags and aliases count in IAM policies only (KMS guide, "ABAC for AWS KMS")."""
    context = {k: v for k, v in question.context.items() if not k.startswith(_IN_IAM_ONLY)}
    return replace(question, context=context)


_IN_IAM_ONLY = ("aws:resourcetag/", "kms:resourcetag/", "kms:resourcealiases")


def _key_policy_effects(
    question: AccessRequest, text: str, *, bounded: bool
) -> tuple[bool, _Match]:
    allow = _Match.NONE
    for _, effect, matched in _applying(question, text, bounded=bounded):
        if effect == "Deny":
            return True, _Match.NONE
        if matched.value > allow.value:
            allow = matched
    return False, allow


def allowing_statements(question: AccessRequest, text: str) -> tuple[int, ...]:
    """The indexes of the statements of a resource policy that give access; none where it denies it.

    A statement about an account is about everybody in it.
    """
    question = _as_key_policies_see(question)
    applying = list(_applying(question, text, bounded=False))
    denied = any(effect == "Deny" for _, effect, _ in applying)
    return () if denied else tuple(index for index, _, _ in applying)


def _applying(
    question: AccessRequest, text: str, *, bounded: bool
) -> Iterator[tuple[int, object, _Match]]:
    """Index and Effect of each statement about the request, and how it names who asks."""
    version, statements = parsed(text)
    for index, statement in enumerate(statements):
        matched = _principal_match(statement, question.caller, bounded=bounded)
        if matched is not _Match.NONE and _statement_applies(statement, question, version):
            yield index, statement.get("Effect"), matched


def _principal_match(statement: Mapping[str, Any], caller: Caller, *, bounded: bool) -> _Match:
    if "NotPrincipal" in statement:
        # A Deny with NotPrincipal always meets those who have a permissions boundary.
        spared = not bounded and _exempt(statement["NotPrincipal"], caller)
        return _Match.NONE if spared else _Match.DIRECT
    names = principal_names(statement.get("Principal"))
    if "*" in names or any(identity in names for identity in caller.identities):
        return _Match.DIRECT
    root = f"arn:aws:iam::{caller.account}:root"
    if root in names or caller.account in names:
        return _Match.ACCOUNT
    return _Match.NONE


def _exempt(not_principal: object, caller: Caller) -> bool:
    """NotPrincipal spares a caller only when its account and all of its own names are listed.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    """
    names = principal_names(not_principal)
    if "*" in names:
        return True
    account_listed = f"arn:aws:iam::{caller.account}:root" in names or caller.account in names
    return account_listed and (
        caller.is_root or all(identity in names for identity in caller.identities)
    )


def aws_principals(principal: object) -> frozenset[str]:
    """The AWS members of a Principal element; ``*`` alone is everybody."""
    return principal_names(principal, ("AWS",))


def principal_names(principal: object, kinds: Sequence[str] = ("AWS", "Service")) -> frozenset[str]:
    """The members of these kinds of a Principal element; ``*`` alone is everybody."""
    if principal == "*":
        return frozenset({"*"})
    if isinstance(principal, Mapping):
        return frozenset(str(name) for kind in kinds for name in as_list(principal.get(kind, [])))
    return frozenset()


def _statement_applies(statement: Mapping[str, Any], question: AccessRequest, version: str) -> bool:
    def is_action(pattern: str) -> bool:
        return wildcard_match(pattern, question.action, ignore_case=True)

    def is_resource(pattern: str) -> bool:
        resolved = resolve_variables(pattern, question.context, version)
        return resolved is not None and wildcard_match(resolved, question.resource)

    return (
        _is_about(statement, "Action", is_action)
        and _is_about(statement, "Resource", is_resource)
        and conditions_hold(statement.get("Condition") or {}, question.context, version)
    )


def _is_about(statement: Mapping[str, Any], element: str, matches: Callable[[str], bool]) -> bool:
    """Whether an element matches, or its Not-form does not."""
    opposite = statement.get(f"Not{element}")
    if opposite is not None:
        return not any(matches(str(pattern)) for pattern in as_list(opposite))
    return any(matches(str(pattern)) for pattern in as_list(statement.get(element, [])))


def _identity_verdict(question: AccessRequest, identity: IdentityPolicies) -> AccessDecision:
    layers: Sequence[tuple[Iterable[str], AccessDecision, AccessDecision]] = (
        (identity.policies, AccessDecision.DENIED_BY_IDENTITY, AccessDecision.NO_IDENTITY_ALLOW),
        (
            () if identity.boundary is None else (identity.boundary,),
            AccessDecision.DENIED_BY_BOUNDARY,
            AccessDecision.NO_BOUNDARY_ALLOW,
        ),
        (identity.session, AccessDecision.DENIED_BY_SESSION, AccessDecision.NO_SESSION_ALLOW),
    )
    effects = [(_effects(texts, question), deny, silent) for texts, deny, silent in layers]
    for (denied, _), deny, _silent in effects:
        if denied:
            return deny
    present = (True, identity.boundary is not None, bool(identity.session))
    for ((_, allowed), _deny, silent), counts in zip(effects, present, strict=True):
        if counts and not allowed:
            return silent
    return AccessDecision.ALLOWED


def _effects(texts: Iterable[str], question: AccessRequest) -> tuple[bool, bool]:
    denied = allowed = False
    for text in texts:
        version, statements = parsed(text)
        for statement in statements:
            if _statement_applies(statement, question, version):
                denied = denied or statement.get("Effect") == "Deny"
                allowed = allowed or statement.get("Effect") == "Allow"
    return denied, allowed


def _capped(question: AccessRequest, key_policy: str, identity: IdentityPolicies) -> AccessDecision:
    """A direct Allow in the key policy, less what boundary and session policies take away.

    They limit what is given to a role's ARN by an implicit deny; what is given to a user's ARN, to
    a session's own ARN or to everybody they do not (evaluation logic, "resource-based policies",
    and reference_policies_elements_principal.html, "IAM role principals").
    """
    caller = question.caller
    if caller.kind == "User" or (identity.boundary is None and not identity.session):
        return AccessDecision.ALLOWED
    if _given_to_session(question, key_policy):
        return AccessDecision.ALLOWED
    for text in identity.session:
        if not _effects((text,), question)[1]:
            return AccessDecision.NO_SESSION_ALLOW
    if identity.boundary is not None and not _effects((identity.boundary,), question)[1]:
        return AccessDecision.NO_BOUNDARY_ALLOW
    return AccessDecision.ALLOWED


def _given_to_session(question: AccessRequest, key_policy: str) -> bool:
    version, statements = parsed(key_policy)
    return any(
        statement.get("Effect") == "Allow"
        and aws_principals(statement.get("Principal")) & {question.caller.arn, "*"}
        and _statement_applies(statement, question, version)
        for statement in statements
    )
