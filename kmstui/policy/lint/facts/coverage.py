"""What statements come to beside each other: covered, denied, shut out, of another account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kmstui.policy.iam import Principal
from kmstui.policy.lint.core import Subject, remembered
from kmstui.policy.lint.facts.conditions import Clause, clauses
from kmstui.policy.lint.facts.inclusion import includes
from kmstui.policy.lint.facts.statements import (
    PUT_KEY_POLICY,
    NamedKind,
    NamedPrincipal,
    StatementFacts,
    allows,
    denies,
    name_of,
    statement_facts,
)
from kmstui.policy.lint.facts.values import ACCOUNT_ID, find_placeholders, part_of
from kmstui.policy.syntax import Span, Statement, StringNode


def _own_named(subject: Subject, account: str) -> bool:
    """Whether any Allow gives the key's account the policy."""
    return any(
        who.kind is NamedKind.ROOT and (who.own or who.account == account)
        for facts in allows(subject)
        if PUT_KEY_POLICY in facts.actions
        for who in facts.who
    )


@remembered
def foreign_roots(subject: Subject) -> tuple[NamedPrincipal, ...]:
    """The other accounts that an Allow lets put the policy."""
    return tuple(
        who
        for facts in allows(subject)
        if PUT_KEY_POLICY in facts.actions
        for who in facts.who
        if who.kind is NamedKind.ROOT and who.foreign
    )


def _asks_for(clause: Clause) -> bool:
    operator = clause.operator
    return clause.key == "kms:calleraccount" and operator.type == "String" and not operator.negated


@remembered
def let_in_by_condition(subject: Subject) -> tuple[tuple[Statement, StringNode], ...]:
    """The kms:CallerAccount values by which Allows of everybody let in the callers of accounts."""
    return tuple(
        (facts.statement, node)
        for facts in allows(subject)
        if any(who.kind is NamedKind.EVERYBODY for who in facts.who)
        for clause in facts.clauses
        if _asks_for(clause)
        for node in clause.strings
        if ACCOUNT_ID.fullmatch(node.value)
    )


def _elsewhere_conditions(subject: Subject, account: str) -> Iterator[tuple[StringNode, str]]:
    """kms:CallerAccount values of an account that nothing else in the policy speaks of."""
    asked = [clause for clause in clauses(subject) if _asks_for(clause)]
    if any(account in clause.texts for clause in asked):
        return
    named = {who.account for facts in allows(subject) for who in facts.who}
    for clause in asked:
        for node in clause.strings:
            if ACCOUNT_ID.fullmatch(node.value) and node.value not in named:
                yield node, node.value


@remembered
def elsewhere(subject: Subject) -> tuple[tuple[Span, StringNode, str, str], ...]:
    """Where the only root, or the CallerAccount, is of another account than the key."""
    arn = subject.key.arn
    if arn is None or not arn.account:
        return ()
    found: list[tuple[StringNode, str, str]] = []
    if not _own_named(subject, arn.account):
        for who in foreign_roots(subject):
            found.append((who.entry.value, who.account, "The only root"))
    for node, account in _elsewhere_conditions(subject, arn.account):
        found.append((node, account, "kms:CallerAccount"))
    spans = []
    for node, account, what in found:
        at = node.value.find(account)
        spans.append((part_of(node, at, at + len(account)), node, account, what))
    return tuple(spans)


MOST_COMPARED = 64
"""Statements about one principal that are compared with each other. A policy of 32 KB holds
some hundred in all; a text of a megabyte is not a policy, and the work stays linear."""
_EVERYBODY = name_of(NamedKind.EVERYBODY)


def gives_to(who: NamedPrincipal, giver: StatementFacts) -> bool:
    """Whether a statement names `who` itself, or everybody."""
    return any(other.kind is NamedKind.EVERYBODY or other.name == who.name for other in giver.who)


def is_denied_by(who: NamedPrincipal, deny: StatementFacts) -> bool:
    """Whether a Deny takes from all that `who` stands for; one on the account takes from it."""
    return any(
        other.kind is NamedKind.EVERYBODY
        or other.name == who.name
        or (other.kind is NamedKind.ROOT and bool(who.account) and other.account == who.account)
        for other in deny.who
    )


Index = dict[str, list[StatementFacts]]


def _index(found: Iterable[StatementFacts]) -> Index:
    index: Index = {}
    for facts in found:
        for who in facts.who:
            held = index.setdefault(who.name, [])
            if len(held) < MOST_COMPARED:
                held.append(facts)
    return index


@remembered
def _allow_index(subject: Subject) -> Index:
    return _index(allows(subject))


@remembered
def _deny_index(subject: Subject) -> Index:
    return _index(denies(subject))


def _candidates(index: Index, who: NamedPrincipal) -> Iterator[StatementFacts]:
    """The statements that name `who`, or everybody."""
    yield from index.get(_EVERYBODY, ())
    if who.kind is not NamedKind.EVERYBODY:
        yield from index.get(who.name, ())


_NOT_CAPPED = (NamedKind.USER, NamedKind.SESSION)
"""Whom an Allow that names them lets pass their permissions boundary or session policy. Whether one
of everybody does so is not documented (IAM User Guide, "Permissions boundaries for IAM entities",
"Evaluating permissions with boundaries")."""


def _gives_alike(who: NamedPrincipal, facts: StatementFacts, other: StatementFacts) -> bool:
    if not gives_to(who, other):
        return False
    named = any(each.name == who.name for each in other.who)
    return named or not facts.allow or who.kind not in _NOT_CAPPED


def _covers(subject: Subject, facts: StatementFacts, other: StatementFacts) -> bool:
    """Whether `other`, of the same effect, does all that `facts` does, and is no stricter."""
    return (
        other is not facts
        and facts.actions <= other.actions
        and other.signature <= facts.signature
        and all(_gives_alike(who, facts, other) for who in facts.who)
        and includes(subject, other, facts)
    )


def _find_cover(subject: Subject, index: Index, facts: StatementFacts) -> StatementFacts | None:
    if not facts.who:
        return None
    for other in _candidates(index, facts.who[0]):
        if not _covers(subject, facts, other):
            continue
        if other.statement.index < facts.statement.index or not _covers(subject, other, facts):
            return other
    return None


@remembered
def covering(subject: Subject) -> dict[int, StatementFacts]:
    """By statement number, the one that makes it needless; of two alike, the first stays."""
    found = {}
    for facts in statement_facts(subject):
        index = _allow_index(subject) if facts.allow else _deny_index(subject)
        other = _find_cover(subject, index, facts)
        if other is not None:
            found[facts.statement.index] = other
    return found


def shadow(subject: Subject, facts: StatementFacts) -> StatementFacts | None:
    """An unconditional Deny that takes all that an Allow gives."""
    if not facts.who or facts.unfilled:
        return None
    index = _deny_index(subject)
    who = facts.who[0]
    of_account = index.get(name_of(NamedKind.ROOT, who.account), []) if who.account else []
    for deny in (*_candidates(index, who), *of_account):
        if deny.conditional or deny.unfilled or not facts.actions <= deny.actions:
            continue
        if all(is_denied_by(each, deny) for each in facts.who) and includes(subject, deny, facts):
            return deny
    return None


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
TOLD_APART = (NamedKind.USER, NamedKind.ROLE, NamedKind.SERVICE)
"""Principals of which that is so; a session does not tell its role's path, and an account stands
for all of its principals."""
_ACCOUNT_KEYS = ("aws:principalaccount", "kms:calleraccount")
"""Keys that an account and a session tell too."""
_MOST_DENIALS = 16
MOST_ALLOWED = 16
"""Principals of one Allow."""
_MOST_VALUES = 32
"""Of the conditions of one Deny. A policy of 32 KB has room for hundreds of either, and holding all
against all would take longer than a key press may."""


def _is_telling(clause: Clause) -> bool:
    return clause.is_about(*_TELLING) and not any(
        "${" in text or find_placeholders(text) for text in clause.texts
    )


@remembered
def denials_by_who(subject: Subject) -> tuple[StatementFacts, ...]:
    """The denials whose conditions ask for nothing but who it is."""
    return tuple(
        deny
        for deny in denies(subject)
        if deny.clauses
        and all(map(_is_telling, deny.clauses))
        and sum(len(clause.texts) for clause in deny.clauses) <= _MOST_VALUES
    )[:_MOST_DENIALS]


@remembered
def shut_out(subject: Subject) -> tuple[tuple[Statement, Clause], ...]:
    """Allows whose own conditions none of their principals meets, each with such a condition.

    Those about an account that another rule calls a left-over are its business.
    """
    left_over = {id(node) for _, node, *_ in elsewhere(subject)}
    found: list[tuple[Statement, Clause]] = []
    for facts in allows(subject):
        telling = [each for each in facts.clauses if _is_telling(each)]
        if not telling or facts.unfilled or len(facts.who) > MOST_ALLOWED:
            continue
        if sum(len(clause.texts) for clause in telling) > _MOST_VALUES:
            continue
        unmet = [_never_met(who, telling, subject) for who in facts.who]
        first = unmet[0]
        if first is None or None in unmet:
            continue
        if not any(id(node) in left_over for clause in telling for node in clause.strings):
            found.append((facts.statement, first))
    return tuple(found)


def _never_met(who: NamedPrincipal, telling: Sequence[Clause], subject: Subject) -> Clause | None:
    """One of the conditions that no request of the principal meets; None where all may be met."""
    if who.kind not in (*TOLD_APART, NamedKind.ROOT, NamedKind.SESSION):
        return None
    if (
        find_placeholders(who.entry.value.value)
        or (principal := Principal.maybe(who.value)) is None
    ):
        return None
    from kmstui.policy.iam import Truth, compile_condition

    for clause in telling:
        if who.kind in TOLD_APART or clause.is_about(*_ACCOUNT_KEYS):
            condition = compile_condition(clause.entry, subject.policy.version)
            if condition.truth(principal.facts.get) is Truth.NO:
                return clause
    return None
