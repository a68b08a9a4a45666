"""The thread that reads the terminal gets in while the event loop works in slices."""

from __future__ import annotations

import sys

import pytest

from kmstui.service.inventory.time_slices import SLICE_SECONDS
from kmstui.ui.textual_internals.terminal_input import let_the_reader_in


@pytest.fixture
def switch_interval():
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("switch_interval")
def test_the_reader_asks_for_the_interpreter_before_a_slice_of_work_is_over():
    sys.setswitchinterval(0.005)
    let_the_reader_in()
    assert sys.getswitchinterval() < SLICE_SECONDS
