"""Condition operators: whether they exist, and fit the key and its values (KMS401, 405 to 412)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from ipaddress import ip_network

from kmstui.policy.iam import (
    FOR_ALL_VALUES,
    FOR_ANY_VALUE,
    OPERATORS,
    Operator,
    did_you_mean,
    has_wildcard,
    instant,
    number,
    parse_operator,
)
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import (
    ANY,
    BROKEN_VALUE,
    ERROR,
    RESOURCE,
    WARNING,
    Hit,
    PolicyKind,
    Subject,
    rule,
)
from kmstui.policy.lint.facts.conditions import NO_OPERATOR, Clause, clauses, guaranteed, operators
from kmstui.policy.lint.fixes import condition_fix, operator_fix, write
from kmstui.policy.syntax import Fix, LiteralNode, Statement, StringNode

_NAMES = tuple(operator.base for operator in OPERATORS.values())
_PREFIXES = (FOR_ALL_VALUES, FOR_ANY_VALUE)
_IF_EXISTS = "IfExists"
_ALWAYS_SENT = frozenset({"kms:grantoperations"})
"""CreateGrant requires its Operations (API reference, CreateGrant), so the set is never empty."""


@lru_cache(maxsize=1024)
def _suggested(text: str) -> str | None:
    """The operator that was probably meant."""
    squeezed = "".join(text.split())
    exact = parse_operator(squeezed)
    if exact is not None:
        return exact.name
    prefix, colon, name = squeezed.rpartition(":")
    stem = name.removesuffix(_IF_EXISTS)
    base = did_you_mean(stem, _NAMES)
    set_prefix = did_you_mean(prefix, _PREFIXES) if colon else ""
    if base is None or set_prefix is None:
        return None
    chosen = OPERATORS[base.lower()]
    return chosen.with_(set_prefix=set_prefix, if_exists=stem != name).name


def _rename_operator(node: StringNode, statement: Statement, name: str) -> Fix | None:
    block = statement.node.get("Condition")
    taken = getattr(block, "members", ())
    if any(member.key.value == name for member in taken):
        return None
    return write(node, name, f"Use {name}")


@rule("KMS401", ERROR, "Unknown condition operator", pages.OPERATORS, ANY)
def unknown_operator(subject: Subject) -> Iterator[Hit]:
    """An operator that AWS does not have.

    KMS rejects a policy with an operator that IAM does not have.
    """
    for statement, node, is_object in operators(subject):
        text = node.value
        if parse_operator(text) is not None:
            continue
        if not is_object and subject.knowledge.condition_key(text) is not None:
            message = (
                f'"{text}" is a condition key; it belongs under an operator, as in'
                f' "StringEquals": {{"{text}": …}}'
            )
            yield Hit(node.span, message)
            continue
        name = _suggested(text)
        meant = f"; did you mean {name}?" if name else ""
        yield Hit(
            node.span,
            f'"{text}" is not a condition operator{meant}',
            _rename_operator(node, statement, name) if name else None,
        )


def _first_wildcard(clause: Clause) -> StringNode | None:
    for node in clause.strings:
        plain = node.value.replace("${*}", "").replace("${?}", "")
        if "*" in plain or "?" in plain:
            return node
    return None


@rule(
    "KMS407",
    WARNING,
    "Wildcard that is taken literally",
    pages.OPERATORS + "#Conditions_String",
    ANY,
    hidden_by=BROKEN_VALUE,
)
def literal_wildcard(subject: Subject) -> Iterator[Hit]:
    """`*` or `?` under an operator that takes them literally.

    StringEquals and its variants compare * and ? literally; only StringLike and the Arn
    operators treat them as wildcards.
    """
    for clause in clauses(subject):
        operator = clause.operator
        if operator.type != "String" or operator.wildcards:
            continue
        node = _first_wildcard(clause)
        if node is None:
            continue
        fix = None
        if not operator.base.endswith("IgnoreCase"):
            like = operator.with_(base="StringNotLike" if operator.negated else "StringLike")
            fix = operator_fix(subject, clause, like.name)
        yield Hit(node.span, f'{operator.name} takes "{node.value}" literally', fix)


@rule("KMS409", WARNING, "Set operator on a key with one value", pages.SETS, ANY)
def needless_set_operator(subject: Subject) -> Iterator[Hit]:
    """ForAllValues or ForAnyValue on a single-valued key.

    ForAllValues and ForAnyValue are for multivalued keys. On a single-valued key ForAllValues
    also holds when the key is absent, which makes an Allow too wide.
    """
    for clause in clauses(subject):
        operator, info = clause.operator, clause.info
        if not operator.set_prefix or info is None or info.multivalued:
            continue
        if operator.type == "Null":
            continue
        name = operator.with_(set_prefix="").name
        yield Hit(
            clause.entry.operator.span,
            f"{clause.written} has one value, so it does not take {operator.set_prefix}",
            operator_fix(subject, clause, name),
        )


def _set_operator(operator: Operator, effect: str) -> Operator | None:
    """With the set operator that says what was most likely meant."""
    if not operator.negated or effect == "Deny":
        return operator.with_(set_prefix=FOR_ANY_VALUE)
    return None


@rule("KMS410", WARNING, "Multivalued key without a set operator", pages.SETS, ANY)
def missing_set_operator(subject: Subject) -> Iterator[Hit]:
    """A multivalued key under an operator for one value.

    A request may carry several values of this key. Without ForAnyValue or ForAllValues it is
    not defined which of them count.
    """
    for clause in clauses(subject):
        operator, info = clause.operator, clause.info
        if operator is NO_OPERATOR or operator.set_prefix or clause.is_null:
            continue
        if info is None or not info.multivalued:
            continue
        if info.iam_only and subject.scope is PolicyKind.KEY:
            continue  # KMS414 says that it must go
        chosen = _set_operator(operator, clause.statement.effect)
        yield Hit(
            clause.entry.operator.span,
            f"{info.name} can have several values; {operator.name} needs ForAnyValue: or"
            " ForAllValues: before it",
            operator_fix(subject, clause, chosen.name) if chosen else None,
        )


@rule(
    "KMS411",
    WARNING,
    "ForAllValues that also allows requests without the key",
    pages.SETS,
    RESOURCE,
)
def for_all_values_of_none(subject: Subject) -> Iterator[Hit]:
    """ForAllValues in an Allow that also applies where the request lacks the key.

    ForAllValues holds when the request has no value at all, so this Allow applies to requests
    that do not carry the key. Null: false rules them out.
    """
    for clause in clauses(subject):
        operator, info = clause.operator, clause.info
        if clause.is_null or operator.set_prefix != FOR_ALL_VALUES:
            continue
        if operator.negated or clause.statement.effect != "Allow":
            continue
        if info is None or not info.multivalued or clause.key in _ALWAYS_SENT:
            continue
        if clause.key in guaranteed(subject, clause.statement):
            continue
        yield Hit(
            clause.entry.operator.span,
            f"{operator.name} also holds for requests without {info.name}",
            condition_fix(
                subject,
                clause.statement,
                f'Add "Null": {{"{clause.written}": "false"}}',
                "Null",
                {clause.written: "false"},
            ),
        )


@rule("KMS412", ERROR, "Null with IfExists", pages.IF_EXISTS, ANY)
def null_if_exists(subject: Subject) -> Iterator[Hit]:
    """`NullIfExists`, which does not exist.

    Null already asks whether the key exists; AWS has no NullIfExists and rejects it.
    """
    for statement, node, _ in operators(subject):
        operator = parse_operator(node.value)
        if operator is not None and operator.type == "Null" and operator.if_exists:
            name = operator.with_(if_exists=False).name
            yield Hit(
                node.span,
                f'"{node.value}" does not exist; Null takes no IfExists',
                _rename_operator(node, statement, name),
            )


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


def _is_boolean(text: str) -> bool:
    return text.lower() in ("true", "false")


_TYPE_FORMS: dict[str, tuple[Callable[[str], bool], str]] = {
    "Bool": (_is_boolean, "true or false"),
    "Null": (_is_boolean, "true or false"),
    "Numeric": (lambda text: _reads(number, text), "a number"),
    "Date": (lambda text: _reads(instant, text), "a date, as in 2026-11-24T00:00:00Z"),
    "IPAddress": (
        lambda text: _reads(partial(ip_network, strict=False), text),
        "an address or CIDR range",
    ),
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
    ERROR,
    "Condition value of the wrong form",
    pages.OPERATORS,
    ANY,
    hidden_by=BROKEN_VALUE,
)
def malformed_value(subject: Subject) -> Iterator[Hit]:
    """Malformed booleans, numbers, dates, addresses, and account, VPC and endpoint IDs.

    A value that does not have the form of its operator or key matches no request, and AWS
    rejects some of them.
    """
    for clause in clauses(subject):
        demanded = _demanded(clause, clause.operator)
        if demanded is None:
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


@rule("KMS405", WARNING, "Operator of another type than the key", pages.OPERATORS, ANY)
def wrong_operator_type(subject: Subject) -> Iterator[Hit]:
    """An operator whose type is not the key's.

    An operator that does not fit the type of the key does not compare as intended: a CIDR range
    under StringEquals, for instance, equals no address.
    """
    for clause in clauses(subject):
        operator, info = clause.operator, clause.info
        if operator is NO_OPERATOR or info is None or _accepts(operator, clause):
            continue
        chosen = _counterpart(operator, clause)
        if chosen is not None and not _all_well_formed(clause, chosen):
            chosen = None
        yield Hit(
            clause.entry.operator.span,
            f"{info.name} is of type {info.type}, {operator.name} compares {operator.type}",
            operator_fix(subject, clause, chosen.name) if chosen else None,
        )
