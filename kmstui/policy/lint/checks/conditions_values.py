"""Values that only certain words make sense for: enumerations, ARNs, addresses, variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network

from kmstui.model import late_pattern
from kmstui.policy.iam import (
    Operator,
    did_you_mean,
    has_wildcard,
    wildcard_match,
)
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import ANY, BROKEN_VALUE, ERROR, WARNING, Hit, Subject, rule
from kmstui.policy.lint.facts.conditions import Clause, clauses
from kmstui.policy.lint.facts.values import PARTITIONS, find_placeholders, part_of
from kmstui.policy.lint.fixes import delete_key, write
from kmstui.policy.syntax import VARIABLES_SINCE, Fix, StringNode, insert_first_member, replace_node


def _fix_value(node: StringNode, value: str | None) -> Fix | None:
    return None if value == node.value else write(node, value, f'Write "{value}"')


def _in_enumeration(operator: Operator, text: str, values: tuple[str, ...]) -> bool:
    if operator.wildcards:
        return any(wildcard_match(text, value) for value in values)
    if operator.positive == "StringEqualsIgnoreCase":
        return text.lower() in {value.lower() for value in values}
    return text in values


@rule(
    "KMS418",
    WARNING,
    "Value that the condition key never has",
    pages.KMS_CONDITION_KEYS,
    ANY,
    hidden_by=BROKEN_VALUE,
)
def value_outside_enumeration(subject: Subject) -> Iterator[Hit]:
    """Values outside the key's enumeration, ARNs of another partition, and sessions for roles.

    The key has a fixed set of values, which are case-sensitive, or holds ARNs of the key's own
    partition, and of roles and not of their sessions; any other value matches no request.
    """
    for clause in clauses(subject):
        if clause.key == "aws:principalarn" and not clause.is_null:
            yield from _sessions(clause)
        if _tells_arns(clause):
            yield from _other_partitions(subject, clause)
        operator, info = clause.operator, clause.info
        if operator.type != "String" or info is None or not info.values:
            continue
        for node in clause.strings:
            text = node.value
            if "${" in text or _in_enumeration(operator, text, info.values):
                continue
            # Literal wildcards are the business of KMS407.
            if has_wildcard(text) and not operator.wildcards:
                continue
            meant = did_you_mean(text.removeprefix("kms:"), info.values)
            yield Hit(
                node.span,
                f'{info.name} is never "{text}"'
                + (f"; did you mean {meant}?" if meant else f" (list of {subject.knowledge.date})"),
                _fix_value(node, None if meant in clause.texts else meant),
            )


_SESSION = late_pattern(r"(arn:[^:]*):sts:[^:]*:([^:]*):assumed-role/([^/]+)(?:/.*)?", re.DOTALL)


def _sessions(clause: Clause) -> Iterator[Hit]:
    """Values that name a role's session: the key holds the role's ARN.

    Source: IAM User Guide, "AWS global condition context keys", aws:PrincipalArn.
    """
    for node in clause.strings:
        match = _SESSION.fullmatch(node.value)
        if match is not None:
            role = f"{match[1]}:iam::{match[2]}:role/{match[3]}"
            yield Hit(
                node.span,
                f"{clause.name} of a session is its role's ARN, never that of the session",
                _fix_value(node, None if role in clause.texts else role),
            )


_PARTITION = late_pattern(r"arn:([a-z0-9-]+):(.*)", re.DOTALL)


def _tells_arns(clause: Clause) -> bool:
    """Whether AWS gives the key ARNs for values; encryption contexts of people hold anything."""
    info = clause.info
    if info is None or (info.type != "ARN" and "ARN" not in info.other_types) or clause.is_null:
        return False
    return not clause.named or clause.key.startswith("kms:encryptioncontext:aws:")


def _other_partitions(subject: Subject, clause: Clause) -> Iterator[Hit]:
    """ARNs of a partition that is not the key's, or that does not exist."""
    home = subject.key.arn.partition if subject.key.arn is not None else ""
    for node in clause.strings:
        match = _PARTITION.fullmatch(node.value)
        if match is None or match[1] == home or (not home and match[1] in PARTITIONS):
            continue
        right = f"arn:{home}:{match[2]}" if home else None
        where = f"in the partition {match[1]}, the key in {home}"
        if match[1] not in PARTITIONS:
            where = f"of {match[1]}, which is no partition of AWS"
        yield Hit(
            node.span,
            f'"{node.value}" is {where}',
            _fix_value(node, None if right in clause.texts else right),
        )


_PRIVATE_4 = tuple(
    map(
        IPv4Network,
        (
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.168.0.0/16",
        ),
    )
)
_PRIVATE_6 = tuple(map(IPv6Network, ("::1/128", "fc00::/7", "fe80::/10")))
"""Ranges that no public source has (RFC 1918, 6598, 3927, 4193 …). Documentation ranges are left
out: AWS's own examples use them."""


def _is_private(given: IPv4Network | IPv6Network) -> bool:
    if isinstance(given, IPv4Network):
        return any(given.subnet_of(private) for private in _PRIVATE_4)
    return any(given.subnet_of(private) for private in _PRIVATE_6)


@rule("KMS421", WARNING, "Condition that both true and false meet", pages.OPERATORS, ANY)
def true_and_false(subject: Subject) -> Iterator[Hit]:
    """Bool or Null with both true and false for values.

    Several values are alternatives, so the condition is met whichever of the two the request
    says: it asks no more than that the request says something, and under Null nothing at all.
    """
    for clause in clauses(subject):
        if clause.operator.type not in ("Bool", "Null"):
            continue
        if {text.lower() for text in clause.texts} != {"true", "false"}:
            continue
        met_by = f"requests that carry {clause.name}" if clause.demands_presence else "requests"
        # That everybody is let in without a condition shall be seen before it is written.
        open_to_all = any(each.value.value == "*" for each in clause.statement.principals)
        yield Hit(
            clause.entry.operator.span,
            f"{clause.operator.name} with true and false is met by all {met_by}",
            None if clause.demands_presence or open_to_all else delete_key(subject, clause),
        )


@rule(
    "KMS419",
    ERROR,
    "Private address in aws:SourceIp",
    pages.GLOBAL_KEYS + "#condition-keys-sourceip",
    ANY,
    hidden_by=BROKEN_VALUE,
)
def private_source_address(subject: Subject) -> Iterator[Hit]:
    """Private address ranges in aws:SourceIp.

    aws:SourceIp is the public address that a request comes from. Requests through a VPC
    endpoint carry no aws:SourceIp at all; their private address is aws:VpcSourceIp.
    """
    for clause in clauses(subject):
        if clause.key != "aws:sourceip" or clause.is_null:
            continue
        for node in clause.strings:
            try:
                given = ip_network(node.value, strict=False)
            except ValueError:
                continue  # KMS406 speaks of it
            if _is_private(given):
                yield Hit(
                    node.span, f'"{node.value}" is private; aws:SourceIp is always a public address'
                )


_OPENING = late_pattern(r"\$\{([^{}]*)(\}?)")
_LITERALS = ("*", "?", "$")
_NAME = late_pattern(r"[A-Za-z][\w.-]*:[^\s',]+(?: [^\s',]+)*(?:\s*,\s*'[^']*')?")


def _text_values(subject: Subject) -> Iterator[StringNode]:
    """The strings in which AWS resolves variables: resources and condition values."""
    for statement in subject.statements:
        yield from statement.resources
        yield from statement.not_resources
    for clause in clauses(subject):
        if clause.operator.type in ("String", "ARN"):
            yield from clause.strings


def _problem(subject: Subject, name: str, closed: bool) -> str | None:
    """What is wrong with a variable, as the end of a sentence."""
    if not closed:
        return 'has no closing "}"'
    if not name.strip():
        return "names no condition key"
    if not _NAME.fullmatch(name):
        return "is malformed: it is ${KEY} or ${KEY, 'default'}, without other white space"
    key = name.partition(",")[0].strip()
    info = subject.knowledge.condition_key(key)
    if info is not None:
        return f"cannot be used: {info.name} has several values" if info.multivalued else None
    if key.lower().startswith(("aws:", "kms:")):
        known = [each.name for each in subject.knowledge.condition_keys.values()]
        meant = did_you_mean(key, known)
        return "is not a condition key" + (f"; did you mean ${{{meant}}}?" if meant else "")
    return None


def _set_version(subject: Subject) -> Fix | None:
    root = subject.root
    if root is None:
        return None
    title = f'Set "Version": "{VARIABLES_SINCE}"'
    member = root.member("Version")
    if member is not None:
        return Fix(title, (replace_node(member.value, VARIABLES_SINCE),))
    return Fix(title, (insert_first_member(subject.text, root, "Version", VARIABLES_SINCE),))


@rule(
    "KMS413",
    ERROR,
    "Policy variable that does not work",
    pages.VARIABLES,
    ANY,
    hidden_by=BROKEN_VALUE,
)
def broken_variable(subject: Subject) -> Iterator[Hit]:
    """Malformed variables, and variables in a policy whose Version has none.

    A variable is ${KEY}, with a condition key of one value, and only Version 2012-10-17 has
    variables: in older versions it is plain text. A statement whose variable has no value does
    not match.
    """
    old = subject.policy.version != VARIABLES_SINCE
    for node in _text_values(subject):
        if "${" not in node.value:
            continue
        placeholders = {found.start for found in find_placeholders(node.value)}
        for match in _OPENING.finditer(node.value):
            name = match[1]
            if match.start() in placeholders:
                continue
            span = part_of(node, *match.span())
            problem = None
            if name not in _LITERALS or not match[2]:
                problem = _problem(subject, name, bool(match[2]))
            if problem is not None:
                yield Hit(span, f'"{match[0]}" {problem}')
            elif old:
                version = subject.policy.version or "2008-10-17, since none is given,"
                yield Hit(
                    span,
                    f'"{match[0]}" is not a variable in Version {version} but plain text',
                    _set_version(subject),
                    WARNING,
                )
