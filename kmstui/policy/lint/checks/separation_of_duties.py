"""Permissions that are too much for one principal (KMS509 … KMS512)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from kmstui.policy.lint import pages
from kmstui.policy.lint.facts.clauses import Clause
from kmstui.policy.lint.facts.grants import (
    CREATE_GRANT,
    GRANT_ACTIONS,
    IDENTITIES,
    PUT_KEY_POLICY,
    SCHEDULE_KEY_DELETION,
    Kind,
    Reading,
    Who,
    allows,
    covers_everything,
    expanded,
    is_workload,
)
from kmstui.policy.lint.fixes import add_condition, applicable, replace_member, split_statement
from kmstui.policy.lint.rules import ERROR, WARNING, Hit, Subject, remembered, rule
from kmstui.policy.syntax import ArrayNode, Fix, StringNode, set_values

_MANAGEMENT = frozenset({PUT_KEY_POLICY, SCHEDULE_KEY_DELETION})


@remembered
def _of_everything(subject: Subject) -> tuple[tuple[Reading, StringNode], ...]:
    """The statements that allow every action, each with the first pattern by which it does."""
    found = []
    for reading in allows(subject):
        nodes = (node for node in reading.statement.actions if covers_everything(node))
        found += [(reading, node) for node in islice(nodes, 1)]
    return tuple(found)


def _expansion(subject: Subject, reading: Reading, *, foreign: bool) -> Fix | None:
    member = reading.statement.node.member("Action")
    names = applicable(subject, reading.actions, cross_account=foreign)
    if member is None or not names:
        return None
    text = subject.text
    title = f"List the {len(names)} actions, to delete what is not needed"
    if isinstance(member.value, ArrayNode):
        return Fix(title, (set_values(text, member, names),))
    return Fix(title, replace_member(text, reading.statement.node, member, "Action", names))


@rule("KMS509", WARNING, "Every permission for one principal", pages.LEAST_PRIVILEGE)
def every_permission(subject: Subject) -> Iterator[Hit]:
    """`kms:*` for others than the account itself; an error where it is for another account.

    kms:* includes deleting the key, changing its policy and creating grants. Give
    administrators and users only the actions that they need.
    """
    for reading, node in _of_everything(subject):
        given = [
            who
            for who in reading.who
            if who.kind in IDENTITIES or who.kind is Kind.SERVICE or who.foreign
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
            _expansion(subject, reading, foreign=len(foreign) == len(reading.who)),
            ERROR if foreign else None,
        )


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
    protects: keep administrators and users apart.
    """
    everything = {reading.statement.index for reading, _ in _of_everything(subject)}
    manages: dict[str, str] = {}
    uses: dict[str, str] = {}
    last: dict[str, Who] = {}
    told_already: set[str] = set()
    for reading in allows(subject):
        management = sorted(_MANAGEMENT & reading.actions)
        operation = _use(subject, reading.actions)
        for who in reading.who:
            # Whoever is of another account cannot put the policy: KMS207 speaks of it.
            if who.kind not in IDENTITIES or who.foreign:
                continue
            if reading.statement.index in everything:
                told_already.add(who.value)
            if management:
                manages.setdefault(who.value, management[0])
            if operation is not None:
                uses.setdefault(who.value, operation)
            if management or operation is not None:
                last[who.value] = who
    for value, who in last.items():
        if value in manages and value in uses and value not in told_already:
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
        for reading in allows(subject)
        if PUT_KEY_POLICY in reading.actions
        for who in reading.who
    )


def _limited_grants(subject: Subject, reading: Reading) -> Fix | None:
    """Add the condition, to a statement of its own where others would suffer from it."""
    statement, text = reading.statement, subject.text
    added = add_condition(text, statement, "Bool", "kms:GrantIsForAWSResource", "true")
    if added is None or not statement.actions:
        return None
    if reading.actions <= GRANT_ACTIONS:
        return Fix('Add "kms:GrantIsForAWSResource": "true"', added)
    moved = [
        node
        for node in statement.actions
        if (names := expanded((node,))) and names <= GRANT_ACTIONS
    ]
    if not any(CREATE_GRANT in expanded((node,)) for node in moved):
        return None
    if reading.conditional:
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
    for reading in allows(subject):
        if CREATE_GRANT not in reading.actions or any(map(_limits_grants, reading.clauses)):
            continue
        given = [
            who
            for who in reading.who
            if (who.kind in IDENTITIES or who.foreign or who.kind is Kind.EVERYBODY)
            and who.value not in writers
        ]
        node = next(
            (node for node in reading.statement.actions if CREATE_GRANT in expanded((node,))), None
        )
        if given and node is not None:
            yield Hit(
                node.span,
                f"{given[0].short} may create grants of any kind by {node.value}",
                _limited_grants(subject, reading),
            )


@rule("KMS512", WARNING, "Workload that may change or delete the key", pages.LEAST_PRIVILEGE)
def workload_manages_key(subject: Subject) -> Iterator[Hit]:
    """kms:PutKeyPolicy or kms:ScheduleKeyDeletion for an instance role, a function, a service.

    A program that encrypts data needs neither to change the key's policy nor to delete the key.
    Whoever breaks into it would own the key.
    """
    seen: set[str] = set()
    for reading in allows(subject):
        management = sorted(_MANAGEMENT & reading.actions)
        if not management:
            continue
        for who in reading.who:
            if is_workload(who) and who.value not in seen:
                seen.add(who.value)
                yield Hit(
                    who.entry.value.span,
                    f"{who.short} looks like a workload and has {' and '.join(management)}",
                )
