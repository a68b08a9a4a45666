"""Conditions that no request of a statement's actions or principals meets (KMS408)."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from functools import lru_cache

from kmstui.model import Arn
from kmstui.policy.iam import OF_SERVICES_ONLY, ActionInfo, absent_keys, knowledge
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import INFO, WARNING, Hit, Subject, remembered, rule
from kmstui.policy.lint.facts.conditions import Clause, clauses, clauses_of, is_one_of
from kmstui.policy.lint.facts.services import OF_PEOPLE, asked_of_people, may_lack, read_service
from kmstui.policy.lint.facts.statements import (
    IDENTITIES,
    NamedKind,
    NamedPrincipal,
    StatementFacts,
    allows,
    denies,
    statement_facts,
)
from kmstui.policy.lint.fixes import condition_fix, rename_key, split_statement
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
    yield from _never_of_people(subject)
    yield from _never_of_services(subject)
    yield from _not_to_encrypted_topics(subject)
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


def _never_of_people(subject: Subject) -> Iterator[Hit]:
    """A statement that such a condition makes void, or a Deny that it turns on all people."""
    for facts in statement_facts(subject):
        asked = [clause for clause in facts.clauses if clause.key in OF_SERVICES_ONLY]
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


def _never_of_services(subject: Subject) -> Iterator[Hit]:
    """A statement for a service that asks what only users and roles tell."""
    for facts in statement_facts(subject):
        clause = asked_of_people(facts)
        if clause is None:
            continue
        services = [who for who in facts.who if who.kind is NamedKind.SERVICE]
        if not services or read_service(services[0].value) is None:
            continue  # KMS306 speaks of it
        other = OF_PEOPLE[clause.key]
        yield Hit(
            clause.entry.key.span,
            _why_unmet(clause, services[0], facts.allow)
            + (f" it nothing; use {other}" if other else " it nothing"),
            _ask_of_resource(clause, facts, services),
        )


def _why_unmet(clause: Clause, who: NamedPrincipal, allow: bool) -> str:
    """Why a service does not meet it; of the keys of KMS the documents do not say so outright."""
    verbs = ("may allow", "may deny")
    if clause.key == "kms:calleraccount":
        told = "is documented for the account of users and roles"
    elif clause.key == "kms:viaservice":
        told = "names the service through which a user or role asks"
    else:
        told, verbs = "tells of the user or role that asks", ("allows", "denies")
    verb = verbs[0] if allow else verbs[1]
    return f"{clause.name} {told}, and {who.short} asks for itself, so this {verb}"


def _ask_of_resource(
    clause: Clause, facts: StatementFacts, services: list[NamedPrincipal]
) -> Fix | None:
    """Ask the like of the resource; None where others would lose, or the service tells nothing."""
    other = OF_PEOPLE[clause.key]
    if not other or len(services) < len(facts.who):
        return None
    if sum(each.key in OF_PEOPLE for each in facts.clauses) > 1:
        # Another of them would still stop the service.
        return None
    if any(may_lack(who.value, other) for who in services):
        return None
    return rename_key(clause, other)


_OF_BUSES = ("event-bus", "archive", "replay", "connection", "api-destination", "endpoint")
"""Resources of EventBridge that a key encrypts. What publishes to a topic is a rule."""
_DESCRIBE = "kms:DescribeKey"
"""To encrypt its own resources EventBridge needs it, to publish it does not (EventBridge User
Guide, "Authorizing EventBridge to use a customer managed key")."""


def _not_to_encrypted_topics(subject: Subject) -> Iterator[Hit]:
    """Conditions that EventBridge does not meet where it publishes to an encrypted SNS topic."""
    allowed = False
    for facts in allows(subject):
        who = next((each for each in facts.who if may_lack(each.value, "aws:SourceArn")), None)
        if who is None or not any(info.usages for info in facts.infos):
            continue
        allowed = True
        asked = (each for each in facts.clauses if may_lack(who.value, each.key))
        clause = next((each for each in asked if each.demands_presence), None)
        if clause is not None and not _is_about_buses(facts):
            yield Hit(
                clause.entry.key.span,
                f"Where {who.short} publishes to an encrypted SNS topic it sends no {clause.name},"
                " so this does not let it; kms:EncryptionContext:aws:sns:topicArn can tell which"
                " topic",
                severity=INFO if _DESCRIBE in facts.actions else None,
            )
    for facts in denies(subject) if allowed else ():
        clause = _turned_on_publishing(facts)
        if clause is not None:
            yield Hit(
                clause.entry.key.span,
                f"Where EventBridge publishes to an encrypted SNS topic it sends no {clause.name},"
                " so this Deny stops it",
            )


def _is_about_buses(facts: StatementFacts) -> bool:
    """Whether a statement lets EventBridge encrypt what it keeps itself."""
    for clause in facts.clauses:
        if clause.is_about("kms:encryptioncontext:") and ":aws:events:" in clause.key:
            return True
        if clause.key == "aws:sourcearn" and clause.texts:
            arns = [Arn.maybe(text) for text in clause.texts]
            if all(arn is not None and arn.resource_type in _OF_BUSES for arn in arns):
                return True
    return False


def _turned_on_publishing(facts: StatementFacts) -> Clause | None:
    """The condition by which a Deny also stops requests without it, EventBridge's among them."""
    of_services = any(
        clause.key == "aws:principalisawsservice" and clause.says("true")
        for clause in facts.clauses
    )
    concerned = any(
        may_lack(who.value, "aws:SourceArn") or (who.kind is NamedKind.EVERYBODY and of_services)
        for who in facts.who
    )
    asked = [each for each in facts.clauses if may_lack(_EVENTBRIDGE, each.key)]
    if not concerned or any(each.demands_presence for each in asked):
        return None
    return next((each for each in asked if each.operator.negated), None)


_EVENTBRIDGE = "events.amazonaws.com"
