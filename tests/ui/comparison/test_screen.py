"""The screen that sets keys beside each other, and what is changed from there."""

from dataclasses import replace

import pytest

from kmstui.model import Tag
from kmstui.service.errors import NetworkError
from kmstui.service.ports import Target
from kmstui.ui.comparison.screen import CompareScreen
from kmstui.ui.runtime.options import UiOptions
from tests.fakes import (
    ACCOUNT,
    IMPORTED,
    INFO,
    NAMELESS,
    REPLICATED,
    FakeConnector,
    FakeGateway,
    arn_of,
    workshop_world,
)
from tests.screens import NARROW, WIDE, running

THERE = "us-east-1"
READER = f"arn:aws:iam::{ACCOUNT}:role/reader"
WIDER = (
    '{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"kms:*",'
    '"Resource":"*"},{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"kms:Decrypt",'
    '"Resource":"%s"}]}'
)


def gateway_in(region):
    """A gateway of a Region with a key of the set whose primary is in the first."""
    world = workshop_world()
    world.region = region
    world.metadata[REPLICATED] = replace(
        world.metadata[REPLICATED],
        multi_region="PRIMARY" if region == INFO.region else "REPLICA",
        replicas=(arn_of(REPLICATED), arn_of(REPLICATED, region=THERE)),
    )
    return FakeGateway(world, info=replace(INFO, region=region))


@pytest.fixture
def here():
    gateway = gateway_in(INFO.region)
    gateway.world.tags[REPLICATED] = (Tag("env", "prod"), Tag("project", "global"))
    policy = WIDER % (ACCOUNT, READER, arn_of(REPLICATED))
    gateway.world.policies[REPLICATED]["default"] = policy
    return gateway


@pytest.fixture
def there():
    gateway = gateway_in(THERE)
    gateway.world.tags[REPLICATED] = (Tag("env", "test"), Tag("old", "yes"))
    return gateway


@pytest.fixture
def connector(here, there):
    return FakeConnector(make=lambda target: there if target.region == THERE else here)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_two_marked_keys_differences_first_and_the_rest_folded(size):
    async with running(size=size) as run:
        await run.press("slash")
        await run.type("/ImportedCMK|retired/")
        await run.press("enter")
        await run.wait_for("2 of 9")
        await run.press("asterisk", "B")
        await run.wait_for("ImportedCMK beside retired")
        await run.wait_for("means the same as")
        # Beside each other where they fit.
        row = next(line for line in run.lines if "Tag project" in line)
        assert row.split() == ["Tag", "project", "kmsworkshop", "old"]
        assert "SYMMETRIC_DEFAULT" not in run.text
        await run.press("f", "G")
        await run.wait_for("SYMMETRIC_DEFAULT")
        await run.press("t", "g")
        await run.wait_for('"Version"')
        await run.press("P")
        await run.wait_for("This is for the Regions of a multi-Region key.")
        await run.press("escape")
        assert run.app.screen is run.main


async def test_what_one_key_can_be_compared_with_is_offered_and_another_one_found_by_typing():
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press("B")
        await run.wait_for("With another key…")
        await run.press("r")
        await run.wait_for("It is no multi-Region key")
        await run.press("k")
        await run.wait_for("with which key?")
        await run.type("retired")
        await run.wait_for(lambda: any("❯ retired" in line for line in run.lines))
        await run.press("enter")
        await run.wait_for("ImportedCMK beside retired")


async def test_the_same_alias_in_another_open_connection_is_offered():
    def make(target):
        return gateway_in(target.region)

    connector = FakeConnector(make=make)
    options = UiOptions(target=Target(region=f"{INFO.region},{THERE}"))
    async with running(connector=connector, options=options, loaded=False) as run:
        key = arn_of(IMPORTED)
        await run.wait_for(lambda: run.store.alias_ids_of(arn_of(IMPORTED, region=THERE)))
        await run.wait_for(lambda: run.store.alias_ids_of(key))
        await run.wait_for(lambda: run.main.keys_pane.key_rows.settled)
        assert await run.main.go_to_key(key)
        await run.press("B")
        await run.wait_for(f"With alias/ImportedCMK in {ACCOUNT} {THERE}")
        await run.press("1")
        title = f"ImportedCMK in {ACCOUNT} {INFO.region} and in {ACCOUNT} {THERE}"
        await run.wait_for(title)
        await run.wait_for("Policy: ")


async def open_set(run):
    await run.choose(REPLICATED)
    await run.press("B", "r")
    screen = await run.wait_for_screen(CompareScreen)
    await run.wait_for("role/reader")
    return screen


async def test_a_policy_is_brought_in_line_through_the_editor_of_the_other_region(
    here, there, connector
):
    async with running(here, size=WIDE, connector=connector) as run:
        await open_set(run)
        await run.press("b")
        await run.wait_for(f"Policy of {THERE}, as that of {INFO.region}")
        await run.press("enter")
        await run.wait_for(f"Edit alias/global, {ACCOUNT} {THERE}")
        await run.wait_for("role/reader")
        await run.press("ctrl+s")
        await run.wait_for("After this save:")
        await run.wait_for("role/reader gains Decrypt")
        assert there.count("kms:PutKeyPolicy") == 0
        await run.press("y")
        await run.wait_for("holds your policy, read back.")
        put = there.world.policies[REPLICATED]["default"]
        # Its own ARN, not that of the key it was taken from.
        assert arn_of(REPLICATED, region=THERE) in put
        assert arn_of(REPLICATED) not in put
        assert here.count("kms:PutKeyPolicy") == 0
        await run.wait_for(f"Policy: {THERE} means the same as {INFO.region}")


async def test_tags_are_brought_in_line_by_a_plan_and_taken_back(here, there, connector):
    before = there.world.tags[REPLICATED]
    async with running(here, connector=connector) as run:
        await open_set(run)
        await run.press("b")
        await run.wait_for("Bring in line")
        await run.press("down", "down")
        await run.wait_for(f"❯ Tags of {THERE}, as those of {INFO.region}")
        await run.press("enter")
        await run.wait_for(f"{ACCOUNT} {THERE}) this")
        await run.press("enter")
        await run.wait_for(lambda: there.world.tags[REPLICATED] == here.world.tags[REPLICATED])
        await run.wait_until_gone("Tag old")
        await run.press("escape", "z")
        await run.wait_for("Undo the change of tags")
        await run.press("enter")
        await run.wait_for(lambda: there.world.tags[REPLICATED] == before)
        assert here.count("kms:TagResource") == 0


async def test_a_region_out_of_reach_is_said_and_the_others_are_compared(here, connector):
    async with running(here, connector=connector) as run:
        connector.fail(NetworkError("us-east-1 does not answer"))
        await run.choose(REPLICATED)
        await run.press("B", "r")
        await run.wait_for("us-east-1 does not answer")
        await run.wait_for("There are no two keys that could be read")


async def test_the_set_is_changed_from_there(here, there, connector):
    async with running(here, connector=connector) as run:
        await open_set(run)
        await run.press("P")
        await run.wait_for("shall be primary?")
        await run.press("escape", "p")
        await run.wait_for("A key of this set is there already.")
        await run.type("west")
        await run.press("enter")
        await run.wait_for("Replicate")
        await run.press("y")
        await run.wait_for(lambda: here.count("kms:ReplicateKey") == 1)
        await run.wait_for("has a replica in eu-west-1")


async def test_nothing_is_changed_in_read_only_mode(here, connector):
    async with running(here, connector=connector, read_only=True) as run:
        await open_set(run)
        for key in ("b", "p", "P"):
            await run.press(key)
            await run.wait_for("This is read-only mode")
            assert isinstance(run.app.screen, CompareScreen)


async def test_a_key_without_replica_says_so_in_the_palette():
    async with running() as run:
        await run.choose(NAMELESS)
        await run.press("colon")
        await run.type("all regions")
        await run.press("enter")
        await run.wait_for("It is no multi-Region key")
