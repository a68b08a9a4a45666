"""Conditions on keys that a request may lack: KMS408, MFA (KMS515) and IfExists (KMS519)."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from functools import lru_cache

from kmstui.policy.iam import OF_SERVICES_ONLY, ActionInfo, absent_keys, knowledge
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import INFO, WARNING, Hit, Subject, remembered, rule
from kmstui.policy.lint.facts.conditions import (
    MFA_KEYS,
    Clause,
    clauses,
    clauses_of,
    guaranteed,
    is_one_of,
)
from kmstui.policy.lint.facts.statements import (
    IDENTITIES,
    NamedKind,
    StatementFacts,
    allows,
    statement_facts,
)
from kmstui.policy.lint.facts.workloads import is_workload
from kmstui.policy.lint.fixes import condition_fix, operator_fix, split_statement
from kmstui.policy.syntax import Fix, StringNode, delete_condition

_OF_REQUESTS_WITH_TAGS = ("aws:requesttag/", "aws:tagkeys")
_FOREIGN = frozenset(
    {
        "autoscaling", "cloudformation", "cloudtrail", "cloudwatch", "codebuild", "cognito-idp",
        "dynamodb", "ecr", "ecs", "eks", "elasticache", "elasticfilesystem", "es", "events",
        "firehose", "iam", "kafka", "kinesis", "logs", "organizations", "rds", "redshift",
        "route53", "s3", "sagemaker", "secretsmanager", "ses", "sns", "sqs", "states", "sts",
    }
)  # fmt: skip
"""Services whose condition keys only requests to themselves carry. Those that put keys into role
credentials (ec2, lambda, ssm, glue, identity providers) are not among them."""


def _is_foreign(key: str) -> bool:
    return key.partition(":")[0] in _FOREIGN


def _never_carries(action: ActionInfo, key: str) -> bool:
    if _is_foreign(key):
        return True
    for family in _OF_REQUESTS_WITH_TAGS:
        if is_one_of(key, (family,)):
            return family not in action.condition_keys
    return any(is_one_of(key, (absent,)) for absent in absent_keys(action.name))


class _ConditionEffect(Enum):
    """What a condition makes of the actions that a pattern stands for."""

    NONE = auto()
    """They are none of a key's actions."""
    ALIVE = auto()
    DEAD = auto()
    DEAD_READS = auto()
    """Dead, and only reading about the key is lost.

    AWS's own policies list kms:Describe* beside actions with an encryption context
    (CloudWatch Logs User Guide, "Encrypt log data"), and nothing comes of it.
    """


def _kind(clause: Clause) -> str:
    """What the requests that carry the key depend on: for a key with a name in it, its family."""
    return clause.key if clause.info is None else clause.info.name.lower()


@lru_cache(maxsize=4096)
def _fate(pattern: str, key: str) -> _ConditionEffect:
    infos = [
        info
        for name in knowledge().expand(pattern)
        if (info := knowledge().action(name)) is not None and not info.iam_only
    ]
    if not infos:
        return _ConditionEffect.NONE
    if not all(_never_carries(info, key) for info in infos):
        return _ConditionEffect.ALIVE
    reads = all(info.access_level in ("Read", "List") for info in infos)
    return _ConditionEffect.DEAD_READS if reads else _ConditionEffect.DEAD


@remembered
def _dead(subject: Subject) -> dict[tuple[int, str], tuple[list[StringNode], bool]]:
    """What `_dead_actions` found so far, by statement and kind of key."""
    return {}


def _dead_actions(subject: Subject, clause: Clause) -> tuple[list[StringNode], bool]:
    """The statement's actions that the condition makes void, and whether others live on."""
    place = (clause.statement.index, _kind(clause))
    found = _dead(subject).get(place)
    if found is None:
        fates = [(node, _fate(node.value, place[1])) for node in clause.statement.actions]
        alive = any(fate is _ConditionEffect.ALIVE for _, fate in fates)
        doomed = (
            (_ConditionEffect.DEAD,)
            if alive
            else (_ConditionEffect.DEAD, _ConditionEffect.DEAD_READS)
        )
        dead = [node for node, fate in fates if fate in doomed]
        found = _dead(subject)[place] = (dead, alive)
    return found


def _split(subject: Subject, clause: Clause, dead: list[StringNode]) -> Fix | None:
    statement = clause.statement
    # With other conditions the copy would still be bound, and as dead as before for some.
    if statement.effect != "Allow" or len(clauses_of(subject, statement)) > 1:
        return None
    # Without the condition everybody, or a service for everybody, could be let in.
    if any(entry.type != "AWS" or entry.value.value == "*" for entry in statement.principals):
        return None
    text = subject.text
    without = delete_condition(text, statement.node, clause.entry.member)
    edits = split_statement(subject.document, subject.policy, statement, dead, (without,))
    if edits is None:
        return None
    names = " and ".join(node.value for node in dead)
    return Fix(f"Move {names} to a statement of its own without the condition", edits)


@rule("KMS408", WARNING, "Condition key that these requests never carry", pages.KMS_CONDITION_KEYS)
def key_never_present(subject: Subject) -> Iterator[Hit]:
    """A condition because of which an Allow or a Deny has no effect for its actions or principals.

    Requests for these actions, or from these principals, do not carry the key. A condition that
    asks for one of its values is never met: an Allow gives nothing, a Deny stops nothing. A
    condition that asks for any other value is always met.
    """
    yield from never_of_people(subject)
    for clause in clauses(subject):
        if clause.statement.effect not in ("Allow", "Deny"):
            continue
        if not _is_foreign(clause.key) if clause.info is None else clause.info.iam_only:
            continue
        told, alive = _dead_actions(subject, clause)
        if not told or not clause.demands_presence:
            continue
        result = "allows nothing" if clause.statement.effect == "Allow" else "denies nothing"
        names_text = ", ".join(node.value for node in told)
        reach = f"the statement {result}" + (" for them" if alive else "")
        yield Hit(
            clause.entry.key.span,
            f"Requests for {names_text} never carry {clause.written}, so {reach}",
            _split(subject, clause, told) if alive else None,
        )


_PEOPLE = (*IDENTITIES, NamedKind.ROOT)


def never_of_people(subject: Subject) -> Iterator[Hit]:
    """A statement that such a condition makes void, or a Deny that it turns on all people."""
    for facts in statement_facts(subject):
        asked = [clause for clause in facts.clauses if clause.is_about(*OF_SERVICES_ONLY)]
        if not asked or not facts.who:
            continue
        dead = next((clause for clause in asked if clause.demands_presence), None)
        if dead is not None:
            if all(who.kind in _PEOPLE for who in facts.who):
                verb = "allows" if facts.allow else "denies"
                yield Hit(
                    dead.entry.key.span,
                    f"Only AWS services send {dead.name}, so this {verb} {facts.names} nothing",
                )
        elif not facts.allow and all(clause in asked for clause in facts.clauses):
            yield from _stopping_people(subject, facts, asked[0])


def _stopping_people(subject: Subject, facts: StatementFacts, clause: Clause) -> Iterator[Hit]:
    """A Deny that says nothing but which service's customers are meant."""
    stopped = next((who for who in facts.who if who.kind in (*_PEOPLE, NamedKind.EVERYBODY)), None)
    if stopped is None:
        return
    whom = "every user and role" if stopped.kind is NamedKind.EVERYBODY else stopped.short
    yield Hit(
        clause.entry.key.span,
        f"Only AWS services send {clause.name}, so this Deny stops {whom}",
        condition_fix(
            subject,
            facts.statement,
            "Deny AWS services only",
            "Bool",
            {"aws:PrincipalIsAWSService": "true"},
        ),
    )


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
            yield Hit(
                clause.entry.operator.span,
                f"{operator.name} also allows requests without {clause.name}",
                _with_if_exists(subject, clause, if_exists=False),
            )
