"""What is frozen is thawed before the keys are read again: nothing piles up."""

import gc

import pytest

from kmstui.gc_tuning import InventoryCollection


@pytest.fixture(autouse=True)
def _as_before():
    thresholds, enabled = gc.get_threshold(), gc.isenabled()
    yield
    gc.unfreeze()
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
