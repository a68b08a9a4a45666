"""Whether anybody can put the key policy again once a policy is stored.

KMS refuses a policy that would not let the caller call PutKeyPolicy afterwards, unless
BypassPolicyLockoutSafetyCheck is set
(https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html). IAM policies count
only where the key policy lets the account delegate
(https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from kmstui.model import Arn, Identity
from kmstui.policy.evaluation.chain import NOTHING_READ, Chain
from kmstui.policy.evaluation.evaluator import Decision, evaluate
from kmstui.policy.evaluation.explanation import reason_sentence, statements_of
from kmstui.policy.evaluation.outcome import Outcome
from kmstui.policy.evaluation.policies import Policies, PolicyLike, as_policy
from kmstui.policy.iam import (
    MOST_PATHS,
    Context,
    Principal,
    PrincipalKind,
    Request,
    account_of,
    possible_roles,
)
from kmstui.policy.syntax import Statement
from kmstui.policy.witnesses import callers_of

PUT = "kms:PutKeyPolicy"

DIRECT_CALL = Context.of(
    {"aws:ViaAWSService": "false", "kms:BypassPolicyLockoutSafetyCheck": "false"},
    absent=(
        # PutKeyPolicy carries no tags.
        "aws:TagKeys",
        "aws:RequestTag/",
        "kms:ViaService",
        "aws:CalledVia",
        "aws:CalledViaFirst",
        "aws:CalledViaLast",
    ),
)
"""What is known of a PutKeyPolicy that a person sends to KMS and no service sends for them.

Source: IAM User Guide, "AWS global condition context keys": these come with requests that
services forward.
"""


_ANOTHER = "=another="
"""The name of a session that nobody gives one."""


class CanPut(StrEnum):
    """Whether the policy can be put again."""

    YES = "yes"
    ONLY_IF_IAM_ALLOWS = "only if IAM allows it"
    """The key policy leaves it to identity policies, which were not read."""
    ONLY_UNDER_CONDITIONS = "only under conditions"
    """It hangs on the request, or on what the documents leave open."""
    NO = "no"


_ORDER = (CanPut.NO, CanPut.ONLY_UNDER_CONDITIONS, CanPut.ONLY_IF_IAM_ALLOWS, CanPut.YES)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What comes after the policy is stored."""

    answer: CanPut
    """Whether the caller can put the policy again."""
    reason: str
    """Why, as one sentence."""
    deciding: tuple[Statement, ...]
    """The statements of the key policy that decide about the caller."""
    decision: Decision
    anybody: CanPut
    """Whether anybody of the key's account can, the root user included."""
    anybody_reason: str
    not_considered: tuple[str, ...]
    """Never empty."""
    callers: tuple[Principal, ...] = ()
    """The caller by each ARN that its role may have."""
    ends_with_session: bool = False
    """Whether other sessions of the caller's role fare worse than this one."""

    @property
    def locks_caller_out(self) -> bool:
        """Whether KMS would refuse the policy for this caller."""
        return self.answer is CanPut.NO

    @property
    def orphans_key(self) -> bool:
        """Whether nobody could put a policy again, so that only AWS Support helps."""
        return self.anybody is CanPut.NO


def is_worse(answer: CanPut, than: CanPut) -> bool:
    """Whether an answer promises less than another."""
    return _ORDER.index(answer) < _ORDER.index(than)


def can_still_administer(
    policy: PolicyLike,
    caller: Arn | Principal,
    key_arn: Arn,
    iam: Identity | None = None,
    *,
    context: Context = DIRECT_CALL,
    chain: Chain = NOTHING_READ,
    stored: PolicyLike | None = None,
) -> Verdict:
    """Judge a key policy before it is put.

    Args:
        policy: The new policy.
        caller: Who puts it; a role session is asked about by each path that its role may have.
        key_arn: The key.
        iam: The caller's identity policies, or None where they were not read.
        context: What is known of the caller's later requests.
        chain: What is known of control policies and of a VPC endpoint. They bind the caller; that
            nobody can put the policy is said of the key policy alone, since they can be changed
            without the key.
        stored: The policy that the key has, whose principals exist.

    Raises:
        ValueError: `caller` is not a principal.
    """
    read = as_policy(policy)
    principal = caller if isinstance(caller, Principal) else Principal.parse(str(caller))
    session = principal.kind is PrincipalKind.SESSION and not principal.path_known
    if session and iam is not None and not iam.problem:
        # Every role of IAM Identity Center has a path, which a session's ARN leaves out.
        principal = principal.with_role(iam.arn)
    policies = Policies.of_key(read)
    own = policies if iam is None else policies.with_identity(iam)
    bound = own if chain is NOTHING_READ else replace(own, chain=chain)

    def put_by(asking: Principal, under: Policies, known: Context = context) -> Decision:
        return evaluate(Request(asking, PUT, str(key_arn), known), under)

    of_key = (read,) if stored is None else (as_policy(stored), read)
    callers = possible_roles(principal, of_key, (each.policy for each in chain.policies))
    decisions = [put_by(each, bound) for each in callers]
    answers = [*map(_answer, decisions)]
    worst = min(range(len(answers)), key=lambda at: _ORDER.index(answers[at]))
    decision, answer = decisions[worst], answers[worst]
    reason = reason_sentence(decision)
    if len(set(answers)) > 1 or len(callers) == MOST_PATHS:
        answer = CanPut.ONLY_UNDER_CONDITIONS
        reason = f"It hangs on the path of your role, which is not known: {reason}"
    unbound = decision if bound is own else put_by(callers[worst], own)
    anybody, anybody_reason = _anybody(policies, callers[worst], unbound, key_arn, context)
    later = _another_session(context)
    ends_with_session = any(
        is_worse(_answer(put_by(replace(each, name=_renamed(each)), bound, later)), answer_now)
        for each, answer_now in zip(callers, answers, strict=True)
        if each.kind is PrincipalKind.SESSION
    )
    return Verdict(
        answer=answer,
        reason=reason,
        deciding=statements_of(decision),
        decision=decision,
        anybody=anybody,
        anybody_reason=anybody_reason,
        not_considered=decision.not_considered,
        callers=callers,
        ends_with_session=ends_with_session,
    )


def _renamed(session: Principal) -> str:
    return f"{session.name.rpartition('/')[0]}/{_ANOTHER}"


def _another_session(context: Context) -> Context:
    """What is known where a role is assumed anew: its ID stays, the session's name does not."""
    role_ids = [value.partition(":")[0] for value in context.values.get("aws:userid", ())]
    return context.beside(
        {"aws:userid": [f"{each}:{_ANOTHER}" for each in role_ids]} if role_ids else {}
    )


def _answer(decision: Decision) -> CanPut:
    if decision.outcome is Outcome.ALLOWED:
        return CanPut.YES
    if decision.outcome is not Outcome.NOT_PREDICTABLE:
        return CanPut.NO
    if decision.hangs_on_iam_alone:
        return CanPut.ONLY_IF_IAM_ALLOWS
    return CanPut.ONLY_UNDER_CONDITIONS


def _may_give(statement: Statement, account: str) -> bool:
    """Whether a statement may allow anybody of an account: not all that it names is of others."""
    # Whom an identity provider of another account lets in is not known.
    named = [
        Principal.maybe(entry.value.value) if entry.type == "AWS" else None
        for entry in statement.principals
    ]
    of_others = all(each is not None and each.account not in ("", account) for each in named)
    return statement.effect != "Deny" and not (named and of_others and not statement.not_principals)


def _anybody(
    policies: Policies, caller: Principal, own: Decision, key_arn: Arn, context: Context
) -> tuple[CanPut, str]:
    """The best answer among all who may be asked about, the caller first."""
    best, decision = _answer(own), own
    account = account_of(str(key_arn))
    policy = policies.key.policy
    # To find the callers takes longer than all else.
    others = best is not CanPut.YES and any(_may_give(each, account) for each in policy.statements)
    callers = callers_of((policy,), account, key_arn.partition).principals if others else ()
    for principal in callers:
        if best is CanPut.YES:
            break
        if principal.account != account or principal == caller:
            continue
        candidate = evaluate(Request(principal, PUT, str(key_arn), context), policies)
        answer = _answer(candidate)
        if is_worse(best, answer):
            best, decision = answer, candidate
    if best is CanPut.NO:
        return best, f"No statement of the key policy allows {PUT} to anybody of {account}."
    return best, reason_sentence(decision)
