"""The threads: what goes first, what waits, what is dropped, and how answers reach the loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from kmstui.aws.calls.delivery import Delivery
from kmstui.aws.calls.queue import Backlog, Job, Outcome
from kmstui.aws.calls.thread_pool import Dispatcher
from kmstui.aws.calls.throttling import Bucket
from kmstui.aws.calls.turns import HOLD_SECONDS, Hold, Turns
from kmstui.service.ports import Urgency

_FAST = 1e6


def _job(
    work: Callable[[], Any], urgency: Urgency = Urgency.ASKED, bucket: Bucket | None = None
) -> Job:
    return Job(
        work=lambda: Outcome(work()),
        abandoned=lambda sent: ConnectionAbortedError("sent" if sent else "not sent"),
        urgency=urgency,
        bucket=bucket or Bucket(_FAST),
        future=asyncio.get_running_loop().create_future(),
    )


@pytest.fixture
def hold() -> Hold:
    return Hold()


@pytest.fixture
def dispatcher(hold: Hold) -> Dispatcher:
    return Dispatcher(lambda _: None, hold, threads=1)


async def test_what_a_person_waits_for_goes_before_what_is_visible_and_the_rest(
    dispatcher: Dispatcher,
) -> None:
    gate, order = threading.Event(), []
    jobs = [_job(gate.wait)]
    for urgency in (Urgency.BACKGROUND, Urgency.VISIBLE, Urgency.ASKED, Urgency.VISIBLE):
        jobs.append(_job(lambda urgency=urgency: order.append(urgency), urgency))
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
    dispatcher: Dispatcher, hold: Hold
) -> None:
    hold.press()
    pressed = time.monotonic()
    began: dict[Urgency, float] = {}
    jobs = [
        _job(lambda u=urgency: began.setdefault(u, time.monotonic()), urgency)
        for urgency in (Urgency.BACKGROUND, Urgency.ASKED, Urgency.VISIBLE)
    ]
    for job in jobs:
        dispatcher.submit(job)
    await asyncio.gather(*(job.future for job in jobs))
    assert list(began) == [Urgency.ASKED, Urgency.VISIBLE, Urgency.BACKGROUND]
    assert began[Urgency.BACKGROUND] - pressed >= HOLD_SECONDS * 0.99
    dispatcher.close()


async def test_background_calls_leave_threads_free_for_a_person() -> None:
    dispatcher = Dispatcher(lambda _: None, Hold(), threads=12)
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
    dispatcher = Dispatcher(lambda _: None, Hold(), threads=8)
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


async def test_a_thousand_background_answers_wake_the_loop_a_few_times_only() -> None:
    loop = _CountingLoop(asyncio.get_running_loop())
    delivery = Delivery(loop, lambda _: None)  # type: ignore[arg-type]
    jobs = [_job(lambda: None, Urgency.BACKGROUND) for _ in range(1000)]

    def answer_all() -> None:
        for number, job in enumerate(jobs):
            delivery.put(job, Outcome(number))

    threading.Thread(target=answer_all, daemon=True).start()
    assert await asyncio.gather(*(job.future for job in jobs)) == list(range(1000))
    assert loop.wake_ups < 100


async def test_an_urgent_answer_overtakes_the_heap_of_background_ones() -> None:
    delivery = Delivery(asyncio.get_running_loop(), lambda _: None)
    background = [_job(lambda: None, Urgency.BACKGROUND) for _ in range(500)]
    for job in background:
        delivery.put(job, Outcome())
    asked = _job(lambda: None)
    delivery.put(asked, Outcome("now"))
    assert await asked.future == "now"
    assert sum(job.future.done() for job in background) < 100
    await asyncio.gather(*(job.future for job in background))


async def test_only_one_background_thread_computes_at_a_time() -> None:
    turns = Turns(Hold())
    first_in, let_go, second_in = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with turns.computing(Urgency.BACKGROUND):
            first_in.set()
            with turns.on_the_network():
                assert second_in.wait(5)
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


def test_an_empty_backlog_names_no_time_to_wake_up_at() -> None:
    assert Backlog().next(0.0, 0.0) == (None, None)
