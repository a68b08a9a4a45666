"""Rules about condition operators by themselves (KMS401, KMS407, KMS412) and sets of values."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from kmstui.policy.iam.operators import (
    FOR_ALL_VALUES,
    FOR_ANY_VALUE,
    OPERATORS,
    Operator,
    parse_operator,
)
from kmstui.policy.iam.suggestions import did_you_mean
from kmstui.policy.lint import pages
from kmstui.policy.lint.facts.clauses import (
    Clause,
    clauses,
    guaranteed,
    operators,
)
from kmstui.policy.lint.fixes.conditions import condition_fix, operator_fix
from kmstui.policy.lint.rules import BROKEN_VALUE, Hit, Scope, Severity, Subject, rule
from kmstui.policy.syntax.edits import replace_string
from kmstui.policy.syntax.nodes import Fix, StringNode
from kmstui.policy.syntax.statements import Statement

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
    return Fix(f"Use {name}", (replace_string(node, name),))


@rule("KMS401", Severity.ERROR, "Unknown condition operator", pages.OPERATORS, Scope.BOTH)
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
                f'"{text}" is a condition key; it stands under an operator, as in'
                f' "StringEquals": {{"{text}": …}}'
            )
            yield Hit(node.span, message)
            continue
        name = _suggested(text)
        meant = f"; did you mean {name}?" if name else ""
        yield Hit(
            node.span,
            f'"{text}" is no condition operator{meant}',
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
    Severity.WARNING,
    "Wildcard that is taken literally",
    pages.OPERATORS + "#Conditions_String",
    Scope.BOTH,
    hidden_by=BROKEN_VALUE,
)
def literal_wildcard(subject: Subject) -> Iterator[Hit]:
    """`*` or `?` under an operator that takes them literally.

    StringEquals and its kin compare * and ? as the characters they are; only StringLike and the
    Arn operators read them as wildcards.
    """
    for clause in clauses(subject):
        operator = clause.operator
        if operator is None or operator.type != "String" or operator.wildcards:
            continue
        node = _first_wildcard(clause)
        if node is None:
            continue
        fix = None
        if not operator.base.endswith("IgnoreCase"):
            like = operator.with_(base="StringNotLike" if operator.negated else "StringLike")
            fix = operator_fix(subject.document.text, clause, like.name)
        yield Hit(node.span, f'{operator.name} takes "{node.value}" literally', fix)


@rule("KMS409", Severity.WARNING, "Set operator on a key with one value", pages.SETS, Scope.BOTH)
def needless_set_operator(subject: Subject) -> Iterator[Hit]:
    """ForAllValues or ForAnyValue on a single-valued key.

    ForAllValues and ForAnyValue are for multivalued keys. On a single-valued key ForAllValues
    also holds when the key is absent, which makes an Allow too wide.
    """
    for clause in clauses(subject):
        operator, info = clause.operator, clause.info
        if operator is None or not operator.set_prefix or info is None or info.multivalued:
            continue
        if operator.type == "Null":
            continue
        name = operator.with_(set_prefix="").name
        yield Hit(
            clause.entry.operator.span,
            f"{clause.written} has one value, so {operator.set_prefix} does not belong to it",
            operator_fix(subject.document.text, clause, name),
        )


def _set_operator(operator: Operator, effect: str) -> Operator | None:
    """With the set operator that says what was most likely meant."""
    if not operator.negated or effect == "Deny":
        return operator.with_(set_prefix=FOR_ANY_VALUE)
    return None


@rule("KMS410", Severity.WARNING, "Multivalued key without a set operator", pages.SETS, Scope.BOTH)
def missing_set_operator(subject: Subject) -> Iterator[Hit]:
    """A multivalued key under an operator for one value.

    A request may carry several values of this key. Without ForAnyValue or ForAllValues it is
    not defined which of them count.
    """
    for clause in clauses(subject):
        operator, info = clause.operator, clause.info
        if operator is None or operator.set_prefix or clause.is_null:
            continue
        if info is None or not info.multivalued:
            continue
        chosen = _set_operator(operator, clause.statement.effect)
        yield Hit(
            clause.entry.operator.span,
            f"{info.name} can have several values; {operator.name} needs ForAnyValue: or"
            " ForAllValues: before it",
            operator_fix(subject.document.text, clause, chosen.name) if chosen else None,
        )


@rule(
    "KMS411", Severity.WARNING, "ForAllValues that also allows requests without the key", pages.SETS
)
def for_all_values_of_none(subject: Subject) -> Iterator[Hit]:
    """ForAllValues in an Allow that nothing keeps from holding on an absent key.

    ForAllValues holds when the request has no value at all, so this Allow applies to requests
    that do not carry the key. Null: false rules them out.
    """
    for clause in clauses(subject):
        operator, info = clause.operator, clause.info
        if operator is None or clause.is_null or operator.set_prefix != FOR_ALL_VALUES:
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
                subject.document.text,
                clause.statement,
                "Null",
                clause.written,
                "false",
                f'Add "Null": {{"{clause.written}": "false"}}',
            ),
        )


@rule("KMS412", Severity.ERROR, "Null with IfExists", pages.IF_EXISTS, Scope.BOTH)
def null_if_exists(subject: Subject) -> Iterator[Hit]:
    """`NullIfExists`.

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
