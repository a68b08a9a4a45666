"""AWS services as principals, and conditions that break them (KMS306, KMS513, 514, 516)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kmstui.model import Arn
from kmstui.policy.iam import DNS_SUFFIXES, has_wildcard
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import BROKEN_VALUE, ERROR, INFO, RESOURCE, WARNING, Hit, Subject, rule
from kmstui.policy.lint.facts.conditions import NO_OPERATOR, Clause, clauses, is_wide
from kmstui.policy.lint.facts.services import (
    RETAIL,
    USUAL,
    ServiceName,
    acts_across_regions,
    asked_of_people,
    may_lack,
    meant_service,
    partition_of_region,
    read_service,
)
from kmstui.policy.lint.facts.statements import (
    CREATE_GRANT,
    GRANT_ACTIONS,
    NamedKind,
    NamedPrincipal,
    StatementFacts,
    allows,
    denies,
    home_account,
    partition,
)
from kmstui.policy.lint.facts.values import ACCOUNT_ID, find_placeholders
from kmstui.policy.lint.fixes import condition_fix, own_account_fix, write
from kmstui.policy.syntax import Fix, StringNode


@rule(
    "KMS306", ERROR, "Wrong or unknown service", pages.PRINCIPAL, RESOURCE, hidden_by=BROKEN_VALUE
)
def service_principal(subject: Subject) -> Iterator[Hit]:
    """Service principals that cannot exist, that are of elsewhere, or that are not known.

    A service principal is a name such as logs.amazonaws.com or logs.eu-west-1.amazonaws.com;
    KMS rejects a policy with one that does not exist, the principal of another Region does not
    use this key, and a condition that asks for either is never met. AWS publishes no full list of
    them, so one that is not in ours may be new.
    """
    principals = [
        entry.value
        for statement in subject.statements
        for entry in (*statement.principals, *statement.not_principals)
        if entry.type == "Service"
    ]
    written = {node.value for node in principals}
    for node in principals:
        yield from _judged(subject, node, written)
    for clause in clauses(subject):
        if clause.key in _TELLS_SERVICE and not clause.is_null:
            for node in clause.strings:
                # KMS stores such a policy, so none of it is an error.
                for hit in _judged(subject, node, set(clause.texts)):
                    yield hit._replace(severity=min(hit.severity or WARNING, WARNING))


_TELLS_SERVICE = (
    "aws:principalservicename",
    "aws:principalservicenameslist",
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "kms:granteeserviceprincipal",
    "kms:retiringserviceprincipal",
)
"""Condition keys (lower case) whose values are service principals."""


def _judged(subject: Subject, node: StringNode, written: set[str]) -> Iterator[Hit]:
    """The first thing that is wrong with a service principal, beside the others of its kind."""
    value = node.value
    # A wildcard is a matter of KMS514, an empty string one of KMS107.
    if not value.strip() or has_wildcard(value) or "${" in value or find_placeholders(value):
        return
    service = read_service(value)
    if service is None:
        yield _malformed(node)
        return
    hits = (
        _wrong_domain(subject, node, service),
        _wrong_region(subject, node, service, written),
        _unknown(subject, node, service),
    )
    yield from [hit for hit in hits if hit is not None][:1]


def _malformed(node: StringNode) -> Hit:
    value = node.value
    right = _repaired(value.strip())
    return Hit(node.span, f"{value!r} is not a service principal", write(node, right))


def _repaired(value: str) -> str | None:
    """The service principal that a malformed one was meant to be."""
    lower = re.sub(r"^https?://|/+$", "", value.lower())
    if read_service(lower):
        return lower
    name = re.sub(r"\.(?:amazonaws?|aws)?(?:\.(?:com?|cn))*$", "", lower)
    service = read_service(f"{name.removesuffix('.')}.{USUAL}")
    return service.written() if service is not None and service.known else None


def _wrong_domain(subject: Subject, node: StringNode, service: ServiceName) -> Hit | None:
    """What is wrong with the end of a service principal, given its name, Region and key."""
    if service.domain == USUAL:
        return None
    # `cloudtrail.aws.amazon.com` is written too.
    name = service._replace(name=service.name.removesuffix(".aws"))
    write_usual = write(node, name.written(domain=USUAL))
    if service.domain == RETAIL:
        if service.listed_domain or not name.known:
            return None
        return Hit(node.span, f"{node.value!r} does not exist: it ends in {USUAL}", write_usual)
    owner = next((each for each, end in DNS_SUFFIXES.items() if end == service.domain), "")
    key = subject.key.arn
    homes = {partition_of_region(service.region)} if service.region else set[str]()
    if key is not None:
        homes.add(key.partition)
    if owner and homes - {owner}:
        elsewhere = min(homes - {owner})
        message = f"{node.value!r} is a name in the partition {owner}, not in {elsewhere}"
        return Hit(node.span, message, write_usual)
    if owner == "aws-cn" and service.known and not service.listed_domain:
        message = (
            f"In aws-cn too, {service.name} is {service.written(domain=USUAL)} as far as is known"
            f" ({subject.knowledge.date})"
        )
        return Hit(node.span, message, write_usual, WARNING)
    return None


def _wrong_region(
    subject: Subject, node: StringNode, service: ServiceName, written: set[str]
) -> Hit | None:
    """Whether a service principal names a Region in the wrong place, or one without this key."""
    if service.region_first:
        right = service.written()
        return Hit(node.span, f"{node.value!r} is written {right}", write(node, right), WARNING)
    arn = subject.key.arn
    if arn is None or not arn.region or service.region in ("", arn.region):
        return None
    right = service.written(region=arn.region)
    # One text for the keys of several Regions serves this one as well.
    if right in written or acts_across_regions(service):
        return None
    return Hit(
        node.span,
        f"{node.value} is the service in {service.region}, the key is in {arn.region}",
        write(node, right),
        WARNING,
    )


def _unknown(subject: Subject, node: StringNode, service: ServiceName) -> Hit | None:
    if service.known or service.listed_domain:
        return None
    message = f"{node.value!r} is not in the list of services of {subject.knowledge.date}"
    meant = meant_service(service.name)
    if meant is not None:
        right = service._replace(name=meant).written(
            domain=USUAL if service.domain == RETAIL else None
        )
        return Hit(node.span, f"{message}; did you mean {right}?", write(node, right), WARNING)
    # A service often gets another principal for one of its features.
    family = service.name.rpartition(".")[2] in subject.knowledge.service_principals
    return Hit(node.span, message, severity=INFO if family and "." in service.name else WARNING)


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
    hidden_by=("KMS514",),
)
def confused_deputy(subject: Subject) -> Iterator[Hit]:
    """An Allow for a service without a condition on whom it acts for.

    Without aws:SourceArn, aws:SourceAccount or aws:SourceOrgID the service may use the key on
    behalf of any customer: the confused deputy problem.
    """
    for facts in allows(subject):
        services = [
            who
            for who in facts.who
            if who.kind is NamedKind.SERVICE and read_service(who.value) is not None
        ]
        if not services or any(map(_names_owner, facts.clauses)):
            continue
        # By KMS408 a statement that asks of a service what only people tell gives it nothing.
        if _needs_no_owner(facts) or asked_of_people(facts) is not None:
            continue
        fix = _fix_of_owner(subject, facts) if len(services) == len(facts.who) else None
        for who in services:
            yield Hit(
                who.entry.value.span,
                f"{who.short} may use the key for customers of every account"
                + (_TO_TOPICS if _publishes_without(who) else ""),
                fix,
            )


def _fix_of_owner(subject: Subject, facts: StatementFacts) -> Fix | None:
    """The condition that AWS documents for the services; None where it would stop them."""
    if any(map(_publishes_without, facts.who)):
        return None
    read = {service for who in facts.who if (service := read_service(who.value)) is not None}
    if {service.name for service in read} != {"logs"}:
        return own_account_fix(subject, facts.statement, "aws:SourceAccount")
    home = home_account(subject)
    if not home:
        return None
    # CloudWatch Logs User Guide, "Encrypt log data", documents this one and no other.
    regions = {service.region for service in read}
    region = regions.pop() if len(regions) == 1 else ""
    groups = f"arn:{partition(subject)}:logs:{region or '*'}:{home}:*"
    key = "kms:EncryptionContext:aws:logs:arn"
    return condition_fix(subject, facts.statement, f"Add {key} {groups}", "ArnLike", {key: groups})


_TO_TOPICS = (
    "; to an encrypted SNS topic it sends no aws:SourceAccount, but"
    " kms:EncryptionContext:aws:sns:topicArn can tell which topic"
)


def _publishes_without(who: NamedPrincipal) -> bool:
    return may_lack(who.value, "aws:SourceAccount")


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
