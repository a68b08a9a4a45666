"""Which other accounts and organizations a key policy lets in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from kmstui.model import Key
from kmstui.policy.access import actions_words, possible_actions
from kmstui.policy.evaluation import Outcome, Policies, evaluate
from kmstui.policy.iam import (
    OTHER_ACCOUNT,
    Context,
    Principal,
    Request,
    accounts,
    named,
    other_of,
    parse_operator,
)
from kmstui.policy.syntax import Policy, parse, read_policy, scalar_text

_MOST_ACCOUNTS = 50
"""That are asked about: a policy that names more is told with these."""
_OF_ORGANIZATIONS = ("aws:PrincipalOrgID", "aws:PrincipalOrgPaths")
_OUTSIDE = Context.of(absent=_OF_ORGANIZATIONS)
"""Whoever is asked about is in no organization of one's own, so that a perimeter keeps them out."""


class Outsider(NamedTuple):
    """Somebody outside whom a policy lets in."""

    who: str
    """The account's number, or the organization's ID."""
    what: str
    """What may be done, in a few words; empty of an organization."""

    @property
    def is_organization(self) -> bool:
        """Whether it is one; else it is an account."""
        return self.who.startswith("o-")


def outsiders(text: str, key: Key, own: Collection[str]) -> tuple[Outsider, ...]:
    """Other accounts that may use the key, or may under conditions, and organizations.

    Everybody in AWS is no account: KMS501 to KMS503 tell that. What IAM in the other account
    allows is not asked: its administrators decide that.

    Args:
        text: The key policy.
        key: The key; what its usage forbids is left out.
        own: Numbers of accounts and IDs of organizations that are not outside.
    """
    policy = read_policy(parse(text))
    inside = {key.account, "", *own}
    others = [each for each in accounts(policy) if each not in inside][:_MOST_ACCOUNTS]
    found = list(_accounts(policy, key, others)) if others else []
    return (*found, *_organizations(policy, own))


def _accounts(policy: Policy, key: Key, others: Collection[str]) -> Iterator[Outsider]:
    metadata = key.metadata
    actions = possible_actions(*((metadata.usage, metadata.spec) if metadata else ()))
    policies = Policies.of_key(policy)
    partition = key.arn.split(":", 2)[1]

    def allowed(who: Principal) -> frozenset[str]:
        decisions = (evaluate(Request(who, each, key.arn, _OUTSIDE), policies) for each in actions)
        may = (Outcome.ALLOWED, Outcome.NOT_PREDICTABLE)
        return frozenset(each.request.action for each in decisions if each.outcome in may)

    # A stranger gets what everybody gets, which is not what this is about.
    everybody = allowed(other_of(OTHER_ACCOUNT, partition))
    for account in others:
        people = [each for each in named(policy, partition) if each.account == account]
        given = frozenset().union(*map(allowed, (other_of(account, partition), *people)))
        if more := given - everybody:
            yield Outsider(account, actions_words(more, actions))


def _organizations(policy: Policy, own: Collection[str]) -> Iterator[Outsider]:
    """Those whose members an Allow lets in by a condition."""
    keys = [each.lower() for each in _OF_ORGANIZATIONS]
    told: set[str] = set(own)
    for statement in policy.statements:
        for entry in statement.conditions if statement.effect == "Allow" else ():
            operator = parse_operator(entry.operator.value)
            if operator is None or operator.negated or entry.key.value.lower() not in keys:
                continue
            for value in entry.values:
                organization = scalar_text(value).partition("/")[0]
                if organization.startswith("o-") and organization not in told:
                    told.add(organization)
                    yield Outsider(organization, "")
