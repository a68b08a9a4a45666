"""Conditions on keys that a request may lack: MFA (KMS515) and IfExists (KMS519)."""

from __future__ import annotations

from collections.abc import Iterator

from kmstui.policy.lint import pages
from kmstui.policy.lint.core import INFO, WARNING, Hit, Subject, rule
from kmstui.policy.lint.facts.conditions import (
    MFA_KEYS,
    Clause,
    guaranteed,
)
from kmstui.policy.lint.facts.services import may_lack
from kmstui.policy.lint.facts.statements import (
    NamedKind,
    StatementFacts,
    allows,
    statement_facts,
)
from kmstui.policy.lint.facts.workloads import is_workload
from kmstui.policy.lint.fixes import operator_fix
from kmstui.policy.syntax import Fix


def _with_if_exists(subject: Subject, clause: Clause, *, if_exists: bool) -> Fix | None:
    return operator_fix(subject, clause, clause.operator.with_(if_exists=if_exists).name)


def _misses_long_term_credentials(clause: Clause) -> bool:
    """Whether a Deny means "without recent MFA", but requests without the key escape it."""
    operator = clause.operator
    if operator.if_exists:
        return False
    if clause.key == "aws:multifactorauthpresent":
        return operator.type == "Bool" and clause.says("false")
    return operator.base.startswith("NumericGreaterThan")


def _opens_to_long_term_credentials(clause: Clause) -> bool:
    """Whether an Allow means "with MFA", but requests without the key meet it."""
    operator = clause.operator
    if not operator.if_exists:
        return False
    if clause.key == "aws:multifactorauthpresent":
        return operator.type == "Bool" and clause.says("true")
    return operator.base.startswith("NumericLessThan")


def _denies_absent_mfa(facts: StatementFacts) -> bool:
    return not facts.allow and any(
        clause.is_null and clause.is_about(*MFA_KEYS) and clause.says("true")
        for clause in facts.clauses
    )


def _demands_mfa(facts: StatementFacts, clause: Clause) -> bool:
    """Whether only requests with MFA get through."""
    if facts.allow:
        return clause.demands_presence
    operator = clause.operator
    if clause.is_null:
        return clause.says("true")
    return operator.if_exists and (
        clause.says("false") or operator.base.startswith("NumericGreaterThan")
    )


@rule("KMS515", WARNING, "MFA condition that does not work as meant", pages.MFA)
def mfa_pitfalls(subject: Subject) -> Iterator[Hit]:
    """A condition on MFA whose operator lets requests without MFA through, or stops everybody.

    Requests with long-term access keys carry no MFA keys at all: a Deny needs …IfExists to stop
    them, an Allow must not have it. An instance role or a service never carries MFA.
    """
    absent_denied = set[str]()
    for facts in statement_facts(subject):
        if _denies_absent_mfa(facts):
            absent_denied |= facts.actions
    for facts in statement_facts(subject):
        for clause in facts.clauses:
            if not clause.is_about(*MFA_KEYS):
                continue
            hit = _mfa_hit(subject, facts, clause, absent_denied)
            if hit is not None:
                yield hit


def _mfa_hit(
    subject: Subject, facts: StatementFacts, clause: Clause, absent_denied: set[str]
) -> Hit | None:
    span = clause.entry.operator.span
    written = clause.operator.name
    if not facts.allow and _misses_long_term_credentials(clause):
        if facts.actions <= absent_denied:
            return None
        return Hit(
            span,
            f"{written} does not stop long-term access keys: their requests lack {clause.name}",
            _with_if_exists(subject, clause, if_exists=True),
        )
    if facts.allow and _opens_to_long_term_credentials(clause):
        return Hit(
            span,
            f"{written} also allows long-term access keys, whose requests lack {clause.name}",
            _with_if_exists(subject, clause, if_exists=False),
        )
    if not _demands_mfa(facts, clause):
        return None
    for who in facts.who:
        if is_workload(who):
            return Hit(clause.entry.key.span, f"{who.short} never carries {clause.name}")
    for who in facts.who:
        if facts.allow and who.kind is NamedKind.USER:
            message = (
                f"{who.short} meets {clause.name} only with a session token got with MFA, never"
                " with its long-term access keys"
            )
            return Hit(clause.entry.key.span, message, severity=INFO)
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


@rule("KMS519", WARNING, "Allow that IfExists opens", pages.IF_EXISTS)
def if_exists_opens(subject: Subject) -> Iterator[Hit]:
    """…IfExists in an Allow, on a key that requests may lack.

    IfExists is met when the request lacks the key, so this Allow also applies to all requests
    without it.
    """
    for facts in allows(subject):
        if all(who.kind is NamedKind.EVERYBODY for who in facts.who):
            continue  # KMS502 speaks of it
        for clause in facts.clauses:
            operator = clause.operator
            if not operator.if_exists or operator.type == "Null":
                continue
            if operator.negated or clause.is_about(*MFA_KEYS, *_ALWAYS_PRESENT, *_OF_TAGGING):
                continue
            if clause.key in guaranteed(subject, facts.statement):
                continue
            # For EventBridge that is how an encrypted SNS topic is reached.
            needed = any(may_lack(who.value, clause.key) for who in facts.who)
            yield Hit(
                clause.entry.operator.span,
                f"{operator.name} also allows requests without {clause.name}",
                None if needed else _with_if_exists(subject, clause, if_exists=False),
            )
