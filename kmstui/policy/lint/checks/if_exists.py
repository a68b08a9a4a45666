"""Conditions on keys that a request may lack: MFA (KMS515) and IfExists (KMS519)."""

from __future__ import annotations

from collections.abc import Iterator

from kmstui.policy.lint import pages
from kmstui.policy.lint.checks.separation_of_duties import is_workload
from kmstui.policy.lint.facts.clauses import Clause, guaranteed
from kmstui.policy.lint.facts.grants import (
    Kind,
    Reading,
    allows,
    readings,
)
from kmstui.policy.lint.fixes.conditions import operator_fix
from kmstui.policy.lint.rules import Hit, Severity, Subject, rule
from kmstui.policy.syntax.nodes import Fix

MFA_KEYS = ("aws:multifactorauthpresent", "aws:multifactorauthage")


def _with_if_exists(subject: Subject, clause: Clause, *, if_exists: bool) -> Fix | None:
    operator = clause.operator
    if operator is None:
        return None
    name = operator.with_(if_exists=if_exists).name
    return operator_fix(subject.document.text, clause, name)


def _misses_long_term_credentials(clause: Clause) -> bool:
    """Whether a Deny means "without recent MFA", but requests without the key escape it."""
    operator = clause.operator
    if operator is None or operator.if_exists:
        return False
    if clause.key == "aws:multifactorauthpresent":
        return operator.type == "Bool" and clause.says("false")
    return operator.base.startswith("NumericGreaterThan")


def _opens_to_long_term_credentials(clause: Clause) -> bool:
    """Whether an Allow means "with MFA", but requests without the key meet it."""
    operator = clause.operator
    if operator is None or not operator.if_exists:
        return False
    if clause.key == "aws:multifactorauthpresent":
        return operator.type == "Bool" and clause.says("true")
    return operator.base.startswith("NumericLessThan")


def _denies_absent_mfa(reading: Reading) -> bool:
    return not reading.allow and any(
        clause.is_null and clause.is_about(*MFA_KEYS) and clause.says("true")
        for clause in reading.clauses
    )


def _demands_mfa(reading: Reading, clause: Clause) -> bool:
    """Whether only requests with MFA get through."""
    if reading.allow:
        return clause.demands_presence
    operator = clause.operator
    if operator is None or clause.is_null:
        return clause.is_null and clause.says("true")
    return operator.if_exists and (
        clause.says("false") or operator.base.startswith("NumericGreaterThan")
    )


@rule("KMS515", Severity.WARNING, "MFA condition that does not work as meant", pages.MFA)
def mfa_pitfalls(subject: Subject) -> Iterator[Hit]:
    """MFA keys under an operator that lets requests without them through, or nobody.

    Requests with long-term access keys carry no MFA keys at all: a Deny needs …IfExists to stop
    them, an Allow must not have it. An instance role or a service never carries MFA.
    """
    absent_denied = set[str]()
    for reading in readings(subject):
        if _denies_absent_mfa(reading):
            absent_denied |= reading.actions
    for reading in readings(subject):
        for clause in reading.clauses:
            if not clause.is_about(*MFA_KEYS):
                continue
            hit = _mfa_hit(subject, reading, clause, absent_denied)
            if hit is not None:
                yield hit


def _mfa_hit(
    subject: Subject, reading: Reading, clause: Clause, absent_denied: set[str]
) -> Hit | None:
    span = clause.entry.operator.span
    written = clause.operator.name if clause.operator is not None else ""
    if not reading.allow and _misses_long_term_credentials(clause):
        if reading.actions <= absent_denied:
            return None
        return Hit(
            span,
            f"{written} does not stop long-term access keys: their requests lack {clause.name}",
            _with_if_exists(subject, clause, if_exists=True),
        )
    if reading.allow and _opens_to_long_term_credentials(clause):
        return Hit(
            span,
            f"{written} also allows long-term access keys, whose requests lack {clause.name}",
            _with_if_exists(subject, clause, if_exists=False),
        )
    if not _demands_mfa(reading, clause):
        return None
    for who in reading.who:
        if is_workload(who):
            return Hit(clause.entry.key.span, f"{who.short} never carries {clause.name}")
    for who in reading.who:
        if reading.allow and who.kind is Kind.USER:
            message = (
                f"{who.short} meets {clause.name} only with a session token got with MFA, never"
                " with its long-term access keys"
            )
            return Hit(clause.entry.key.span, message, severity=Severity.INFO)
    return None


_ALWAYS_PRESENT = (
    "aws:currenttime",
    "aws:epochtime",
    "aws:securetransport",
    "aws:viaawsservice",
    "aws:principalisawsservice",
    "aws:principaltype",
    "aws:requestedregion",
    "aws:resourceaccount",
    "aws:useragent",
    "kms:calleraccount",
    "kms:bypasspolicylockoutsafetycheck",
    "kms:granteeprincipal",
    "kms:grantisforawsresource",
    "kms:grantoperations",
    "kms:keyorigin",
    "kms:keyspec",
    "kms:keyusage",
    "kms:multiregion",
    "kms:schedulekeydeletionpendingwindowindays",
    "kms:signingalgorithm",
    "kms:messagetype",
    "kms:macalgorithm",
    "kms:wrappingalgorithm",
    "kms:wrappingkeyspec",
)
"""Keys that requests carry whenever the action knows them; IfExists then speaks of the other
actions of the statement, on purpose."""
_OF_TAGGING = ("aws:requesttag/", "aws:tagkeys")
"""Here IfExists means "if a tag is given", the documented way to limit tag values."""


@rule("KMS519", Severity.WARNING, "Allow that IfExists opens", pages.IF_EXISTS)
def if_exists_opens(subject: Subject) -> Iterator[Hit]:
    """…IfExists in an Allow, on a key that requests may lack.

    IfExists holds when the request lacks the key, so this Allow also applies to all requests
    without it.
    """
    for reading in allows(subject):
        if all(who.kind is Kind.EVERYBODY for who in reading.who):
            continue  # KMS502 speaks of it
        for clause in reading.clauses:
            operator = clause.operator
            if operator is None or not operator.if_exists or operator.type == "Null":
                continue
            if operator.negated or clause.is_about(*MFA_KEYS, *_ALWAYS_PRESENT, *_OF_TAGGING):
                continue
            if clause.key in guaranteed(subject, reading.statement):
                continue
            yield Hit(
                clause.entry.operator.span,
                f"{operator.name} also allows requests without {clause.name}",
                _with_if_exists(subject, clause, if_exists=False),
            )
