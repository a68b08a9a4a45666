"""What the modules of the API's nouns share: changes, and lists that come in pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from kmstui.aws.calls import Calls, Operation, Params, Response, UnreadableResponse
from kmstui.service.ports import Urgency

T = TypeVar("T")
U = TypeVar("U")


class ApiBase:
    """Operations on one kind of thing, over one connection; `service.ports` says what each does."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def _change(self, operation: Operation, *, about: str = "", **members: object) -> None:
        """Send a change that returns nothing of use; `about` as `key` of `Calls.send`."""
        await self._calls.send(operation, members, nothing, key=about)


def nothing(_: Response) -> None:
    """For operations that return nothing, or nothing of use."""


@dataclass(frozen=True, slots=True)
class Paging:
    """How an operation names its place in a list."""

    request: str
    """The member of the request that says where to go on."""
    response: str
    """The member of the response that says so."""
    truncated: str = ""
    """The flag that says whether there is more; empty where the marker alone says it."""


KMS = Paging("Marker", "NextMarker", "Truncated")
IAM = Paging("Marker", "Marker", "IsTruncated")
TAGGING = Paging("PaginationToken", "PaginationToken")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A list to be read page by page: the next one is under way while the last one is looked at."""

    operation: Operation
    params: Params
    paging: Paging
    read: Callable[[Response], T]
    urgency: Urgency = Urgency.ASKED
    """Of the first page."""
    later: Urgency | None = None
    """Of all others; None for the same."""

    async def everything(self: Listing[tuple[U, ...]], calls: Calls) -> tuple[U, ...]:
        """All pages in one."""
        found: list[U] = []
        async for page in self.pages(calls):
            found.extend(page)
        return tuple(found)

    async def pages(self, calls: Calls) -> AsyncIterator[T]:
        """Each page as it comes."""
        coming = self._ask(calls, "", self.urgency)
        try:
            while True:
                page, marker = await coming
                if not marker:
                    yield page
                    return
                coming = self._ask(
                    calls, marker, self.urgency if self.later is None else self.later
                )
                yield page
        finally:
            coming.cancel()

    def _ask(self, calls: Calls, marker: str, urgency: Urgency) -> asyncio.Future[tuple[T, str]]:
        params = dict(self.params)
        if marker:
            params[self.paging.request] = marker
        return calls.send(
            self.operation,
            params,
            lambda response: self._page(response, marker),
            urgency=urgency,
        )

    def _page(self, response: Response, before: str) -> tuple[T, str]:
        """One page, and where to go on; an empty marker ends the list."""
        more = not self.paging.truncated or response.flag(self.paging.truncated)
        marker = response.optional_text(self.paging.response) if more else ""
        if self.paging.truncated and more and not marker:
            raise UnreadableResponse(f"{self.paging.response} is missing though there is more")
        if marker and marker == before:
            raise UnreadableResponse(f"{self.paging.response} repeats, so the list would never end")
        return self.read(response), marker
