"""The threads: what goes first, what waits, what is dropped, and how answers reach the loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from kmstui.aws.calls.dispatcher import CallOutcome, Dispatcher, Job
from kmstui.aws.calls.throttling import Bucket
from kmstui.aws.calls.turns import HOLD_SECONDS, Turns
from kmstui.service.ports import Urgency

_FAST = 1e6


def _job(
    work: Callable[[], Any], urgency: Urgency = Urgency.ASKED, bucket: Bucket | None = None
) -> Job:
    return Job(
        work=lambda: CallOutcome(work()),
        abandoned=lambda sent: ConnectionAbortedError("sent" if sent else "not sent"),
        urgency=urgency,
        bucket=bucket or Bucket(_FAST),
        future=asyncio.get_running_loop().create_future(),
    )


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture
def dispatcher(turns: Turns) -> Dispatcher:
    return Dispatcher(lambda _: None, turns, threads=1)


async def test_what_a_person_waits_for_goes_before_what_is_visible_and_the_rest(
    dispatcher: Dispatcher,
) -> None:
    gate = threading.Event()
    order: list[Urgency] = []
    jobs = [_job(gate.wait)]
    for urgency in (Urgency.BACKGROUND, Urgency.VISIBLE, Urgency.ASKED, Urgency.VISIBLE):
        jobs.append(_job(partial(order.append, urgency), urgency))
    for job in jobs:
        dispatcher.submit(job)
    gate.set()
    await asyncio.gather(*(job.future for job in jobs))
    assert order == [Urgency.ASKED, Urgency.VISIBLE, Urgency.VISIBLE, Urgency.BACKGROUND]
    dispatcher.close()


async def test_a_lane_that_waits_for_its_pace_lets_others_pass(dispatcher: Dispatcher) -> None:
    slow, order = Bucket(20), []
    slow.take(time.monotonic())
    slow.take(time.monotonic())
    jobs = [_job(lambda: order.append("slow"), bucket=slow), _job(lambda: order.append("fast"))]
    for job in jobs:
        dispatcher.submit(job)
    await asyncio.gather(*(job.future for job in jobs))
    assert order == ["fast", "slow"]
    dispatcher.close()


async def test_a_key_press_holds_background_calls_back_and_no_others(
    dispatcher: Dispatcher, turns: Turns
) -> None:
    turns.hold_background()
    pressed = time.monotonic()
    began: dict[Urgency, float] = {}

    def begin(urgency: Urgency) -> None:
        began[urgency] = time.monotonic()

    jobs = [
        _job(partial(begin, urgency), urgency)
        for urgency in (Urgency.BACKGROUND, Urgency.ASKED, Urgency.VISIBLE)
    ]
    for job in jobs:
        dispatcher.submit(job)
    await asyncio.gather(*(job.future for job in jobs))
    assert list(began) == [Urgency.ASKED, Urgency.VISIBLE, Urgency.BACKGROUND]
    assert began[Urgency.BACKGROUND] - pressed >= HOLD_SECONDS * 0.99
    dispatcher.close()


async def test_background_calls_leave_threads_free_for_a_person() -> None:
    dispatcher = Dispatcher(lambda _: None, Turns(), threads=12)
    gate = threading.Event()
    stuck = [_job(gate.wait, Urgency.BACKGROUND) for _ in range(50)]
    for job in stuck:
        dispatcher.submit(job)
    asked = _job(lambda: "answer")
    dispatcher.submit(asked)
    assert await asyncio.wait_for(asked.future, 5) == "answer"
    gate.set()
    await asyncio.gather(*(job.future for job in stuck))
    dispatcher.close()


async def test_a_cancelled_call_that_waits_is_never_sent(dispatcher: Dispatcher) -> None:
    gate, sent = threading.Event(), []
    first, second, third = (
        _job(gate.wait),
        _job(lambda: sent.append("cancelled")),
        _job(lambda: sent.append("kept")),
    )
    for job in (first, second, third):
        dispatcher.submit(job)
    second.future.cancel()
    gate.set()
    await third.future
    assert sent == ["kept"]
    dispatcher.close()


async def test_closing_fails_what_waits_and_what_is_under_way_at_once(
    dispatcher: Dispatcher,
) -> None:
    gate, begun = threading.Event(), threading.Event()

    def under_way() -> None:
        begun.set()
        gate.wait()

    running, waiting = _job(under_way), _job(lambda: None)
    dispatcher.submit(running)
    dispatcher.submit(waiting)
    await asyncio.to_thread(begun.wait)
    dispatcher.close()
    with pytest.raises(ConnectionAbortedError, match="^sent$"):
        await running.future
    with pytest.raises(ConnectionAbortedError, match="not sent"):
        await waiting.future
    gate.set()


async def test_threads_end_after_closing() -> None:
    before = set(threading.enumerate())
    dispatcher = Dispatcher(lambda _: None, Turns(), threads=8)
    jobs = [_job(lambda: None) for _ in range(100)]
    for job in jobs:
        dispatcher.submit(job)
    await asyncio.gather(*(job.future for job in jobs))
    threads = [t for t in threading.enumerate() if t not in before and "kmstui" in t.name]
    assert threads
    assert all(thread.daemon for thread in threads)
    dispatcher.close()
    for thread in threads:
        await asyncio.to_thread(thread.join, 5)
        assert not thread.is_alive()


async def test_a_crash_in_a_call_reaches_the_one_who_waits(dispatcher: Dispatcher) -> None:
    def crash() -> None:
        raise ZeroDivisionError

    job = _job(crash)
    dispatcher.submit(job)
    with pytest.raises(ZeroDivisionError):
        await job.future
    following = _job(lambda: "alive")
    dispatcher.submit(following)
    assert await following.future == "alive"
    dispatcher.close()


async def test_an_urgent_answer_overtakes_the_heap_of_background_ones() -> None:
    dispatcher = Dispatcher(lambda _: None, Turns())
    background = [_job(lambda: None, Urgency.BACKGROUND) for _ in range(500)]
    for job in background:
        dispatcher.submit(job)
    asked = _job(lambda: "now")
    dispatcher.submit(asked)
    assert await asked.future == "now"
    assert sum(job.future.done() for job in background) < 100
    await asyncio.gather(*(job.future for job in background))
    dispatcher.close()


class _CountingLoop:
    """An event loop that counts how often threads wake it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.wake_ups = 0

    def call_soon_threadsafe(self, *arguments: Any) -> None:
        self.wake_ups += 1
        self._loop.call_soon_threadsafe(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)


async def test_a_thousand_background_answers_wake_the_loop_a_few_times_only(
    dispatcher: Dispatcher,
) -> None:
    await _sent(dispatcher, "first")
    loop = _CountingLoop(asyncio.get_running_loop())
    dispatcher._loop = loop  # type: ignore[assignment]
    jobs = [_job(lambda: None, Urgency.BACKGROUND) for _ in range(1000)]

    def answer_all() -> None:
        for number, job in enumerate(jobs):
            dispatcher._hand_over(job, CallOutcome(number))

    threading.Thread(target=answer_all, daemon=True).start()
    assert await asyncio.gather(*(job.future for job in jobs)) == list(range(1000))
    assert loop.wake_ups < 100
    dispatcher.close()


async def _sent(dispatcher: Dispatcher, answer: str) -> None:
    job = _job(lambda: answer)
    dispatcher.submit(job)
    assert await job.future == answer


async def test_an_observer_that_fails_keeps_no_answer_back() -> None:
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))

    def fail(_: object) -> None:
        raise ZeroDivisionError

    dispatcher = Dispatcher(fail, Turns(), threads=1)
    record: Any = object()
    job = _job(lambda: None)
    job.work = lambda: CallOutcome("answer", record=record)
    dispatcher.submit(job)
    assert await job.future == "answer"
    await _sent(dispatcher, "following")
    assert len(told) == 1
    dispatcher.close()


async def test_without_anything_to_send_no_timer_runs(dispatcher: Dispatcher) -> None:
    await _sent(dispatcher, "answer")
    assert dispatcher._timer is None
    dispatcher.close()
