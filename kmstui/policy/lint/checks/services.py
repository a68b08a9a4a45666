"""AWS services as callers, and conditions that break them (KMS513, KMS516)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kmstui.model.arn import Arn
from kmstui.policy.lint import pages
from kmstui.policy.lint.checks.access_too_wide import is_wide
from kmstui.policy.lint.facts.clauses import Clause
from kmstui.policy.lint.facts.grants import (
    CREATE_GRANT,
    Kind,
    Reading,
    allows,
    denies,
    home_account,
)
from kmstui.policy.lint.fixes.conditions import add_conditions, condition_fix
from kmstui.policy.lint.rules import Hit, Severity, Subject, rule
from kmstui.policy.syntax.nodes import Fix

_OF_WHOM = (
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "kms:calleraccount",
)
_ACCOUNT = re.compile(r"\d{12}")
_GRANTS = frozenset({CREATE_GRANT, "kms:ListGrants", "kms:RevokeGrant"})


def _names_owner(clause: Clause) -> bool:
    """Whether a condition tells on whose behalf a service asks.

    An encryption context with an ARN or account does too: CloudWatch Logs and CloudTrail put
    the ARN of the log group or trail in (their user guides, "Encrypt log data", "Key policy"),
    SES the account (SES Developer Guide, "Giving permission to use your KMS key").
    """
    operator = clause.operator
    if operator is None or clause.is_null or operator.negated or not clause.texts:
        return False
    if clause.is_about(*_OF_WHOM):
        return not any(_is_of_anybody(clause, text) for text in clause.texts)
    return clause.is_about("kms:encryptioncontext:") and any(
        _ACCOUNT.fullmatch(text)
        or ((arn := Arn.maybe(text)) is not None and bool(arn.account.strip("*")))
        for text in clause.texts
    )


def _is_of_anybody(clause: Clause, text: str) -> bool:
    """Whether a value fits the resources of every account; a bucket's ARN has no account."""
    if not is_wide(clause, text):
        return False
    arn = Arn.maybe(text)
    return arn is None or bool(arn.account) or not arn.resource.strip("*?")


def _needs_no_owner(subject: Subject, reading: Reading) -> bool:
    """Whether nobody could gain by making the service ask: it reads, or makes its own grants."""
    infos = (subject.knowledge.action(name) for name in reading.actions)
    if all(info is not None and info.access_level in ("Read", "List") for info in infos):
        return True
    return reading.actions <= _GRANTS and any(
        clause.key == "kms:grantisforawsresource" and clause.says("true")
        for clause in reading.clauses
    )


@rule(
    "KMS513",
    Severity.WARNING,
    "Service principal that acts for anybody",
    pages.CONFUSED_DEPUTY,
    hidden_by=("KMS306", "KMS514"),
)
def confused_deputy(subject: Subject) -> Iterator[Hit]:
    """An Allow for a service without a condition on its customer.

    Without aws:SourceArn, aws:SourceAccount or aws:SourceOrgID the service may use the key on
    behalf of any customer: the confused deputy problem.
    """
    home = home_account(subject)
    for reading in allows(subject):
        services = [who for who in reading.who if who.kind is Kind.SERVICE]
        if not services or any(map(_names_owner, reading.clauses)):
            continue
        if _needs_no_owner(subject, reading):
            continue
        fix = None
        if home and len(services) == len(reading.who):
            fix = condition_fix(
                subject.document.text,
                reading.statement,
                "StringEquals",
                "aws:SourceAccount",
                home,
                f"Add aws:SourceAccount {home}",
            )
        for who in services:
            yield Hit(
                who.entry.value.span,
                f"{who.short} may use the key for customers of every account",
                fix,
            )


_NETWORK = (
    "aws:sourcevpce",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourceip",
    "aws:vpcsourceip",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
)
_EXEMPTS_SERVICES = (
    "aws:viaawsservice",
    "aws:principalisawsservice",
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:principalservicename",
    "aws:principalservicenameslist",
    "kms:viaservice",
)
_EXCEPTIONS = ("aws:ViaAWSService", "aws:PrincipalIsAWSService")


def _concerns_services(subject: Subject, reading: Reading) -> bool:
    """Whether services send such requests for others: to use the key, not to manage it."""
    infos = (subject.knowledge.action(name) for name in reading.actions)
    return CREATE_GRANT in reading.actions or any(
        info is not None and bool(info.usages) for info in infos
    )


def _with_exceptions(subject: Subject, reading: Reading) -> Fix | None:
    exceptions = dict.fromkeys(_EXCEPTIONS, "false")
    edits = add_conditions(subject.document.text, reading.statement, "BoolIfExists", exceptions)
    return None if edits is None else Fix("Exempt AWS services that act for you", edits)


@rule("KMS516", Severity.WARNING, "Network condition that denies AWS services", pages.VPC_ENDPOINT)
def network_denies_services(subject: Subject) -> Iterator[Hit]:
    """A Deny for all other networks, without an exception for services.

    S3, EBS and other services use the key from their own network, not from your VPC or address;
    this Deny stops them when they act for you. BoolIfExists false on aws:ViaAWSService and
    aws:PrincipalIsAWSService exempts them.
    """
    for reading in denies(subject):
        clauses = reading.clauses
        if any(clause.is_about(*_EXEMPTS_SERVICES) for clause in clauses):
            continue
        if not _concerns_services(subject, reading):
            continue
        for clause in clauses:
            operator = clause.operator
            excludes = operator is not None and (operator.negated or clause.is_null)
            if excludes and clause.is_about(*_NETWORK) and not clause.says("false"):
                yield Hit(
                    clause.entry.key.span,
                    f"This Deny also stops AWS services: their requests do not meet {clause.name}",
                    _with_exceptions(subject, reading),
                )
                break
