"""The chart of a key's use: what a person reads of it, with blocks and without."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kmstui.model import KeyEvent
from kmstui.service.errors import AccessDeniedError
from kmstui.service.uses import uses_by_day
from kmstui.ui.keys.use_chart import chart_text
from kmstui.ui.style import FANCY, PLAIN
from tests.fakes import IMPORTED, NOW, FakeGateway
from tests.screens import NARROW, WIDE, running


def events_on(*days_ago, ip=""):
    return [
        KeyEvent(f"{ip}{number}", NOW - timedelta(days=days), "Decrypt", "role/app", source_ip=ip)
        for number, days in enumerate(days_ago)
    ]


def lines_of(events, width, symbols=FANCY, *, older=False):
    return chart_text(uses_by_day(events, NOW, older=older), width, symbols).split("\n")


def test_the_height_of_a_day_is_its_share_of_the_highest():
    line, dates = lines_of(events_on(0, 0, 0, 0, 0, 0, 0, 0, 1), 140)
    assert line.endswith("▁█")
    assert dates.startswith("█ = 8 a day")
    assert dates.rstrip().endswith("today")


def test_without_blocks_a_figure_is_the_count():
    line, _ = lines_of(events_on(0, 0, 0, 1), 140, PLAIN)
    assert line.endswith(".13")


@pytest.mark.parametrize("width", [40, 60, 76, 154])
def test_every_day_is_in_the_chart_and_no_line_is_too_long(width):
    lines = lines_of(events_on(*range(91), ip="ec2.amazonaws.com"), width)
    assert max(map(len, lines)) <= width
    assert "·" not in lines[0]
    assert lines[0].split()[:2] == ["ec2", "91"]


def test_days_that_were_not_read_are_not_empty_ones():
    line, scale = lines_of(events_on(0, 5), 140, older=True)
    assert line.count("?") == 85
    assert "? unread" in scale


def gateway_with_events():
    gateway = FakeGateway()
    gateway.world.events[gateway.world.arn(IMPORTED)] = (
        *events_on(0, 2, 2), *events_on(1, ip="s3.amazonaws.com"),
        replace(events_on(3, ip="failing")[0], error_code="AccessDenied"),
    )  # fmt: skip
    return gateway


@pytest.mark.parametrize("key", ["L", "U"])
async def test_events_and_uses_show_the_chart_and_b_the_numbers(key):
    async with running(gateway_with_events(), size=WIDE) as run:
        await run.choose(IMPORTED)
        await run.press(key)
        await run.wait_for("█ = 2 ")
        assert "directly" in run.text
        assert "failed" in run.text
        await run.press("b")
        await run.wait_for("Use by day of")
        assert "2026-02-27  directly 2" in run.text
        assert "CloudTrail does not show" in run.text


async def test_in_a_low_window_one_line_is_for_all_uses():
    async with running(gateway_with_events(), size=NARROW) as run:
        await run.choose(IMPORTED)
        await run.press("U")
        await run.wait_for("all uses")
        assert "s3      " not in run.text


async def test_where_cloudtrail_is_denied_there_is_no_chart_and_b_says_why():
    gateway = gateway_with_events()
    gateway.fail("cloudtrail:LookupEvents", AccessDeniedError("no policy allows it"))
    async with running(gateway, size=WIDE) as run:
        await run.choose(IMPORTED)
        await run.press("L")
        await run.wait_for("no policy allows it")
        assert "today" not in run.text
        await run.press("b")
        await run.wait_for("CloudTrail's events of this key were not read.")
