"""The faults by themselves, in orders that calls over HTTP take only by chance."""

from __future__ import annotations

import threading

import pytest

from kmstui.demo.front.wire import AwsRequest
from tests.controlled_front import CloseConnection, Fault, Faults

LIST_KEYS = AwsRequest("kms", "ListKeys", "eu-west-1", "AKIAEXAMPLE", "json", {}, b"")


def test_a_call_that_found_its_fault_before_it_was_cleared_does_not_hang_after_it() -> None:
    faults = Faults()
    faults.add(Fault("hang", "ListKeys"))
    found = faults.find(LIST_KEYS)
    assert found is not None
    faults.clear()
    ended = threading.Event()

    def hang() -> None:
        with pytest.raises(CloseConnection):
            faults.apply(found, LIST_KEYS, "")
        ended.set()

    threading.Thread(target=hang, daemon=True).start()
    assert ended.wait(10)
