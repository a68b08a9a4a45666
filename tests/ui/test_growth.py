"""What was left is gone: a day's work takes no more memory than an hour's."""

from __future__ import annotations

import gc
import weakref
from functools import partial
from typing import Any

import pytest
from textual.screen import Screen
from textual.widget import Widget

from tests.fakes import IMPORTED
from tests.screens import Running
from tests.ui.editing.conftest import MINE, Opening, editing

__all__ = ["editing"]

ROUNDS = 20

REMEMBERED = 2
"""Textual remembers the screen that was in front last, and so do typed-ahead keys."""


async def _seen_and_left(run: Running) -> set[weakref.ref[Screen[Any]]]:
    """The screens that are open, of which Esc then leaves one after the other."""
    seen = {weakref.ref(each) for each in run.app.screen_stack if each is not run.main}
    assert seen
    while run.app.screen is not run.main:
        top = weakref.ref(run.app.screen)
        await run.press("escape")
        await run.wait_for(partial(_is_not_in_front, run, top))
    return seen


def _is_not_in_front(run: Running, screen: weakref.ref[Screen[Any]]) -> bool:
    return run.app.screen is not screen()


def _survivors(seen: set[weakref.ref[Screen[Any]]]) -> list[Screen[Any]]:
    gc.collect()
    return [screen for each in seen if (screen := each()) is not None]


def _widgets() -> int:
    return sum(isinstance(each, Widget) for each in gc.get_objects())


@pytest.mark.parametrize(
    "key",
    ["e", "question_mark", "colon", "exclamation_mark", "S", "F", "x", "y", "A", "s", "i", "t"],
)
async def test_no_screen_survives_after_it_was_left(key: str, editing: Opening) -> None:
    async with editing() as bench:
        run = bench.run
        seen: set[weakref.ref[Screen[Any]]] = set()
        for _ in range(3):
            await run.press(key)
            await run.wait_for(lambda: run.app.screen is not run.main)
            seen |= await _seen_and_left(run)
        _survivors(seen)
        before = _widgets()
        for _ in range(ROUNDS):
            await run.press(key)
            await run.wait_for(lambda: run.app.screen is not run.main)
            seen |= await _seen_and_left(run)
        assert len(_survivors(seen)) <= REMEMBERED
        # One more screen may be among the remembered; but not a widget for each round.
        assert _widgets() < before + ROUNDS


async def test_no_review_survives_after_it_was_left(editing: Opening) -> None:
    async with editing() as bench:
        screen = await bench.open()
        await bench.write(MINE)
        seen: set[weakref.ref[Screen[Any]]] = set()
        for _ in range(ROUNDS):
            await bench.review()
            seen.add(weakref.ref(bench.run.app.screen))
            await bench.run.press("escape")
            await bench.run.wait_for(lambda: bench.run.app.screen is screen)
        assert len(_survivors(seen)) <= REMEMBERED
        assert bench.gateway.puts == []
        assert bench.run.main.key_pane.key_id == IMPORTED


async def test_nobody_waits_any_more_for_what_a_closed_editor_wanted_to_know(
    editing: Opening,
) -> None:
    """CloudTrail answers twice a second, and one looks into editors more quickly than that."""
    async with editing() as bench:
        run = bench.run
        gate = bench.gateway.hold("cloudtrail:LookupEvents")
        for _ in range(3):
            await bench.open()
            await run.press("escape")
            await run.wait_for(lambda: run.app.screen is run.main)
        await run.wait_for(lambda: not any(each.group == "learn" for each in run.app.workers))
        assert not gate.is_set()
