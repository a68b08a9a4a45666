"""What comes of a policy once it is stored, judged by the evaluation.

A module of its own, since the evaluation takes longer to load than most policies take to lint:
those by which the account plainly keeps the key need no judge.
"""

from __future__ import annotations

from dataclasses import replace

from kmstui.model.arn import Arn
from kmstui.policy.evaluation.lockout import Verdict, can_still_administer
from kmstui.policy.iam.policy_principals import accounts
from kmstui.policy.iam.principals import Principal
from kmstui.policy.lint.facts.grants import (
    PUT_KEY_POLICY,
    STAND_IN,
    home_account,
    partition,
    readings,
)
from kmstui.policy.lint.facts.placeholders import ACCOUNT, find_placeholders
from kmstui.policy.lint.facts.principals import ACCOUNT as ACCOUNT_ID
from kmstui.policy.lint.rules import Subject
from kmstui.policy.syntax.nodes import StringNode
from kmstui.policy.syntax.statements import ConditionEntry, Policy, PrincipalEntry, Statement


def _filled(policy: Policy, account: str) -> Policy:
    """The policy with the placeholders for the account filled in, so that it can be judged."""

    def node(value: StringNode) -> StringNode:
        text = value.value
        for found in reversed(find_placeholders(text)):
            if found.stands_for == ACCOUNT:
                text = text[: found.start] + account + text[found.end :]
        return value if text == value.value else value._replace(value=text)

    def entries(found: tuple[PrincipalEntry, ...]) -> tuple[PrincipalEntry, ...]:
        return tuple(each._replace(value=node(each.value)) for each in found)

    def condition(entry: ConditionEntry) -> ConditionEntry:
        values = (node(each) if isinstance(each, StringNode) else each for each in entry.values)
        return entry._replace(values=tuple(values))

    statements = tuple(
        replace(
            each,
            principals=entries(each.principals),
            not_principals=entries(each.not_principals),
            resources=tuple(map(node, each.resources)),
            not_resources=tuple(map(node, each.not_resources)),
            conditions=tuple(map(condition, each.conditions)),
        )
        for each in policy.statements
    )
    return replace(policy, statements=statements)


def _about_putting(subject: Subject) -> Policy:
    """Only the statements that decide about kms:PutKeyPolicy, to judge in less time."""
    deciding = {
        each.statement.index for each in readings(subject) if PUT_KEY_POLICY in each.actions
    }
    statements = [each for each in subject.policy.statements if each.index in deciding]
    if subject.key.arn is None:
        statements = [_about_any_key(each) for each in statements]
    return replace(subject.policy, statements=tuple(statements))


def _about_any_key(statement: Statement) -> Statement:
    """The same for whatever key: one that spells its key's ARN out means the stand-in too."""
    named = (*statement.resources, *statement.not_resources)
    resources = tuple(node._replace(value="*") for node in named[:1])
    return replace(statement, resources=resources, not_resources=())


def _key_arn(subject: Subject, account: str) -> Arn:
    if subject.key.arn is not None:
        return subject.key.arn
    # No Region: a condition on aws:RequestedRegion must not be held against one made up.
    return Arn(partition(subject), "kms", "", account, "key/any")


def _accounts(subject: Subject, policy: Policy) -> list[str]:
    """The accounts that the key may be of."""
    home = home_account(subject)
    found = [home] if home else list(accounts(policy))
    return [each for each in found if ACCOUNT_ID.fullmatch(each)] or [STAND_IN]


def judge(subject: Subject, caller: Principal | None) -> Verdict | None:
    """What comes of the policy for the caller, or for the root user where none is known.

    Where the account is not known, the verdict of the one named in the policy that fares best.
    """
    policy = _filled(_about_putting(subject), home_account(subject) or STAND_IN)
    best: Verdict | None = None
    for account in _accounts(subject, policy):
        asking = caller or Principal.parse(account)
        verdict = can_still_administer(policy, asking, _key_arn(subject, account))
        if not verdict.locks_caller_out:
            return verdict
        best = verdict if best is None or best.orphans_key else best
    return best
