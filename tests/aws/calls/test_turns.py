"""Calls of lesser urgency compute one at a time; waiting for the network costs nobody a turn."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kmstui.aws.calls.turns import Turns
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


async def test_a_background_call_that_waits_to_be_repeated_lets_others_compute(
    scripted: Any, connect: Connect, records: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    paused, let_go = threading.Event(), threading.Event()

    class Time:
        def sleep(self, _: float) -> None:
            paused.set()
            let_go.wait(5)

        def __getattr__(self, name: str) -> Any:
            return getattr(time, name)

    gateway = await connect()
    monkeypatch.setattr("botocore.endpoint.time", Time())
    scripted.status = 500
    failing = asyncio.create_task(gateway.describe("fails", Urgency.BACKGROUND))
    assert await asyncio.to_thread(paused.wait, 5)
    scripted.status = 400
    with pytest.raises(ServiceError):
        await gateway.describe("other", Urgency.BACKGROUND)
    assert [record.key for record in records] == ["other"]
    let_go.set()
    with pytest.raises(ServiceError):
        await failing


async def test_only_one_background_thread_computes_at_a_time() -> None:
    turns = Turns()
    first_in, let_go, second_in = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with turns.computing(Urgency.BACKGROUND):
            first_in.set()
            turns.give()
            assert second_in.wait(5)
            turns.take()
            let_go.wait(5)

    def second() -> None:
        first_in.wait(5)
        with turns.computing(Urgency.BACKGROUND):
            second_in.set()

    threads = [threading.Thread(target=work, daemon=True) for work in (first, second)]
    for thread in threads:
        thread.start()
    assert await asyncio.to_thread(second_in.wait, 5)
    with turns.computing(Urgency.ASKED):
        # A person's call asks for no turn, so it gets by although one is taken.
        let_go.set()
    for thread in threads:
        await asyncio.to_thread(thread.join, 5)
        assert not thread.is_alive()
