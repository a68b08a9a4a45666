"""Lists that come in pages: the next page is under way while the last one is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from kmstui.aws.calls.answer import Answer, UnreadableAnswer
from kmstui.aws.calls.call import Calls, Params
from kmstui.aws.calls.operations import Operation
from kmstui.service.ports import Urgency

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Style:
    """How an operation names its place in a list."""

    request: str
    """The member of the request that says where to go on."""
    answer: str
    """The member of the answer that says so."""
    truncated: str = ""
    """The flag that says whether there is more; empty where the marker alone says it."""


KMS = Style("Marker", "NextMarker", "Truncated")
IAM = Style("Marker", "Marker", "IsTruncated")
TAGGING = Style("PaginationToken", "PaginationToken")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page, and where to go on; an empty marker ends the list."""

    content: T
    marker: str


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A list to be read page by page."""

    operation: Operation
    params: Params
    style: Style
    read: Callable[[Answer], T]
    key: str = ""
    urgency: Urgency = Urgency.ASKED
    """Of the first page."""
    later: Urgency | None = None
    """Of all others; None for the same."""

    async def pages(self, calls: Calls) -> AsyncIterator[T]:
        """Each page as it comes."""
        coming = self._ask(calls, "", self.urgency)
        try:
            while True:
                page = await coming
                if not page.marker:
                    yield page.content
                    return
                coming = self._ask(
                    calls, page.marker, self.urgency if self.later is None else self.later
                )
                yield page.content
        finally:
            coming.cancel()

    def _ask(self, calls: Calls, marker: str, urgency: Urgency) -> asyncio.Future[Page[T]]:
        params = dict(self.params)
        if marker:
            params[self.style.request] = marker
        return calls.start(
            self.operation,
            params,
            lambda answer: self._page(answer, marker),
            key=self.key,
            urgency=urgency,
        )

    def _page(self, answer: Answer, before: str) -> Page[T]:
        more = not self.style.truncated or answer.flag(self.style.truncated)
        marker = answer.optional_text(self.style.answer) if more else ""
        if self.style.truncated and more and not marker:
            raise UnreadableAnswer(f"{self.style.answer} is missing though there is more")
        if marker and marker == before:
            raise UnreadableAnswer(f"{self.style.answer} repeats, so the list would never end")
        return Page(self.read(answer), marker)


async def everything(listing: Listing[tuple[T, ...]], calls: Calls) -> tuple[T, ...]:
    """All pages of a list in one."""
    found: list[T] = []
    async for page in listing.pages(calls):
        found.extend(page)
    return tuple(found)
