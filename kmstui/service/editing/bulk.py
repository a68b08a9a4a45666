"""The same statement added to, or removed from, the policies of several keys.

Each key is read, judged and saved by itself, as if it were edited alone; the changes share a batch
in the journal. A key is left out, with the reason, where the change needs a person's decision of
its own: an error, a lock-out, a draft, a policy that cannot be read.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from kmstui.policy.authoring import statements_of, with_statements, without_statements
from kmstui.policy.iam import canonical_statement, same_meaning
from kmstui.policy.lint import Finding
from kmstui.policy.syntax import Statement, parse, read_policy
from kmstui.service.access import AccountFacts, ChainReader, caller_identity
from kmstui.service.changes import ChangeStep, Sleep
from kmstui.service.editing.conflicts import Conflict
from kmstui.service.editing.edit import PolicyEditing
from kmstui.service.editing.key_target import KeyPolicyTarget
from kmstui.service.editing.results import SaveEnd
from kmstui.service.editing.review import Assessment
from kmstui.service.errors import FailedError
from kmstui.service.session import Session

AT_ONCE = 4
"""Keys read or saved at once; the gateway paces the puts below the quota of 15 a second."""

RulesOff = Callable[[str], Collection[str]]
"""Ids of the linter rules that are off for a key."""


class KeyOutcome(StrEnum):
    """How far a key is."""

    READING = "reading"
    READY = "will change"
    LEFT_OUT = "left out"
    SAVING = "saving"
    SAVED = "saved"
    DOUBTFUL = "look at it"
    """Accepted, but not read back as it was put."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """One key of the batch."""

    key_id: str
    label: str
    outcome: KeyOutcome = KeyOutcome.READING
    detail: str = ""
    """Why it is left out, or how its save ended, as a sentence."""
    assessment: Assessment | None = None


Observer = Callable[[KeyPlan], None]


@dataclass(slots=True)
class _Edit:
    target: KeyPolicyTarget
    editing: PolicyEditing


@dataclass(slots=True)
class StatementBatch:
    """Plans and saves; `plans` holds how far each key is."""

    session: Session
    key_ids: Sequence[str]
    statements: Sequence[Mapping[str, Any]]
    remove: bool
    rules_off: RulesOff
    observe: Observer
    sleep: Sleep = asyncio.sleep
    plans: dict[str, KeyPlan] = field(default_factory=dict)
    _facts: dict[Session, AccountFacts] = field(default_factory=dict)
    _edits: dict[str, _Edit] = field(default_factory=dict)
    _batch: str = field(default_factory=lambda: uuid.uuid4().hex)

    async def plan(self) -> None:
        """Read every key's policy and work out what the change does to it.

        Raises:
            JournalError: the account is not known, so nothing could be written down.
        """
        for key_id in self.key_ids:
            self._tell(KeyPlan(key_id, self.session.store.name_of(key_id)))
        for each in dict.fromkeys(map(self.session.of, self.key_ids)):
            each.change_scope()
            self._facts[each] = AccountFacts(*await caller_identity(each.gateway, each.caller))
        await self._each(self.key_ids, self._plan_one)

    async def save(self) -> None:
        """Save every key that will change; each ends by itself."""
        await self._each(self.ready, self._save_one)

    @property
    def ready(self) -> tuple[str, ...]:
        """IDs of the keys that will change."""
        return tuple(
            plan.key_id for plan in self.plans.values() if plan.outcome is KeyOutcome.READY
        )

    async def _each(self, key_ids: Sequence[str], job: Callable[[str], Any]) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(key_id: str) -> None:
            async with gate:
                try:
                    await job(key_id)
                except FailedError as error:
                    self._end(key_id, KeyOutcome.FAILED, error.sentence)

        await asyncio.gather(*(one(key_id) for key_id in key_ids))

    def _tell(self, plan: KeyPlan) -> None:
        self.plans[plan.key_id] = plan
        self.observe(plan)

    def _end(self, key_id: str, outcome: KeyOutcome, detail: str = "") -> None:
        self._tell(replace(self.plans[key_id], outcome=outcome, detail=detail))

    # Planning

    async def _plan_one(self, key_id: str) -> None:
        key = self.session.store.keys[key_id]
        target = KeyPolicyTarget(self.session, key, self.rules_off(key_id))
        if target.why_not:
            self._end(key_id, KeyOutcome.LEFT_OUT, target.why_not)
            return
        session = self.session.of(key_id)
        editing = PolicyEditing(target.location, session.change_scope(self._batch), self.sleep)
        base = await editing.open()
        reason, text = self._change_of(editing, base)
        if reason:
            self._end(key_id, KeyOutcome.LEFT_OUT, reason)
            return
        chain = await session.shared(ChainReader).own_chain(target.key)
        target.know(replace(self._facts[session], chain=chain))
        assessment = await asyncio.to_thread(target.rules.assess, base, text)
        known = await asyncio.to_thread(target.rules.lint, base)
        self._edits[key_id] = _Edit(target, editing)
        detail = _needs_decision(assessment, known)
        outcome = KeyOutcome.LEFT_OUT if detail else KeyOutcome.READY
        plan = self.plans[key_id]
        self._tell(replace(plan, outcome=outcome, detail=detail, assessment=assessment))

    def _change_of(self, editing: PolicyEditing, base: str) -> tuple[str, str]:
        """Why the key is left out, as a sentence, or "" and the changed text."""
        if editing.draft is not None:
            return f"{editing.draft.sentence} Save it or discard it first.", base
        change = without_statements if self.remove else with_statements
        try:
            text = change(base, self.statements)
        except ValueError as error:
            return str(error), base
        if same_meaning(base, text):
            return (
                "It has no such statement." if self.remove else "It has that statement already."
            ), base
        return "", text

    # Saving

    async def _save_one(self, key_id: str) -> None:
        edit, assessment = self._edits[key_id], self.plans[key_id].assessment
        if assessment is None:
            return
        self._end(key_id, KeyOutcome.SAVING)

        def observe(step: ChangeStep) -> None:
            if step in (ChangeStep.TURN, ChangeStep.BUSY):
                self._end(key_id, KeyOutcome.SAVING, f"{step}.")

        review = edit.editing.review(assessment.text)
        result = await edit.editing.save(review, observe=observe)
        if isinstance(result, Conflict):
            self._end(key_id, KeyOutcome.FAILED, result.sentence)
            return
        outcome = KeyOutcome.FAILED
        if result.is_stored:
            outcome = KeyOutcome.SAVED
        elif result.is_taken or result.end is SaveEnd.DIFFERS:
            outcome = KeyOutcome.DOUBTFUL
        self._end(key_id, outcome, result.sentence)
        await edit.target.show_stored()


def _needs_decision(assessment: Assessment, known: Sequence[Finding]) -> str:
    """Why a person must decide about this key by itself, as a sentence; empty: they need not."""
    if assessment.locks_out:
        words = " ".join(each.sentence for each in assessment.judgements)
        return f"It would lock you out, or may. {words} Edit this key by itself."
    before = {(each.rule, each.message) for each in known}
    new = [each for each in assessment.errors if (each.rule, each.message) not in before]
    if new:
        return f"{new[0].rule}: {new[0].message}. Edit this key by itself."
    return ""


def common_statements(
    texts: Mapping[str, str],
) -> tuple[tuple[Statement, dict[str, Any], int], ...]:
    """The statements of several policies, each once, with how many policies have it.

    Two are the same where all but their Sid means the same. Those that most have come first.
    """
    found: dict[object, tuple[Statement, dict[str, Any], set[str]]] = {}
    for key_id, text in texts.items():
        values = list(statements_of(text))
        statements = read_policy(parse(text)).statements
        if len(values) != len(statements):
            continue
        for statement, value in zip(statements, values, strict=True):
            plain = {name: each for name, each in value.items() if name != "Sid"}
            entry = found.setdefault(canonical_statement(plain), (statement, value, set()))
            entry[2].add(key_id)
    rows = [(statement, value, len(keys)) for statement, value, keys in found.values()]
    return tuple(sorted(rows, key=lambda row: -row[2]))


def statements_in(text: str) -> tuple[dict[str, Any], ...]:
    """The statements of a policy, a list of statements, or one statement.

    Raises:
        ValueError: it is none of these; a sentence.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"The text is not valid JSON: {error}.") from error
    if isinstance(value, dict) and "Statement" in value:
        value = value["Statement"]
    found = value if isinstance(value, list) else [value]
    if not found or not all(isinstance(each, dict) and "Effect" in each for each in found):
        raise ValueError("The text holds no statement with an Effect.")
    return tuple(found)
