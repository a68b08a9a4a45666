"""Reading the account's keys, aliases and tags: what is on the screen first, then the rest."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from kmstui.model import Key, Tag
from kmstui.service.errors import (
    CancelledByPersonError,
    CredentialsExpiredError,
    CredentialsMissingError,
    FailedError,
    IncompleteListError,
    NetworkError,
    ServiceError,
    ThrottledError,
)
from kmstui.service.inventory.part import WHOLE, InventoryPart
from kmstui.service.inventory.store import Notice, Progress, Store
from kmstui.service.inventory.time_slices import TimeSlices
from kmstui.service.ports import InventoryGateway, Urgency

T = TypeVar("T")

WORKERS = 64
"""Descriptions under way at once: enough to hide 20 ms of latency at the rate the calls are
paced to; the gateway bounds what reaches the wire."""

FIRST_PAINT_SECONDS = 0.1
"""How long the first keys have the processor for themselves: enough to be drawn."""

THROTTLE_PAUSE_SECONDS = 1.0

AT_ONCE = 20
"""Keys or aliases kept at once: a quarter of a millisecond of the event loop."""

CONNECTION_FAILURES = 5
"""After so many descriptions in a row without an answer the endpoint counts as gone; one key
that hangs is a row with its reason and stops nothing."""


class Inventory:
    """Fills the store from one connection."""

    def __init__(
        self,
        store: Store,
        gateway: InventoryGateway,
        slices: TimeSlices,
        part: InventoryPart = WHOLE,
    ) -> None:
        self._store = store
        self._part = part
        self._shared: set[str] = set()
        """What other accounts were found to share."""
        self._slices = slices
        self._gateway = gateway
        self._visible: deque[str] = deque()
        self._waiting: deque[str] = deque()
        self._under_way: set[str] = set()
        self._done: set[str] = set()
        self._tags_per_key = False
        self._failures_in_a_row = 0
        self._listing = False
        self._drawn = False
        """Whether the first keys of this load were."""
        self._closed = False
        self._progress = Progress()
        self._work = asyncio.Event()
        self.first_page = asyncio.Event()
        """Set once the first page of keys is on the screen, or will not come. Other services'
        clients take long to make, and share the processor with what a person waits for first."""

    async def load(self) -> None:
        """Read everything once, forgetting at the end what is listed no more.

        Raises:
            ServiceError: the keys could not be listed, or every call fails for one cause.
        """
        store = self._store
        gone, gone_aliases = await self._own(store.keys), await self._own(store.aliases)
        self._listing = True
        self._drawn = False
        self._tags_per_key = False
        self._failures_in_a_row = 0
        self._waiting.clear()
        self._done.clear()
        self._tell()
        stopped = True
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._list_aliases(gone_aliases))
                own = group.create_task(self._list_keys(gone))
                tagging = group.create_task(self._list_tags(own))
                tagging.add_done_callback(lambda _: self._work.set())
                for _ in range(WORKERS):
                    group.create_task(self._describe_waiting(tagging))
            stopped = False
        except BaseExceptionGroup as failures:
            raise _first_service_error(failures) from failures
        finally:
            self._listing = False
            self._visible.clear()
            self._waiting.clear()
            self._done.clear()
            if not self._closed:
                self._part.tell_progress(
                    store,
                    replace(self._progress, listing=False, loading=False, stopped=stopped),
                )
        self._shared -= gone
        store.remove_keys(gone)
        store.remove_aliases(gone_aliases)

    def close(self) -> None:
        """Another connection fills the store from now on: write nothing more into it."""
        self._closed = True

    def is_shared(self, key_id: str) -> bool:
        """Whether another account was found to share the key."""
        return key_id in self._shared

    def show(self, key_ids: Iterable[str]) -> None:
        """These rows are on the screen: describe them before all others."""
        self._visible.clear()
        self._visible.extend(key_id for key_id in key_ids if key_id not in self._done)
        if self._visible:
            self._work.set()

    async def look_at(self, key_id: str) -> None:
        """Describe one key and read its tags now, because a person chose it."""
        await asyncio.gather(
            self._describe(key_id, Urgency.ASKED), self.read_tags(key_id, Urgency.ASKED)
        )

    async def read_tags(self, key_id: str, urgency: Urgency = Urgency.ASKED) -> None:
        """Read the tags of one key into the store, or the reason why not."""
        if self._owner_alone(key_id):
            return
        try:
            tags = await self._gateway.list_tags(key_id, urgency)
        except FailedError as error:
            self._replace(key_id, tags_problem=error.sentence)
        else:
            self._store.set_tags({key_id: tags})

    # Streams

    async def _list_keys(self, gone: set[str]) -> None:
        """Add the keys that are listed, taking them out of `gone`."""
        page: Sequence[Key] = ()
        try:
            async for page in self._gateway.key_pages():
                await self._add(page, gone)
            await self._list_shared(gone)
        except IncompleteListError as error:
            # What could be read is shown; what is missing may be one of those that were there.
            self._part.tell_problem(self._store, error.sentence)
            gone.clear()
        except asyncio.CancelledError:
            # The connection is gone: what it has answered is shown all the same.
            if not self._closed:
                self._store.add_keys(page)
            raise
        finally:
            if not self._drawn:
                self.first_page.set()
        self._listing = False
        self._tell()
        self._work.set()

    async def _list_shared(self, gone: set[str]) -> None:
        """The same of the keys that other accounts share with this one."""
        try:
            async for page in self._gateway.shared_key_pages():
                # An endpoint that does not know the question lists the account's own once more;
                # and the account that shares them may be open too.
                others = [key for key in page if not self._is_listed(key)]
                self._shared.update(key.id for key in others)
                await self._add(others, gone)
        except (CredentialsExpiredError, CredentialsMissingError, NetworkError):
            raise
        except FailedError as error:
            keys = self._store.keys
            gone.difference_update([each for each in gone if each in keys and keys[each].shared])
            sentence = f"Keys that other accounts share are not listed: {error.sentence}"
            self._store.notify(Notice(datetime.now(UTC), sentence, "warning"))

    async def _add(self, page: Sequence[Key], gone: set[str]) -> None:
        for part in _parts(page):
            self._store.add_keys(part)
            ids = [key.id for key in part]
            gone.difference_update(ids)
            self._waiting.extend(ids)
            self._tell()
            self._work.set()
            if not self._drawn:
                self._drawn = True
                self._draw_first()
            await self._slices.step_back()

    def _draw_first(self) -> None:
        # The first keys do not wait for more to be told together with them.
        self._store.flush()
        asyncio.get_running_loop().call_later(FIRST_PAINT_SECONDS, self.first_page.set)

    async def _list_aliases(self, gone: set[str]) -> None:
        """Add the aliases that are listed, taking them out of `gone`."""
        first = True
        try:
            async for page in self._gateway.alias_pages():
                for part in _parts(page):
                    await self._slices.step_back()
                    self._store.add_aliases(part)
                    gone.difference_update(alias.name for alias in part)
                if first:
                    first = False
                    self._store.flush()
        except ServiceError as error:
            # Keys without names are of use; a list of nothing is not.
            self._part.tell_problem(self._store, error.sentence)
            self._store.aliases_refused(error.sentence)
            gone.clear()

    async def _list_tags(self, listing: asyncio.Task[None]) -> None:
        tagged: set[str] = set()
        early: dict[str, tuple[Tag, ...]] = {}
        """Of keys that are not listed yet."""
        await self.first_page.wait()
        try:
            async for page in self._gateway.tag_pages():
                for part in _parts(tuple(page)):
                    await self._slices.step_back()
                    tags = {each: page[each] for each in part}
                    self._set_tags(tags, tagged)
                    early.update(
                        {each: tags[each] for each in part if each not in self._store.keys}
                    )
        except ServiceError:
            # The tagging API is a short cut that many roles may not take; each key's own list
            # is as good, and says per key what is refused.
            self._tags_per_key = True
            self._waiting.extend(key_id for key_id in self._done if self._tags_unread(key_id))
            return
        await asyncio.wait((listing,))
        self._set_tags(early, tagged)
        # Keys that never had a tag are not told of: now it is known that they have none.
        for part in _parts(tuple(await self._own(self._store.keys))):
            untagged = {each: () for each in part if each not in tagged}
            self._store.set_tags({each: () for each in untagged if not self._owner_alone(each)})
            await self._slices.step_back()

    def _set_tags(self, tags: Mapping[str, tuple[Tag, ...]], tagged: set[str]) -> None:
        self._store.set_tags(tags)
        tagged.update(key.id for each in tags if (key := self._store.keys.get(each)))

    async def _describe_waiting(self, tagging: asyncio.Task[None]) -> None:
        while True:
            key_id, urgency = self._next()
            if key_id is None:
                if not self._listing and not self._under_way and tagging.done():
                    return
                self._work.clear()
                await self._work.wait()
                continue
            self._under_way.add(key_id)
            try:
                await self._fill(key_id, urgency)
            finally:
                self._under_way.discard(key_id)
                self._tell()
                if not self._waiting:
                    self._work.set()

    async def _fill(self, key_id: str, urgency: Urgency) -> None:
        if key_id not in self._done:
            await self._describe(key_id, urgency)
            self._done.add(key_id)
        if self._tags_per_key and self._tags_unread(key_id):
            await self.read_tags(key_id, urgency)

    def _next(self) -> tuple[str | None, Urgency]:
        while self._visible:
            key_id = self._visible.popleft()
            if key_id not in self._done and key_id not in self._under_way:
                return key_id, Urgency.VISIBLE
        while self._waiting:
            key_id = self._waiting.popleft()
            if key_id in self._under_way:
                continue
            if key_id not in self._done or (self._tags_per_key and self._tags_unread(key_id)):
                return key_id, Urgency.BACKGROUND
        return None, Urgency.BACKGROUND

    def _owner_alone(self, key_id: str) -> bool:
        """Whether another account shares the key, and alone may read its tags, as it then says."""
        key = self._store.keys.get(key_id)
        if key is None or not key.sharer:
            return False
        if not key.tags_problem:
            self._replace(
                key_id, tags_problem=f"The key {key.fixed}: its tags can be read only there."
            )
        return True

    def _tags_unread(self, key_id: str) -> bool:
        key = self._store.keys.get(key_id)
        return key is not None and key.tags is None and not key.tags_problem

    async def _describe(self, key_id: str, urgency: Urgency) -> None:
        while True:
            try:
                found, metadata = await self._gateway.describe(key_id, urgency)
            except ThrottledError:
                await asyncio.sleep(THROTTLE_PAUSE_SECONDS)
                continue
            except (CredentialsExpiredError, CredentialsMissingError, CancelledByPersonError):
                raise
            except NetworkError as error:
                self._replace(key_id, problem=error.sentence)
                self._failures_in_a_row += 1
                if self._failures_in_a_row >= CONNECTION_FAILURES:
                    raise
                return
            except ServiceError as error:
                self._replace(key_id, problem=error.sentence)
                return
            self._failures_in_a_row = 0
            self._replace(key_id, metadata=metadata, problem="")
            self._learn_arn(key_id, found)
            return

    def _learn_arn(self, key_id: str, described: Key) -> None:
        """Keep the ARN of a key that was listed without one: KMS requires none of the list."""
        key = self._store.keys.get(key_id)
        if key is not None and not key.arn and described.id == key_id:
            self._replace(key_id, arn_prefix=described.arn_prefix)

    def _replace(self, key_id: str, **changes: object) -> None:
        key = self._store.keys.get(key_id)
        if key is not None:
            self._store.put_key(replace(key, **changes))  # type: ignore[arg-type]

    def _is_listed(self, shared: Key) -> bool:
        if shared.bare_id in self._store.keys:
            return True
        known = self._store.keys.get(shared.id)
        return known is not None and not known.shared

    async def _own(self, names: Collection[str]) -> set[str]:
        """What of the store this connection has listed."""
        place = self._part.place
        if place is None:
            return set()
        if not place:
            return set(names)
        own = set(self._shared)
        for part in _parts(tuple(names)):
            own.update(each for each in part if each.startswith(place))
            await self._slices.step_back()
        return own

    def _tell(self) -> None:
        if self._closed:
            return
        self._progress = Progress(
            listed=len(self._store.keys),
            listing=self._listing,
            described=len(self._done),
            loading=True,
        )
        self._part.tell_progress(self._store, self._progress)


def _parts(page: Sequence[T]) -> Iterator[Sequence[T]]:
    return (page[start : start + AT_ONCE] for start in range(0, len(page), AT_ONCE))


def _first_service_error(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    for failure in failures.exceptions:
        if isinstance(failure, BaseExceptionGroup):
            return _first_service_error(failure)
        if isinstance(failure, ServiceError):
            return failure
    return failures.exceptions[0]
