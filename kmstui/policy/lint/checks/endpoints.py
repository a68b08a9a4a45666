"""What policies of VPC endpoints alone can be wrong in.

https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html, "Considerations", and
https://docs.aws.amazon.com/kms/latest/developerguide/vpce-policy.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from kmstui.model import late_pattern
from kmstui.policy.iam import has_wildcard
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import (
    BROKEN_VALUE,
    ERROR,
    INFO,
    WARNING,
    Hit,
    PolicyKind,
    Subject,
    rule,
)
from kmstui.policy.lint.facts.conditions import Clause, clauses
from kmstui.policy.lint.facts.everybody import open_to_all
from kmstui.policy.lint.facts.statements import covers_everything, label_span
from kmstui.policy.syntax import Span, StringNode

MOST_CHARACTERS = 20_480
"""White space included."""
LEAST_BESIDE_WILDCARD = 6

_KMS_RESOURCE = late_pattern(
    r"\*|[\w*?-]+:[\w*?-]+:(?:kms|\*)[^:]*:[^:]*:[^:]*:(?:key/|alias/|\*).*", re.DOTALL
)
_ACCOUNT = late_pattern(r"[^:]*:[^:]*:[^:]*:[^:]*:(?P<account>[^:]*):")
_IDENTIFIERS = (
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "aws:vpceaccount",
    "aws:vpceorgid",
)
"""Global condition keys whose values AWS makes."""
_LOOKING = ("kms:ListKeys", "kms:ListAliases", "kms:DescribeKey", "kms:GetKeyPolicy")
"""Without these neither kmstui nor the console shows a key and its policy."""


@rule("KMS116", ERROR, "Endpoint policy too large", pages.ENDPOINT_POLICY, PolicyKind.ENDPOINT)
def endpoint_policy_too_large(subject: Subject) -> Iterator[Hit]:
    """A policy of a VPC endpoint with more than 20,480 characters, white space included.

    EC2 refuses the policy.
    """
    size = len(subject.text)
    if size > MOST_CHARACTERS:
        yield Hit(
            Span(0, 1), f"The policy has {size:,} characters; it may have {MOST_CHARACTERS:,}"
        )


@rule(
    "KMS313",
    WARNING,
    "Resource that is none of KMS",
    pages.KMS_ENDPOINT_POLICY,
    PolicyKind.ENDPOINT,
    hidden_by=BROKEN_VALUE,
)
def resource_of_another_service(subject: Subject) -> Iterator[Hit]:
    """Resources of an endpoint policy that are neither *, nor keys, nor aliases.

    Through an endpoint of KMS only KMS is asked, and a statement about anything else never
    matches a request.
    """
    for statement in subject.statements:
        for node in statement.resources:
            if not _KMS_RESOURCE.fullmatch(node.value):
                words = "is neither * nor the ARN of a key or alias: no request to KMS is about it"
                yield Hit(node.span, f"{node.value!r} {words}")


@rule(
    "KMS314",
    ERROR,
    "Part of an account ID",
    pages.ENDPOINT_POLICY,
    PolicyKind.ENDPOINT,
    hidden_by=BROKEN_VALUE,
)
def part_of_an_account(subject: Subject) -> Iterator[Hit]:
    """ARNs in resources and conditions whose account is part digits, part wildcard.

    In the policy of an endpoint the account of an ARN is an account ID or a wildcard character,
    not both.
    """
    resources = [node for statement in subject.statements for node in statement.resources]
    for node in (*resources, *(text for clause in clauses(subject) for text in clause.strings)):
        found = _ACCOUNT.match(node.value)
        account = found["account"] if found else ""
        if has_wildcard(account) and account != "*":
            words = "names an account by digits and a wildcard; write all twelve digits, or *"
            yield Hit(node.span, f"{node.value!r} {words}")


@rule("KMS422", ERROR, "Wildcard for an identifier", pages.ENDPOINT_POLICY, PolicyKind.ENDPOINT)
def wildcard_for_an_identifier(subject: Subject) -> Iterator[Hit]:
    """Wildcards and numeric operators with global keys whose values AWS makes.

    The policy of an endpoint cannot compare identifiers, such as those of accounts and VPCs, in
    such ways.
    """
    for clause in clauses(subject):
        if not clause.is_about(*_IDENTIFIERS):
            continue
        name = clause.entry.key.value
        if clause.operator.type == "Numeric":
            words = f"{name} is an identifier, which no numeric operator compares here"
            yield Hit(clause.entry.operator.span, words)
        for node in _patterns(clause):
            words = f"{name} is an identifier, which takes no wildcard here"
            yield Hit(node.span, f"{node.value!r}: {words}")


@rule(
    "KMS423",
    ERROR,
    "Wildcard with too little beside it",
    pages.ENDPOINT_POLICY,
    PolicyKind.ENDPOINT,
    hidden_by=(*BROKEN_VALUE, "KMS422"),
)
def wildcard_with_too_little(subject: Subject) -> Iterator[Hit]:
    """Wildcards of string conditions without six characters in a row before or after them.

    The policy of an endpoint needs that many beside each wildcard.
    """
    for clause in clauses(subject):
        for node in _patterns(clause):
            parts = [len(part) for part in re.split(r"[*?]", node.value)]
            if any(max(pair) < LEAST_BESIDE_WILDCARD for pair in pairwise(parts)):
                words = f"needs {LEAST_BESIDE_WILDCARD} characters before or after each wildcard"
                yield Hit(node.span, f"{node.value!r} {words}")


def _patterns(clause: Clause) -> Iterator[StringNode]:
    """The values of a string operator in which a wildcard stands."""
    if clause.operator.type == "String":
        yield from (node for node in clause.strings if has_wildcard(node.value))


@rule(
    "KMS521",
    WARNING,
    "Endpoint that lets everybody ask everything",
    pages.KMS_ENDPOINT_POLICY,
    PolicyKind.ENDPOINT,
)
def endpoint_for_everything(subject: Subject) -> Iterator[Hit]:
    """Endpoint policies that let anybody ask for any key of any account.

    It is what EC2 attaches where none is given. Whoever reaches the endpoint can use it with
    credentials and keys of another account, which is a way for data out of the VPC: name your
    account or organization, by aws:PrincipalOrgID and aws:ResourceOrgID for one.
    """
    for facts, _ in open_to_all(subject):
        statement = facts.statement
        if (
            not statement.conditions
            and any(map(covers_everything, statement.actions))
            and any(node.value == "*" for node in statement.resources)
        ):
            words = "lets everybody ask everything about every key, of other accounts too"
            yield Hit(label_span(statement), f"{statement.label} {words}")


@rule(
    "KMS522",
    INFO,
    "Endpoint through which keys cannot be looked at",
    pages.KMS_ENDPOINT_POLICY,
    PolicyKind.ENDPOINT,
)
def endpoint_without_reads(subject: Subject) -> Iterator[Hit]:
    """Endpoint policies without an Allow of what shows keys and their policies.

    kmstui, the AWS console and most scripts list and describe keys first. Through this endpoint
    that is denied, whatever IAM policies and key policies say.
    """
    allowing = [statement for statement in subject.statements if statement.effect == "Allow"]
    patterns = [node.value for statement in allowing for node in statement.actions]
    given = {name for pattern in patterns for name in subject.knowledge.expand(pattern)}
    missing = [name for name in _LOOKING if name not in given]
    if missing and allowing and not any(statement.not_actions for statement in allowing):
        words = f"Nothing allows {', '.join(missing)}: keys cannot be looked at through it"
        yield Hit(label_span(allowing[0]), words)
