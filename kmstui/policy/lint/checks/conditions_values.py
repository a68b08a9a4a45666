"""Rules about condition values: their form (KMS406), and the operators' types (KMS405)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network

from kmstui.policy.iam.match_value import has_wildcard, instant, number
from kmstui.policy.iam.operators import OPERATORS, Operator
from kmstui.policy.lint import pages
from kmstui.policy.lint.facts.clauses import Clause, clauses
from kmstui.policy.lint.fixes.conditions import operator_fix
from kmstui.policy.lint.rules import BROKEN_VALUE, Hit, Scope, Severity, Subject, rule
from kmstui.policy.syntax.nodes import LiteralNode

_ID_FORMS: dict[str, tuple[re.Pattern[str], str]] = {
    "aws:sourcevpce": (re.compile(r"vpce-(?:[0-9a-f]{8}|[0-9a-f]{17})"), "a VPC endpoint ID"),
    "aws:sourcevpc": (re.compile(r"vpc-(?:[0-9a-f]{8}|[0-9a-f]{17})"), "a VPC ID"),
    **dict.fromkeys(
        (
            "kms:calleraccount",
            "aws:principalaccount",
            "aws:resourceaccount",
            "aws:sourceaccount",
            "aws:sourceowner",
            "aws:vpceaccount",
        ),
        (re.compile(r"\d{12}"), "an account ID of twelve digits"),
    ),
}
"""How values of these keys look (EC2 User Guide, "Resource IDs"; IAM User Guide, "Condition
keys")."""


def _reads(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except (ValueError, OverflowError):
        return False
    return True


def network(text: str) -> IPv4Network | IPv6Network:
    """An address or a range in CIDR notation.

    Raises:
        ValueError: it is neither.
    """
    return ip_network(text, strict=False)


def _is_boolean(text: str) -> bool:
    return text.lower() in ("true", "false")


_TYPE_FORMS: dict[str, tuple[Callable[[str], bool], str]] = {
    "Bool": (_is_boolean, "true or false"),
    "Null": (_is_boolean, "true or false"),
    "Numeric": (lambda text: _reads(number, text), "a number"),
    "Date": (lambda text: _reads(instant, text), "a date, as in 2026-11-24T00:00:00Z"),
    "IPAddress": (lambda text: _reads(network, text), "an address or CIDR range"),
}


def _demanded(clause: Clause, operator: Operator) -> tuple[Callable[[str], bool], str] | None:
    """The form that the values must have, as a test and in words."""
    form = _TYPE_FORMS.get(operator.type)
    if form is not None:
        return form
    pattern = _ID_FORMS.get(clause.key)
    if operator.type != "String" or pattern is None:
        return None
    expression, words = pattern

    def test(text: str) -> bool:
        # What stands behind a wildcard can be anything; under an operator that takes it
        # literally, KMS407 speaks of it.
        return has_wildcard(text) or expression.fullmatch(text) is not None

    return test, words


@rule(
    "KMS406",
    Severity.ERROR,
    "Condition value of the wrong form",
    pages.OPERATORS,
    Scope.BOTH,
    hidden_by=BROKEN_VALUE,
)
def malformed_value(subject: Subject) -> Iterator[Hit]:
    """Bad booleans, numbers, dates, addresses, account, VPC and endpoint IDs.

    A value that is not of its operator's or key's form matches no request, and AWS rejects some
    of them.
    """
    for clause in clauses(subject):
        operator = clause.operator
        demanded = _demanded(clause, operator) if operator is not None else None
        if operator is None or demanded is None:
            continue
        holds, words = demanded
        for node, text in clause.pairs:
            if isinstance(node, LiteralNode) and node.value is None:
                continue  # null is of no type at all: KMS110
            if "${" not in text and not holds(text):
                yield Hit(node.span, f'"{text}" is not {words}, which {clause.written} needs')


def _accepts(operator: Operator, clause: Clause) -> bool:
    """Whether the operator's type is one that the key can be compared by."""
    info = clause.info
    if info is None or operator.type in ("Null", info.type):
        return True
    # Tags and encryption contexts hold whatever somebody put in: numbers, dates, ARNs.
    if clause.named or operator.type in info.other_types:
        return True
    return operator.type == "String" and info.type == "ARN"


def _counterpart(operator: Operator, clause: Clause) -> Operator | None:
    """The operator of the key's own type that says the same; None where there is none."""
    wanted = clause.info.type if clause.info is not None else ""
    wild = any(has_wildcard(text) for text in clause.texts)
    if wanted == "String" and operator.type in ("ARN", "IPAddress", "Bool", "Binary", "Numeric"):
        if operator.positive.endswith("Than") or operator.positive.endswith("ThanEquals"):
            return None
        name = f"String{'Not' if operator.negated else ''}{'Like' if wild else 'Equals'}"
    elif wanted == "ARN":
        name = f"Arn{'Not' if operator.negated else ''}Like"
    elif wanted == "IPAddress":
        name = "NotIpAddress" if operator.negated else "IpAddress"
    elif wanted == "Bool":
        name = "" if operator.negated else "Bool"
    else:
        stem = operator.base.removeprefix(operator.type).replace("Like", "Equals")
        name = wanted + stem.removesuffix("IgnoreCase")
    chosen = OPERATORS.get(name.lower())
    return None if chosen is None else operator.with_(base=chosen.base)


def _all_well_formed(clause: Clause, operator: Operator) -> bool:
    demanded = _demanded(clause, operator)
    return demanded is None or all(demanded[0](text) for text in clause.texts)


@rule(
    "KMS405", Severity.WARNING, "Operator of another type than the key", pages.OPERATORS, Scope.BOTH
)
def wrong_operator_type(subject: Subject) -> Iterator[Hit]:
    """An operator whose type is not the key's.

    An operator that does not fit the type of the key compares in a way that was hardly meant: a
    CIDR range under StringEquals, for instance, is equal to no address.
    """
    for clause in clauses(subject):
        operator, info = clause.operator, clause.info
        if operator is None or info is None or _accepts(operator, clause):
            continue
        chosen = _counterpart(operator, clause)
        if chosen is not None and not _all_well_formed(clause, chosen):
            chosen = None
        yield Hit(
            clause.entry.operator.span,
            f"{info.name} is of type {info.type}, {operator.name} compares {operator.type}",
            operator_fix(subject.document.text, clause, chosen.name) if chosen else None,
        )
