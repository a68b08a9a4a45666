"""A multi-Region set changed from the menu of a key: said before, told after, taken back."""

from dataclasses import replace

import pytest

from tests.fakes import IMPORTED, INFO, REPLICATED, FakeConnector, FakeGateway, arn_of
from tests.screens import NARROW, WIDE, running

THERE = "us-east-1"


@pytest.fixture
def a_set(monkeypatch):
    """The gateways of two Regions with a key of one set in each, and what connects to them."""
    here, there = FakeGateway(), FakeGateway(info=replace(INFO, region=THERE))
    there.world.region = THERE

    def show(primary):
        other = THERE if primary == INFO.region else INFO.region
        for gateway in (here, there):
            gateway.world.metadata[REPLICATED] = replace(
                gateway.world.metadata[REPLICATED],
                multi_region="PRIMARY" if gateway.info.region == primary else "REPLICA",
                replicas=tuple(arn_of(REPLICATED, region=each) for each in (primary, other)),
            )

    for gateway in (here, there):
        change = gateway.update_primary_region

        async def changed(key_id, region, change=change):
            await change(key_id, region)
            show(region)

        monkeypatch.setattr(gateway, "update_primary_region", changed)
    show(INFO.region)

    def make(target):
        made = here if target.region != THERE else there
        made.closed = False
        return made

    return here, there, FakeConnector(make=make)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_another_region_becomes_primary_and_is_taken_back(a_set, size):
    here, there, connector = a_set
    async with running(here, size=size, connector=connector) as run:
        await run.choose(REPLICATED)
        await run.press("x", "P")
        await run.wait_for("Its key is the primary one now.")
        await run.press("enter")
        await run.wait_for(f"Primary: {INFO.region} → {THERE}.")
        await run.wait_for(f"Now: {INFO.region} primary, Enabled; {THERE} replica, Enabled.")
        assert run.shows("Needs kms:UpdatePrimaryRegion on both keys")
        assert here.count("kms:UpdatePrimaryRegion") == 0
        await run.press("y")
        await run.wait_for(f"the key in {THERE} is the primary one now")
        assert f"--region {INFO.region}" in run.app.last_change_command

        await run.press("exclamation_mark", "tab", "tab")
        await run.wait_for("primary: ")
        await run.press("z")
        await run.wait_for(f"Primary: {THERE} → {INFO.region}.")
        await run.press("y")
        await run.wait_for(lambda: there.count("kms:UpdatePrimaryRegion") == 1)
        await run.wait_for(lambda: len(rows_of_it(run)) == 2)
        await run.press("G", "z")
        await run.wait_for("is the primary one already")


def rows_of_it(run):
    return [line for line in run.lines if "primary: " in line]


async def test_what_the_other_key_s_state_forbids_is_said_before_it_is_sent(a_set):
    here, there, connector = a_set
    metadata = there.world.metadata
    metadata[REPLICATED] = replace(metadata[REPLICATED], state="Disabled")
    async with running(here, connector=connector) as run:
        await run.choose(REPLICATED)
        await run.press("x", "P", "enter")
        await run.wait_for(f"KMS will refuse: the key in {THERE} is Disabled")


async def test_a_single_region_key_says_why_it_has_no_primary():
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press("x", "P")
        await run.wait_for("Only multi-Region keys have a primary key.")
