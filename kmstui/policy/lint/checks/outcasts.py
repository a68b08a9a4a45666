"""Allows of which nothing is left because of who is allowed (KMS517).

The usual case is a Deny for all but the principals listed, in which somebody is missing whom
another statement allows. An Allow may also shut out its own principals, as a role of another
account under kms:CallerAccount of this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from kmstui.policy.iam.principals import Principal
from kmstui.policy.lint.checks.leftovers import elsewhere
from kmstui.policy.lint.facts.clauses import Clause
from kmstui.policy.lint.facts.grants import Kind, Reading, Who, allows, denies, label_span
from kmstui.policy.lint.facts.placeholders import find_placeholders
from kmstui.policy.lint.rules import Hit, Severity, Subject, remembered
from kmstui.policy.syntax.edits import add_value
from kmstui.policy.syntax.nodes import Fix
from kmstui.policy.syntax.statements import Statement

if TYPE_CHECKING:
    from kmstui.policy.iam.conditions import Condition

_TELLING = (
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principaltype",
    "kms:calleraccount",
)
"""Keys whose values follow from the principal that a statement names, for some kinds of them."""
_TOLD_APART = (Kind.USER, Kind.ROLE, Kind.SERVICE)
"""Principals of which that is so; a session does not tell its role's path, and an account stands
for all of its principals."""
_ACCOUNT_KEYS = ("aws:principalaccount", "kms:calleraccount")
"""Keys that an account and a session tell too."""
_MOST_DENIALS = 16
_MOST_ALLOWED = 16
"""Principals of one Allow."""
_MOST_VALUES = 32
"""Of the conditions of one Deny. A policy of 32 KB has room for hundreds of either, and holding all
against all would take longer than a key press may."""


def _is_telling(clause: Clause) -> bool:
    return clause.is_about(*_TELLING) and not any(
        "${" in text or find_placeholders(text) for text in clause.texts
    )


@remembered
def _by_who(subject: Subject) -> tuple[Reading, ...]:
    """The denials whose conditions ask for nothing but who it is."""
    return tuple(
        deny
        for deny in denies(subject)
        if deny.clauses
        and all(map(_is_telling, deny.clauses))
        and sum(len(clause.texts) for clause in deny.clauses) <= _MOST_VALUES
    )[:_MOST_DENIALS]


def taken_back(
    subject: Subject, reading: Reading, is_denied_by: Callable[[Who, Reading], bool]
) -> Iterator[Hit]:
    """The finding about an Allow of which nothing is left; none where something may be."""
    if not _by_who(subject) or len(reading.who) > _MOST_ALLOWED:
        return
    if not all(who.kind in _TOLD_APART for who in reading.who):
        return
    principals = [_principal(who) for who in reading.who]
    for deny in _by_who(subject):
        if not reading.actions <= deny.actions:
            continue
        if not all(is_denied_by(who, deny) for who in reading.who):
            continue
        if all(each is not None and _always_meets(each, deny, subject) for each in principals):
            yield _hit(subject, reading, deny)
            return


@remembered
def shut_out(subject: Subject) -> tuple[tuple[Statement, Clause], ...]:
    """Allows whose own conditions none of their principals meets, each with such a condition.

    Those about an account that another rule calls a left-over are its business.
    """
    left_over = {id(node) for _, node, *_ in elsewhere(subject)}
    found: list[tuple[Statement, Clause]] = []
    for reading in allows(subject):
        telling = [each for each in reading.clauses if _is_telling(each)]
        if not telling or len(reading.who) > _MOST_ALLOWED:
            continue
        if sum(len(clause.texts) for clause in telling) > _MOST_VALUES:
            continue
        unmet = [_never_met(who, telling, subject) for who in reading.who]
        first = unmet[0]
        if first is None or None in unmet:
            continue
        if not any(id(node) in left_over for clause in telling for node in clause.strings):
            found.append((reading.statement, first))
    return tuple(found)


def _never_met(who: Who, telling: Sequence[Clause], subject: Subject) -> Clause | None:
    """One of the conditions that no request of the principal meets; None where all may be met."""
    if who.kind not in (*_TOLD_APART, Kind.ROOT, Kind.SESSION):
        return None
    if find_placeholders(who.entry.value.value) or (principal := _principal(who)) is None:
        return None
    from kmstui.policy.iam.conditions import Truth, compile_condition

    for clause in telling:
        if who.kind in _TOLD_APART or clause.is_about(*_ACCOUNT_KEYS):
            condition = compile_condition(clause.entry, subject.policy.version)
            if condition.truth(principal.facts.get) is Truth.NO:
                return clause
    return None


def _principal(who: Who) -> Principal | None:
    try:
        return Principal.parse(who.value)
    except ValueError:
        return None  # another rule says what is wrong with its name


def _always_meets(principal: Principal, deny: Reading, subject: Subject) -> bool:
    """Whether every request of a principal meets the conditions of a Deny."""
    # The evaluation takes longer to load than most policies take to lint.
    from kmstui.policy.iam.conditions import Truth

    return all(
        condition.truth(principal.facts.get) is Truth.YES
        for condition in _compiled(subject)[deny.statement.index]
    )


@remembered
def _compiled(subject: Subject) -> dict[int, tuple[Condition, ...]]:
    """The conditions of those denials, by statement number."""
    from kmstui.policy.iam.conditions import compile_condition

    version = subject.policy.version
    return {
        deny.statement.index: tuple(compile_condition(each.entry, version) for each in deny.clauses)
        for deny in _by_who(subject)
    }


def _hit(subject: Subject, reading: Reading, deny: Reading) -> Hit:
    from kmstui.policy.evaluation.explanation import conditions_words

    why = conditions_words(clause.entry for clause in deny.clauses)
    return Hit(
        label_span(reading.statement),
        f"{deny.statement.label} denies all that {reading.statement.label} allows, because {why}",
        _except_too(subject, reading, deny),
        Severity.WARNING,
    )


def _except_too(subject: Subject, reading: Reading, deny: Reading) -> Fix | None:
    """Who is allowed beside those whom the Deny leaves out; None where it leaves nobody out."""
    if len(reading.who) != 1 or reading.who[0].kind is Kind.SERVICE or len(deny.clauses) != 1:
        return None
    (who,), (clause,) = reading.who, deny.clauses
    if clause.key != "aws:principalarn" or clause.operator is None or not clause.operator.negated:
        return None
    edits = add_value(subject.document.text, clause.entry.member, who.value)
    return Fix(f"Except {who.short} from {deny.statement.label} too", edits)
