"""Allows of everybody: open to strangers, or only to some, whom a condition lets in."""

from __future__ import annotations

from kmstui.policy.lint.core import Subject, remembered
from kmstui.policy.lint.facts.conditions import Clause, is_wide
from kmstui.policy.lint.facts.statements import (
    NamedKind,
    NamedPrincipal,
    StatementFacts,
    allows,
    denies,
)

_TELLS_WHO = (
    "kms:calleraccount",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:userid",
    "aws:federatedprovider",
    "aws:chatbotsourcearn",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "aws:ec2instancesourcevpc",
    "ec2:sourceinstancearn",
    "lambda:sourcefunctionarn",
    "ssm:sourceinstancearn",
    "identitystore:userid",
)
"""Keys whose values nobody outside can choose freely (compare S3 User Guide, "The meaning of
'public'"). A user name, a tag or an encryption context anybody can make up."""


def restricts_callers(clause: Clause) -> bool:
    """Whether a condition keeps strangers out."""
    if clause.is_null or clause.operator.negated:
        return False
    if not clause.demands_presence or not clause.is_about(*_TELLS_WHO):
        return False
    return bool(clause.texts) and not any(is_wide(clause, text) for text in clause.texts)


_OF_SERVICES = ("aws:principalisawsservice", "aws:viaawsservice")
_MOST_GUARDS = 16
"""Denials that are held against an Allow of everybody; a policy has one or two."""


def _turns_away(clause: Clause) -> bool:
    """Whether a condition of a Deny is met by strangers only."""
    if not clause.operator.negated or not clause.is_about(*_TELLS_WHO):
        return False
    return not any(is_wide(clause, text) for text in clause.texts)


@remembered
def _guards(subject: Subject) -> tuple[StatementFacts, ...]:
    """Denials for all strangers, AWS services spared or not: a data perimeter.

    Source: IAM User Guide, "Establish permissions guardrails using data perimeters".
    """
    return tuple(
        facts
        for facts in denies(subject)
        if any(who.kind is NamedKind.EVERYBODY for who in facts.who)
        and any(map(_turns_away, facts.clauses))
        and all(_turns_away(each) or each.is_about(*_OF_SERVICES) for each in facts.clauses)
    )[:_MOST_GUARDS]


@remembered
def open_to_all(subject: Subject) -> tuple[tuple[StatementFacts, NamedPrincipal], ...]:
    """Allows of `*` that nothing restricts to known callers."""
    return tuple(
        (facts, who)
        for facts in allows(subject)
        for who in facts.who
        if who.kind is NamedKind.EVERYBODY
        and not any(map(restricts_callers, facts.clauses))
        and not any(facts.actions <= guard.actions for guard in _guards(subject))
    )


_OF_THE_ROOT_USER = ("aws:principalarn", "aws:principaltype")


def _asks_for_root_user(clause: Clause) -> bool:
    if clause.operator.negated or not clause.demands_presence or clause.is_null:
        return False
    return clause.is_about(*_OF_THE_ROOT_USER) and all(
        text.endswith(":root") or text == "Account" for text in clause.texts
    )


@remembered
def everybody_of_some(subject: Subject) -> tuple[tuple[StatementFacts, NamedPrincipal], ...]:
    """Allows of everybody whom a condition lets in: no strangers, so KMS501 and 502 pass them."""
    told = {facts.statement.index for facts, _ in open_to_all(subject)}
    return tuple(
        (facts, who)
        for facts in allows(subject)
        for who in facts.who
        if who.kind is NamedKind.EVERYBODY
        and facts.statement.index not in told
        and not any(map(_asks_for_root_user, facts.clauses))
    )
