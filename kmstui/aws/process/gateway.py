"""A connection on the other side of the line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from kmstui.aws.process.line import Line
from kmstui.model.caller import ConnectionInfo
from kmstui.service import ports
from kmstui.service.errors import CancelledByPersonError

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection that the process at the other end of `line` keeps under `number`."""

    line: Line
    number: int
    info: ConnectionInfo


Opening = Callable[[], Awaitable[Opened]]


def _asked(
    method: Callable[Concatenate[Any, P], Coroutine[Any, Any, T]], *, changes: bool = False
) -> Callable[Concatenate[ProcessGateway, P], Coroutine[Any, Any, T]]:
    """A method of the port, asked for on the other side."""

    @wraps(method)
    async def ask(self: ProcessGateway, /, *args: P.args, **kwargs: P.kwargs) -> T:
        opened = await self._living()
        answer: T = await opened.line.ask(
            opened.number, method.__name__, args, kwargs, changes=changes
        )
        return answer

    return ask


def _changed(
    method: Callable[Concatenate[Any, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[ProcessGateway, P], Coroutine[Any, Any, T]]:
    """As `_asked`, of a method that changes something."""
    return _asked(method, changes=True)


def _streamed(
    method: Callable[Concatenate[Any, P], AsyncIterator[T]],
) -> Callable[Concatenate[ProcessGateway, P], AsyncIterator[T]]:
    """A method of the port that iterates, on the other side."""

    @wraps(method)
    async def stream(
        self: ProcessGateway, /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncIterator[T]:
        opened = await self._living()
        async for item in opened.line.stream(opened.number, method.__name__, args, kwargs):
            yield item

    return stream


class ProcessGateway:
    """Implements `kmstui.service.ports.Gateway`.

    Where the process has ended, the next call opens the connection again in a new one.
    """

    def __init__(self, opened: Opened, open_again: Opening) -> None:
        self.info = opened.info
        self._opened = opened
        self._open_again = open_again
        self._opening = asyncio.Lock()
        self._closed = False

    key_pages = _streamed(ports.InventoryGateway.key_pages)
    alias_pages = _streamed(ports.InventoryGateway.alias_pages)
    tag_pages = _streamed(ports.InventoryGateway.tag_pages)
    describe = _asked(ports.InventoryGateway.describe)
    list_tags = _asked(ports.InventoryGateway.list_tags)
    rotation = _asked(ports.InventoryGateway.rotation)
    last_usage = _asked(ports.InventoryGateway.last_usage)

    policy_names = _asked(ports.PolicyGateway.policy_names)
    get_policy = _asked(ports.PolicyGateway.get_policy)
    put_policy = _changed(ports.PolicyGateway.put_policy)

    tag = _changed(ports.TagGateway.tag)
    untag = _changed(ports.TagGateway.untag)

    create_alias = _changed(ports.AliasGateway.create_alias)
    update_alias = _changed(ports.AliasGateway.update_alias)
    delete_alias = _changed(ports.AliasGateway.delete_alias)

    create_key = _changed(ports.LifecycleGateway.create_key)
    update_description = _changed(ports.LifecycleGateway.update_description)
    enable = _changed(ports.LifecycleGateway.enable)
    disable = _changed(ports.LifecycleGateway.disable)
    enable_rotation = _changed(ports.LifecycleGateway.enable_rotation)
    disable_rotation = _changed(ports.LifecycleGateway.disable_rotation)
    rotate_now = _changed(ports.LifecycleGateway.rotate_now)
    schedule_deletion = _changed(ports.LifecycleGateway.schedule_deletion)
    cancel_deletion = _changed(ports.LifecycleGateway.cancel_deletion)
    replicate = _changed(ports.LifecycleGateway.replicate)

    list_grants = _asked(ports.GrantGateway.list_grants)
    revoke_grant = _changed(ports.GrantGateway.revoke_grant)

    events = _asked(ports.EventGateway.events)

    caller = _asked(ports.IdentityGateway.caller)
    role_names = _asked(ports.IdentityGateway.role_names)
    user_names = _asked(ports.IdentityGateway.user_names)
    identity = _asked(ports.IdentityGateway.identity)
    get_role_policy = _asked(ports.IdentityGateway.get_role_policy)
    put_role_policy = _changed(ports.IdentityGateway.put_role_policy)

    validate_policy = _asked(ports.AnalyzerGateway.validate_policy)
    check_no_public_access = _asked(ports.AnalyzerGateway.check_no_public_access)

    def hold_background(self) -> None:
        """See `InventoryGateway`."""
        self._opened.line.hold_background(self._opened.number)

    def close(self) -> None:
        """See `Gateway`."""
        self._closed = True
        self._opened.line.close_connection(self._opened.number)

    async def _living(self) -> Opened:
        async with self._opening:
            if self._closed:
                raise CancelledByPersonError(
                    "the connection was closed", "Connect again to continue."
                )
            if self._opened.line.ended:
                self._opened = await self._open_again()
            return self._opened
