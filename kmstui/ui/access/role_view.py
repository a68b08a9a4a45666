"""What one role or user can do with the chosen key, and the IAM policies behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult

from kmstui.model import Arn, Identity, IdentityPolicy, Key
from kmstui.policy.access import Mark, Part, RoleEffect, actions_words, role_effect
from kmstui.policy.evaluation import (
    CompiledStatement,
    as_policy,
    compile_identity_policy,
    conditions_words,
    not_considered_sentence,
)
from kmstui.policy.iam import Principal, brought_to_role, knowledge
from kmstui.policy.syntax import Statement
from kmstui.policy.witnesses import joined
from kmstui.service.access import (
    AccessReader,
    ChainReader,
    is_caller,
    role_of,
    without_problem,
)
from kmstui.service.inventory import Topic
from kmstui.service.session import Session
from kmstui.ui.access.reading_view import ReadingView, further_policies, key_facts
from kmstui.ui.runtime import Changes
from kmstui.ui.style import Symbols
from kmstui.ui.widgets import Block, Rows

_MOST_ASKED = (
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "kms:Sign",
    "kms:Verify",
    "kms:GenerateMac",
    "kms:VerifyMac",
    "kms:PutKeyPolicy",
)
_ANSWERS = {
    Mark.YES: "yes",
    Mark.NO: "no",
    Mark.DENIED: "no, denied",
    Mark.CONDITIONAL: "it depends",
    Mark.VIA_IAM: "if IAM allows it",
    Mark.IMPOSSIBLE: "not with this key",
}
_MOST_RESOURCES = 3
_EFFECT, _POLICY = "effect:", "policy:"
"""What a line is about: an effect or a policy, by its number."""


class RoleView(ReadingView):
    """Can, may and cannot, each with its reason; then the policies that say so."""

    scope: ClassVar[str] = "role"

    def __init__(self, session: Session, symbols: Symbols) -> None:
        super().__init__(session, symbols)
        self._arn = ""
        """The role or user that the person chose; empty: who asks."""
        self._effect: RoleEffect | None = None
        self.identity: Identity | None = None
        """Whose policies are shown."""
        self.rows = Rows(symbols=symbols)

    def compose(self) -> ComposeResult:
        """What it can and why, and what that does not rest on."""
        yield self.rows
        yield self.left_out

    @property
    def focus_target(self) -> Rows:
        """The sentences."""
        return self.rows

    @property
    def effect(self) -> Part | None:
        """The effect under the cursor."""
        about = self.rows.about
        if self._effect is None or not about.startswith(_EFFECT):
            return None
        return self._effect.effects[int(about.removeprefix(_EFFECT))]

    @property
    def policy(self) -> IdentityPolicy | None:
        """The IAM policy under the cursor."""
        about = self.rows.about
        if self.identity is None or not about.startswith(_POLICY):
            return None
        return _policies(self.identity)[int(about.removeprefix(_POLICY))]

    def choose(self, arn: str) -> None:
        """Show another role or user."""
        self._arn = arn
        self._forget()
        self.begin()

    def show_key(self, key_id: str | None) -> None:
        """Show the effect on another key."""
        if key_id != self._key_id:
            self._key_id = key_id
            self._forget()

    def _forget(self) -> None:
        self._shown.clear()
        self._effect = None
        self.identity = None
        self.rows.forget_place()
        self._say("Reading…" if self._key_id else "", "dim")
        self.left_out.say("")
        self.post_message(self.TitleChanged())

    def _say(self, text: str, role: str) -> None:
        self.rows.show([Block(text, role)] if text else [])

    def show_problem(self, sentence: str) -> None:
        """Show why nothing can be said."""
        self._forget()
        self._say(f"{self.symbols.error} {sentence}", "bad")
        self._shown.set()

    def store_changed(self, changes: Changes) -> None:
        """The policy or the role changed, the key was described, or it is known who asks."""
        ids = changes.get(Topic.POLICIES)
        policies = ids is not None and (not ids or self._key_id in ids)
        policies = policies or self._key_id in changes.get(Topic.GRANTS, ())
        described = self._effect is None and self._key_id in changes.get(Topic.KEYS, ())
        asked = self.identity is None and Topic.SESSION in changes
        if policies or described or asked or Topic.IDENTITIES in changes:
            self.begin()

    async def work_out(self, key: Key, policy: str) -> None:
        """Read the role and the key's grants, and put them together with the key policy."""
        arn = self._arn or self._own(policy)
        if not arn:
            self.show_problem(self._why_nobody())
            return
        reader = self.connection.shared(AccessReader)
        identity, (grants, _), chain = await asyncio.gather(
            reader.identity(arn),
            reader.grants(key.id),
            self.connection.shared(ChainReader).chain(key),
        )
        effect = await asyncio.to_thread(
            role_effect,
            without_problem(identity),
            policy,
            key_facts(key),
            grants=grants,
            chain=chain,
        )
        if key.id == self._key_id:
            self._take(key, identity, effect)

    def _own(self, policy: str) -> str:
        """The ARN of the caller's role or user; with its path where the key policy tells it."""
        caller = self.connection.caller
        if caller is None:
            return ""
        principal = Principal.maybe(caller.arn)
        if principal is None:
            return ""
        return role_of(brought_to_role(principal, (as_policy(policy),)))

    def _why_nobody(self) -> str:
        caller = self.connection.caller
        if caller is None:
            return "It is not known who you are. O chooses a role that the key policy names."
        return f"{caller.short} has no IAM policies. O chooses a role that the key policy names."

    def _take(self, key: Key, identity: Identity, effect: RoleEffect) -> None:
        self.identity, self._effect = identity, effect
        further = further_policies(self.store, key.id)
        self.left_out.say(not_considered_sentence((*effect.not_considered, *further)), "dim")
        self.rows.show([*self._effects(key, effect), *self._policies(identity)])
        self._shown.set()
        self.post_message(self.TitleChanged())

    def _effects(self, key: Key, effect: RoleEffect) -> Iterator[Block]:
        symbols = self.symbols
        looks = {
            Mark.YES: (symbols.done, "good"),
            Mark.CONDITIONAL: (symbols.warning, "warn"),
            Mark.VIA_IAM: (symbols.warning, "warn"),
        }
        who = "You: " if is_caller(effect.identity.arn, self.connection.caller) else ""
        resource = Arn.parse(effect.identity.arn).resource
        yield Block(f"{who}{resource} with {self.store.short_name(key.id)}", "title")
        yield Block(self._most_asked(effect))
        for number, each in enumerate(effect.effects):
            symbol, role = looks.get(each.mark, (symbols.error, "bad"))
            yield Block(each.sentence, role, f"{symbol} ", f"{_EFFECT}{number}")

    def _most_asked(self, effect: RoleEffect) -> str:
        """Yes or no about what is asked most, before the long sentences."""
        marks = {name: each.mark for each in effect.effects for name in each.actions}
        answers = (
            f"{name.removeprefix('kms:')}: {_ANSWERS[marks[name]]}"
            for name in _MOST_ASKED
            if name in marks
        )
        return f" {self.symbols.dot} ".join(answers)

    def _policies(self, identity: Identity) -> Iterator[Block]:
        yield Block("")
        yield Block("Its IAM policies, as far as they concern KMS", "title")
        if identity.problem:
            yield Block(identity.problem, "warn", f"{self.symbols.warning} ")
        if not _policies(identity) and not identity.problem:
            yield Block("It has none.", "dim")
        for number, policy in enumerate(_policies(identity)):
            about = f"{_POLICY}{number}"
            kind = "Inline policy" if policy.inline else "Managed policy"
            if policy is identity.boundary:
                kind = "Permissions boundary, which caps the others:"
            words, number_of_statements = kms_statements(policy.text, policy.name)
            some = f"{len(words)} of {number_of_statements} statements concern KMS"
            yield Block(f"{kind} {policy.name}: {some}", "accent", about=about)
            for sentence in words:
                yield Block(sentence, lead="    ", about=about)


def _policies(identity: Identity) -> tuple[IdentityPolicy, ...]:
    boundary = () if identity.boundary is None else (identity.boundary,)
    return (*identity.policies, *boundary)


def kms_statements(text: str, name: str) -> tuple[tuple[str, ...], int]:
    """The statements that cover any action of KMS, in words, and how many there are in all."""
    policy = compile_identity_policy(text, name)
    every = tuple(info.name for info in knowledge().actions.values())
    words = []
    for statement in policy.statements:
        actions = frozenset(filter(statement.covers_action, every))
        if actions:
            words.append(_in_words(statement, actions_words(actions, every)))
    return tuple(words), len(policy.policy.statements)


def _in_words(compiled: CompiledStatement, actions: str) -> str:
    statement = compiled.statement
    label = statement.label
    who = label.capitalize() if label.startswith("statement") else f"Statement {label}"
    verb = "denies" if compiled.deny else "allows"
    words = f"{who} {verb} {actions}{_resources(statement)}"
    if statement.conditions:
        words += f" if {conditions_words(statement.conditions)}"
    return f"{words}."


def _resources(statement: Statement) -> str:
    if statement.not_resources:
        names = [node.value for node in statement.not_resources]
        return f" on all but {joined(names, 'and', most=_MOST_RESOURCES)}"
    names = [node.value for node in statement.resources]
    if not names:
        return " on no resource, which does nothing"
    return f" on {joined(names, 'and', most=_MOST_RESOURCES)}"
