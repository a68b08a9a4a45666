"""The policies of all customer keys, read a few at a time and linted as they are shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from kmstui.model import Key
from kmstui.policy.lint import Finding, KeyContext, lint
from kmstui.policy.syntax import parse
from kmstui.service.errors import FailedError, unless_refused
from kmstui.service.inventory import Topic
from kmstui.service.ports import Gateway, Urgency
from kmstui.service.session import Session

AT_ONCE = 8
"""Policies read at the same time: far below the quota of 1000 a second that others share."""

_COUNTED_AT_ONCE = 64
"""Keys between two pauses: half a millisecond."""

_OF_AWS = "alias/aws/"


@dataclass(frozen=True, slots=True)
class LocatedFinding:
    """A finding, and where a person sees it."""

    finding: Finding
    line: int
    """Counted from 1, in the text as it is shown."""
    column: int


@dataclass(frozen=True, slots=True)
class KeyFindings:
    """What was found in one key's policy, or why it could not be looked at."""

    key_id: str
    found: tuple[LocatedFinding, ...] = ()
    problem: str = ""


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
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.results: dict[str, KeyFindings] = {}
        self.total = 0
        self.running = False
        self.left_at = ""
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
        return was

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
                    tell(result)

        try:
            todo = iter(await self._count(pause))
            counted()
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
            if key is None or key.fixed:
                continue
            if any(name.startswith(_OF_AWS) for name in store.aliases_of(key_id)):
                continue
            total += 1
            if key_id not in self.results:
                todo.append(key_id)
        self.total = total
        return todo

    async def _look(
        self, gateway: Gateway, key: Key, judge: Judge, pause: Pause
    ) -> KeyFindings | None:
        """What is found in one policy; None where AWS turns out to manage the key."""
        try:
            key = await self._described(gateway, key)
            if key.is_aws_managed:
                return None
            text = self._stored(key.id) or await gateway.get_policy(key.id)
        except FailedError as error:
            return KeyFindings(key.id, problem=error.sentence)
        await pause()
        self._judged[key.id] = hash(text)
        return KeyFindings(key.id, await asyncio.to_thread(judge, key, text))

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
