"""Access for everybody, or for everybody but some (KMS501 to KMS505)."""

from __future__ import annotations

from collections.abc import Iterator

from kmstui.model import Arn
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import ERROR, WARNING, Hit, Subject, rule
from kmstui.policy.lint.facts.everybody import open_to_all
from kmstui.policy.lint.facts.statements import (
    PUT_KEY_POLICY,
    NamedPrincipal,
    home_account,
    partition,
    statement_facts,
)
from kmstui.policy.lint.fixes import add_conditions, applicable, own_account_fix, replace_member
from kmstui.policy.syntax import Fix, Statement, replace_node


def _to_own_root(subject: Subject, who: NamedPrincipal) -> Fix | None:
    home = home_account(subject)
    if not home:
        return None
    arn = f"arn:{partition(subject)}:iam::{home}:root"
    value = {"AWS": arn} if who.entry.type_node is None else arn
    return Fix(f"Allow account {home} only", (replace_node(who.entry.value, value),))


@rule("KMS501", ERROR, "Public key", pages.ANYBODY)
def public(subject: Subject) -> Iterator[Hit]:
    """`*` allowed without any condition.

    * is everybody: any identity of any AWS account may use the key if its own IAM policies
    allow it.
    """
    for facts, who in open_to_all(subject):
        if not facts.conditional:
            yield Hit(
                who.entry.value.span,
                f'"*" gives everybody in every AWS account what {facts.statement.label} allows',
                _to_own_root(subject, who),
            )


@rule("KMS502", WARNING, "Everybody, with conditions that do not say who", pages.ANYBODY)
def weakly_restricted(subject: Subject) -> Iterator[Hit]:
    """`*` allowed under conditions that strangers can meet.

    A condition such as kms:ViaService, aws:Referer or any …IfExists does not say whose requests
    are meant: people in other accounts can meet it too.
    """
    for facts, who in open_to_all(subject):
        if not facts.clauses:
            continue
        keys = ", ".join(dict.fromkeys(clause.name for clause in facts.clauses))
        yield Hit(
            who.entry.value.span,
            f'"*" is everybody, and {keys} can be met from any account',
            own_account_fix(subject, facts.statement, "kms:CallerAccount"),
        )


@rule("KMS503", ERROR, "Allow with NotPrincipal", pages.NOT_PRINCIPAL)
def allow_not_principal(subject: Subject) -> Iterator[Hit]:
    """NotPrincipal in an Allow.

    NotPrincipal with Allow lets in everybody who is not listed, anonymous callers included. AWS
    does not support it.
    """
    for statement, member in subject.elements("NotPrincipal"):
        if statement.effect == "Allow":
            listed = " and ".join(entry.value.value for entry in statement.not_principals[:2])
            yield Hit(member.key.span, f"Allows everybody but {listed or 'nobody'}")


def _listed_actions(subject: Subject, statement: Statement) -> Fix | None:
    member = statement.node.member("NotAction")
    facts = next((each for each in statement_facts(subject) if each.statement is statement), None)
    if member is None or facts is None or statement.node.member("Action") is not None:
        return None
    names = applicable(subject, facts.actions, cross_account=False)
    edits = replace_member(subject.text, statement.node, member, "Action", names)
    return Fix(f"List the {len(names)} allowed actions", edits) if names else None


@rule("KMS504", WARNING, "Allow with NotAction", pages.NOT_ACTION)
def allow_not_action(subject: Subject) -> Iterator[Hit]:
    """NotAction in an Allow.

    Everything that is not listed is allowed: deletion, the policy itself, and actions that AWS
    adds later.
    """
    for statement, member in subject.elements("NotAction"):
        if statement.effect == "Allow" and statement.not_actions:
            listed = ", ".join(node.value for node in statement.not_actions)
            yield Hit(
                member.key.span,
                f"Allows every action but {listed}",
                _listed_actions(subject, statement),
            )


def _exempt_arns(subject: Subject, statement: Statement) -> list[str] | None:
    """What aws:PrincipalArn is for those that NotPrincipal lists; None where it cannot tell.

    For a session it is the role's ARN, so a session in the list adds nothing to its role.
    """
    found = []
    for entry in statement.not_principals:
        value = entry.value.value
        if entry.type != "AWS":
            return None
        if value.isdigit():
            value = f"arn:{partition(subject)}:iam::{value}:root"
        arn = Arn.maybe(value)
        if arn is None:
            return None
        if arn.service == "iam":
            found.append(value)
    return found or None


def _by_condition(subject: Subject, statement: Statement) -> Fix | None:
    member = statement.node.member("NotPrincipal")
    arns = _exempt_arns(subject, statement)
    if member is None or arns is None or statement.node.member("Principal") is not None:
        return None
    text = subject.text
    value = arns[0] if len(arns) == 1 else arns
    added = add_conditions(text, statement, "ArnNotEquals", {"aws:PrincipalArn": value})
    if added is None:
        return None
    replaced = replace_member(text, statement.node, member, "Principal", {"AWS": "*"})
    return Fix('Use "Principal": "*" with ArnNotEquals aws:PrincipalArn', (*replaced, *added))


@rule("KMS505", WARNING, "Deny with NotPrincipal", pages.NOT_PRINCIPAL)
def deny_not_principal(subject: Subject) -> Iterator[Hit]:
    """NotPrincipal in a Deny.

    Everybody who is not listed is denied: the sessions of a listed role too, unless they are
    listed themselves, and everybody who has a permissions boundary. AWS advises to use
    ArnNotEquals on aws:PrincipalArn instead.
    """
    managing = {
        facts.statement.index
        for facts in statement_facts(subject)
        if PUT_KEY_POLICY in facts.actions
    }
    for statement, member in subject.elements("NotPrincipal"):
        if statement.effect != "Deny":
            continue
        roles = [
            arn.resource
            for entry in statement.not_principals
            if (arn := Arn.maybe(entry.value.value)) is not None and arn.resource_type == "role"
        ]
        message = "Denies everybody who is not listed"
        if roles:
            message += f", the sessions of {roles[0]} too unless each of them is listed"
        if statement.index in managing:
            message += "; they lose kms:PutKeyPolicy too"
        yield Hit(member.key.span, message, _by_condition(subject, statement))
