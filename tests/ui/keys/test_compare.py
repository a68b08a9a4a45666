"""The screen that sets keys beside each other."""

import pytest

from tests.fakes import IMPORTED, FakeGateway
from tests.screens import NARROW, WIDE, running


async def command(run, name, wait):
    await run.press("colon")
    await run.type(name)
    await run.wait_for(wait)
    await run.press("enter")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_two_marked_keys_differences_first_and_the_rest_folded(size):
    async with running(size=size) as run:
        await run.press("slash")
        await run.type("/ImportedCMK|retired/")
        await run.press("enter")
        await run.wait_for("2 of 9")
        await run.press("asterisk")
        await command(run, "compare the two", "Compare the two marked keys")
        await run.wait_for("ImportedCMK beside retired")
        await run.wait_for("means the same as")
        assert "Spec:" not in run.text
        await run.press("f", "G")
        await run.wait_for("Spec: SYMMETRIC_DEFAULT")
        await run.press("p")
        await run.press("g")
        await run.wait_for('"Version"')
        await run.press("escape")
        assert run.app.screen is run.main


async def test_without_two_marks_it_says_so():
    async with running() as run:
        await run.press("colon")
        await run.type("compare the two")
        await run.wait_for("Mark the two keys first")


async def test_a_key_that_has_no_replica_says_so():
    gateway = FakeGateway()
    async with running(gateway) as run:
        await run.press("slash")
        await run.type("ImportedCMK")
        await run.press("enter", "colon")
        await run.type("all regions")
        await run.wait_for("It is no multi-Region key")
        assert gateway.world.metadata[IMPORTED].multi_region == ""
