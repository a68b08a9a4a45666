"""Holds what KMS says of the caller against what was predicted, and says what may be the cause.

A prediction rests on what could be read, and says what it does not rest on; KMS knows all of it,
and the request as it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from kmstui.policy.evaluation import Answer, Others, Outcome, Policies, ask
from kmstui.policy.iam import Request
from kmstui.policy.witnesses import joined
from kmstui.service.access.dry_runs import (
    RE_ENCRYPT,
    RE_ENCRYPT_HALVES,
    Judgement,
    KmsAnswer,
)


class Agreement(StrEnum):
    """How KMS's answer and the prediction go together."""

    AGREES = "agrees"
    SETTLES = "settles it"
    """The prediction was open."""
    DIFFERS = "differs"
    NOTHING = "nothing to compare"
    """KMS did not judge it."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A prediction beside KMS's answer."""

    prediction: Answer
    kms: KmsAnswer
    agreement: Agreement
    causes: tuple[str, ...] = ()
    """What may be why they differ, as sentences; empty where they do not."""
    remark: str = ""
    """How far KMS's answer goes, as a sentence, where it is about one request of several kinds."""


def predict(request: Request, policies: Policies, others: Others) -> Answer:
    """What is predicted of the request that a dry run makes.

    ReEncrypt is asked about from the key to this same key, and each of its halves by itself; of
    what no dry run asks about, `others` says what else it is about.
    """
    if request.action not in RE_ENCRYPT:
        return ask(request, policies, others)
    answer = ask(request, policies, Others(key=request.resource, policies=policies))
    if request.action in RE_ENCRYPT_HALVES:
        return replace(answer, parts=answer.parts[:1])
    return answer


def compare(prediction: Answer, kms: KmsAnswer, supposed: Iterable[str] = ()) -> Comparison:
    """How both go together.

    Args:
        prediction: What was predicted of the caller.
        kms: What KMS said of the same action.
        supposed: What the prediction rests on and KMS was not told: condition keys, files.
    """
    agreement = _agreement(prediction.outcome, kms.judgement)
    causes: tuple[str, ...] = ()
    remark = _remark(prediction) if agreement is Agreement.SETTLES else ""
    if agreement is Agreement.DIFFERS:
        allowed = kms.judgement is Judgement.ALLOWED
        causes = tuple(_causes(prediction, allowed, tuple(supposed)))
    return Comparison(prediction, kms, agreement, causes, remark)


def _agreement(predicted: Outcome, judged: Judgement) -> Agreement:
    if judged not in (Judgement.ALLOWED, Judgement.DENIED):
        return Agreement.NOTHING
    if predicted is Outcome.NOT_PREDICTABLE:
        return Agreement.SETTLES
    same = (predicted is Outcome.ALLOWED) is (judged is Judgement.ALLOWED)
    return Agreement.AGREES if same else Agreement.DIFFERS


_STATE = "the state of the key"
_CAN_ALLOW = ("grants", "identity policies", "the role's path")
"""How what an answer left out begins where that can allow something; the rest only refuses."""
_CANNOT_REFUSE = ("grants",)


def _causes(prediction: Answer, allowed: bool, supposed: tuple[str, ...]) -> Iterator[str]:
    left_out = [words for words in prediction.not_considered if words != _STATE]
    if prediction.outcome is Outcome.EXPLICITLY_DENIED:
        left_out = []  # whatever else there is, a Deny wins
    elif allowed:
        left_out = [words for words in left_out if words.startswith(_CAN_ALLOW)]
    else:
        left_out = [words for words in left_out if not words.startswith(_CANNOT_REFUSE)]
    if left_out:
        verb = "allow" if allowed else "refuse"
        yield f"Not considered in the prediction, and able to {verb} it: {', '.join(left_out)}."
    keys = _condition_keys(prediction)
    if keys:
        yield (
            f"Conditions on {joined(keys, 'and')}: KMS knows what the request carried, the"
            " prediction does not."
        )
    if supposed:
        yield (
            f"The prediction supposes {joined(supposed, 'and')}; KMS judged the request as it came"
            " from here."
        )
    yield (
        "A policy, role, tag or grant that was changed within the last minutes: until every part of"
        " AWS knows of it, answers differ. Ask again in five minutes."
    )


def _remark(prediction: Answer) -> str:
    keys = tuple(dict.fromkeys(key for each in prediction.decisions for key in each.missing_keys))
    if not keys:
        return ""
    return (
        f"KMS judged this one request, as it came from here: with another {joined(keys)} it may"
        " answer otherwise."
    )


def _condition_keys(prediction: Answer) -> tuple[str, ...]:
    """The condition keys, as written, of all statements about what was asked."""
    found = (
        entry.key.value
        for decision in prediction.decisions
        for policy in (decision.policies.key, *decision.policies.of_iam)
        for compiled in policy.covering(decision.request.action)
        for entry in compiled.statement.conditions
    )
    return tuple(dict.fromkeys(found))
