"""Reading what costs a call a key: of the rows in sight first, of others where it is wanted."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from kmstui.model import Fact
from kmstui.service.errors import (
    AccessDeniedError,
    CancelledByPersonError,
    CredentialsExpiredError,
    CredentialsMissingError,
    FailedError,
    NetworkError,
    ThrottledError,
)
from kmstui.service.inventory.key_facts import can_be_asked, read_fact
from kmstui.service.inventory.store import Store, Topic
from kmstui.service.ports import Gateway, Urgency

AT_ONCE = 16
"""Calls for one fact under way at once; the gateway paces them below the account's quota."""

DENIALS_IN_A_ROW = 20
"""After so many the permission is missing altogether: the other keys are not asked."""

THROTTLE_PAUSE_SECONDS = 1.0


class FactReader:
    """Reads facts of keys into the store, as long as somebody wants them.

    Attributes:
        problems: Why a fact is not read further, as a sentence, by fact.
    """

    def __init__(self, store: Store, gateway_of: Callable[[str], Gateway]) -> None:
        """`gateway_of` returns the connection of a key."""
        self._store = store
        self._gateway_of = gateway_of
        self._in_sight: tuple[frozenset[str], tuple[Fact, ...]] = (frozenset(), ())
        self._urgent: dict[Fact, deque[str]] = {fact: deque() for fact in Fact}
        self._wanted: dict[Fact, dict[str, None]] = {fact: {} for fact in Fact}
        """Each once, the longest waiting first."""
        self._under_way: set[tuple[Fact, str]] = set()
        self._workers: dict[Fact, set[asyncio.Task[None]]] = {fact: set() for fact in Fact}
        self._denied: dict[Fact, int] = dict.fromkeys(Fact, 0)
        self.problems: dict[Fact, str] = {}
        self._unsubscribe = store.subscribe(Topic.KEYS, self._keys_changed)

    def close(self) -> None:
        """Another connection fills the store from now on: read nothing more into it."""
        self._unsubscribe()
        self.stop()
        for workers in self._workers.values():
            for worker in workers:
                worker.cancel()

    def restart(self) -> None:
        """A refresh: what stopped reading may be over."""
        self.problems.clear()
        self._denied = dict.fromkeys(Fact, 0)

    def show(self, key_ids: Sequence[str], facts: Sequence[Fact]) -> None:
        """These rows and facts are on the screen: read them before all others."""
        self._in_sight = frozenset(key_ids), tuple(facts)
        for fact, urgent in self._urgent.items():
            urgent.clear()
            if fact in facts:
                self._hurry(fact, key_ids)

    def want(self, fact: Fact, key_id: str) -> None:
        """Read this too, when nothing in sight is missing."""
        if fact not in self.problems:
            self._wanted[fact][key_id] = None
            self._start(fact)

    def stop(self) -> bool:
        """Forget what is wanted; returns whether there was anything."""
        was = any(self._wanted.values())
        for wanted in self._wanted.values():
            wanted.clear()
        return was

    async def finish(self) -> None:
        """Wait until nothing that is wanted can be read any more."""
        while workers := [each for some in self._workers.values() for each in some]:
            await asyncio.wait(workers)

    def left(self, fact: Fact) -> int:
        """Of how many keys it is wanted and not read yet."""
        return len(self._wanted[fact])

    def _keys_changed(self, key_ids: frozenset[str]) -> None:
        in_sight, facts = self._in_sight
        for fact in facts:
            self._hurry(fact, key_ids & in_sight)

    def _hurry(self, fact: Fact, key_ids: Iterable[str]) -> None:
        """Read what can be read of these first."""
        if fact not in self.problems:
            waiting = self._urgent[fact]
            waiting.extend(each for each in key_ids if self._is_due(fact, each))
            if waiting:
                self._start(fact)

    def _is_due(self, fact: Fact, key_id: str) -> bool:
        key = self._store.keys.get(key_id)
        return key is not None and (fact, key_id) not in self._under_way and can_be_asked(key, fact)

    def _start(self, fact: Fact) -> None:
        workers = self._workers[fact]
        if len(workers) < AT_ONCE:
            worker = asyncio.get_running_loop().create_task(self._work(fact))
            workers.add(worker)
            worker.add_done_callback(workers.discard)

    async def _work(self, fact: Fact) -> None:
        # Those that are wanted in one go begin together.
        await asyncio.sleep(0)
        while True:
            key_id, urgency = self._next(fact)
            if key_id is None:
                # Whoever wants more from now on must not count on this one.
                self._workers[fact].difference_update({asyncio.current_task()})
                return
            self._under_way.add((fact, key_id))
            try:
                await self._read(fact, key_id, urgency)
            finally:
                self._under_way.discard((fact, key_id))

    def _next(self, fact: Fact) -> tuple[str | None, Urgency]:
        urgent, wanted = self._urgent[fact], self._wanted[fact]
        while urgent:
            key_id = urgent.popleft()
            if self._is_due(fact, key_id):
                return key_id, Urgency.VISIBLE
        while True:
            idle = (each for each in wanted if (fact, each) not in self._under_way)
            waiting = next(idle, None)
            if waiting is None or self._is_due(fact, waiting):
                return waiting, Urgency.BACKGROUND
            # Read meanwhile, or not described yet: whoever still wants it says so again then.
            del wanted[waiting]

    async def _read(self, fact: Fact, key_id: str, urgency: Urgency) -> None:
        key = self._store.keys.get(key_id)
        if key is None:
            return
        try:
            value: object = await read_fact(self._gateway_of(key_id), key, fact, urgency)
        except ThrottledError:
            await asyncio.sleep(THROTTLE_PAUSE_SECONDS)
            return
        except CancelledByPersonError:
            self._give_up(fact, "")
            return
        except (CredentialsExpiredError, CredentialsMissingError, NetworkError) as error:
            self._give_up(fact, error.sentence)
            return
        except FailedError as error:
            value = error.sentence
            self._denied[fact] += isinstance(error, AccessDeniedError)
        else:
            self._denied[fact] = 0
        self._wanted[fact].pop(key_id, None)
        self._store.know(key_id, **{fact.name.lower(): value})
        if self._denied[fact] >= DENIALS_IN_A_ROW and isinstance(value, str):
            self._give_up(fact, f"{DENIALS_IN_A_ROW} keys in a row refused it. {value}")

    def _give_up(self, fact: Fact, why: str) -> None:
        self.problems[fact] = why
        self._urgent[fact].clear()
        self._wanted[fact].clear()
