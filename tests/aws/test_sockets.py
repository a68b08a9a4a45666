"""Waiting for the network costs nobody a turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from kmstui.aws.sockets import give_turns_away
from kmstui.aws.turns import Hold, Turns
from kmstui.service.errors import ServiceError
from kmstui.service.ports import Urgency

Connect = Callable[..., Awaitable[Any]]


async def test_background_calls_wait_for_their_answers_together(
    scripted: Any, connect: Connect
) -> None:
    scripted.hold.clear()
    scripted.body = b"{}"
    gateway = await connect()
    calls = [
        asyncio.create_task(gateway.describe(f"key-{number}", Urgency.BACKGROUND))
        for number in range(6)
    ]
    for _ in calls:
        assert await asyncio.to_thread(scripted.waiting.acquire, timeout=5)
    scripted.hold.set()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(answer, ServiceError) for answer in answers)


async def test_a_background_call_that_hangs_does_not_stop_the_others(
    scripted: Any, connect: Connect
) -> None:
    scripted.hold.clear()
    gateway = await connect()
    hanging = asyncio.create_task(gateway.describe("hangs", Urgency.BACKGROUND))
    await asyncio.to_thread(scripted.waiting.acquire)
    other = asyncio.create_task(gateway.describe("other", Urgency.BACKGROUND))
    assert await asyncio.to_thread(scripted.waiting.acquire, timeout=5)
    gateway.close()
    await asyncio.gather(hanging, other, return_exceptions=True)


def test_a_botocore_with_other_inner_parts_is_left_alone() -> None:
    give_turns_away(object(), Turns(Hold()))  # type: ignore[arg-type]
