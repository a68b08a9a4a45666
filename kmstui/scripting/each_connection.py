"""Reading over each of several connections: one that fails stops none of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from kmstui.model import Arn
from kmstui.service.connections import CONNECTING_AT_ONCE, find_others, nearest_of
from kmstui.service.errors import FailedError
from kmstui.service.ports import Connector, Gateway, Target

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What one connection told, or why it told nothing."""

    label: str
    """The connection: profile or account, and Region."""
    value: T | None = None
    error: FailedError | None = None
    words: str = ""
    """What should be known besides, as a sentence."""


async def ask_each(
    connector: Connector, wanted: Target, read: Callable[[Gateway], Awaitable[T]]
) -> list[Answer[T]]:
    """What `read` makes of each connection that a target means, in the order named."""
    gate = asyncio.Semaphore(CONNECTING_AT_ONCE)

    async def one(each: Target) -> list[Answer[T]]:
        target = nearest_of(each)
        try:
            async with gate:
                gateway = await connector.connect(target)
        except FailedError as error:
            return [Answer(label_of(target), error=error)]
        try:
            told, more = await asyncio.gather(_told(gateway, target, read), others(gateway, each))
            return [told, *more]
        finally:
            gateway.close()

    async def others(gateway: Gateway, each: Target) -> list[Answer[T]]:
        label = label_of(each, gateway)
        try:
            found = await find_others(gateway, each, connector)
        except FailedError as error:
            return [Answer(label, error=error)]
        asked = await asyncio.gather(*map(one, found.targets))
        words = [Answer[T](label, words=found.words)] if found.words else []
        return [*words, *(answer for answers in asked for answer in answers)]

    asked = await asyncio.gather(*map(one, wanted.each))
    return [answer for answers in asked for answer in answers]


async def _told(
    gateway: Gateway, target: Target, read: Callable[[Gateway], Awaitable[T]]
) -> Answer[T]:
    label = label_of(target, gateway)
    try:
        return Answer(label, await read(gateway))
    except FailedError as error:
        return Answer(label, error=error)


def label_of(target: Target, gateway: Gateway | None = None) -> str:
    """A connection in a few words."""
    role = Arn.maybe(target.role)
    who = role.account if role else target.profile
    region = gateway.info.region if gateway else target.region
    return " ".join(filter(None, (who, region))) or "the connection"
