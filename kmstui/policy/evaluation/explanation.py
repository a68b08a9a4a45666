"""Decisions in words that a person can act on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from kmstui.policy.evaluation.compiled import KEY_POLICY, Applied
from kmstui.policy.evaluation.evaluator import Decision
from kmstui.policy.evaluation.grants import Granted
from kmstui.policy.evaluation.outcome import Outcome, Reason
from kmstui.policy.iam import (
    FOR_ALL_VALUES,
    FOR_ANY_VALUE,
    ConditionResult,
    Doubt,
    NamedBy,
    Operator,
    Truth,
    action_info,
    parse_operator,
)
from kmstui.policy.syntax import ConditionEntry, Span, Statement, scalar_text
from kmstui.policy.witnesses import joined


@dataclass(frozen=True, slots=True)
class ReasoningLine:
    """One sentence of a reasoning, and the statement it speaks of."""

    text: str
    source: str = ""
    """The policy in which the statement stands: `key policy`, or an identity policy's name."""
    span: Span | None = None
    """Where the statement stands in that policy's text."""


def _several(applied: Iterable[Applied]) -> str:
    return joined(dict.fromkeys(each.compiled.words for each in applied), "and")


def reason_sentence(decision: Decision, actions: str = "") -> str:
    """Why the outcome is what it is, as one sentence.

    `actions` speaks of others that are decided alike: `Decrypt, ReEncrypt*`.
    """
    words = _SENTENCES[decision.reason](_Parts(decision, actions))
    return f"{_capital(words)}."


class _Parts:
    """The pieces that sentences are made of."""

    def __init__(self, decision: Decision, actions: str) -> None:
        key = [each for each in decision.deciding if each.source == KEY_POLICY]
        iam = [each for each in decision.deciding if each.source != KEY_POLICY]
        self.decision = decision
        self.action = actions or decision.request.action
        if decision.request.of_alias:
            self.action += " on the alias"
        self.who = decision.request.principal.short
        self.owner = decision.request.owner
        self.statements = _several(decision.deciding)
        self.lets, self.allows = _plural("let", key), _plural("allow", key)
        self.iam_allows = _plural("allow", iam)
        self.when = _when(decision.deciding)
        whys = dict.fromkeys(each.match.why for each in decision.deciding if each.match.why)
        self.why = "".join(f"; {why}" for why in whys)
        self.key = _several(key)
        self.iam = _several(iam)

    def root_user(self) -> str:
        if not self.statements:
            return f"{_for_iam_alone(self.decision)}, and the root user may do what IAM governs"
        return f"{self.statements} {self.allows} {self.action} to the account {self.owner}"

    def iam_silent(self) -> str:
        through = f"{self.key} {self.lets} IAM policies decide, but " if self.key else ""
        return f"{through}no identity policy of {self.who} allows {self.action}"

    def through_iam(self) -> str:
        through = f", and {self.key} {self.lets} IAM policies decide" if self.key else ""
        return f"{self.iam} {self.iam_allows} {self.action}{through}"

    def capped(self) -> str:
        policies = self.decision.policies
        caps = ["permissions boundary"] * (policies.boundary is not None)
        caps += ["session policy"] * (bool(policies.session) or not caps)
        return f"the {joined(caps)} of {self.who} does not allow {self.action}"

    def granted(self) -> str:
        grants = [each.id for each in self.decision.grants]
        verb = "allows" if len(grants) == 1 else "allow"
        return f"grant {joined(grants, 'and')} {verb} {self.action}"

    def account_retires(self) -> str:
        own = f"the account {self.owner} may retire grants that were created in it"
        return f"{own}, and {self.iam} {self.iam_allows} {self.action}" if self.iam else own


def _when(applied: Iterable[Applied]) -> str:
    entries = [result.entry for each in applied for result in each.conditions]
    return f", because {conditions_words(entries)}" if entries else ""


def _unmet(decision: Decision) -> str:
    near = next(each for each in decision.near if not each.deny)
    unmet = [result for result in near.conditions if result.truth is Truth.NO]
    why = conditions_words(result.entry for result in unmet)
    return f"{near.compiled.words} asks that {why}, which this request does not meet,"


def _open_sentence(parts: _Parts) -> str:
    decision = parts.decision
    open_ = [each for each in decision.deciding if each.truth is Truth.MAYBE]
    clauses = [_open_clause(each, parts.action) for each in open_]
    if Doubt.GRANTS in decision.doubts:
        clauses.append(Doubt.GRANTS.value)
    if Doubt.IAM in decision.doubts:
        clauses.append(f"{_delegation(decision)}, and those of {parts.who} were not read")
    if Doubt.LEVEL in decision.doubts:
        clauses.append(
            f"the {decision.barrier} that were given allow nothing, so it hangs on whether"
            " FullAWSAccess, which AWS attaches at first, is still beside them"
        )
    clauses += [_grant_clause(each, parts.action) for each in decision.granted]
    if Doubt.SESSION_POLICIES in decision.doubts:
        clauses.append(Doubt.SESSION_POLICIES.value)
    return "; ".join(dict.fromkeys(clauses))


def _grant_clause(granted: Granted, action: str) -> str:
    """That a grant allows it, and what that hangs on."""
    if granted.missing:
        return f"grant {granted.grant.id} allows {action} if {joined(granted.missing, 'and')} fits"
    others = [each.value for each in granted.doubts if each is not Doubt.IAM]
    if granted.sessions:
        others = [f"{joined(others, 'and')} {joined(granted.sessions)}"]
    why = f" ({'; '.join(others)})" if others else ""
    return f"grant {granted.grant.id} perhaps allows {action}{why}"


def _delegation(decision: Decision) -> str:
    """That identity policies decide, and which statement says so."""
    request = decision.request
    info = action_info(request.action)
    if request.of_alias or (info is not None and info.iam_only):
        return f"{_for_iam_alone(decision)}, so identity policies alone decide"
    outside = request.principal.account != request.owner
    opening = [
        each
        for each in decision.deciding
        if not each.deny
        and each.truth is Truth.YES
        and (outside or each.match.by is NamedBy.ACCOUNT)
    ]
    account = request.principal.account
    if not opening:
        return f"then the identity policies of account {account} decide"
    verb = _plural("let", opening)
    return f"{_several(opening)} {verb} the IAM policies of account {account} decide"


def _for_iam_alone(decision: Decision) -> str:
    """Why no key policy has a say."""
    action = decision.request.action
    if decision.request.of_alias:
        return f"no key policy speaks of aliases ({action})"
    return f"{action} names no key"


def _open_clause(applied: Applied, action: str) -> str:
    subject = applied.compiled.words
    if applied.deny:
        verb = f"denies {action}"
    elif applied.match.by is NamedBy.ACCOUNT:
        verb = f"lets IAM policies decide about {action}"
    else:
        verb = f"allows {action}"
    conditions = conditions_words(result.entry for result in applied.open_conditions)
    clause = f"{subject} {verb} if {conditions}" if conditions else f"{subject} perhaps {verb}"
    others = [d.value for d in applied.doubts if d not in (Doubt.CONTEXT, Doubt.IAM)]
    others += [applied.match.why] * bool(applied.match.why)
    return f"{clause} ({'; '.join(others)})" if others else clause


_SENTENCES: dict[Reason, Callable[[_Parts], str]] = {
    Reason.DENY: lambda p: f"{p.action} is denied to {p.who} by {p.statements}{p.when}{p.why}",
    Reason.KEY_POLICY: lambda p: f"{p.statements} {p.allows} {p.action} to {p.who}{p.when}",
    Reason.ROOT_USER: _Parts.root_user,
    Reason.IAM: _Parts.through_iam,
    Reason.GRANT: _Parts.granted,
    Reason.ACCOUNT_RETIRES: _Parts.account_retires,
    Reason.NO_GRANT: lambda p: (
        f"no grant of the key names {p.who} as one that may retire it, and a key policy cannot"
        f" allow {p.action}"
    ),
    Reason.BOTH_ACCOUNTS: lambda p: (
        f"{p.key or 'a grant'} and {p.iam} allow {p.action} to {p.who} of another account"
    ),
    Reason.NOTHING_ALLOWS: lambda p: f"no statement of the key policy allows {p.action} to {p.who}",
    Reason.CONDITIONS: lambda p: f"{_unmet(p.decision)} so nothing allows {p.action} to {p.who}",
    Reason.IAM_SILENT: _Parts.iam_silent,
    Reason.NOT_DELEGATED: lambda p: (
        f"{p.iam} {p.iam_allows} {p.action}, but the key policy does not let the account {p.owner}"
        " delegate it, so that does nothing"
    ),
    Reason.CAPPED: _Parts.capped,
    Reason.BARRED: lambda p: (
        f"no statement of the {p.decision.barrier} allows {p.action} to {p.who}, and one must,"
        " whatever else does"
    ),
    Reason.OTHER_ACCOUNT_SILENT: lambda p: (
        f"{p.key or 'a grant'} {p.allows} {p.action}, but no identity policy of {p.who} in its own"
        f" account {p.decision.request.principal.account} does; both must"
    ),
    Reason.OTHER_PARTITION: lambda p: (
        f"{p.who} is of the partition {p.decision.request.principal.partition}, and nothing of it"
        f" reaches a key of the partition {p.decision.request.partition}"
    ),
    Reason.NOT_ACROSS_ACCOUNTS: lambda p: (
        f"KMS does not take {p.action} from another account than the key's"
    ),
    Reason.DEPENDS: _open_sentence,
}


def _plural(verb: str, subjects: Iterable[Applied]) -> str:
    """The verb after one statement, or after several."""
    return verb if len({each.compiled.words for each in subjects}) > 1 else f"{verb}s"


def _capital(text: str) -> str:
    """A sentence's first letter; names of actions and principals keep theirs."""
    first = text.partition(" ")[0]
    return text if ":" in first or "/" in first else text[:1].upper() + text[1:]


_ANSWERS = {
    Outcome.ALLOWED: "yes",
    Outcome.IMPLICITLY_DENIED: "no",
    Outcome.EXPLICITLY_DENIED: "no, denied",
    Outcome.NOT_PREDICTABLE: "it depends",
}


def answer_word(decision: Decision) -> str:
    """`yes`, `no`, `no, denied` or `it depends`."""
    return _ANSWERS[decision.outcome]


def not_considered_sentence(not_considered: Iterable[str]) -> str:
    """The line that stands under every answer."""
    return f"Not considered: {', '.join(not_considered)}."


def explain(decision: Decision) -> tuple[ReasoningLine, ...]:
    """The whole reasoning: the answer, the statements with their conditions, what is left out."""
    return (*reasoning(decision), *basis([decision]))


def basis(decisions: Iterable[Decision]) -> Iterator[ReasoningLine]:
    """What decisions rest on, and what they do not."""
    every = tuple(decisions)
    considered = dict.fromkeys(word for each in every for word in each.considered)
    left_out = dict.fromkeys(word for each in every for word in each.not_considered)
    yield ReasoningLine(f"Considered: {', '.join(considered)}.")
    yield ReasoningLine(not_considered_sentence(left_out))


def reasoning(decision: Decision) -> tuple[ReasoningLine, ...]:
    """The answer, and the statements with their conditions."""
    lines = [ReasoningLine(f"{_capital(answer_word(decision))}: {reason_sentence(decision)}")]
    shown = [*decision.deciding, *(each for each in decision.near if each.match.truth)]
    for applied in dict.fromkeys(shown):
        effect, infinitive = ("denies", "deny") if applied.deny else ("allows", "allow")
        to_account = applied.match.by is NamedBy.ACCOUNT and not applied.deny
        state = {
            Truth.YES: f"{effect} it{' to the account' if to_account else ''}",
            Truth.MAYBE: f"{effect} it under a condition",
            Truth.NO: f"would {infinitive} it, but does not apply",
        }[applied.truth]
        lines.append(
            ReasoningLine(
                f"{_capital(applied.compiled.words)} {state}", applied.source, applied.span
            )
        )
        lines.extend(
            ReasoningLine(f"  {result_words(result)}", applied.source, result.entry.member.span)
            for result in applied.conditions
        )
    lines.extend(
        ReasoningLine(f"Grant {grant.id} to {grant.holder}: {', '.join(grant.operations)}")
        for grant in decision.grants
    )
    if decision.missing_keys:
        lines.append(
            ReasoningLine(f"To be sure, say what these are: {', '.join(decision.missing_keys)}")
        )
    return tuple(lines)


def statements_of(decision: Decision) -> tuple[Statement, ...]:
    """The deciding statements of the key policy, each once."""
    found = (each.statement for each in decision.deciding if each.source == KEY_POLICY)
    return tuple({id(statement): statement for statement in found}.values())


_VERBS = {
    "StringEquals": "is",
    "StringEqualsIgnoreCase": "is (whatever the case)",
    "StringLike": "is like",
    "NumericEquals": "is",
    "NumericLessThan": "is less than",
    "NumericLessThanEquals": "is at most",
    "NumericGreaterThan": "is more than",
    "NumericGreaterThanEquals": "is at least",
    "DateEquals": "is",
    "DateLessThan": "is before",
    "DateLessThanEquals": "is not after",
    "DateGreaterThan": "is after",
    "DateGreaterThanEquals": "is not before",
    "Bool": "is",
    "BinaryEquals": "is the bytes",
    "IpAddress": "is in",
    "ArnEquals": "is like",
    "ArnLike": "is like",
}


def operator_words(operator: Operator) -> str:
    """The verb of an operator: `is not like`, `is less than`."""
    verb = _VERBS[operator.positive]
    return verb.replace("is", "is not", 1) if operator.negated else verb


def condition_words(entry: ConditionEntry) -> str:
    """One condition as a clause: `aws:SourceVpce is not vpce-1, or absent`."""
    key = entry.key.value
    values = [scalar_text(value) for value in entry.values]
    operator = parse_operator(entry.operator.value)
    if operator is None:
        return f"{entry.operator.value} {key} {joined(values)}"
    if operator.type == "Null":
        absent = any(value.lower() == "true" for value in values)
        return f"{key} is absent" if absent else f"{key} is present"
    subject = {
        FOR_ANY_VALUE: f"one of {key}",
        FOR_ALL_VALUES: f"each of {key}",
    }.get(operator.set_prefix, key)
    words = f"{subject} {operator_words(operator)} {joined(values) or 'nothing'}"
    if operator.unsettled_when_absent:
        return f"{words}, or perhaps it is absent"
    return f"{words}, or it is absent" if operator.holds_when_absent else words


def conditions_words(entries: Iterable[ConditionEntry]) -> str:
    """Several conditions that must all hold."""
    return joined((condition_words(entry) for entry in entries), "and", most=8)


def result_words(result: ConditionResult) -> str:
    """What became of one condition, with what the request says."""
    state = {Truth.YES: "holds", Truth.NO: "does not hold", Truth.MAYBE: "is open"}[result.truth]
    if result.never_carried:
        state = {Truth.YES: "always holds", Truth.NO: "never holds"}.get(result.truth, state)
        given = "KMS does not support the key in a key policy"
    elif result.given is None:
        given = "the request's value is not known"
    elif not result.given:
        given = "the request does not carry it"
    else:
        given = f"the request says {joined(result.given, 'and')}"
    return f"{condition_words(result.entry)}: {state}, {given}"
