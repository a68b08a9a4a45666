"""Columns and filters of what costs a call a key: read where wanted, never silently less."""

import re
from datetime import timedelta

from kmstui.model import LastUsage, Rotation
from kmstui.service.errors import AccessDeniedError
from kmstui.ui.runtime import UiOptions
from tests.fakes import DENIED, DISABLED, IMPORTED, NAMELESS, NOW, SIGNING, FakeGateway, large_world
from tests.screens import WIDE, running

USAGE = "kms:GetKeyLastUsage"


def a_gateway():
    gateway = FakeGateway()
    tracked = NOW - timedelta(days=200)
    for key_id, days in ((IMPORTED, 120), (SIGNING, 3)):
        at = NOW - timedelta(days=days)
        gateway.world.usages[key_id] = LastUsage(at, "Decrypt", tracked)
    gateway.world.usages[DISABLED] = LastUsage(None, tracking_since=tracked)
    gateway.world.usages[NAMELESS] = LastUsage(None, tracking_since=NOW - timedelta(days=20))
    return gateway


async def test_nothing_is_read_of_each_key_before_anybody_wants_it():
    async with running(a_gateway(), size=WIDE) as run:
        await run.press("j", "j", "G", "g")
        names = {name for name, _ in run.gateway.calls}
        assert not names & {USAGE, "kms:ListGrants", "kms:ListKeyRotations"}


async def test_a_filter_says_how_far_reading_is_and_what_nobody_knows():
    gateway = a_gateway()
    for each in (key for key in gateway.world.metadata if key not in gateway.world.usages):
        gateway.world.usages[each] = LastUsage(NOW, "Sign", NOW - timedelta(days=200))
    gateway.fail(USAGE, AccessDeniedError("its policy does not allow you", "Ask for it."), DENIED)
    gate = gateway.hold(USAGE)
    async with running(gateway, size=WIDE) as run:
        rows = run.main.keys_pane.table
        await run.press("slash")
        await run.type("unused:90d")
        await run.press("enter")
        await run.wait_for("0 of 9  reading last use 0 of 8… (Esc stops)")
        gate.set()
        await run.wait_for("2 of 9  2 not known  /unused:90d")
        assert set(rows.rows) == {IMPORTED, DISABLED}
        await run.wait_for("2 keys are not shown since nobody can say")
        # The opposite does not take the unknown ones for used either.
        await run.press("slash", "home", "minus", "enter")
        await run.wait_for("2 not known  /-unused:90d")
        assert not {NAMELESS, DENIED, IMPORTED, DISABLED} & set(rows.rows)
        assert SIGNING in rows.rows


async def test_only_keys_that_the_other_words_mean_are_asked():
    async with running(a_gateway(), size=WIDE) as run:
        await run.press("slash")
        await run.type("signing unused:90d")
        await run.wait_for("0 of 9  /signing unused:90d")
        await run.wait_for(lambda: run.store.keys[SIGNING].facts.last_use)
        assert {key for name, key in run.gateway.calls if name == USAGE} == {SIGNING}


async def test_rotation_is_filtered_by_without_false_alarms():
    gateway = FakeGateway()
    gateway.world.rotations[NAMELESS] = Rotation(enabled=True, next_rotation=NOW)
    async with running(gateway, size=WIDE) as run:
        await run.press("slash")
        await run.type("rotation:on")
        await run.wait_for("1 of 9  /rotation:on")
        assert list(run.main.keys_pane.table.rows) == [NAMELESS]
        asked = {key for name, key in gateway.calls if name == "kms:GetKeyRotationStatus"}
        assert not {IMPORTED, SIGNING} & asked, "these kinds cannot rotate by themselves"


async def test_sorting_by_last_use_reads_it_and_puts_the_longest_unused_first():
    async with running(a_gateway(), size=WIDE) as run:
        await run.press("s", "l")
        rows = run.main.keys_pane.table
        await run.wait_for(lambda: run.gateway.count(USAGE) == 8)
        await run.wait_for(lambda: list(rows.rows)[-1] == SIGNING)
        order = list(rows.rows)
        assert order.index(DISABLED) < order.index(IMPORTED) < order.index(SIGNING)


async def test_a_column_that_is_chosen_is_filled_in_sight_first_then_for_all():
    gateway = FakeGateway(large_world(200))
    options = UiOptions(columns=("alias", "last_use", "cost"))
    async with running(gateway, size=(80, 24), options=options) as run:
        await run.wait_for(lambda: gateway.count(USAGE) == 200)
        first = [key for name, key in gateway.calls if name == USAGE][:20]
        sight = set(run.main.keys_pane.table.rows_in_sight)
        assert sight and len(sight & set(first)) >= 15
        await run.wait_for(lambda: re.search(r"none seen +\$1", run.text))


async def test_escape_stops_reading_and_refreshing_goes_on():
    gateway = FakeGateway(large_world(300))
    async with running(gateway, size=WIDE) as run:
        gate = gateway.hold(USAGE)
        await run.press("s", "l")
        await run.wait_for("reading last use 0 of 300… (Esc stops)")
        await run.press("escape")
        await run.wait_until_gone("reading last use")
        gate.set()
        assert gateway.count(USAGE) < 300
        await run.press("r")
        await run.wait_for(lambda: gateway.count(USAGE) >= 300)


async def test_what_is_read_of_a_key_is_gone_with_a_refresh():
    gateway = FakeGateway()
    async with running(gateway, size=WIDE) as run:
        await run.press("slash")
        await run.type("rotation:on")
        await run.press("enter")
        await run.wait_for("0 of 9  /rotation:on")
        gateway.world.rotations[NAMELESS] = Rotation(enabled=True)
        await run.press("r")
        await run.wait_for("1 of 9  /rotation:on")


async def test_columns_that_cost_calls_are_chosen_and_not_usual():
    async with running(size=(400, 45)) as run:
        shown = {column.id for column in run.main.keys_pane.table.columns}
        assert not shown & {"last_use", "next_rotation", "grants", "cost"}


async def test_help_tells_the_words():
    async with running(size=WIDE) as run:
        await run.press("question_mark")
        await run.press("G")
        await run.wait_for("unused:90d")
        await run.wait_for("no:tag:owner")


async def test_details_show_the_last_use_that_a_column_has_read():
    options = UiOptions(columns=("alias", "last_use"))
    async with running(a_gateway(), size=WIDE, options=options) as run:
        await run.wait_for(lambda: run.store.keys[SIGNING].facts.last_use)
        await run.choose(SIGNING)
        await run.press("d")
        await run.wait_for("Decrypt")
        assert "Enter asks KMS" not in run.text
