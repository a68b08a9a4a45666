"""A source of credentials that does not answer is told once it was waited for, and only then."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from kmstui.aws.process import source_watch
from kmstui.aws.process.source_watch import SourceWatch


class Seen:
    """What is asked at each look, and what was told."""

    def __init__(self, *looks: tuple[str, ...]) -> None:
        self.looks: Iterator[tuple[str, ...]] = iter(looks)
        self.told: list[str] = []
        self.busy = True

    def asked(self) -> tuple[str, ...]:
        asked = next(self.looks, None)
        self.busy = asked is not None
        return asked or ()


async def watch(seen: Seen) -> list[str]:
    made = SourceWatch(lambda: seen.busy, seen.asked, seen.told.append)
    made.begin()
    async with asyncio.timeout(10):
        while made._timer is not None:  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0)
    return seen.told


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look is one second after the one before, by the loop's clock of the test."""
    monkeypatch.setattr(source_watch, "_STEP_SECONDS", 0.0)
    now = iter(range(1000))
    monkeypatch.setattr(source_watch, "_now", lambda: float(next(now)))


async def test_what_does_not_answer_for_three_seconds_is_told_once() -> None:
    assert await watch(Seen(*[("helper",)] * 9)) == ["helper"]


async def test_what_answers_in_between_is_not_told() -> None:
    assert await watch(Seen(*[("helper",), ("helper",), ("helper",), ()] * 3)) == []


async def test_each_that_does_not_answer_is_told() -> None:
    assert await watch(Seen(("a",), *[("a", "b")] * 6)) == ["a", "b"]
