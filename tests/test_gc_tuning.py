"""What is frozen is thawed before the keys are read again: nothing piles up."""

import asyncio
import gc

import pytest

from kmstui.gc_tuning import (
    REST_SECONDS,
    WORK_SECONDS,
    InventoryCollection,
    RestCollection,
)


@pytest.fixture(autouse=True)
def _as_before(collector_is_steered):
    thresholds, enabled = gc.get_threshold(), gc.isenabled()
    yield
    gc.set_threshold(*thresholds)
    (gc.enable if enabled else gc.disable)()


class Knot:
    """Garbage that only the collector finds."""

    left = 0

    def __init__(self):
        self.me = self
        Knot.left += 1

    def __del__(self):
        Knot.left -= 1


def test_garbage_of_one_reading_is_gone_when_the_next_one_begins():
    collection = InventoryCollection()
    for _ in range(20):
        collection.progress(listed=1, loading=True)
        Knot()
        collection.progress(listed=1, loading=True)
        assert gc.get_freeze_count() > 0
        assert Knot.left <= 2
        collection.progress(listed=1, loading=False)


def test_nothing_is_frozen_before_the_first_keys():
    gc.unfreeze()
    gc.disable()
    collection = InventoryCollection()
    collection.progress(listed=0, loading=True)
    assert gc.get_freeze_count() == 0
    assert not gc.isenabled()
    collection.progress(listed=1, loading=True)
    assert gc.isenabled()


async def test_what_was_left_behind_is_let_go_once_the_person_rests(monkeypatch):
    now, asked = [100.0], []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr("kmstui.gc_tuning.time.monotonic", lambda: now[0])

    def call_later(seconds, then):
        asked.append((seconds, then))
        return object()

    monkeypatch.setattr(loop, "call_later", call_later)
    gc.collect()
    collection = RestCollection()
    collection.key_pressed()
    left = Knot.left
    Knot()
    now[0] += REST_SECONDS / 2
    collection.key_pressed()
    assert len(asked) == 1
    now[0] += REST_SECONDS / 2
    asked[0][1]()
    # Not yet: a key was pressed meanwhile.
    assert Knot.left == left + 1
    now[0] += REST_SECONDS
    asked[1][1]()
    assert Knot.left == left
    assert len(asked) == 2


async def test_who_never_rests_is_not_waited_for_for_ever(monkeypatch):
    now, asked = [100.0], []

    def call_later(_, then):
        asked.append(then)
        return then

    monkeypatch.setattr("kmstui.gc_tuning.time.monotonic", lambda: now[0])
    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", call_later)
    gc.collect()
    collection = RestCollection()
    left = Knot.left
    Knot()
    while Knot.left > left and now[0] < 100.0 + 2 * WORK_SECONDS:
        collection.key_pressed()
        now[0] += REST_SECONDS / 2
        asked[-1]()
    assert Knot.left == left
    assert now[0] <= 100.0 + WORK_SECONDS + REST_SECONDS


async def test_while_keys_come_in_a_rest_is_no_time_to_look_through_them(monkeypatch):
    asked, looked = [], []
    loop = asyncio.get_running_loop()

    def call_later(_, then):
        asked.append(then)
        return then

    monkeypatch.setattr(loop, "call_later", call_later)
    monkeypatch.setattr(gc, "collect", lambda: looked.append(True))
    inventory, rest = InventoryCollection(), RestCollection()
    inventory.progress(listed=0, loading=True)
    rest.key_pressed()
    rest._pressed -= REST_SECONDS
    asked[-1]()
    assert (len(asked), looked) == (2, [])
    inventory.progress(listed=1, loading=False)
    asked[-1]()
    assert looked
