"""Statements and conditions that others make void (KMS517, KMS518, KMS520)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from kmstui.policy.iam import Principal
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import INFO, WARNING, Hit, Subject, remembered, rule
from kmstui.policy.lint.facts.conditions import MFA_KEYS, Clause, is_one_of
from kmstui.policy.lint.facts.coverage import (
    MOST_ALLOWED,
    MOST_COMPARED,
    TOLD_APART,
    covering,
    denials_by_who,
    gives_to,
    is_denied_by,
    shadow,
    shut_out,
)
from kmstui.policy.lint.facts.inclusion import includes, reaches
from kmstui.policy.lint.facts.statements import (
    IDENTITIES,
    NamedKind,
    NamedPrincipal,
    StatementFacts,
    allows,
    denies,
    label_span,
    statement_facts,
)
from kmstui.policy.lint.facts.values import ACCOUNT, find_placeholders
from kmstui.policy.lint.fixes import delete_unless_root, delete_whole
from kmstui.policy.syntax import Fix, add_value

if TYPE_CHECKING:
    from kmstui.policy.iam import Condition


def _taken_back(subject: Subject, facts: StatementFacts) -> Iterator[Hit]:
    """The finding about an Allow of which nothing is left; none where something may be."""
    if not denials_by_who(subject) or facts.unfilled or len(facts.who) > MOST_ALLOWED:
        return
    if not all(who.kind in TOLD_APART for who in facts.who):
        return
    principals = [Principal.maybe(who.value) for who in facts.who]
    for deny in denials_by_who(subject):
        if not facts.actions <= deny.actions:
            continue
        if not all(is_denied_by(who, deny) for who in facts.who):
            continue
        if includes(subject, deny, facts) and all(
            each is not None and _always_meets(each, deny, subject) for each in principals
        ):
            yield _denied_hit(subject, facts, deny)
            return


def _always_meets(principal: Principal, deny: StatementFacts, subject: Subject) -> bool:
    """Whether every request of a principal meets the conditions of a Deny."""
    # The evaluation takes longer to load than most policies take to lint.
    from kmstui.policy.iam import Truth

    return all(
        condition.truth(principal.facts.get) is Truth.YES
        for condition in _compiled(subject)[deny.statement.index]
    )


@remembered
def _compiled(subject: Subject) -> dict[int, tuple[Condition, ...]]:
    """The conditions of those denials, by statement number."""
    from kmstui.policy.iam import compile_condition

    version = subject.policy.version
    return {
        deny.statement.index: tuple(compile_condition(each.entry, version) for each in deny.clauses)
        for deny in denials_by_who(subject)
    }


def _denied_hit(subject: Subject, facts: StatementFacts, deny: StatementFacts) -> Hit:
    from kmstui.policy.evaluation import conditions_words

    why = conditions_words(clause.entry for clause in deny.clauses)
    return Hit(
        label_span(facts.statement),
        f"{deny.statement.label} denies all that {facts.statement.label} allows, because {why}",
        _except_too(subject, facts, deny),
        WARNING,
    )


def _except_too(subject: Subject, facts: StatementFacts, deny: StatementFacts) -> Fix | None:
    """Who is allowed beside those whom the Deny leaves out; None where it leaves nobody out."""
    if len(facts.who) != 1 or facts.who[0].kind is NamedKind.SERVICE or len(deny.clauses) != 1:
        return None
    (who,), (clause,) = facts.who, deny.clauses
    if clause.key != "aws:principalarn" or not clause.operator.negated:
        return None
    edits = add_value(subject.text, clause.entry.member, who.value)
    return Fix(f"Except {who.short} from {deny.statement.label} too", edits)


@rule("KMS517", INFO, "Statement without effect", pages.EVALUATION, hidden_by=("KMS408",))
def needless_statement(subject: Subject) -> Iterator[Hit]:
    """A statement that another one covers, or (a warning) an Allow of which nothing is left.

    Another statement already gives or takes the same, or the condition excludes everybody whom
    the statement names. An explicit Deny overrides every Allow.
    """
    dead = {statement.index: clause for statement, clause in shut_out(subject)}
    for facts in statement_facts(subject):
        if (clause := dead.get(facts.statement.index)) is not None:
            yield Hit(
                clause.entry.key.span,
                f"No request of {facts.names} meets the condition on {clause.name}, so"
                f" {facts.statement.label} allows nothing",
                severity=WARNING,
            )
            continue
        denied = shadow(subject, facts) if facts.allow else None
        if denied is not None:
            yield Hit(
                label_span(facts.statement),
                f"{denied.statement.label} denies all that {facts.statement.label} allows",
                delete_unless_root(subject, facts),
                WARNING,
            )
            continue
        if facts.allow and (hits := list(_taken_back(subject, facts))):
            yield from hits
            continue
        other = covering(subject).get(facts.statement.index)
        if other is None or (facts.allow and other.signature < facts.signature):
            continue  # an Allow whose condition is bypassed is the business of KMS520
        verb = "allows" if facts.allow else "denies"
        yield Hit(
            label_span(facts.statement),
            f"{other.statement.label} already {verb} what {facts.statement.label} {verb}",
            delete_whole(subject, facts.statement),
        )


_ATTESTED = ("kms:recipientattestation:",)


def _is_attestation(clause: Clause) -> bool:
    return clause.key.startswith(_ATTESTED)


def _attestable(facts: StatementFacts) -> frozenset[str]:
    """Its actions whose requests may carry an attestation document."""
    key = "kms:recipientattestation:imagesha384"
    return frozenset(info.name for info in facts.infos if key in info.condition_keys)


def _attested_denials(subject: Subject) -> frozenset[str]:
    """Actions that some Deny takes from requests without the right attestation."""
    found: set[str] = set()
    for deny in denies(subject):
        if any(map(_is_attestation, deny.clauses)):
            found |= deny.actions
    return frozenset(found)


def _gives_by_iam(who: NamedPrincipal, other: StatementFacts) -> bool:
    return who.own and any(each.kind is NamedKind.ROOT and each.own for each in other.who)


def _bypass(
    subject: Subject, facts: StatementFacts, actions: frozenset[str]
) -> tuple[StatementFacts, str, bool] | None:
    """An Allow without the attestation, with an action that it gives, and whether directly.

    What names the role or everybody is told before what needs an IAM policy too.
    """
    others = [
        (other, min(common))
        for other in allows(subject)
        if (common := actions & other.actions)
        and not any(map(_is_attestation, other.clauses))
        and shadow(subject, other) is None
    ]
    for other, action in others:
        if any(gives_to(who, other) for who in facts.who):
            return other, action, True
    for other, action in others:
        if any(_gives_by_iam(who, other) for who in facts.who):
            return other, action, False
    return None


@rule("KMS518", WARNING, "Attestation that another statement bypasses", pages.ATTESTATION)
def bypassed_attestation(subject: Subject) -> Iterator[Hit]:
    """kms:RecipientAttestation in an Allow, where another Allow gives the same without it.

    The condition restricts this statement alone. Where another one, or the root statement
    together with an IAM policy, allows the same, the role needs no enclave. Take the action out
    of the other statement, or deny requests without the attestation.
    """
    attested = [
        (facts, clause)
        for facts in allows(subject)
        for clause in facts.clauses[:MOST_COMPARED]
        if _is_attestation(clause)
    ][:MOST_COMPARED]
    if not attested:
        return
    denied = _attested_denials(subject)
    told: set[int] = set()
    for facts, clause in attested:
        if facts.statement.index in told:
            continue
        found = _bypass(subject, facts, _attestable(facts) - denied)
        if found is not None:
            told.add(facts.statement.index)
            other, action, directly = found
            by = "" if directly else ", by IAM policies"
            yield Hit(
                clause.entry.key.span,
                f"{other.statement.label} allows {action} without the attestation{by}",
            )


_RESTRICTING = (
    *MFA_KEYS,
    "aws:currenttime",
    "aws:epochtime",
    "aws:ec2instancesourcevpc",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principaltag/",
    "aws:referer",
    "aws:securetransport",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:tokenissuetime",
    "aws:useragent",
    "aws:vpcsourceip",
)
"""Keys by which people mean to restrict access. Others, such as kms:GrantIsForAWSResource, say
what a direct grant is for, and that IAM policies can give more is no surprise there."""
_FOR_SERVICES = ("kms:viaservice", "kms:grantisforawsresource")
"""What the CDK and the console put into the account's own Allows, beside the root statement."""
_CALLERS_ACCOUNT = ("kms:calleraccount", "aws:principalaccount")


@lru_cache(maxsize=1024)
def _may_restrict_nothing(key: str) -> bool:
    return is_one_of(key, _CALLERS_ACCOUNT + _RESTRICTING)


def _always_holds(facts: StatementFacts, clause: Clause) -> bool:
    """Whether the condition asks for the account that its principals are of anyhow."""
    if clause.operator.negated or clause.operator.type != "String":
        return False
    if not clause.is_about(*_CALLERS_ACCOUNT):
        return False
    asked = set(clause.texts)
    left_open = any(
        found.stands_for == ACCOUNT for text in clause.texts for found in find_placeholders(text)
    )
    return bool(facts.who) and all(
        who.kind in IDENTITIES and (who.account in asked or (who.own and left_open))
        for who in facts.who
    )


_TRANSPORT = "aws:securetransport"


def _may_be_denied(subject: Subject, facts: StatementFacts, key: str) -> bool:
    """Whether a Deny may hold up what it allows where the condition on `key` is not met.

    Any may, but for one that asks every request to be encrypted in transit.
    """
    denials = [each for each in statement_facts(subject) if not each.allow]
    return len(denials) > MOST_COMPARED or any(
        not deny.actions.isdisjoint(facts.actions)
        and (key == _TRANSPORT or {each.key for each in deny.clauses} != {_TRANSPORT})
        for deny in denials
        if not deny.who or any(is_denied_by(who, deny) for who in facts.who)
    )


@remembered
def _open_root_statements(subject: Subject) -> tuple[StatementFacts, ...]:
    """The Allows by which the account's IAM policies can give something unconditionally."""
    return tuple(
        facts
        for facts in allows(subject)
        if not facts.conditional
        and any(who.kind is NamedKind.ROOT and who.own for who in facts.who)
    )[:MOST_COMPARED]


def _opened_by_iam(
    subject: Subject, facts: StatementFacts, clause: Clause
) -> StatementFacts | None:
    """The account's Allow by which IAM policies can give the same without the condition."""
    if not clause.is_about(*_RESTRICTING):
        return None
    if not all(who.kind in IDENTITIES and who.own for who in facts.who):
        return None
    for root in _open_root_statements(subject):
        if reaches(subject, root, facts):
            return None if _may_be_denied(subject, facts, clause.key) else root
    return None


@rule(
    "KMS520",
    WARNING,
    "Condition that restricts nothing",
    pages.EVALUATION,
    hidden_by=("KMS414",),
)
def pointless_condition(subject: Subject) -> Iterator[Hit]:
    """A condition in an Allow which the same principal does not need to meet.

    A condition in an Allow restricts that statement alone: whoever is allowed the same by
    another statement, or by the root statement and an IAM policy, need not meet it. To restrict
    access, use a Deny. Where only an IAM policy could allow the same, that is said once, as info.
    """
    by_iam: list[tuple[StatementFacts, Clause, StatementFacts]] = []
    for facts in allows(subject):
        if not facts.clauses:
            continue
        other = covering(subject).get(facts.statement.index)
        freed = other is not None and other.signature < facts.signature
        for clause in facts.clauses:
            if _is_attestation(clause):
                continue
            if freed and other is not None and not _holds_part(other, clause):
                is_no_surprise = clause.is_about(*_FOR_SERVICES) and all(
                    who.kind is NamedKind.ROOT for who in facts.who
                )
                if not is_no_surprise:
                    yield Hit(
                        clause.entry.key.span,
                        f"{other.statement.label} allows the same without {clause.name}",
                    )
                elif not _may_be_denied(subject, facts, clause.key):
                    by_iam.append((facts, clause, other))
                break
            if not _may_restrict_nothing(clause.key):
                continue
            if _always_holds(facts, clause):
                yield Hit(
                    clause.entry.key.span,
                    f"{clause.name} always holds for {facts.names}, so it restricts nothing here",
                )
            elif (root := _opened_by_iam(subject, facts, clause)) is not None:
                by_iam.append((facts, clause, root))
    if by_iam:
        yield _by_iam_hit(by_iam)


def _by_iam_hit(found: list[tuple[StatementFacts, Clause, StatementFacts]]) -> Hit:
    """One for all: the account's default statement would make it the noise of every key."""
    facts, clause, root = found[0]
    number = len({each.statement.index for each, *_ in found}) - 1
    more = f", and so do {number} more statements" if number > 1 else ""
    more = ", and so does 1 more statement" if number == 1 else more
    return Hit(
        clause.entry.key.span,
        f"{clause.name} limits what {facts.statement.label} itself allows{more}:"
        f" {root.statement.label} lets IAM policies of the account allow the same without it",
        severity=INFO,
    )


def _holds_part(other: StatementFacts, clause: Clause) -> bool:
    return any(
        each.key == clause.key and each.entry.operator.value == clause.entry.operator.value
        for each in other.clauses
    )
