"""NotPrincipal and NotAction (KMS503, KMS504, KMS505)."""

from __future__ import annotations

from collections.abc import Iterator

from kmstui.model.arn import Arn
from kmstui.policy.lint import pages
from kmstui.policy.lint.facts.grants import PUT_KEY_POLICY, partition, readings
from kmstui.policy.lint.fixes.conditions import add_condition
from kmstui.policy.lint.fixes.statements import applicable, replace_member
from kmstui.policy.lint.rules import Hit, Severity, Subject, rule
from kmstui.policy.syntax.nodes import Fix
from kmstui.policy.syntax.statements import Statement


@rule("KMS503", Severity.ERROR, "Allow with NotPrincipal", pages.NOT_PRINCIPAL)
def allow_not_principal(subject: Subject) -> Iterator[Hit]:
    """NotPrincipal in an Allow.

    NotPrincipal with Allow lets in everybody who is not listed, anonymous callers included. AWS
    does not support it.
    """
    for statement in subject.policy.statements:
        member = statement.node.member("NotPrincipal")
        if member is not None and statement.effect == "Allow":
            listed = " and ".join(entry.value.value for entry in statement.not_principals[:2])
            yield Hit(member.key.span, f"Allows everybody but {listed or 'nobody'}")


def _listed_actions(subject: Subject, statement: Statement) -> Fix | None:
    member = statement.node.member("NotAction")
    reading = next((each for each in readings(subject) if each.statement is statement), None)
    if member is None or reading is None or statement.node.member("Action") is not None:
        return None
    names = applicable(subject, reading.actions, cross_account=False)
    edits = replace_member(subject.document.text, statement.node, member, "Action", names)
    return Fix(f"List the {len(names)} allowed actions", edits) if names else None


@rule("KMS504", Severity.WARNING, "Allow with NotAction", pages.NOT_ACTION)
def allow_not_action(subject: Subject) -> Iterator[Hit]:
    """NotAction in an Allow.

    Everything that is not listed is allowed: deletion, the policy itself, and actions that AWS
    adds later.
    """
    for statement in subject.policy.statements:
        member = statement.node.member("NotAction")
        if member is not None and statement.effect == "Allow" and statement.not_actions:
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
    text = subject.document.text
    value = arns[0] if len(arns) == 1 else arns
    added = add_condition(text, statement, "ArnNotEquals", "aws:PrincipalArn", value)
    if added is None:
        return None
    replaced = replace_member(text, statement.node, member, "Principal", {"AWS": "*"})
    return Fix('Use "Principal": "*" with ArnNotEquals aws:PrincipalArn', (*replaced, *added))


@rule("KMS505", Severity.WARNING, "Deny with NotPrincipal", pages.NOT_PRINCIPAL)
def deny_not_principal(subject: Subject) -> Iterator[Hit]:
    """NotPrincipal in a Deny.

    Everybody who is not listed is denied: the sessions of a listed role unless they are listed
    themselves, and always whoever has a permissions boundary. AWS advises ArnNotEquals on
    aws:PrincipalArn instead.
    """
    managing = {
        reading.statement.index
        for reading in readings(subject)
        if PUT_KEY_POLICY in reading.actions
    }
    for statement in subject.policy.statements:
        member = statement.node.member("NotPrincipal")
        if member is None or statement.effect != "Deny":
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
            message += "; kms:PutKeyPolicy is among what they lose"
        yield Hit(member.key.span, message, _by_condition(subject, statement))
