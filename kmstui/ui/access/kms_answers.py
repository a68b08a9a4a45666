"""What KMS itself says of the caller, beside what was predicted: asked by dry runs, if wanted."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType

from kmstui.model import Key
from kmstui.policy.access import possible_actions
from kmstui.policy.evaluation import Answer, Others
from kmstui.service.access import (
    ASKABLE,
    MOST_TOKENS,
    AccessReader,
    Agreement,
    AskedKey,
    Asking,
    Comparison,
    Judgement,
    along,
    announcement,
    ask_kms,
    asking,
    compare,
    predict,
    role_of,
)
from kmstui.service.ports import DryRunGateway
from kmstui.service.session import Session
from kmstui.ui.access.inquiry import Inquiry, chain_for
from kmstui.ui.access.question import ACTION, ME, PRINCIPAL, parse_question, subject
from kmstui.ui.dialogs import AnswersDialog, Line, QuestionDialog
from kmstui.ui.style import Symbols
from kmstui.ui.widgets import Block

_KMS = "kms:"
_CONTEXT = "kms:encryptioncontext:"
_GRANT = "grant-token"
_READ_ONLY = "Read-only mode lets dry runs pass, since they change nothing."
_BESIDE = 29
"""Cells that both answers take behind an action: marks, gaps and the longest words."""
_STYLES = {
    Agreement.AGREES: "",
    Agreement.SETTLES: "accent",
    Agreement.DIFFERS: "bad",
    Agreement.NOTHING: "dim",
}


def asked_key(key: Key, caller: str) -> AskedKey:
    """The key as KMS is asked about it."""
    known = key.metadata
    return AskedKey(key.arn, caller, known.usage if known else "", known.spec if known else "")


def asked_with(key: AskedKey, line: str) -> AskedKey:
    """The key with what a person wants to go along: `app=orders grant-token=…`.

    Raises:
        ValueError: it cannot go along, as a sentence.
    """
    context: dict[str, str] = {}
    tokens: dict[str, None] = {}
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise ValueError("A quotation mark, or a backslash at the end, is not closed.") from error
    for word in words:
        name, equals, value = word.partition("=")
        if not (name and equals and value):
            raise ValueError(f"“{word}” is not NAME=VALUE, as app=orders or {_GRANT}=….")
        if name.lower() == _GRANT:
            tokens[value] = None
            continue
        if name.lower().startswith(_CONTEXT):
            name = name[len(_CONTEXT) :]
        if context.setdefault(name, value) != value:
            raise ValueError(f"{name} has one value in a request: give it once.")
    if len(tokens) > MOST_TOKENS:
        raise ValueError(f"A request takes {MOST_TOKENS} grant tokens at most.")
    return replace(key, encryption_context=tuple(context.items()), grant_tokens=tuple(tokens))


def what_to_ask(key: AskedKey) -> Asking:
    """What a dry run can tell of the actions that the key takes."""
    actions = possible_actions(key.usage, key.spec)
    return asking(key, [action for action in actions if action in ASKABLE])


def asking_question(session: Session, key: AskedKey, wanted: Asking) -> QuestionDialog:
    """Names what is sent before it is."""
    words = announcement(key, wanted, told_apart=True)

    def problem(line: str) -> str:
        try:
            asked_with(key, line)
        except ValueError as error:
            return str(error)
        return ""

    def goes_along(line: str) -> str:
        asked = asked_with(key, line)
        return along(asked, what_to_ask(asked))

    return QuestionDialog(
        "Ask KMS what you may do?",
        f"{words} {_READ_ONLY}" if session.read_only else words,
        yes="Ask",
        no="Leave",
        style="title",
        line=Line(
            "What goes along, if anything: encryption context and grant tokens",
            placeholder=f"app=orders {_GRANT}=…",
            check=problem,
            preview=goes_along,
        ),
    )


async def predictions(session: Session, inquiry: Inquiry, wanted: Asking) -> dict[str, Answer]:
    """What is predicted of the caller, by action, for the requests that are sent."""
    about = inquiry.about(session)
    found: dict[str, Answer] = {}
    for action in [*wanted.requests, *(each.action for each in wanted.unasked)]:
        sent = wanted.requests.get(action)
        context = sent.encryption_context if sent else ()
        given = (shlex.quote(f"{_CONTEXT}{name}={value}") for name, value in context)
        question = parse_question(" ".join((f"{PRINCIPAL}={ME} {ACTION}={action}", *given)), about)
        known = session.shared(AccessReader).known_identity(role_of(question.principal))
        chain = await chain_for(session, inquiry, question)
        request, policies = subject(question, replace(about, chain=chain), known)
        found[action] = await asyncio.to_thread(predict, request, policies, Others())
    return found


class KmsAnswers(AnswersDialog[None]):
    """Asks while it is open, and shows each answer beside its prediction."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,enter", "leave", "leave", show=False)]

    def __init__(
        self,
        session: Session,
        gateway: DryRunGateway,
        inquiry: Inquiry,
        wanted: Asking,
        symbols: Symbols,
    ) -> None:
        """`gateway` is the connection that the person was told of; another one is not asked."""
        super().__init__("What KMS says of you", symbols)
        self._session = session
        self._gateway = gateway
        self._inquiry = inquiry
        self._wanted = wanted
        self._compared: list[Comparison] = []

    def _tell(self, done: int, of: int) -> None:
        self.state.say(f"Asking KMS: {done} of {of} (Esc stops)", "dim")

    async def ask(self) -> None:
        """Ask KMS about one action after the other, and hold that against what is predicted."""
        answers = await ask_kms(self._gateway, self._wanted, self._tell)
        asked = [*answers, *self._wanted.unasked]
        predicted = await predictions(self._session, self._inquiry, self._wanted)
        compared = [compare(predicted[each.action], each) for each in asked]
        self.state.say(summary(compared), "bad" if _differ(compared) else "")
        self._compared = compared
        self.on_rows_resized()

    def on_rows_resized(self) -> None:
        """Side by side where there is room."""
        if self._compared:
            self.rows.show(self._blocks(self._compared))

    def _blocks(self, compared: Sequence[Comparison]) -> Iterator[Block]:
        width = max(len(each.kms.action) for each in compared) - len(_KMS)
        beside = self.rows.size.width >= width + _BESIDE
        if beside:
            yield Block("KMS", "title", lead=f"  {'ACTION':<{width}}  {'PREDICTED':<10}  ")
        ordered = sorted(compared, key=_place)
        for each in ordered:
            mark = self.symbols.warning if each.agreement is Agreement.DIFFERS else " "
            name = each.kms.action.removeprefix(_KMS)
            predicted, judged = each.prediction.word, each.kms.judgement.value
            if beside:
                lead, words = f"{mark} {name:<{width}}  {predicted:<10}  ", judged
            else:
                lead, words = f"{mark} ", f"{name}: predicted {predicted}; KMS: {judged}"
            yield Block(words, _STYLES[each.agreement], lead=lead)
        for each in ordered:
            yield from _why(each)
        left_out = dict.fromkeys(
            words for each in compared for words in each.prediction.not_considered
        )
        words = ", ".join(self._inquiry.left_out(tuple(left_out)))
        yield Block("")
        yield Block(f"Not considered in what is predicted: {words}.", "dim")
        yield Block(
            "KMS has no dry run of the actions that are not in this list, and kmstui sends none of"
            " RevokeGrant and RetireGrant: they can only be predicted.",
            "dim",
        )


def _why(compared: Comparison) -> Iterator[Block]:
    """What stands behind an answer that is not a plain yes, as predicted."""
    kms, differs = compared.kms, compared.agreement is Agreement.DIFFERS
    if not differs and kms.judgement is Judgement.ALLOWED:
        return
    yield Block("")
    yield Block(f"{kms.action}: {kms.sentence}", _STYLES[compared.agreement])
    if compared.agreement is Agreement.SETTLES:
        words = f"The prediction left it open: {compared.prediction.sentence} {compared.remark}"
        yield Block(words.rstrip(), "dim")
    if differs:
        yield Block(f"Predicted: {compared.prediction.sentence} It may be:")
        yield from (Block(cause, lead="  - ") for cause in compared.causes)


def _place(compared: Comparison) -> int:
    """What differs first, then what was settled, then the rest."""
    first = (Agreement.DIFFERS, Agreement.SETTLES)
    return first.index(compared.agreement) if compared.agreement in first else len(first)


def _differ(compared: Sequence[Comparison]) -> int:
    return sum(each.agreement is Agreement.DIFFERS for each in compared)


def summary(compared: Sequence[Comparison]) -> str:
    """How many go together."""
    count = {
        agreement: sum(each.agreement is agreement for each in compared) for agreement in Agreement
    }
    clauses = [
        f"{count[agreement]} {words}"
        for agreement, words in (
            (Agreement.DIFFERS, "otherwise than predicted"),
            (Agreement.SETTLES, "that the prediction left open"),
            (Agreement.AGREES, "as predicted"),
            (Agreement.NOTHING, "not judged by KMS"),
        )
        if count[agreement]
    ]
    return f"Of {len(compared)} actions: {', '.join(clauses)}."
