"""What the account tells an editor of policies: who asks, whom it could name, what was used.

Each part is read by itself and may be refused: a person without iam:ListRoles still edits, with
fewer proposals, and is told in the review what was not known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kmstui.model import Arn, Caller, Identity, KeyEvent, VpcEndpoint
from kmstui.policy.evaluation import NOTHING_READ, Chain
from kmstui.policy.syntax import parse, read_policy
from kmstui.service.errors import unless_refused
from kmstui.service.ports import Gateway

MOST_POLICIES = 200
"""So many policies of other keys are looked through for principals: enough for proposals."""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What was learned; whatever was refused is empty, with the reason."""

    identity: Identity | None = None
    """The caller's role or user with its IAM policies."""
    identity_problem: str = ""
    """Why `identity` is not known, as a sentence."""
    roles: tuple[str, ...] = ()
    """ARNs of the account's roles."""
    contexts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Encryption context keys that CloudTrail saw with the key, and their values."""
    endpoints: tuple[VpcEndpoint, ...] = ()
    """The Region's VPC endpoints of KMS."""
    chain: Chain = NOTHING_READ
    """What binds the caller's requests about the key besides policies of the two accounts."""


def caller_principal(caller: Caller | None) -> str:
    """What a policy writes for who is asking: the user, or the role of the session.

    A session does not tell the path of its role; it is taken as `/`.
    """
    if caller is None:
        return ""
    arn = Arn.maybe(caller.arn)
    if arn is None or not caller.role_name:
        return caller.arn
    return f"arn:{arn.partition}:iam::{arn.account}:role/{caller.role_name}"


async def learn_account(gateway: Gateway, caller: Caller | None, key_arn: str) -> AccountFacts:
    """Read everything that may be read, at once; never raises for what is refused."""
    (identity, problem), roles, contexts, endpoints = await asyncio.gather(
        caller_identity(gateway, caller),
        _roles(gateway),
        _contexts(gateway, key_arn),
        _endpoints(gateway),
    )
    return AccountFacts(identity, problem, roles, contexts, endpoints)


async def caller_identity(gateway: Gateway, caller: Caller | None) -> tuple[Identity | None, str]:
    """The caller's IAM policies, or why they are not known."""
    if caller is None:
        return None, "Who you are is not known."
    arn = caller_principal(caller)
    kind = Arn.maybe(arn)
    if kind is None or kind.resource_type not in ("role", "user"):
        return None, f"{arn} has no IAM policies that could be read."

    async def read() -> tuple[Identity | None, str]:
        identity = await gateway.identity(arn)
        return identity, identity.problem

    return await unless_refused(read, lambda error: (None, error.sentence))


async def _endpoints(gateway: Gateway) -> tuple[VpcEndpoint, ...]:
    """None where they may not be listed: whoever wants to know why asks for their list."""
    return await unless_refused(gateway.vpc_endpoints, lambda _: ())


async def _roles(gateway: Gateway) -> tuple[str, ...]:
    """The account's roles; none where they may not be listed, as the log of calls tells."""
    return await unless_refused(gateway.role_names, lambda _: ())


async def _contexts(gateway: Gateway, key_arn: str) -> Mapping[str, tuple[str, ...]]:
    """Encryption contexts of the newest events; none where CloudTrail may not be asked.

    One page: LookupEvents is limited to two calls a second for the whole account (CloudTrail API
    Reference), and these are proposals only.
    """
    if not key_arn:
        return {}
    events, _ = await unless_refused(lambda: gateway.events(key_arn), lambda _: ((), ""))
    return contexts_of(events)


def contexts_of(events: Iterable[KeyEvent]) -> dict[str, tuple[str, ...]]:
    """The encryption context keys of these events, each with its values in the order seen."""
    seen: dict[str, dict[str, None]] = {}
    for event in events:
        for name, value in event.encryption_context:
            seen.setdefault(name, {})[value] = None
    return {name: tuple(values) for name, values in seen.items()}


def with_contexts(
    contexts: Mapping[str, tuple[str, ...]], others: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Encryption contexts of both, each value once, those of the first first."""
    names = dict.fromkeys((*contexts, *others))
    return {
        name: tuple(dict.fromkeys((*contexts.get(name, ()), *others.get(name, ()))))
        for name in names
    }


def principals_in(texts: Iterable[str]) -> tuple[str, ...]:
    """The AWS principals that policies name, the stars aside, sorted."""
    found: set[str] = set()
    for text in list(texts)[:MOST_POLICIES]:
        for statement in read_policy(parse(text)).statements:
            for entry in (*statement.principals, *statement.not_principals):
                if entry.type == "AWS" and "*" not in entry.value.value:
                    found.add(entry.value.value)
    return tuple(sorted(found))
