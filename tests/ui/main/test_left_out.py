"""Regions that are not read, since an index knows no key there: said, and read by one key."""

from __future__ import annotations

from dataclasses import replace

from kmstui.model import ResourceIndexes
from kmstui.service.ports import ALL, Target
from kmstui.ui.runtime import UiOptions
from tests.fakes import FakeConnector, FakeGateway
from tests.fakes.gateway import INFO
from tests.fakes.world import World
from tests.screens import WIDE, running

REGIONS = ("eu-west-1", "us-east-1", "us-west-2")


def one(target: Target) -> FakeGateway:
    region = target.region or REGIONS[0]
    indexes = ResourceIndexes(REGIONS, aggregator=REGIONS[0])
    world = World(region=region, regions=REGIONS, indexes=indexes, indexed=REGIONS[:2])
    world.add("11111111-1111-4111-8111-111111111111", region)
    return FakeGateway(world, info=replace(INFO, region=region))


async def test_the_header_says_that_regions_are_left_out_and_one_key_reads_them():
    options = UiOptions(target=Target(region=ALL))
    async with running(size=WIDE, connector=FakeConnector(make=one), options=options) as run:
        await run.wait_for("1 Region without keys left out (X)")
        assert run.shows("knows no key there, and may miss some")
        assert {key.region for key in run.store.keys.values()} == set(REGIONS[:2])
        await run.press("W")
        await run.wait_for("hours behind")
        await run.press("escape", "X")
        await run.wait_for(lambda: "left out" not in run.lines[0])
        await run.wait_for(lambda: {key.region for key in run.store.keys.values()} == set(REGIONS))
        await run.press("X")
        await run.wait_for("No Region is left out")
