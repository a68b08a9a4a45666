"""What is known of access to one key, and answers from it, worked out off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kmstui.model import Key
from kmstui.policy.access import AccessGroup, AccessTable, Mark, Row, access_table
from kmstui.policy.evaluation import (
    NOTHING_READ,
    Chain,
    Decision,
    ReasoningLine,
    as_policy,
    not_considered_sentence,
)
from kmstui.policy.iam import Principal, usual_actions
from kmstui.service.access import (
    AccessReader,
    AccessReading,
    ChainReader,
    is_caller,
    role_of,
    without_problem,
)
from kmstui.service.session import Session
from kmstui.ui.access.question import (
    ME,
    OTHERS,
    ROOT,
    Question,
    QuestionContext,
    QuestionError,
    Vocabulary,
    condition_keys_in,
    decide,
    parse_question,
    question_line,
)
from kmstui.ui.access.reading_view import further_policies, key_facts


def row_id(row: Row) -> str:
    """Tells rows apart whatever their order."""
    principal = row.principal
    return f"{principal.kind.value}|{principal.name}|{principal.label}"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """The access table of one key, and what it was made from."""

    key: Key
    text: str
    """The key policy as it is shown, so that places in it are places on the screen."""
    reading: AccessReading | None
    """None before anything besides the key policy was read."""
    table: AccessTable
    caller: str
    others: tuple[str, ...]
    """Further policies of the key, which the table does not rest on, in words."""

    @classmethod
    async def of(
        cls, session: Session, key: Key, text: str, reading: AccessReading | None
    ) -> Inquiry:
        """Work the table out in a thread; `session` is over the key's connection."""
        identities = () if reading is None else tuple(map(without_problem, reading.identities))
        grants = None if reading is None else reading.grants
        chain = NOTHING_READ if reading is None else reading.chain
        facts = key_facts(key)
        table = await asyncio.to_thread(
            access_table, text, facts, grants=grants, identities=identities, chain=chain
        )
        caller = session.caller
        others = further_policies(session.store, key.id)
        return cls(key, text, reading, table, caller.arn if caller else "", others)

    def takes(self, group: AccessGroup) -> bool:
        """Whether the key takes any action of the group."""
        return any(row.cell(group).mark is not Mark.IMPOSSIBLE for row in self.table.rows)

    def ordered(self, session: Session) -> tuple[Row, ...]:
        """Who asks first, then who has access, then who has none; else as the policy names them."""
        rows = self.table.rows
        return tuple(
            sorted(
                rows, key=lambda row: (not self.is_me(session, row.principal), not row.has_access)
            )
        )

    @staticmethod
    def is_me(session: Session, principal: Principal) -> bool:
        """Whether this is who asks."""
        arn = role_of(principal)
        return bool(arn) and not principal.label and is_caller(arn, session.caller)

    def left_out(self, words: Sequence[str]) -> tuple[str, ...]:
        """What an answer does not rest on, further policies of the key included."""
        return (*words, *self.others)

    def about(self, session: Session) -> QuestionContext:
        """What questions about the key need."""
        reading = self.reading or AccessReading()
        return QuestionContext(
            self.key.arn, self.caller, self.text, reading.grants, session.clock(), reading.chain
        )

    def vocabulary(self, session: Session) -> Vocabulary:
        """What questions about the key are likely to say."""
        identities = () if self.reading is None else self.reading.identities
        texts = [self.text, *(each.text for identity in identities for each in identity.policies)]
        names = [
            question_line(row.principal, "").split()[0].removeprefix("principal=")
            for row in self.table.rows
            if not row.principal.label
        ]
        keys = condition_keys_in(as_policy(text) for text in texts)
        metadata = self.key.metadata
        usage, spec = (metadata.usage, metadata.spec) if metadata else ("", "")
        actions = tuple(each.name for each in usual_actions(usage, spec) if not each.iam_only)
        return Vocabulary((ME, *names, ROOT, OTHERS), actions, tuple(keys.items()))


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands below the table while a question is asked."""

    words: str
    gaps: str
    """What the answer does not rest on, as a sentence; never empty."""
    decision: Decision | None = None
    """That which stands most in the way; None where the line is not a question yet."""
    reasoning: tuple[ReasoningLine, ...] = ()


async def answer_line(session: Session, inquiry: Inquiry, line: str) -> Answer:
    """Answer a question from what was read, with whose IAM policies are known."""
    about = inquiry.about(session)
    try:
        question = await asyncio.to_thread(parse_question, line, about)
    except QuestionError as error:
        left_out = inquiry.left_out(inquiry.table.not_considered)
        return Answer(str(error), not_considered_sentence(left_out))
    identity = session.shared(AccessReader).known_identity(role_of(question.principal))
    about = replace(about, chain=await chain_for(session, inquiry, question))
    told = await asyncio.to_thread(decide, question, about, identity)
    words = f"{told.word.capitalize()}: {told.sentence}"
    if told.weakest.missing_keys:
        words += f" It hangs on {', '.join(told.weakest.missing_keys)}."
    return Answer(
        " ".join(filter(None, (words, question.remark))),
        not_considered_sentence(inquiry.left_out(told.not_considered)),
        told.weakest,
        told.explain(),
    )


async def chain_for(session: Session, inquiry: Inquiry, question: Question) -> Chain:
    """What was read, with what binds the account and the VPC endpoint that the question names."""
    if inquiry.reading is None:
        return NOTHING_READ
    reader, chain = session.shared(ChainReader), inquiry.reading.chain
    account = question.principal.account
    if account and account not in chain.scps:
        chain = await reader.chain(inquiry.key, (account,))
    for endpoint in question.context.values.get("aws:sourcevpce", ()):
        chain = await reader.through(chain, endpoint)
    return chain


def unread_identity(session: Session, decision: Decision | None) -> str:
    """The ARN of the role or user whose IAM policies an answer lacks and that may be read."""
    principal = decision.request.principal if decision else None
    if decision is None or principal is None or principal.label:
        return ""
    caller = session.caller
    own = caller.account if caller else decision.request.owner
    arn = role_of(principal)
    known = session.shared(AccessReader).known_identity(arn)
    return arn if arn and principal.account == own and known is None else ""
