"""Statements that are about everybody (KMS501, KMS502) and wildcards in services (KMS514)."""

from __future__ import annotations

from collections.abc import Iterator

from kmstui.policy.iam.match_value import has_wildcard
from kmstui.policy.lint import pages
from kmstui.policy.lint.facts.clauses import Clause
from kmstui.policy.lint.facts.grants import (
    Kind,
    Reading,
    Who,
    allows,
    denies,
    home_account,
    partition,
)
from kmstui.policy.lint.fixes.conditions import condition_fix
from kmstui.policy.lint.rules import Hit, Severity, Subject, remembered, rule
from kmstui.policy.syntax.edits import replace_node
from kmstui.policy.syntax.nodes import Fix

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


_OF_ORGANIZATIONS = frozenset(
    {"aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths"}
)


def is_wide(clause: Clause, text: str) -> bool:
    """Whether a value leaves the question open."""
    if clause.operator is None or not clause.operator.wildcards:
        return False
    if not text.strip("*?"):
        return True
    if clause.key in _OF_ORGANIZATIONS and "*" in text:
        # Every organization's ID begins with o- (Organizations API Reference, "Organization").
        return "o-".startswith(text.partition("*")[0])
    parts = text.split(":")
    return clause.key.endswith("arn") and len(parts) > 4 and not parts[4].strip("*?")


def restricts_callers(clause: Clause) -> bool:
    """Whether a condition keeps strangers out."""
    if clause.is_null or clause.operator is None or clause.operator.negated:
        return False
    if not clause.demands_presence or not clause.is_about(*_TELLS_WHO):
        return False
    return bool(clause.texts) and not any(is_wide(clause, text) for text in clause.texts)


_OF_SERVICES = ("aws:principalisawsservice", "aws:viaawsservice")
_MOST_GUARDS = 16
"""Denials that are held against an Allow of everybody; a policy has one or two."""


def _turns_away(clause: Clause) -> bool:
    """Whether a condition of a Deny is met by strangers only."""
    operator = clause.operator
    if operator is None or not operator.negated or not clause.is_about(*_TELLS_WHO):
        return False
    return not any(is_wide(clause, text) for text in clause.texts)


@remembered
def _guards(subject: Subject) -> tuple[Reading, ...]:
    """Denials for all strangers, AWS services spared or not: a data perimeter.

    Source: IAM User Guide, "Establish permissions guardrails using data perimeters".
    """
    return tuple(
        reading
        for reading in denies(subject)
        if any(who.kind is Kind.EVERYBODY for who in reading.who)
        and any(map(_turns_away, reading.clauses))
        and all(_turns_away(each) or each.is_about(*_OF_SERVICES) for each in reading.clauses)
    )[:_MOST_GUARDS]


def _is_guarded(subject: Subject, reading: Reading) -> bool:
    return any(reading.actions <= guard.actions for guard in _guards(subject))


@remembered
def _open_to_all(subject: Subject) -> tuple[tuple[Reading, Who], ...]:
    """Allows of `*` that nothing restricts to known callers."""
    return tuple(
        (reading, who)
        for reading in allows(subject)
        for who in reading.who
        if who.kind is Kind.EVERYBODY
        and not any(map(restricts_callers, reading.clauses))
        and not _is_guarded(subject, reading)
    )


def _to_own_root(subject: Subject, who: Who) -> Fix | None:
    home = home_account(subject)
    if not home:
        return None
    arn = f"arn:{partition(subject)}:iam::{home}:root"
    value = {"AWS": arn} if who.entry.type_node is None else arn
    return Fix(f"Allow account {home} only", (replace_node(who.entry.value, value),))


@rule("KMS501", Severity.ERROR, "Public key", pages.ANYBODY)
def public(subject: Subject) -> Iterator[Hit]:
    """`*` allowed without any condition.

    * is everybody: any identity of any AWS account may use the key, if its own IAM policies let
    it.
    """
    for reading, who in _open_to_all(subject):
        if not reading.conditional:
            yield Hit(
                who.entry.value.span,
                f'"*" gives everybody in every AWS account what {reading.statement.label} allows',
                _to_own_root(subject, who),
            )


@rule("KMS502", Severity.WARNING, "Everybody, with conditions that do not say who", pages.ANYBODY)
def weakly_restricted(subject: Subject) -> Iterator[Hit]:
    """`*` allowed under conditions that strangers can meet.

    A condition such as kms:ViaService, aws:Referer or any …IfExists does not tell whose
    requests are meant: people of other accounts can meet it too.
    """
    home = home_account(subject)
    for reading, who in _open_to_all(subject):
        if not reading.clauses:
            continue
        keys = ", ".join(dict.fromkeys(clause.name for clause in reading.clauses))
        fix = None
        if home:
            fix = condition_fix(
                subject.document.text,
                reading.statement,
                "StringEquals",
                "kms:CallerAccount",
                home,
                f"Add kms:CallerAccount {home}",
            )
        yield Hit(
            who.entry.value.span,
            f'"*" is everybody, and {keys} can be met from any account',
            fix,
        )


@rule("KMS514", Severity.ERROR, "Wildcard in a service principal", pages.ANYBODY)
def wildcard_service(subject: Subject) -> Iterator[Hit]:
    """`*` or `?` in a `Service` principal.

    A service principal has no wildcards: KMS rejects it, and as * it would be every service on
    behalf of anybody.
    """
    for statement in subject.policy.statements:
        for entry in (*statement.principals, *statement.not_principals):
            if entry.type == "Service" and has_wildcard(entry.value.value):
                yield Hit(
                    entry.value.span,
                    f'"{entry.value.value}" has a wildcard; name each service',
                )
