"""What holds for all tests."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from hypothesis import settings

from tests.quiet import quiet_pilots, sheets_parsed_once, unseen_frames

# Hypothesis fails an example that takes 0.2 s, which any may on a busy machine.
settings.register_profile("kmstui", deadline=None)
settings.load_profile("kmstui")


@pytest.fixture(scope="session", autouse=True)
def garbage_is_left_to_python() -> Iterator[None]:
    """Programs that tests run in this process do not steer its collector.

    Each would collect and freeze what a thousand before it left: a quarter of the time of the
    screens' tests, and what was frozen would never go.
    """
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    collector = SimpleNamespace(
        get_freeze_count=lambda: 0, get_threshold=gc.get_threshold, set_threshold=lambda *_: None
    )
    for name in ("collect", "freeze", "unfreeze", "enable", "disable"):
        setattr(collector, name, lambda: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kmstui.gc_tuning.gc", collector)
        yield
    gc.set_threshold(*thresholds)


@pytest.fixture
def collector_is_steered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The collector is Python's own again, for what is about it."""
    monkeypatch.setattr("kmstui.gc_tuning.gc", gc)
    gc.unfreeze()
    yield
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def pilots_wait_for_quiet() -> Iterator[None]:
    """Pilots wait until the program is at rest, not until its process looks idle."""
    with quiet_pilots(), unseen_frames(), sheets_parsed_once():
        yield
