"""The answer to a line that a person types, worked out off the event loop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from kmstui.policy.evaluation import Decision, answer_word, not_considered_sentence, reason_sentence
from kmstui.service.access import AccessReader, role_of
from kmstui.service.session import Session
from kmstui.ui.access.inquiry import Inquiry
from kmstui.ui.access.question import QuestionError, decide, parse_question


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands below the table while a question is asked."""

    words: str
    gaps: str
    """What the answer does not rest on, as a sentence; never empty."""
    decision: Decision | None
    """None where the line is no question yet; the words say why."""


async def answer_line(session: Session, inquiry: Inquiry, line: str) -> Answer:
    """Answer a question from what was read, with whose IAM policies are known."""
    about = inquiry.about(session)
    try:
        question = await asyncio.to_thread(parse_question, line, about)
    except QuestionError as error:
        left_out = inquiry.left_out(inquiry.table.not_considered)
        return Answer(str(error), not_considered_sentence(left_out), None)
    identity = session.shared(AccessReader).known_identity(role_of(question.principal))
    decision = await asyncio.to_thread(decide, question, about, identity)
    words = f"{answer_word(decision).capitalize()}: {reason_sentence(decision)}"
    if decision.missing_keys:
        words += f" It hangs on {', '.join(decision.missing_keys)}."
    return Answer(
        " ".join(filter(None, (words, question.remark))),
        not_considered_sentence(inquiry.left_out(decision.not_considered)),
        decision,
    )


def unread_identity(session: Session, decision: Decision | None) -> str:
    """The ARN of the role or user whose IAM policies an answer lacks and that may be read."""
    principal = decision.request.principal if decision else None
    if decision is None or principal is None or principal.label:
        return ""
    caller = session.store.caller
    own = caller.account if caller else decision.request.owner
    arn = role_of(principal)
    known = session.shared(AccessReader).known_identity(arn)
    return arn if arn and principal.account == own and known is None else ""
