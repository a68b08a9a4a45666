"""Permissions that are too much for one principal (KMS509 … KMS512)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from kmstui.policy.iam import OF_SERVICES_ONLY
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import ERROR, WARNING, Hit, Subject, remembered, rule
from kmstui.policy.lint.facts.conditions import Clause
from kmstui.policy.lint.facts.everybody import everybody_of_some
from kmstui.policy.lint.facts.statements import (
    CREATE_GRANT,
    GRANT_ACTIONS,
    IDENTITIES,
    PUT_KEY_POLICY,
    SCHEDULE_KEY_DELETION,
    NamedKind,
    NamedPrincipal,
    StatementFacts,
    allows,
    covers_everything,
    expanded,
    home_account,
    statement_facts,
)
from kmstui.policy.lint.facts.values import ACCOUNT_ID
from kmstui.policy.lint.facts.workloads import is_break_glass, is_workload
from kmstui.policy.lint.fixes import add_conditions, applicable, replace_member, split_statement
from kmstui.policy.syntax import ArrayNode, Fix, StringNode, set_values

_MANAGEMENT = frozenset({PUT_KEY_POLICY, SCHEDULE_KEY_DELETION})


@remembered
def _of_everything(subject: Subject) -> tuple[tuple[StatementFacts, StringNode], ...]:
    """The statements that allow every action, each with the first pattern by which it does."""
    found = []
    for facts in allows(subject):
        nodes = (node for node in facts.statement.actions if covers_everything(node))
        found += [(facts, node) for node in islice(nodes, 1)]
    return tuple(found)


_OF_THE_ACCOUNT = (
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "kms:calleraccount",
)
"""Conditions that every identity of an account meets, or none."""


def _asked(facts: StatementFacts) -> str:
    keys = ", ".join(dict.fromkeys(clause.name for clause in facts.clauses))
    return f"everybody who meets {keys}" if keys else "everybody whom no other statement denies it"


def _whole_accounts(facts: StatementFacts) -> bool:
    """Whether its conditions let in all identities of an account, whatever they are for."""
    return bool(facts.clauses) and all(
        clause.is_about(*_OF_THE_ACCOUNT) and not clause.is_null for clause in facts.clauses
    )


def _is_foreign(subject: Subject, facts: StatementFacts) -> bool:
    """Whether only identities of other accounts than the key's meet its conditions."""
    home = home_account(subject)
    return bool(home) and any(
        clause.is_about("kms:calleraccount", "aws:principalaccount")
        and clause.demands_presence
        and not clause.is_null
        and home not in clause.texts
        and all(map(ACCOUNT_ID.fullmatch, clause.texts))
        for clause in facts.clauses
    )


@remembered
def _may_be_denied(subject: Subject) -> frozenset[str]:
    """What some Deny of many takes from them, under whatever condition."""
    wide = (NamedKind.EVERYBODY, NamedKind.ROOT)
    return frozenset(
        action
        for facts in statement_facts(subject)
        if not facts.allow and (not facts.who or any(who.kind in wide for who in facts.who))
        for action in facts.actions
    )


def _expansion(subject: Subject, facts: StatementFacts, *, foreign: bool) -> Fix | None:
    member = facts.statement.node.member("Action")
    names = applicable(subject, facts.actions, cross_account=foreign)
    if member is None or not names:
        return None
    text = subject.text
    title = f"List the {len(names)} actions, to delete what is not needed"
    if isinstance(member.value, ArrayNode):
        return Fix(title, (set_values(text, member, names),))
    return Fix(title, replace_member(text, facts.statement.node, member, "Action", names))


@rule("KMS509", WARNING, "Every permission for one principal", pages.LEAST_PRIVILEGE)
def every_permission(subject: Subject) -> Iterator[Hit]:
    """`kms:*` for others than the account itself; an error where it is for another account.

    kms:* includes deleting the key, changing its policy and creating grants. Give
    administrators and users only the actions that they need. An Allow of everybody under a
    condition such as kms:CallerAccount needs no IAM policy beside it, unlike one of the account.
    """
    for facts, node in _of_everything(subject):
        given = [
            who
            for who in facts.who
            if who.kind in IDENTITIES or who.kind is NamedKind.SERVICE or who.foreign
        ]
        if not given:
            continue
        foreign = [who for who in given if who.foreign]
        who = (foreign or given)[0]
        others = f" and {len(given) - 1} more" if len(given) > 1 else ""
        whose = f" of the other account {who.account}" if foreign else ""
        yield Hit(
            node.span,
            f'"{node.value}" gives {who.short}{whose}{others} every permission on the key',
            _expansion(subject, facts, foreign=len(foreign) == len(facts.who)),
            ERROR if foreign else None,
        )
    yield from _everything_for_many(subject)


def _everything_for_many(subject: Subject) -> Iterator[Hit]:
    """The same for everybody of an account, an organization or a network."""
    nodes = {facts.statement.index: node for facts, node in _of_everything(subject)}
    for facts, _ in everybody_of_some(subject):
        node = nodes.get(facts.statement.index)
        if node is None:
            continue
        foreign = _is_foreign(subject, facts)
        message = f'"{node.value}" gives {_asked(facts)} every permission on the key'
        for_services = any(clause.is_about(*OF_SERVICES_ONLY) for clause in facts.clauses)
        if not (foreign or for_services or SCHEDULE_KEY_DELETION in _may_be_denied(subject)):
            message += "; those of the key's account may delete it without an IAM policy"
        fix = _expansion(subject, facts, foreign=foreign)
        yield Hit(node.span, message, fix, ERROR if foreign else None)


_BEST_KNOWN = ("kms:Decrypt", "kms:Sign", "kms:Encrypt", "kms:GenerateDataKey")


def _use(subject: Subject, actions: frozenset[str]) -> str | None:
    """A cryptographic operation among some actions, one whose name people know where possible."""
    for name in (*_BEST_KNOWN, *sorted(actions)):
        info = subject.knowledge.action(name)
        if name in actions and info is not None and info.usages:
            return name
    return None


@rule("KMS510", WARNING, "One principal administers and uses the key", pages.ADMINISTRATORS)
def no_separation_of_duties(subject: Subject) -> Iterator[Hit]:
    """A user or role that has kms:PutKeyPolicy or deletion, and cryptographic operations too.

    Whoever may change the policy or delete the key should not also be able to read the data it
    protects: keep administrators and users apart. A role for emergencies, as its name tells, is
    meant to do both.
    """
    everything = {facts.statement.index for facts, _ in _of_everything(subject)}
    manages: dict[str, str] = {}
    uses: dict[str, str] = {}
    last: dict[str, NamedPrincipal] = {}
    told_already: set[str] = set()
    for facts in allows(subject):
        management = sorted(_MANAGEMENT & facts.actions)
        operation = _use(subject, facts.actions)
        for who in facts.who:
            # Whoever is of another account cannot put the policy: KMS207 speaks of it.
            if who.kind not in IDENTITIES or who.foreign:
                continue
            if facts.statement.index in everything:
                told_already.add(who.value)
            if management:
                manages.setdefault(who.value, management[0])
            if operation is not None:
                uses.setdefault(who.value, operation)
            if management or operation is not None:
                last[who.value] = who
    for value, who in last.items():
        both = value in manages and value in uses and value not in told_already
        if both and not is_break_glass(who):
            yield Hit(
                who.entry.value.span, f"{who.short} has both {manages[value]} and {uses[value]}"
            )


_LIMITS_GRANTS = (
    "kms:grantisforawsresource",
    "kms:grantoperations",
    "kms:granteeprincipal",
    "kms:granteeserviceprincipal",
    "kms:grantconstrainttype",
    "kms:grantconstraintsourcearn",
    "kms:retiringprincipal",
    "kms:retiringserviceprincipal",
    "kms:viaservice",
    "kms:encryptioncontext:",
    "kms:encryptioncontextkeys",
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:viaawsservice",
)


def _limits_grants(clause: Clause) -> bool:
    return not clause.is_null and clause.is_about(*_LIMITS_GRANTS)


@remembered
def _policy_writers(subject: Subject) -> frozenset[str]:
    """Who may put the policy, and so gains nothing by grants."""
    return frozenset(
        who.value
        for facts in allows(subject)
        if PUT_KEY_POLICY in facts.actions
        for who in facts.who
    )


def _limited_grants(subject: Subject, facts: StatementFacts) -> Fix | None:
    """Add the condition, to a statement of its own where others would suffer from it."""
    statement, text = facts.statement, subject.text
    added = add_conditions(text, statement, "Bool", {"kms:GrantIsForAWSResource": "true"})
    if added is None or not statement.actions:
        return None
    if facts.actions <= GRANT_ACTIONS:
        return Fix('Add "kms:GrantIsForAWSResource": "true"', added)
    moved = [
        node
        for node in statement.actions
        if (names := expanded((node,))) and names <= GRANT_ACTIONS
    ]
    if not any(CREATE_GRANT in expanded((node,)) for node in moved):
        return None
    if facts.conditional:
        return None  # what is wrong in its conditions would then stand there twice
    edits = split_statement(subject.document, subject.policy, statement, moved, added)
    title = 'Move the grants to a statement with "kms:GrantIsForAWSResource": "true"'
    return None if edits is None else Fix(title, edits)


@rule("KMS511", WARNING, "Unconstrained CreateGrant", pages.GRANTS)
def unconstrained_grants(subject: Subject) -> Iterator[Hit]:
    """kms:CreateGrant without a condition on the grant.

    Whoever may create grants may give anybody any operation on the key, without changing the
    policy. kms:GrantIsForAWSResource leaves that to AWS services.
    """
    writers = _policy_writers(subject)
    for facts in allows(subject):
        if CREATE_GRANT not in facts.actions or any(map(_limits_grants, facts.clauses)):
            continue
        given = [
            who
            for who in facts.who
            if (who.kind in IDENTITIES or who.foreign or who.kind is NamedKind.EVERYBODY)
            and who.value not in writers
        ]
        node = next(
            (node for node in facts.statement.actions if CREATE_GRANT in expanded((node,))), None
        )
        if given and node is not None:
            yield Hit(
                node.span,
                f"{given[0].short} may create grants of any kind by {node.value}",
                _limited_grants(subject, facts),
            )


@rule("KMS512", WARNING, "Workload that may change or delete the key", pages.LEAST_PRIVILEGE)
def workload_manages_key(subject: Subject) -> Iterator[Hit]:
    """kms:PutKeyPolicy or kms:ScheduleKeyDeletion for an instance role, a function, a service.

    A program that encrypts data needs neither to change the key's policy nor to delete the key.
    Whoever breaks into it would own the key. Everybody of an account or an organization is every
    program too.
    """
    seen: set[str] = set()
    for facts in allows(subject):
        management = sorted(_MANAGEMENT & facts.actions)
        if not management:
            continue
        for who in facts.who:
            if is_workload(who) and who.value not in seen:
                seen.add(who.value)
                yield Hit(
                    who.entry.value.span,
                    f"{who.short} looks like a workload and has {' and '.join(management)}",
                )
    for facts, who in everybody_of_some(subject):
        management = sorted((_MANAGEMENT & facts.actions) - _may_be_denied(subject))
        if management and _whole_accounts(facts) and not _is_foreign(subject, facts):
            yield Hit(
                who.entry.value.span,
                f"{_asked(facts)} has {' and '.join(management)}, workloads too",
            )
