"""The overview of the keys: numbers, bars, and the way to the keys of a row."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kmstui.model import LastUsage
from kmstui.service.errors import AccessDeniedError
from kmstui.ui.keys.overview_screen import OverviewScreen, bar
from kmstui.ui.runtime.options import UiOptions
from tests.fakes import IMPORTED, NOW, FakeGateway
from tests.screens import NARROW, WIDE, running


async def open_overview(run):
    await run.press("C")
    screen = await run.wait_for_screen(OverviewScreen)
    await run.wait_for("under 30 days")
    return screen


def line_with(run, text):
    return next(line for line in run.lines if text in line)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_keys_are_counted_and_enter_shows_those_of_the_row(size):
    async with running(size=size) as run:
        screen = await open_overview(run)
        total = run.main.keys_pane.table.rows
        assert f"Overview of the keys  {len(total)}" in run.lines[0]
        count = int(line_with(run, "  Disabled").split()[1])
        screen.table.move_to_row("State/Disabled")
        await run.press("enter")
        await run.wait_for(lambda: len(run.main.keys_pane.table.rows) == count)
        assert run.main.keys_pane.filter_text == "state:disabled"


async def test_last_uses_nobody_asked_for_are_unknown_until_m_asks():
    gateway = FakeGateway()
    gateway.world.usages[IMPORTED] = LastUsage(NOW - timedelta(days=200), "Decrypt")
    async with running(gateway) as run:
        await open_overview(run)
        assert run.gateway.count("kms:GetKeyLastUsage") == 0
        await run.wait_for("not asked yet")
        await run.press("m")
        await run.wait_until_gone("not asked yet")
        assert line_with(run, "over 90 days ago").split()[4] == "1"


async def test_where_the_last_use_is_refused_the_row_says_why():
    gateway = FakeGateway()
    gateway.fail("kms:GetKeyLastUsage", AccessDeniedError("no policy allows it"))
    async with running(gateway) as run:
        screen = await open_overview(run)
        await run.press("m")
        await run.wait_for("refused or not told")
        screen.table.move_to_row("Last use/refused or not told")
        await run.wait_for("no policy allows it")


async def test_ascii_bars_have_no_blocks():
    async with running(options=replace(UiOptions(), ascii=True)) as run:
        await open_overview(run)
        assert "#" in line_with(run, "  Enabled")
        assert run.text.isascii()


@pytest.mark.parametrize(("share", "drawn"), [(0, ""), (0.001, "▏"), (0.5, "█████"), (1, "█" * 10)])
def test_whatever_is_more_than_nothing_is_seen(share, drawn):
    assert bar(share, 10, plain=False) == drawn
