"""The pace of calls: below the quota, lower when throttled, back again slowly."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.aws.calls import operations as op
from kmstui.aws.calls.throttling import Bucket, Pacing


def _sent(bucket: Bucket, start: float, end: float) -> int:
    now, count = start, 0
    while now < end:
        wait = bucket.wait(now)
        if wait > 0:
            now += wait + 1e-9
            continue
        bucket.take(now)
        count += 1
    return count


@pytest.mark.parametrize(
    ("operation", "a_second"), [(op.DESCRIBE_KEY, 1600), (op.TAG_RESOURCE, 9.5)]
)
def test_reading_leaves_a_fifth_of_the_quota_and_writing_hardly_anything(
    operation: op.Operation, a_second: float
) -> None:
    sent = _sent(Pacing().bucket(operation), 100.0, 110.0)
    assert sent == pytest.approx(a_second * 10, rel=0.02)


def test_no_second_has_more_requests_than_the_quota() -> None:
    bucket, now, sent = Pacing().bucket(op.UNTAG_RESOURCE), 0.0, []
    while now < 20:
        wait = bucket.wait(now)
        if wait > 0:
            now += wait + 1e-9
            continue
        bucket.take(now)
        sent.append(now)
    for start in sent:
        assert sum(start <= moment < start + 1 for moment in sent) <= op.UNTAG_RESOURCE.quota


def test_operations_do_not_slow_each_other_down() -> None:
    pacing = Pacing()
    tags, untags = pacing.bucket(op.TAG_RESOURCE), pacing.bucket(op.UNTAG_RESOURCE)
    _sent(tags, 0, 1)
    assert untags.wait(1) == 0
    assert pacing.bucket(op.TAG_RESOURCE) is tags


def test_a_throttled_answer_halves_the_pace_once_for_all_that_were_on_their_way() -> None:
    bucket = Bucket(100)
    for moment in (10.0, 10.01, 10.02):
        bucket.throttled(moment)
    assert _sent(bucket, 10.02, 10.5) == pytest.approx(24, abs=2)


def test_the_pace_recovers_in_half_a_minute() -> None:
    bucket = Bucket(100)
    bucket.throttled(10)
    assert _sent(bucket, 60, 61) == pytest.approx(100, abs=11)


@settings(max_examples=50)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_however_often_it_is_throttled_something_goes_on(moments: list[float]) -> None:
    bucket = Bucket(8)
    for moment in sorted(moments):
        bucket.throttled(moment)
    assert 0 <= bucket.wait(max(moments)) <= 1 / (8 * 0.05) + 1e-6
