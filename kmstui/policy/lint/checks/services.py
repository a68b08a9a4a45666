"""AWS services as principals, and conditions that break them (KMS306, KMS513, 514, 516)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from kmstui.model import Arn
from kmstui.policy.iam import did_you_mean, has_wildcard
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import BROKEN_VALUE, ERROR, WARNING, Hit, Subject, rule
from kmstui.policy.lint.facts.conditions import NO_OPERATOR, Clause, is_wide
from kmstui.policy.lint.facts.statements import (
    CREATE_GRANT,
    GRANT_ACTIONS,
    NamedKind,
    StatementFacts,
    allows,
    denies,
)
from kmstui.policy.lint.facts.values import ACCOUNT_ID, find_placeholders
from kmstui.policy.lint.fixes import condition_fix, own_account_fix, write
from kmstui.policy.syntax import Fix, StringNode

_SUFFIXES = (
    ".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".amazon.com", ".aws.internal",
    ".c2s.ic.gov", ".sc2s.sgov.gov", ".cloud.adc-e.uk", ".csp.hci.ic.gov",
)  # fmt: skip
_NAME = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}")
_FIRST_SUFFIX = _SUFFIXES[0]


@lru_cache(maxsize=2048)
def split_service(value: str) -> tuple[str, str] | None:
    """The name and the suffix of a service principal; None where it is none."""
    for suffix in _SUFFIXES:
        if value.endswith(suffix):
            name = value.removesuffix(suffix)
            return (name, suffix) if _NAME.fullmatch(name) else None
    return None


def service_name(name: str) -> str:
    """The service of a principal's name, without the Region that some put in."""
    return ".".join(label for label in name.split(".") if not _REGION.fullmatch(label))


@rule("KMS306", ERROR, "Malformed or unknown service", pages.PRINCIPAL, hidden_by=BROKEN_VALUE)
def service_principal(subject: Subject) -> Iterator[Hit]:
    """Service principals that cannot exist, or that are not known (a warning).

    A service principal is a name such as logs.amazonaws.com or logs.eu-west-1.amazonaws.com;
    KMS rejects a policy with one that does not exist.
    """
    services = subject.knowledge.service_principals
    for statement in subject.statements:
        for entry in (*statement.principals, *statement.not_principals):
            value = entry.value.value
            # A wildcard is a matter of KMS514, an empty string one of KMS107.
            if entry.type != "Service" or not value.strip() or has_wildcard(value):
                continue
            if find_placeholders(value):
                continue
            split = split_service(value)
            if split is None:
                yield _malformed(entry.value, services)
            elif service_name(split[0]) not in services:
                yield _unknown(entry.value, split, services, subject.knowledge.date)


def _malformed(node: StringNode, services: frozenset[str]) -> Hit:
    value = node.value
    right = _repaired(value.strip(), services)
    return Hit(node.span, f"{value!r} is not a service principal", write(node, right))


def _repaired(value: str, services: frozenset[str]) -> str | None:
    """The service principal that a malformed one was meant to be."""
    lower = re.sub(r"^https?://|/+$", "", value.lower())
    if split_service(lower):
        return lower
    name = re.sub(r"\.(?:amazonaws?|aws)?(?:\.(?:com?|cn))*$", "", lower)
    name = name.removesuffix(".")
    if service_name(name) in services:
        return name + _FIRST_SUFFIX
    return None


def _unknown(node: StringNode, split: tuple[str, str], services: frozenset[str], date: str) -> Hit:
    name, suffix = split
    near = did_you_mean(service_name(name), sorted(services))
    change, hint = None, f" (as of {date})"
    if near is not None:
        right = name.replace(service_name(name), near) + suffix
        change = write(node, right)
        hint = f"; did you mean {right}?"
    return Hit(node.span, f"AWS has no service {node.value!r}{hint}", change, WARNING)


@rule("KMS514", ERROR, "Wildcard in a service principal", pages.ANYBODY)
def wildcard_service(subject: Subject) -> Iterator[Hit]:
    """`*` or `?` in a `Service` principal.

    A service principal has no wildcards: KMS rejects it, and * would be every service, acting
    for anybody.
    """
    for statement in subject.statements:
        for entry in (*statement.principals, *statement.not_principals):
            if entry.type == "Service" and has_wildcard(entry.value.value):
                yield Hit(
                    entry.value.span,
                    f'"{entry.value.value}" contains a wildcard; name each service',
                )


_OF_WHOM = (
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "kms:calleraccount",
)


def _names_owner(clause: Clause) -> bool:
    """Whether a condition tells on whose behalf a service asks.

    An encryption context with an ARN or account does too: CloudWatch Logs and CloudTrail put
    the ARN of the log group or trail in (their user guides, "Encrypt log data", "Key policy"),
    SES the account (SES Developer Guide, "Giving permission to use your KMS key").
    """
    operator = clause.operator
    if operator is NO_OPERATOR or clause.is_null or operator.negated or not clause.texts:
        return False
    if clause.is_about(*_OF_WHOM):
        return not any(_is_of_anybody(clause, text) for text in clause.texts)
    return clause.is_about("kms:encryptioncontext:") and any(
        ACCOUNT_ID.fullmatch(text)
        or ((arn := Arn.maybe(text)) is not None and bool(arn.account.strip("*")))
        for text in clause.texts
    )


def _is_of_anybody(clause: Clause, text: str) -> bool:
    """Whether a value fits the resources of every account; a bucket's ARN has no account."""
    if not is_wide(clause, text):
        return False
    arn = Arn.maybe(text)
    return arn is None or bool(arn.account) or not arn.resource.strip("*?")


def _needs_no_owner(facts: StatementFacts) -> bool:
    """Whether nobody could gain by making the service ask: it reads, or makes its own grants."""
    if all(info.access_level in ("Read", "List") for info in facts.infos):
        return True
    return facts.actions <= GRANT_ACTIONS and any(
        clause.key == "kms:grantisforawsresource" and clause.says("true")
        for clause in facts.clauses
    )


@rule(
    "KMS513",
    WARNING,
    "Service principal that acts for anybody",
    pages.CONFUSED_DEPUTY,
    hidden_by=("KMS306", "KMS514"),
)
def confused_deputy(subject: Subject) -> Iterator[Hit]:
    """An Allow for a service without a condition on whom it acts for.

    Without aws:SourceArn, aws:SourceAccount or aws:SourceOrgID the service may use the key on
    behalf of any customer: the confused deputy problem.
    """
    for facts in allows(subject):
        services = [who for who in facts.who if who.kind is NamedKind.SERVICE]
        if not services or any(map(_names_owner, facts.clauses)):
            continue
        if _needs_no_owner(facts):
            continue
        fix = None
        if len(services) == len(facts.who):
            fix = own_account_fix(subject, facts.statement, "aws:SourceAccount")
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


def _concerns_services(facts: StatementFacts) -> bool:
    """Whether services send such requests for others: to use the key, not to manage it."""
    return CREATE_GRANT in facts.actions or any(info.usages for info in facts.infos)


def _with_exceptions(subject: Subject, facts: StatementFacts) -> Fix | None:
    exceptions = dict.fromkeys(_EXCEPTIONS, "false")
    title = "Exempt AWS services that act for you"
    return condition_fix(subject, facts.statement, title, "BoolIfExists", exceptions)


@rule("KMS516", WARNING, "Network condition that denies AWS services", pages.VPC_ENDPOINT)
def network_denies_services(subject: Subject) -> Iterator[Hit]:
    """A Deny for all other networks, without an exception for services.

    S3, EBS and other services use the key from their own network, not from your VPC or address;
    this Deny stops them when they act for you. BoolIfExists false on aws:ViaAWSService and
    aws:PrincipalIsAWSService exempts them.
    """
    for facts in denies(subject):
        clauses = facts.clauses
        if any(clause.is_about(*_EXEMPTS_SERVICES) for clause in clauses):
            continue
        if not _concerns_services(facts):
            continue
        for clause in clauses:
            excludes = clause.operator.negated or clause.is_null
            if excludes and clause.is_about(*_NETWORK) and not clause.says("false"):
                yield Hit(
                    clause.entry.key.span,
                    f"This Deny also stops AWS services: their requests do not meet {clause.name}",
                    _with_exceptions(subject, facts),
                )
                break
