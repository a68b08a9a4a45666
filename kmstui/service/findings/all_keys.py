"""The findings of all keys: of their policies, read a few at a time, and of the keys themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from kmstui.model import Fact, Key, Posture
from kmstui.policy.lint import Finding, KeyContext, lint
from kmstui.policy.syntax import parse
from kmstui.service.errors import FailedError, unless_refused
from kmstui.service.findings.posture import (
    OF_AWS_KEYS,
    Judged,
    KeyFinding,
    Outside,
    Subject,
    facts_missing,
    judge_key,
)
from kmstui.service.findings.posture_rules import RULES
from kmstui.service.findings.sharing import outsiders
from kmstui.service.inventory import Topic, can_be_asked
from kmstui.service.ports import Gateway, Urgency
from kmstui.service.session import Session

AT_ONCE = 8
"""Policies read at the same time: far below the quota of 1000 a second that others share."""

_COUNTED_AT_ONCE = 64
"""Keys between two pauses: half a millisecond."""

_JUDGED_AT_ONCE = 16
"""The same of keys that all rules look at."""

_OF_AWS = "alias/aws/"


@dataclass(frozen=True, slots=True)
class LocatedFinding:
    """A finding, and where a person sees it."""

    finding: Finding | KeyFinding
    line: int = 0
    """Counted from 1, in the text as it is shown; 0 for what is found of the key itself."""
    column: int = 0


@dataclass(frozen=True, slots=True)
class KeyFindings:
    """What was found in one key's policy, or why it could not be looked at."""

    key_id: str
    found: tuple[LocatedFinding, ...] = ()
    problem: str = ""
    outside: Outside = None
    """Whom the policy lets in from outside the account."""


def _nothing(key_id: str) -> Collection[str]:
    return ()


def _every(key: Key, aliases: Sequence[str]) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants of keys."""

    posture: Posture = field(default_factory=Posture)
    off: Callable[[str], Collection[str]] = _nothing
    """Ids of the rules that are off for a key, by its ID."""
    keys: Callable[[Key, Sequence[str]], bool] = _every
    """Which keys, by what is known of them and the names of their aliases."""


Judge = Callable[[Key, str], tuple[LocatedFinding, ...]]
"""Lints the policy of a key; pure, and called in a thread."""
Tell = Callable[[KeyFindings], None]
Pause = Callable[[], Awaitable[None]]
"""Waits while a person presses keys."""


class AllFindings:
    """Findings by key, kept until a refresh or until the key's policy changes.

    Attributes:
        results: What was found so far, by key ID.
        total: How many keys there were to look at when reading began: those whose policies a
            person can change, as far as they were known.
        running: Whether policies are being read.
        stopping: Whether no more is to be read.
        left_at: The row at which the person left the list.
        wanted: What the rules about keys themselves go by.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.results: dict[str, KeyFindings] = {}
        self.total = 0
        self.running = False
        self.left_at = ""
        self.wanted = Wanted()
        self._judged: dict[str, int] = {}
        self.stopping = False
        session.store.subscribe(Topic.POLICIES, self._policies_changed)

    def _policies_changed(self, key_ids: frozenset[str]) -> None:
        if not key_ids:
            self.results.clear()
            if not self._session.store.keys:
                self.total = 0
        for key_id in key_ids & self.results.keys():
            text = self._stored(key_id)
            if text and hash(text) != self._judged.get(key_id):
                del self.results[key_id]

    @property
    def left(self) -> int:
        """How many keys were not looked at."""
        return max(0, self.total - len(self.results))

    def stop(self) -> bool:
        """Read no further; returns whether anything was being read."""
        was, self.stopping = self.running and not self.stopping, True
        facts = self._session.facts
        return (facts is not None and facts.stop()) or was

    def forget(self) -> None:
        """Forget what was found, so that all of it is read again."""
        self.results.clear()
        self._session.store.forget_facts()
        if self._session.facts is not None:
            self._session.facts.restart()

    def judged(self, key_id: str) -> Judged:
        """What the rules say now of a key that was looked at."""
        store = self._session.store
        key, result = store.keys.get(key_id), self.results.get(key_id)
        if key is None or result is None:
            return Judged()
        # Until all aliases are listed, a key without one may have one.
        loading = "Aliases are being read." if store.progress.loading else ""
        subject = Subject(
            key=key,
            aliases=store.aliases_of(key_id),
            wanted=self.wanted.posture,
            now=self._session.clock(),
            aliases_problem=store.aliases_problem or loading,
            outside=result.problem or result.outside,
        )
        return judge_key(subject, RULES.values(), self.wanted.off(key_id))

    def facts_left(self) -> dict[Fact, int]:
        """Of how many keys something is still to be read, by what that is."""
        facts = self._session.facts
        if facts is None:
            return {}
        return {fact: left for fact in Fact if (left := facts.left(fact))}

    @property
    def facts_problems(self) -> tuple[str, ...]:
        """Why something is not read further, as sentences."""
        facts = self._session.facts
        problems = facts.problems.items() if facts is not None else ()
        return tuple(
            f"{fact} is not read of all keys. {why}".capitalize() for fact, why in problems
        )

    def _want(self, key_id: str) -> None:
        """Let be read what the rules have to know of a key."""
        key, facts = self._session.store.keys.get(key_id), self._session.facts
        if key is not None and facts is not None and not self.stopping:
            for fact in facts_missing(self.judged(key_id)):
                if can_be_asked(key, fact):
                    facts.want(fact, key_id)

    async def finish(self) -> None:
        """Wait until nothing that the rules have to know can be read any more."""
        if self._session.facts is not None:
            await self._session.facts.finish()

    async def _want_again(self, pause: Pause) -> None:
        """The same of all that was looked at before."""
        for number, key_id in enumerate(tuple(self.results)):
            if number % _JUDGED_AT_ONCE == 0:
                await pause()
            self._want(key_id)

    async def run(
        self, judge: Judge, tell: Tell, pause: Pause, counted: Callable[[], None] = lambda: None
    ) -> None:
        """Read and judge what is missing; what is refused becomes a result with its reason.

        `counted` is called as soon as `total` is known.

        Raises:
            CancelledByPersonError: the connection is gone.
        """
        gateway = self._session.gateway
        keys = self._session.store.keys
        self.running, self.stopping = True, False

        async def work(todo: Iterator[str]) -> None:
            for key_id in todo:
                key = keys.get(key_id)
                if self.stopping or key is None:
                    return
                result = await self._look(gateway, key, judge, pause)
                if result is not None and self._session.is_connected_by(gateway):
                    self.results[key.id] = result
                    self._want(key.id)
                    tell(result)

        try:
            todo = iter(await self._count(pause))
            counted()
            await self._want_again(pause)
            await asyncio.gather(*(work(todo) for _ in range(AT_ONCE)))
        finally:
            self.running = False

    async def _count(self, pause: Pause) -> Sequence[str]:
        """Count all keys that are to be looked at; the IDs of those that were not yet."""
        store = self._session.store
        todo: list[str] = []
        total = 0
        for number, key_id in enumerate(tuple(store.keys)):
            if number % _COUNTED_AT_ONCE == 0:
                await pause()
            key = store.keys.get(key_id)
            if key is None or key.sharer:
                continue
            of_aws = any(name.startswith(_OF_AWS) for name in store.aliases_of(key_id))
            if (of_aws or key.is_aws_managed) and not self._are_aws_keys_wanted:
                continue
            if not self.wanted.keys(key, store.aliases_of(key_id)):
                continue
            total += 1
            if key_id not in self.results:
                todo.append(key_id)
        self.total = total
        return todo

    @property
    def _are_aws_keys_wanted(self) -> bool:
        return bool(self.wanted.posture.customer_keys) and OF_AWS_KEYS not in self.wanted.off("")

    async def _look(
        self, gateway: Gateway, key: Key, judge: Judge, pause: Pause
    ) -> KeyFindings | None:
        """What is found in one policy; None where AWS turns out to manage the key."""
        try:
            key = await self._described(gateway, key)
            if key.is_aws_managed:
                return KeyFindings(key.id) if self._are_aws_keys_wanted else None
            text = self._stored(key.id) or await gateway.get_policy(key.id)
        except FailedError as error:
            return KeyFindings(key.id, problem=error.sentence)
        await pause()
        self._judged[key.id] = hash(text)
        posture = self.wanted.posture
        own = (*posture.own_accounts, *posture.own_organizations)

        def both() -> KeyFindings:
            return KeyFindings(key.id, judge(key, text), outside=outsiders(text, key, own))

        return await asyncio.to_thread(both)

    async def _described(self, gateway: Gateway, key: Key) -> Key:
        """The key with its description, which tells the linter what the key can do."""
        if key.metadata is not None or key.problem:
            return key

        async def describe() -> Key:
            return (await gateway.describe(key.id, Urgency.VISIBLE))[0]

        # The policy may be readable all the same; less is found without the description.
        return await unless_refused(describe, lambda _: key)

    def _stored(self, key_id: str) -> str:
        policy = self._session.store.default_policy(key_id)
        return policy.text if policy else ""


TOO_LARGE = "KMS008"


def lint_stored(
    stored: str, shown: str, context: KeyContext, disabled: Collection[str]
) -> tuple[Finding, ...]:
    """The findings of `stored`, placed in `shown`, which is the same with other white space.

    White space counts towards the size that KMS allows, so the size is that of what is stored.
    """
    found = lint(shown, context, disabled=disabled)
    if shown == stored or not any(each.rule == TOO_LARGE for each in found):
        return found
    size = [each for each in lint(stored, context, disabled=disabled) if each.rule == TOO_LARGE]
    return tuple(
        each
        if each.rule != TOO_LARGE
        else each._replace(message=size[0].message, severity=size[0].severity)
        for each in found
        if each.rule != TOO_LARGE or size
    )


def located(text: str, findings: Collection[Finding]) -> tuple[LocatedFinding, ...]:
    """The findings with their lines and columns in `text`."""
    if not findings:
        return ()
    document = parse(text)
    places = ((each, *document.location(each.span.start)) for each in findings)
    return tuple(LocatedFinding(each, line + 1, column + 1) for each, line, column in places)
