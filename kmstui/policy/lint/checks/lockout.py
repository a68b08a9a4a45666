"""Whether the key can still be managed once the policy is stored (KMS506, KMS507, KMS508)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from kmstui.model import Arn
from kmstui.policy.iam import Principal, accounts
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import ERROR, WARNING, Hit, Subject, remembered, rule
from kmstui.policy.lint.facts.conditions import Clause, clauses_of
from kmstui.policy.lint.facts.coverage import foreign_roots
from kmstui.policy.lint.facts.filling import filled
from kmstui.policy.lint.facts.statements import (
    PUT_KEY_POLICY,
    STAND_IN,
    NamedKind,
    StatementFacts,
    allows,
    home_account,
    label_span,
    partition,
    root_statements,
    statement_facts,
)
from kmstui.policy.lint.facts.values import ACCOUNT_ID, fill_account, find_placeholders
from kmstui.policy.syntax import (
    Fix,
    Policy,
    Span,
    Statement,
    add_value,
    insert_statement,
    root_statement,
)

if TYPE_CHECKING:
    from kmstui.policy.evaluation import Verdict


_LONGEST_JUDGED = 2 * 32_768
"""Characters; a key policy has 32,768 bytes at most (KMS Developer Guide, "Key policies")."""

_MOST_JUDGED = 5_000
"""Accounts, one of which the key may be of, times the accounts named: what takes a second."""


def _is_plainly_safe(subject: Subject) -> bool:
    """Whether the account can put the policy and nothing denies it: no need to look closer."""
    if any(not each.allow and PUT_KEY_POLICY in each.actions for each in statement_facts(subject)):
        return False
    return any(not facts.conditional for facts in root_statements(subject))


def _caller(subject: Subject) -> Principal | None:
    """Who asks; None where that is not known, or is the ARN of nobody who sends requests."""
    arn = subject.key.caller
    # Judged as where nobody is known where it is nobody: the person still hears of a lock-out.
    return None if arn is None else Principal.maybe(str(arn))


@remembered
def _may_be_managed_by_unfilled(subject: Subject) -> bool:
    """Whether a placeholder of which nobody knows whom it means may put the policy."""
    return any(
        PUT_KEY_POLICY in facts.actions and any(find_placeholders(who.value) for who in facts.who)
        for facts in allows(subject)
    )


@remembered
def _verdict(subject: Subject) -> Verdict | None:
    """What comes of the policy for the caller, or for the root user where none is known.

    None where it is plain that the key stays manageable by the account, where that hangs on a
    placeholder, and for a text that KMS refuses for its size alone.
    """
    if len(subject.text) > _LONGEST_JUDGED or _may_be_managed_by_unfilled(subject):
        return None
    caller = _caller(subject)
    if _is_plainly_safe(subject) and (caller is None or caller.account == home_account(subject)):
        return None

    return _judge(subject, caller)


def _denying(subject: Subject, verdict: Verdict) -> Statement | None:
    """The statement that denies, as it stands in the text at hand."""
    for statement in verdict.deciding:
        if statement.effect == "Deny":
            return subject.statements[statement.index]
    return None


def _element_span(subject: Subject) -> Span:
    root = subject.root
    if root is not None:
        member = root.member("Statement")
        if member is not None:
            return member.key.span
    return Span(0, min(1, len(subject.text)))


def _add_root_statement(subject: Subject) -> Fix | None:
    root, home = subject.root, home_account(subject)
    if root is None or not home:
        return None
    statement = root_statement(partition(subject), home)
    sids = {each.sid for each in subject.statements}
    if statement["Sid"] in sids:
        statement["Sid"] = f"Enable IAM policies of {home}"
    return Fix(
        f"Add the root statement for account {home}",
        insert_statement(subject.text, root, statement),
    )


def _except_caller(subject: Subject, denying: Statement) -> Fix | None:
    """The caller beside those whom a Deny leaves out by aws:PrincipalArn; None where it has none.

    For a session that is its role (IAM User Guide, "AWS global condition context keys").
    """
    caller = _caller(subject)
    if caller is None:
        return None
    for clause in clauses_of(subject, denying):
        if clause.key == "aws:principalarn" and clause.operator.negated:
            exempt = caller.role_arn or caller.name
            name = exempt.rpartition(":")[2]
            return Fix(f"Except {name} too", add_value(subject.text, clause.entry.member, exempt))
    return None


def _locked_out(subject: Subject) -> bool:
    verdict = _verdict(subject)
    if verdict is None or not subject.statements:
        return False
    return verdict.orphans_key or (_caller(subject) is not None and verdict.locks_caller_out)


@rule("KMS506", ERROR, "Lock-out", pages.PUT_KEY_POLICY)
def lock_out(subject: Subject) -> Iterator[Hit]:
    """A policy after which nobody, or not the caller, could change it again.

    KMS refuses a policy that would not let its caller change the policy again, and where that
    check is bypassed only AWS Support can restore access to the key.
    """
    verdict = _verdict(subject)
    if verdict is None or not _locked_out(subject):
        return
    caller = _caller(subject)
    if verdict.orphans_key:
        message = "After this save nobody could change the key policy again"
    else:
        who = "the caller" if caller is None else caller.short
        message = f"After this save you ({who}) could not change the key policy again"
    denying = _denying(subject, verdict)
    reason = verdict.anybody_reason if verdict.orphans_key and denying is None else verdict.reason
    if denying is not None:
        yield Hit(label_span(denying), f"{message}: {reason}", _except_caller(subject, denying))
        return
    can_be_added = caller is None or caller.account == home_account(subject) or verdict.orphans_key
    yield Hit(
        _element_span(subject),
        f"{message}: {reason}",
        _add_root_statement(subject) if can_be_added else None,
    )


@remembered
def _by_everybody(subject: Subject) -> tuple[StatementFacts, ...]:
    """Allows of everybody to put the policy whose conditions the root user may meet."""
    return tuple(
        facts
        for facts in allows(subject)
        if PUT_KEY_POLICY in facts.actions
        and any(who.kind is NamedKind.EVERYBODY for who in facts.who)
        and _root_user_may_meet(subject, facts)
    )


def _root_user_may_meet(subject: Subject, facts: StatementFacts) -> bool:
    if not facts.clauses:
        return True
    from kmstui.policy.iam import Truth, compile_condition

    version = subject.policy.version
    conditions = [compile_condition(clause.entry, version) for clause in facts.clauses]
    return any(
        all(
            each.truth(_root_user(subject, account).facts.get) is not Truth.NO
            for each in conditions
        )
        for account in _named_accounts(subject)
    )


@remembered
def _named_accounts(subject: Subject) -> list[str]:
    """The accounts that the key may be of, by the whole policy."""
    return _accounts(subject, _filled(subject, subject.policy))


@rule("KMS507", WARNING, "No root statement", pages.ROOT)
def no_root_statement(subject: Subject) -> Iterator[Hit]:
    """No Allow for the account that includes kms:PutKeyPolicy.

    Without a statement for the account, IAM policies give no access to the key, and nobody can
    manage it any more once the principals of its policy are deleted.
    """
    if not subject.statements or root_statements(subject) or _by_everybody(subject):
        return
    if _may_be_managed_by_unfilled(subject):
        return
    if _locked_out(subject) or foreign_roots(subject):
        return  # KMS602 speaks of a root statement for another account
    yield Hit(
        _element_span(subject),
        "No statement lets the account itself change the key policy",
        _add_root_statement(subject),
    )


_ACCOUNT_KEYS = ("aws:principalaccount", "kms:calleraccount")


def _leaves_root_user(clause: Clause) -> bool:
    """AWS documents aws:PrincipalType Account to keep IAM policies out and the root user in.

    Source: KMS Developer Guide, "Default key policy".
    """
    if clause.key == "aws:principaltype":
        return "Account" in clause.texts
    # Everybody of the account: only the account itself could have made the key.
    return clause.is_about(*_ACCOUNT_KEYS) and not clause.operator.negated


@rule("KMS508", WARNING, "Root statement under a condition", pages.ROOT)
def conditional_root_statement(subject: Subject) -> Iterator[Hit]:
    """Every root statement has a condition.

    When the condition is not met, the account cannot manage the key and IAM policies give
    nothing.
    """
    found = root_statements(subject) or _by_everybody(subject)
    if any(
        not facts.conditional or (facts.clauses and all(map(_leaves_root_user, facts.clauses)))
        for facts in found
    ):
        return
    for facts in found:
        member = facts.statement.node.member("Condition")
        if member is not None and facts.clauses:
            keys = ", ".join(dict.fromkeys(clause.name for clause in facts.clauses))
            yield Hit(member.key.span, f"The account manages the key only under {keys}")


def _filled(subject: Subject, policy: Policy) -> Policy:
    """The policy with the placeholders for the account filled in, so that it can be judged."""
    home = home_account(subject) or STAND_IN
    return filled(policy, lambda value: fill_account(value, home))


def _about_putting(subject: Subject) -> Policy:
    """Only the statements that decide about kms:PutKeyPolicy, to judge in less time."""
    deciding = {
        each.statement.index for each in statement_facts(subject) if PUT_KEY_POLICY in each.actions
    }
    statements = [each for each in subject.statements if each.index in deciding]
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


def _root_user(subject: Subject, account: str) -> Principal:
    return Principal.parse(account, partition=partition(subject))


def _accounts(subject: Subject, policy: Policy) -> list[str]:
    """The accounts that the key may be of."""
    home = home_account(subject)
    found = [home] if home else list(accounts(policy))
    return [each for each in found if ACCOUNT_ID.fullmatch(each)] or [STAND_IN]


def _judge(subject: Subject, caller: Principal | None) -> Verdict | None:
    """What comes of the policy for the caller, or for the root user where none is known.

    Where the account is not known, the verdict of the one named in the policy that fares best;
    None where so many are named that nobody would wait for it.
    """
    # Loading the evaluation takes longer than most policies take to lint.
    from kmstui.policy.evaluation import can_still_administer

    policy = _filled(subject, _about_putting(subject))
    best: Verdict | None = None
    possible = _accounts(subject, policy)
    if len(possible) ** 2 > _MOST_JUDGED:
        return None
    for account in possible:
        asking = caller or _root_user(subject, account)
        verdict = can_still_administer(policy, asking, _key_arn(subject, account))
        if not verdict.locks_caller_out:
            return verdict
        best = verdict if best is None or best.orphans_key else best
    return best
