"""The what-if line: a question about one principal, one action and a request's context.

`principal=role/app action=kms:Decrypt kms:ViaService=s3.eu-west-1.amazonaws.com`
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input

from kmstui.model import Arn, Grant, Identity
from kmstui.policy.evaluation import (
    NOTHING_READ,
    Answer,
    Chain,
    Policies,
    PolicyLike,
    as_policy,
    ask,
)
from kmstui.policy.iam import (
    Context,
    Principal,
    Request,
    action_info,
    brought_to_role,
    canonical_action,
    did_you_mean,
    key_actions,
    key_and_value,
    knowledge,
    other_of,
    time_keys,
    usual_condition_keys,
)
from kmstui.policy.syntax import scalar_text
from kmstui.service.changes import WHAT_IF
from kmstui.ui.commands import program_of
from kmstui.ui.dialogs import KeptLine

PRINCIPAL, ACTION = "principal", "action"
ME, ROOT, OTHERS = "me", "root", "others"
"""Words for who asks, for the account's root user, and for whom no policy names."""


class QuestionError(Exception):
    """The line is not a question yet; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class QuestionContext:
    """What questions are about, and what short names stand for."""

    key_arn: str
    caller: str
    """ARN of who asks; empty where it is not known."""
    policy: str
    grants: tuple[Grant, ...] | None
    now: datetime
    chain: Chain = NOTHING_READ


@dataclass(frozen=True, slots=True)
class Question:
    """One question as the line spells it."""

    principal: Principal
    action: str
    context: Context
    remark: str = ""
    """What is doubtful in the line, as a sentence; empty where nothing is."""


def question_line(principal: Principal, action: str, *, is_me: bool = False) -> str:
    """The line that asks this."""
    name = principal.name
    if is_me:
        name = ME
    elif principal.label and principal == other_of(principal.account):
        name = OTHERS
    elif not principal.label:
        arn = Arn.maybe(name)
        if arn is not None and arn.service == "iam" and arn.resource_type in ("role", "user"):
            name = arn.resource
    return f"{PRINCIPAL}={shlex.quote(name)} {ACTION}={action}"


def parse_question(text: str, about: QuestionContext) -> Question:
    """Read the line.

    A condition key without a value (`aws:SourceVpce=`) says that the request does not carry it.

    Raises:
        QuestionError: it is not a question yet.
    """
    principal: Principal | None = None
    action = ""
    values: dict[str, list[str]] = {}
    remark = ""
    known = frozenset(map(str.lower, condition_keys_in((about.policy,))))
    for word in _words(text):
        name, equals, value = word.partition("=")
        if not equals:
            raise QuestionError(
                f"“{word}” needs a value: write {PRINCIPAL}=…, {ACTION}=… or a condition key, such"
                " as aws:SourceVpce=vpce-1."
            )
        if name.lower() == PRINCIPAL:
            principal = _principal(value, about)
        elif name.lower() == ACTION:
            action = _action(value)
        else:
            name, value = key_and_value(word, known) or (name, value)
            values.setdefault(name, []).append(value)
            remark = remark or _doubt(name)
    if principal is None:
        raise QuestionError(f"Say who asks: {PRINCIPAL}={ME}, or a role, user, account or service.")
    if not action:
        raise QuestionError(f"Say what is asked: {ACTION}=kms:Decrypt.")
    return Question(principal, action, _context(values, about.now), remark)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise QuestionError("A quotation mark, or a backslash at the end, is not closed.") from None


def _principal(name: str, about: QuestionContext) -> Principal:
    key = Arn.maybe(about.key_arn)
    account, partition = (key.account, key.partition) if key else ("", "aws")
    if name == ME:
        if not about.caller:
            raise QuestionError("Who you are is not known: name a principal.")
        name = about.caller
    elif name == OTHERS:
        return other_of(account, partition)
    elif name == ROOT:
        name = f"arn:{partition}:iam::{account}:root"
    elif name.startswith(("role/", "user/")):
        name = f"arn:{partition}:iam::{account}:{name}"
    try:
        principal = Principal.parse(name)
    except ValueError as error:
        raise QuestionError(f"{error}.") from error
    return brought_to_role(principal, (as_policy(about.policy),))


def _action(name: str) -> str:
    action = canonical_action(name)
    if action_info(action) is None:
        near = did_you_mean(action, key_actions())
        raise QuestionError(f"“{name}” is not an action of KMS that kmstui knows.{_hint(near)}")
    return action


def _doubt(name: str) -> str:
    if knowledge().condition_key(name) is None:
        return f"{name} is not a condition key that kmstui knows.{_hint(_near_key(name))}"
    return ""


def _near_key(name: str) -> str | None:
    return did_you_mean(name, (each.name for each in knowledge().condition_keys.values()))


def _hint(near: str | None) -> str:
    return f" Is it {near}? Tab takes it." if near else ""


def corrected(text: str) -> str:
    """The line with the first action or condition key that nobody knows as it is meant."""
    for word in text.split():
        name, equals, value = word.partition("=")
        near = None
        if name.lower() == ACTION and action_info(canonical_action(value)) is None:
            near, wrong = did_you_mean(canonical_action(value), key_actions()), value
        elif equals and name.lower() != PRINCIPAL and knowledge().condition_key(name) is None:
            near, wrong = _near_key(name), name
        if near:
            return text.replace(word, word.replace(wrong, near, 1), 1)
    return text


def _context(values: dict[str, list[str]], now: datetime) -> Context:
    given = {name: [value for value in listed if value] for name, listed in values.items()}
    return Context.of(time_keys(now)).beside(given)


def decide(question: Question, about: QuestionContext, identity: Identity | None) -> Answer:
    """Decide the question by the key policy, the grants and the identity's IAM policies."""
    return ask(*subject(question, about, identity))


def subject(
    question: Question, about: QuestionContext, identity: Identity | None
) -> tuple[Request, Policies]:
    """The request that the question is about, and what bears on it."""
    policies = replace(Policies.of_key(about.policy, about.grants), chain=about.chain)
    principal = question.principal
    if identity is not None:
        policies = policies.with_identity(identity)
        if not principal.path_known:
            principal = principal.with_role(identity.arn)
    return Request(principal, question.action, about.key_arn, question.context), policies


def condition_keys_in(policies: Iterable[PolicyLike]) -> dict[str, tuple[str, ...]]:
    """The condition keys that the policies ask about, as written, with their values."""
    found: dict[str, dict[str, None]] = {}
    for policy in policies:
        for statement in as_policy(policy).statements:
            for entry in statement.conditions:
                known = found.setdefault(entry.key.value, {})
                known.update(dict.fromkeys(map(scalar_text, entry.values)))
    return {key: tuple(values) for key, values in found.items()}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What can stand in the line, the likely first."""

    principals: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    keys: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Condition keys of the policies at hand, with the values they ask for."""

    def completion(self, text: str) -> str | None:
        """The line with its last word complete; None where nothing is known to begin so."""
        head, blank, last = text.rpartition(" ")
        name, equals, value = last.partition("=")
        if not equals:
            candidates, typed = self._names(), last
        elif name.lower() == PRINCIPAL:
            candidates, typed = self.principals, value
        elif name.lower() == ACTION:
            candidates, typed = self.actions, value
        else:
            candidates, typed = self._values(name), value
        if not typed and not equals:
            return None
        for candidate in candidates:
            if candidate.lower().startswith(typed.lower()) and candidate != typed:
                begun = f"{name}=" if equals else ""
                return f"{head}{blank}{begun}{typed}{candidate[len(typed) :]}"
        return None

    def _names(self) -> Sequence[str]:
        of_policies = [f"{key}=" for key, _ in self.keys]
        of_aws = [
            info.name if info.name[-1] in ":/" else f"{info.name}="
            for info in usual_condition_keys()
            if not info.deprecated_for
        ]
        return (f"{PRINCIPAL}=", f"{ACTION}=", *of_policies, *of_aws)

    def _values(self, name: str) -> Sequence[str]:
        asked = next((values for key, values in self.keys if key.lower() == name.lower()), ())
        info = knowledge().condition_key(name)
        if info is None:
            return asked
        return (*asked, *info.values, *(("true", "false") if info.type == "Bool" else ()))


class _Words(Suggester):
    """Completes the word at the end of the line."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._vocabulary = vocabulary

    async def get_suggestion(self, value: str) -> str | None:
        """The whole line, its last word complete."""
        return self._vocabulary.completion(value)


class WhatIfLine(Input):
    """Takes a question; Tab takes the proposal that stands behind the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "take", "take the proposal", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(
            placeholder="principal=me action=kms:Decrypt aws:SourceVpce=vpce-1", compact=True,
            select_on_focus=False,
            classes="access--what-if",
        )  # fmt: skip
        self.cursor_blink = False
        self.display = False
        self._kept: KeptLine | None = None

    def action_take(self) -> None:
        """Take the proposal behind the cursor, or what "Is it …?" offers."""
        before = self.value
        self.action_cursor_right()
        if self.value == before:
            self.value = corrected(before)

    def know(self, vocabulary: Vocabulary) -> None:
        """Propose from these words."""
        self.suggester = _Words(vocabulary)

    def ask(self, text: str, offer: Callable[[str], object]) -> None:
        """Open with a question to change; `offer` is as for `KeptLine`."""
        self._kept = KeptLine.of(program_of(self), WHAT_IF, text, offer)
        self._write(text)
        self.display = True
        self.focus(scroll_visible=False)

    def _write(self, text: str) -> None:
        self.value = text
        self.cursor_position = len(text)

    def keep(self) -> None:
        """Keep what is typed, where nobody would like to type it again."""
        if self._kept is not None:
            self._kept.keep(self.value)

    @property
    def earlier(self) -> str:
        """The long question that was typed before; empty where there is none."""
        return self._kept.earlier if self._kept is not None else ""

    def bring_back(self) -> None:
        """Ask it again."""
        self._write(self.earlier)
