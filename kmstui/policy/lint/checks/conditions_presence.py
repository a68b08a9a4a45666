"""The rule about keys that the requests at hand never carry (KMS408)."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto

from kmstui.policy.iam.vocabulary import ActionInfo, absent_keys
from kmstui.policy.lint import pages
from kmstui.policy.lint.facts.clauses import Clause, clauses, clauses_of
from kmstui.policy.lint.fixes.service_only_keys import never_of_people
from kmstui.policy.lint.fixes.split_statement import split_statement
from kmstui.policy.lint.rules import Hit, Severity, Subject, remembered, rule
from kmstui.policy.syntax.edits import delete_condition
from kmstui.policy.syntax.nodes import Fix, StringNode

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


def _is_foreign(clause: Clause) -> bool:
    return clause.info is None and clause.key.partition(":")[0] in _FOREIGN


def _never_carries(action: ActionInfo, clause: Clause) -> bool:
    if _is_foreign(clause):
        return True
    for family in _OF_REQUESTS_WITH_TAGS:
        if clause.is_about(family):
            return family not in action.condition_keys
    return any(clause.is_about(key) for key in absent_keys(action.name))


class _Fate(Enum):
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


@remembered
def _fates(subject: Subject) -> dict[tuple[str, str], _Fate]:
    """Fates found so far, by pattern and condition key: a policy repeats both.

    Keys with a name in them, such as kms:EncryptionContext:NAME, share one.
    """
    return {}


def _kind(clause: Clause) -> str:
    """What the requests that carry the key depend on: for a key with a name in it, its family."""
    return clause.key if clause.info is None else clause.info.name


def _fate(subject: Subject, pattern: str, clause: Clause) -> _Fate:
    kind = (pattern, _kind(clause))
    found = _fates(subject).get(kind)
    if found is None:
        found = _fates(subject)[kind] = _find_fate(subject, pattern, clause)
    return found


def _find_fate(subject: Subject, pattern: str, clause: Clause) -> _Fate:
    infos = [
        info
        for name in subject.knowledge.expand(pattern)
        if (info := subject.knowledge.action(name)) is not None and not info.iam_only
    ]
    if not infos:
        return _Fate.NONE
    if not all(_never_carries(info, clause) for info in infos):
        return _Fate.ALIVE
    reads = all(info.access_level in ("Read", "List") for info in infos)
    return _Fate.DEAD_READS if reads else _Fate.DEAD


@remembered
def _dead(subject: Subject) -> dict[tuple[int, str], tuple[list[StringNode], bool]]:
    """What `_dead_actions` found so far, by statement and kind of key."""
    return {}


def _dead_actions(subject: Subject, clause: Clause) -> tuple[list[StringNode], bool]:
    """The statement's actions that the condition makes void, and whether others live on."""
    place = (clause.statement.index, _kind(clause))
    found = _dead(subject).get(place)
    if found is None:
        fates = [(node, _fate(subject, node.value, clause)) for node in clause.statement.actions]
        alive = any(fate is _Fate.ALIVE for _, fate in fates)
        doomed = (_Fate.DEAD,) if alive else (_Fate.DEAD, _Fate.DEAD_READS)
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
    text = subject.document.text
    without = delete_condition(text, statement.node, clause.entry.member)
    edits = split_statement(subject.document, subject.policy, statement, dead, (without,))
    if edits is None:
        return None
    names = " and ".join(node.value for node in dead)
    return Fix(f"Move {names} to a statement of its own without the condition", edits)


@rule(
    "KMS408",
    Severity.WARNING,
    "Condition key that these requests never carry",
    pages.KMS_CONDITION_KEYS,
)
def key_never_present(subject: Subject) -> Iterator[Hit]:
    """A condition that makes an Allow dead or a Deny inert for its actions or principals.

    Requests for these actions, or of these principals, do not carry the key. A condition that
    asks for its value is never met: an Allow gives nothing, a Deny stops nothing. One that asks
    for any other value always is.
    """
    yield from never_of_people(subject)
    for clause in clauses(subject):
        if clause.statement.effect not in ("Allow", "Deny"):
            continue
        if (clause.info is None and not _is_foreign(clause)) or (
            clause.info is not None and clause.info.iam_only
        ):
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
