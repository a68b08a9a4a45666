"""What the modules of the API's nouns share: changes, and lists that come in pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from kmstui.aws.calls import (
    Calls,
    Operation,
    Params,
    Response,
    UnreadableResponse,
    short_key_name,
)
from kmstui.model import Arn
from kmstui.service.errors import ErrorContext, IncompleteListError
from kmstui.service.ports import Urgency

T = TypeVar("T")
U = TypeVar("U")

_Page = tuple[T | None, str, tuple[str, ...]]


class ApiBase:
    """Operations on one kind of thing, over one connection; `service.ports` says what each does."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def _change(self, operation: Operation, *, about: str = "", **members: object) -> None:
        """Send a change that returns nothing of use; `about` as `key` of `Calls.send`."""
        await self._calls.send(operation, members, nothing, key=about)


def resource_of(arn: str) -> str:
    """The resource that an ARN names, such as `key/ID`; empty where it is no ARN."""
    parsed = Arn.maybe(arn)
    return "" if parsed is None else parsed.resource


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


MOST_EMPTY_PAGES = 1_000
"""In a row. AWS sends some where a filter leaves nothing of them (Resource Groups Tagging API,
GetResources); one after the other for ever is no list."""


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
        """All pages in one; raises as `pages` does, for a list of which something is missing."""
        found: list[U] = []
        async for page in self.pages(calls):
            found.extend(page)
        return tuple(found)

    async def pages(self, calls: Calls) -> AsyncIterator[T]:
        """Each page as it comes.

        Raises:
            IncompleteListError: at the end, where items of it could not be read.
        """
        markers: set[str] = set()
        unread: list[str] = []
        empty = 0
        coming = self._ask(calls, "", self.urgency)
        try:
            while True:
                page, marker, bad = await coming
                unread.extend(bad)
                empty = 0 if page else empty + 1
                if marker in markers:
                    unread.append(f"{self.paging.response} repeats, so the list would never end")
                    marker = ""
                elif marker and empty == MOST_EMPTY_PAGES:
                    unread.append(f"{empty:,} pages in a row hold nothing, and there would be more")
                    marker = ""
                if not marker:
                    if page is not None:
                        yield page
                    break
                markers.add(marker)
                coming = self._ask(
                    calls, marker, self.urgency if self.later is None else self.later
                )
                if page is not None:
                    yield page
        finally:
            coming.cancel()
        if unread:
            more = f", and {len(unread) - 1:,} more of the kind" if unread[1:] else ""
            key = short_key_name(str(self.params.get("KeyId") or ""))
            raise IncompleteListError(
                f"not all of the list can be read: {unread[0]}{more}",
                "Read it again (r); if the endpoint is not AWS's own, check it.",
                ErrorContext(self.operation.permission, key),
            )

    def _ask(self, calls: Calls, marker: str, urgency: Urgency) -> asyncio.Future[_Page[T]]:
        params = dict(self.params)
        if marker:
            params[self.paging.request] = marker
        return calls.send(
            self.operation,
            params,
            lambda response: self._page(response, first=not marker),
            urgency=urgency,
        )

    def _page(self, response: Response, *, first: bool) -> _Page[T]:
        """One page, where to go on (an empty marker ends the list), and what could not be read."""
        more = not self.paging.truncated or response.flag(self.paging.truncated)
        marker = response.optional_text(self.paging.response) if more else ""
        unread: tuple[str, ...] = ()
        if self.paging.truncated and more and not marker:
            unread += (f"{self.paging.response} is missing though there is more",)
        try:
            return self.read(response), marker, response.unread + unread
        except UnreadableResponse as error:
            if first and not marker:
                # Nothing of the list can be read.
                raise
            return None, marker, (str(error), *unread)
